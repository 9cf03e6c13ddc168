/* Reads and writes the words for schedules. See schedule_word.h. */
#include "harness/schedule_word.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check.h"
#include "harness/options.h"

static const char switches_word[] = "switches:";

/* As much as a time in a scenario. */
#define HELD_MOST_NS UINT64_C(86400000000000)

/* A number up to one of the ends, which is passed. */
static bool take_number(const char **at, const char *end, uint64_t *value)
{
    char digits[24];
    size_t length = strcspn(*at, end);
    if (length == 0 || length >= sizeof digits || (*end && (*at)[length] == '\0'))
        return false;
    snprintf(digits, sizeof digits, "%.*s", (int)length, *at);
    *at += length + (*end != '\0');
    return parse_u64(digits, value);
}

/* "3+5000ns@17": thread 3 is held up so long. */
static bool take_held(const char *text, struct sched_switch *one)
{
    uint64_t from, held_ns, own;
    if (!take_number(&text, "+", &from) || !take_number(&text, "n", &held_ns) ||
        strncmp(text, "s@", 2) != 0)
        return false;
    text += 2;
    if (!take_number(&text, "", &own) || from >= THREADS_MAX || held_ns == 0 ||
        held_ns > HELD_MOST_NS)
        return false;
    *one = (struct sched_switch){.from = (uint32_t)from, .own = own, .held_ns = held_ns};
    return true;
}

/* "3-5@17" */
static bool take_switch(const char *text, struct sched_switch *one)
{
    uint64_t from, to, own;
    if (strchr(text, '+'))
        return take_held(text, one);
    if (!take_number(&text, "-", &from) || !take_number(&text, "@", &to) ||
        !take_number(&text, "", &own) || from >= THREADS_MAX || to >= THREADS_MAX)
        return false;
    *one = (struct sched_switch){.from = (uint32_t)from, .to = (uint32_t)to, .own = own};
    return true;
}

static bool parse_switches(const char *at, struct sched_options *options, char *message,
                           size_t message_bytes)
{
    const char *colon = strchr(at, ':');
    options->seed = 0;
    if (colon && !take_number(&at, ":", &options->seed)) {
        snprintf(message, message_bytes, "the seed of the switches is not a number");
        return false;
    }
    struct sched_switch *list = calloc(SCHEDULE_WORD_SWITCHES, sizeof *list);
    CHECK(list != NULL);
    uint32_t count = 0;
    while (*at) {
        char one[80];
        size_t length = strcspn(at, ",");
        snprintf(one, sizeof one, "%.*s", (int)(length < sizeof one ? length : sizeof one - 1), at);
        if (count == SCHEDULE_WORD_SWITCHES || !take_switch(one, &list[count++])) {
            snprintf(message, message_bytes,
                     "a switch is FROM-TO@CHOICE or THREAD+TIMEns@STEP, like 3-5@17, not '%s'",
                     one);
            free(list);
            return false;
        }
        at += length + (at[length] == ',');
    }
    options->strategy = SCHED_REPLAY;
    options->switches = list;
    options->switches_count = count;
    return true;
}

bool schedule_parse(const char *word, struct sched_options *options, char *message,
                    size_t message_bytes)
{
    const char *names[SCHED_REPLAY];
    size_t prefix = sizeof switches_word - 1;
    if (strncmp(word, switches_word, prefix) == 0)
        return parse_switches(word + prefix, options, message, message_bytes);
    const char *colon = strchr(word, ':');
    size_t length = colon ? (size_t)(colon - word) : strlen(word);
    for (int i = 0; i < SCHED_REPLAY; i++) {
        names[i] = sched_strategy_name((enum sched_strategy)i);
        if (strlen(names[i]) != length || strncmp(names[i], word, length) != 0)
            continue;
        options->strategy = (enum sched_strategy)i;
        options->seed = 0;
        if (!colon || (parse_u64(colon + 1, &options->seed) && options->seed > 0))
            return true;
        snprintf(message, message_bytes, "the seed of a schedule is a number from 1");
        return false;
    }
    const char *similar = nearest_word(word, names, SCHED_REPLAY);
    snprintf(message, message_bytes,
             "in-order, round-robin, random, pct, slow-random, slow-pct, one of these with a seed "
             "like pct:7, or switches:3-5@17,...%s%s%s",
             similar ? "; did you mean '" : "", similar ? similar : "", similar ? "'?" : "");
    return false;
}

void schedule_choose(const struct sched_options *word, struct sched_options *options)
{
    options->strategy = word->strategy;
    options->seed = word->seed ? word->seed : options->seed;
    options->switches = word->switches;
    options->switches_count = word->switches_count;
}

const char *schedule_text(const struct sched_options *options, char *text, size_t text_bytes)
{
    size_t used = 0;
    CHECK(text_bytes > 0);
    if (options->strategy != SCHED_REPLAY) {
        used = (size_t)snprintf(text, text_bytes, "%s", sched_strategy_name(options->strategy));
        if (options->seed && used < text_bytes)
            snprintf(text + used, text_bytes - used, ":%" PRIu64, options->seed);
        return text;
    }
    used = (size_t)snprintf(text, text_bytes, "%s", switches_word);
    if ((options->spurious || options->wakes_any) && options->seed && used < text_bytes)
        used += (size_t)snprintf(text + used, text_bytes - used, "%" PRIu64 ":", options->seed);
    for (uint32_t i = 0; i < options->switches_count && used < text_bytes; i++) {
        const struct sched_switch *one = &options->switches[i];
        const char *comma = i ? "," : "";
        if (one->held_ns)
            used += (size_t)snprintf(text + used, text_bytes - used,
                                     "%s%" PRIu32 "+%" PRIu64 "ns@%" PRIu64, comma, one->from,
                                     one->held_ns, one->own);
        else
            used += (size_t)snprintf(text + used, text_bytes - used,
                                     "%s%" PRIu32 "-%" PRIu32 "@%" PRIu64, comma, one->from,
                                     one->to, one->own);
    }
    return text;
}
