/* The command that repeats a run. See report.h. */
#include <inttypes.h>
#include <string.h>
#include "harness/report.h"
#include "harness/schedule_word.h"

static bool is_plain(const char *word)
{
    return *word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_-./=:,%+@")] == '\0';
}

/* A word as a shell takes it: in single quotes where it needs them. */
static void put_word(char *text, size_t bytes, const char *option, const char *word)
{
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, bytes - used, "%s%s ", *option ? " " : "", option);
    if (used >= bytes)
        return;
    if (is_plain(word)) {
        snprintf(text + used, bytes - used, "%s", word);
        return;
    }
    text[used++] = '\'';
    for (; *word && used + 6 < bytes; word++) {
        if (*word == '\'')
            used += (size_t)snprintf(text + used, bytes - used, "'\\''");
        else
            text[used++] = *word;
    }
    text[used++] = '\'';
    text[used] = '\0';
}

static void put_text(char *text, size_t bytes, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s", more);
}

void reproduction(const struct report_run *run, char *text, size_t bytes)
{
    char seed[32], number[32];
    snprintf(text, bytes, "lowwater run");
    put_word(text, bytes, "", run->scenario_word);
    put_word(text, bytes, "--policy", run->policy_word);
    snprintf(seed, sizeof seed, "%" PRIu64, run->spec.seed);
    put_word(text, bytes, "--seed", seed);
    char schedule[REPRODUCTION_BYTES / 2], usual[256];
    schedule_text(&run->spec.schedule, schedule, sizeof schedule);
    if (strcmp(schedule, schedule_text(&run->spec.plan->schedule, usual, sizeof usual)) != 0)
        put_word(text, bytes, "--schedule", schedule);
    if (run->spec.factory)
        put_word(text, bytes, "--factory", run->spec.factory);
    if (run->spec.race)
        put_text(text, bytes, " --race");
    for (uint32_t i = 0; i < run->spec.words->settings_count; i++)
        put_word(text, bytes, "--set", run->spec.words->settings[i]);
    for (uint32_t i = 0; i < run->spec.words->inject_count; i++)
        put_word(text, bytes, "--inject", run->spec.words->inject[i]);
    if (run->spec.max_events) {
        snprintf(number, sizeof number, "%" PRIu64, run->spec.max_events);
        put_word(text, bytes, "--max-events", number);
    }
    if (run->spec.timeout_s) {
        snprintf(number, sizeof number, "%" PRIu64, run->spec.timeout_s);
        put_word(text, bytes, "--timeout", number);
    }
}
