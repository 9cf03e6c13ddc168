/* Random scenarios for the loader: libFuzzer's entry points. `make fuzz` builds and runs it.
 *
 * Beside crashes it looks for slow cases: the slowest is written to slowest.yaml in the current
 * folder, and told at the end. `fuzz_scenario --dictionary` prints words out of the table of keys
 * for the fuzzer to put together. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "harness/scenario.h"
#include "harness/scenario_keys.h"
#include "tests/mutate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t room, unsigned seed);

static uint64_t executions, loaded, slowest_ns;
static FILE *nowhere;

static void tell(void)
{
    printf("%" PRIu64 " executions, %" PRIu64 " loaded, slowest %" PRIu64 ".%02" PRIu64 " ms\n",
           executions, loaded, slowest_ns / 1000000, slowest_ns / 10000 % 100);
}

/* ---- the dictionary ---- */

static void put_entry(const char *word)
{
    putchar('"');
    for (; *word; word++)
        if (*word == '"' || *word == '\\')
            printf("\\%c", *word);
        else
            putchar(*word);
    puts("\"");
}

static void put_dictionary(void)
{
    static const char *const punctuation[] = {": ",    "\n- ", "\n  ", "{",  "}", "[",
                                              "]",     ", ",   "&a ",  "*a", "#", "---\n",
                                              "...\n", "\"",   "!!",   "|",  ".."};
    for (int id = 0; id < SECTIONS; id++) {
        if (sections[id].is_step)
            put_entry(sections[id].name);
        for (const struct key *key = sections[id].keys; key->name; key++) {
            put_entry(key->name);
            if (strcspn(key_example(key), "\n") == strlen(key_example(key)))
                put_entry(key_example(key));
            for (const struct choice *c = key->choices; c && c->name; c++)
                put_entry(c->name);
        }
    }
    for (size_t i = 0; i < sizeof punctuation / sizeof *punctuation; i++)
        if (!strchr(punctuation[i], '\n'))
            put_entry(punctuation[i]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (*argc == 2 && strcmp((*argv)[1], "--dictionary") == 0) {
        put_dictionary();
        exit(0);
    }
    nowhere = fopen("/dev/null", "w");
    atexit(tell);
    return 0;
}

/* Some changes are libFuzzer's own, most know what a scenario looks like: few at once, or nothing
 * that loads would come out. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t room, unsigned seed)
{
    struct rng rng = rng_keyed(seed, RNG_PROPERTY_TEST, 0);
    if (count == 0 || rng_below(&rng, 4) == 0)
        return LLVMFuzzerMutate(bytes, count, room);
    return mutate_text(&rng, (char *)bytes, count, room);
}

/* ---- one case ---- */

static uint64_t cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void keep_slowest(const uint8_t *bytes, size_t count, uint64_t ns)
{
    if (ns <= slowest_ns)
        return;
    slowest_ns = ns;
    FILE *file = fopen("slowest.yaml", "wb");
    if (file) {
        fwrite(bytes, 1, count, file);
        fclose(file);
    }
}

/* The first line may be a setting: "#set KEY=VALUE". */
static const char *find_setting(const uint8_t *bytes, size_t count, char *setting, size_t room)
{
    const uint8_t *end = memchr(bytes, '\n', count);
    size_t length = end ? (size_t)(end - bytes) : 0;
    if (length < 6 || length - 5 >= room || memcmp(bytes, "#set ", 5) != 0)
        return NULL;
    memcpy(setting, bytes + 5, length - 5);
    setting[length - 5] = '\0';
    return setting;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    char word[256];
    const char *setting = find_setting(bytes, count, word, sizeof word);
    struct scenario *scenario = NULL;
    bool usage;
    uint64_t begin = cpu_ns();
    enum input_result result = scenario_parse("fuzz.yaml", (const char *)bytes, count, &setting,
                                              setting != NULL, nowhere, &usage, &scenario);
    if ((result == INPUT_OK) != (scenario != NULL))
        abort();
    scenario_free(scenario);
    keep_slowest(bytes, count, cpu_ns() - begin);
    executions++;
    loaded += result == INPUT_OK;
    return 0;
}
