/* Reads conformance files and compares. See vectors.h; vectors_execute.c has the operations. */
#include "harness/vectors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/sim.h"
#include "harness/options.h"
#include "os/machine.h"

#define LINE_BYTES 65536
#define EXIT_OK 0
#define EXIT_FINDING 1
#define EXIT_INPUT 6
#define EXIT_INTERNAL 70

/* ---- comparing ---- */

/* Whether both texts go on with a number; moves behind it and gives its value. */
static bool take_number(const char **text, uint64_t *value)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    *value = strtoull(*text, &end, 0);
    *text = end;
    return true;
}

/* What a result says beyond doubt: the error behind "null" and the word behind a block's
 * alignment are informational. */
static void strip_informational(char *text)
{
    if (strncmp(text, "null", 4) == 0)
        text[4] = '\0';
    size_t length = strlen(text);
    if (length > 5 && strcmp(text + length - 5, " same") == 0)
        text[length - 5] = '\0';
    else if (length > 6 && strcmp(text + length - 6, " moved") == 0)
        text[length - 6] = '\0';
}

bool vector_results_equal(const char *expected, const char *given)
{
    static char a_text[LINE_BYTES], b_text[LINE_BYTES];
    snprintf(a_text, sizeof a_text, "%s", expected);
    snprintf(b_text, sizeof b_text, "%s", given);
    strip_informational(a_text);
    strip_informational(b_text);
    const char *a = a_text, *b = b_text;
    bool after_letter = false;
    while (*a && *b) {
        uint64_t x, y;
        const char *a_before = a, *b_before = b;
        if (!after_letter && take_number(&a, &x) && take_number(&b, &y)) {
            if (x != y)
                return false;
            after_letter = true;
            continue;
        }
        a = a_before, b = b_before;
        if (*a != *b)
            return false;
        after_letter = (*a >= 'a' && *a <= 'z') || (*a >= 'A' && *a <= 'Z') || *a == '_';
        a++, b++;
    }
    return *a == *b;
}

/* ---- one file ---- */

struct checker {
    const char *path;
    bool print;
    struct vector_totals *totals;
    struct vector_state *state;
    int line;
    char case_name[128];
    char operation[LINE_BYTES]; /* the last one, as written */
    char result[LINE_BYTES];    /* this machine's */
    char expected[LINE_BYTES];  /* of Wine, or corrected */
    int operation_line;
    char evidence; /* T, D, N, 0: Wine and Windows agree */
    bool have_operation, have_expected, unspecified;
};

/* Compares the operation that is complete now. */
static void settle(struct checker *c)
{
    if (c->have_operation && c->have_expected && !c->unspecified && !c->print) {
        c->totals->results++;
        if (!vector_results_equal(c->expected, c->result)) {
            char mark[8] = "none";
            if (c->evidence)
                snprintf(mark, sizeof mark, "%c", c->evidence);
            if (c->evidence == 'N')
                c->totals->soft++;
            else
                c->totals->mismatches++;
            printf("%s:%d: %s: %s: expected %s [%s], got %s\n", c->path, c->operation_line,
                   c->case_name, c->operation, c->expected, mark, c->result);
        }
    }
    c->have_operation = c->have_expected = c->unspecified = false;
    c->evidence = 0;
}

static bool complain(const struct checker *c, const char *message)
{
    fprintf(stderr, "%s:%d: error: %s\n", c->path, c->line, message);
    return false;
}

static void begin_case(struct checker *c, const char *text)
{
    size_t length = strcspn(text, " \t");
    if (length >= sizeof c->case_name)
        length = sizeof c->case_name - 1;
    memcpy(c->case_name, text, length);
    c->case_name[length] = '\0';
    vector_state_reset(c->state);
}

static bool take_expectation(struct checker *c, char *text, bool corrected)
{
    if (!c->have_operation)
        return complain(c, "a result without an operation before it");
    char *hash = corrected ? strrchr(text, '#') : NULL;
    if (corrected && (!hash || !strchr("TDN", hash[1]) || !hash[1]))
        return complain(c, "a corrected result ends in #T, #D or #N");
    if (hash) {
        c->evidence = hash[1];
        while (hash > text && hash[-1] == ' ')
            hash--;
        *hash = '\0';
    }
    snprintf(c->expected, sizeof c->expected, "%s", text);
    c->have_expected = true;
    return true;
}

static bool run_operation(struct checker *c, const char *text)
{
    char words[LINE_BYTES], message[512] = "";
    settle(c);
    snprintf(c->operation, sizeof c->operation, "%s", text);
    snprintf(words, sizeof words, "%s", text);
    if (!vector_execute(c->state, words, c->result, sizeof c->result, message, sizeof message))
        return complain(c, message);
    c->operation_line = c->line;
    c->have_operation = true;
    if (c->print)
        printf("%s\n> %s\n", c->operation, c->result);
    return true;
}

static bool take_line(struct checker *c, char *text)
{
    if (c->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3; /* what some editors write first */
    text[strcspn(text, "\r\n")] = '\0';
    text += strspn(text, " \t");
    if (*text == '\0' || *text == '#')
        return true;
    if (*text == '>' || *text == '!')
        return take_expectation(c, text + 1 + strspn(text + 1, " "), *text == '!');
    if (*text == '~') {
        c->unspecified = true;
        return c->have_operation || complain(c, "'~' without an operation before it");
    }
    if (strncmp(text, "case ", 5) == 0) {
        settle(c);
        if (c->print)
            printf("%s\n", text);
        begin_case(c, text + 5);
        return true;
    }
    return run_operation(c, text);
}

static int check_file(FILE *file, const char *path, bool print, struct vector_totals *totals)
{
    struct checker *c = calloc(1, sizeof *c);
    char *line = malloc(LINE_BYTES);
    if (!c || !line)
        return EXIT_INTERNAL;
    *c = (struct checker){.path = path, .print = print, .totals = totals};
    c->state = vector_state_create();
    snprintf(c->case_name, sizeof c->case_name, "(no case)");
    bool fine = c->state != NULL;
    while (fine && fgets(line, LINE_BYTES, file)) {
        c->line++;
        if (strlen(line) == LINE_BYTES - 1 && line[LINE_BYTES - 2] != '\n')
            fine = complain(c, "the line is too long");
        else if (strchr(line, '\n') == NULL && !feof(file))
            fine = complain(c, "the line holds a NUL");
        else
            fine = take_line(c, line);
    }
    if (fine)
        settle(c);
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (!fine)
        return EXIT_INPUT;
    if (!written && errno != EPIPE)
        return usage_error("vectors: cannot write standard output");
    return totals->mismatches ? EXIT_FINDING : EXIT_OK;
}

/* ---- in a child, so that the machine's fixed places are free again for the next file ---- */

static void stop_child(struct sim *sim, const struct stop *stop)
{
    (void)sim;
    fprintf(stderr, "lowwater: the machine stopped: %s\n", stop->text);
    fflush(NULL);
    _exit(stop->kind == STOP_LOAD ? EXIT_INPUT : EXIT_INTERNAL);
}

static _Noreturn void run_child(FILE *file, const char *path, bool print,
                                struct vector_totals *totals)
{
    struct sim_options options = {.arena_base = ARENA_BASE, .trace = {.digest = true, .fd = -1}};
    struct sim *sim = sim_create(&options);
    if (!sim) {
        fprintf(stderr,
                "lowwater: 1 TiB of address space cannot be reserved at 0x%llx (%s); is there "
                "a limit on it (ulimit -v)?\n",
                (unsigned long long)ARENA_BASE, strerror(errno));
        _exit(EXIT_INTERNAL);
    }
    sim->on_stop = stop_child;
    struct machine_config config = machine_config_default();
    machine_create(sim, &config, true);
    int code = check_file(file, path, print, totals);
    machine_verify(machine_current());
    _exit(code);
}

int vectors_run_file(const char *path, bool print, struct vector_totals *totals)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!file)
        return EXIT_INPUT;
    struct vector_totals *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return EXIT_INTERNAL;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_child(file, path, print, shared);
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        status = EXIT_INTERNAL << 8;
    totals->results += shared->results;
    totals->mismatches += shared->mismatches;
    totals->soft += shared->soft;
    munmap(shared, sizeof *shared);
    if (file != stdin)
        fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
}
