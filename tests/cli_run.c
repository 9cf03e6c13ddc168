/* See cli_run.h: the lowwater program as a child process. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 64
#define PATIENCE_MS (300 * 1000)

static struct cli_result last;
static char last_command[8192];

const char *cli_root(void)
{
    static char root[PATH_MAX];
    if (!root[0])
        assert_non_null(getcwd(root, sizeof root)); /* make runs the tests at the root */
    return root;
}

const char *cli_program(void)
{
    static char path[2 * PATH_MAX];
    const char *given = getenv("LOWWATER");
    if (!given)
        given = TEST_BUILD_DIR "/lowwater";
    snprintf(path, sizeof path, "%s%s%s", given[0] == '/' ? "" : cli_root(),
             given[0] == '/' ? "" : "/", given);
    return path;
}

const char *cli_folder(void)
{
    static char folder[2 * PATH_MAX];
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s/%s/tests/%s.files", cli_root(), TEST_BUILD_DIR,
                 program_invocation_short_name);
        assert_true(mkdir(folder, 0777) == 0 || errno == EEXIST);
    }
    return folder;
}

const char *cli_path(const char *name)
{
    static char paths[8][3 * PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", cli_folder(), name);
    return path;
}

void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

char *read_whole_file(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t room = 1 << 16, used = 0, got;
    char *text = malloc(room + 1);
    while ((got = fread(text + used, 1, room - used, file)) > 0) {
        used += got;
        if (used == room)
            text = realloc(text, (room *= 2) + 1);
    }
    fclose(file);
    text[used] = 0;
    if (count)
        *count = used;
    return text;
}

/* ---- the child ---- */

static void become_program(const char *folder, const char *input, int out, int err, char **argv)
{
    int in = open(input ? input : "/dev/null", O_RDONLY);
    if (in < 0 || (folder && chdir(folder) != 0))
        _exit(99);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    execv(argv[0], argv);
    _exit(98);
}

/* Appends what can be read; false at the end of the stream. */
static bool drain(int fd, char **text, size_t *bytes)
{
    *text = realloc(*text, *bytes + 65537);
    ssize_t got = read(fd, *text + *bytes, 65536);
    if (got > 0)
        *bytes += (size_t)got;
    (*text)[*bytes] = 0;
    return got > 0 || (got < 0 && errno == EINTR);
}

static void collect(int out, int err, pid_t child)
{
    struct pollfd streams[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        int ready = poll(streams, 2, PATIENCE_MS);
        if (ready == 0) {
            kill(child, SIGKILL);
            fail_msg("no answer in five minutes: %s", last_command);
        }
        if (streams[0].revents && !drain(out, &last.out, &last.out_bytes))
            streams[0].fd = -1;
        if (streams[1].revents && !drain(err, &last.err, &last.err_bytes))
            streams[1].fd = -1;
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    last.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* One string, an argument between every two spaces, so that a test reads as one types. */
static int split(char *text, char **argv)
{
    int count = 1;
    argv[0] = (char *)cli_program();
    while (*text) {
        size_t length = strcspn(text, " ");
        assert_true(count < ARGUMENTS_MAX - 1);
        argv[count++] = text;
        text += length;
        if (*text)
            *text++ = 0;
    }
    argv[count] = NULL;
    return count;
}

static const struct cli_result *run(const char *folder, const char *input, const char *format,
                                    va_list values)
{
    static char text[8000];
    char *argv[ARGUMENTS_MAX];
    int out[2], err[2];
    vsnprintf(text, sizeof text, format, values);
    snprintf(last_command, sizeof last_command, "lowwater %s", text);
    split(text, argv);
    last.out_bytes = last.err_bytes = 0;
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        become_program(folder, input, out[1], err[1], argv);
    close(out[1]);
    close(err[1]);
    collect(out[0], err[0], child);
    close(out[0]);
    close(err[0]);
    return &last;
}

const struct cli_result *cli(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    run(NULL, NULL, format, values);
    va_end(values);
    return &last;
}

const struct cli_result *cli_in(const char *folder, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    run(folder, NULL, format, values);
    va_end(values);
    return &last;
}

const struct cli_result *cli_reading(const char *input, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    run(NULL, input, format, values);
    va_end(values);
    return &last;
}

/* ---- checks ---- */

static void show_and_fail(const char *what)
{
    print_message(
        "%s\n  %s\n  exit %d\n--- standard output\n%.4000s\n--- standard error\n%.4000s\n", what,
        last_command, last.exit_code, last.out, last.err);
    fail();
}

void expect_exit(int code)
{
    char what[64];
    snprintf(what, sizeof what, "expected exit code %d", code);
    if (last.exit_code != code)
        show_and_fail(what);
}

static void expect_fragment(const char *text, const char *fragment, const char *where)
{
    char what[512];
    snprintf(what, sizeof what, "expected \"%.300s\" on %s", fragment, where);
    if (!strstr(text, fragment))
        show_and_fail(what);
}

void expect_out(const char *fragment)
{
    expect_fragment(last.out, fragment, "standard output");
}

void expect_err(const char *fragment)
{
    expect_fragment(last.err, fragment, "standard error");
}

void expect_silent_out(void)
{
    if (last.out_bytes != 0)
        show_and_fail("expected nothing on standard output");
}

/* ---- a recording ---- */

#define LOG_BASE 0x7f0000000000ull
#define LOG_REGIONS 8
#define LOG_PAGES 40

static unsigned long long log_clock_us;

static void log_stamp(FILE *log)
{
    log_clock_us += 150;
    fprintf(log, "100   1700000000.%06llu ", log_clock_us);
}

static void log_region(FILE *log, FILE *faults, unsigned long long base)
{
    log_stamp(log);
    fprintf(log, "mmap(NULL, 1048576, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x%llx\n",
            base);
    for (unsigned page = 0; page < LOG_PAGES; page++) {
        log_stamp(log);
        fprintf(log, "mprotect(0x%llx, 4096, PROT_READ|PROT_WRITE) = 0\n", base + page * 4096);
        fprintf(faults, "100 1700000000.%06llu500 %llx\n", log_clock_us, base + page * 4096);
    }
    for (unsigned page = 0; page < LOG_PAGES; page += 4) {
        log_stamp(log);
        fprintf(
            log,
            "mmap(0x%llx, 8192, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x%llx\n",
            base + page * 4096, base + page * 4096);
    }
}

/* Regions that grow page by page, lose pieces, and go; and the C library's heap below them. */
static void write_log(const char *log_path, const char *faults_path)
{
    FILE *log = fopen(log_path, "w"), *faults = fopen(faults_path, "w");
    assert_non_null(log);
    assert_non_null(faults);
    log_clock_us = 0;
    log_stamp(log);
    fprintf(log, "brk(NULL) = 0x560000000000\n");
    for (unsigned i = 0; i < LOG_REGIONS; i++) {
        log_stamp(log);
        fprintf(log, "brk(0x%llx) = 0x%llx\n", 0x560000000000ull + (i + 1) * 0x21000,
                0x560000000000ull + (i + 1) * 0x21000);
        log_region(log, faults, LOG_BASE + i * 0x400000ull);
    }
    for (unsigned i = 0; i < LOG_REGIONS; i += 2) {
        log_stamp(log);
        fprintf(log, "munmap(0x%llx, 1048576) = 0\n", LOG_BASE + i * 0x400000ull);
    }
    log_stamp(log);
    fprintf(log, "+++ exited with 0 +++\n");
    fclose(log);
    fclose(faults);
}

const char *small_recording(void)
{
    static char path[3 * PATH_MAX];
    if (!path[0]) {
        snprintf(path, sizeof path, "%s", cli_path("small.lwt"));
        write_log(cli_path("small.strace"), cli_path("small.faults"));
        cli("import strace %s --faults %s -o %s", cli_path("small.strace"),
            cli_path("small.faults"), path);
        expect_exit(0);
    }
    return path;
}
