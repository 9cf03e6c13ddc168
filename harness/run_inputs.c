/* Finding what shall run. See run_inputs.h. */
#include "harness/run_inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/options.h"
#include "harness/places.h"
#include "harness/policy_find.h"
#include "harness/recording_file.h"
#include "harness/trace_file.h"

#define NAMES_MAX 512

/* ---- scenarios and recordings ---- */

enum operand { OPERAND_SCENARIO, OPERAND_RECORDING, OPERAND_TRACE, OPERAND_NONE };

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcmp(text + length - tail, ending) == 0;
}

/* Of a file whose name does not say what it is. */
static enum operand look_inside(const char *path)
{
    struct input_file file;
    char message[256];
    if (input_read(path, RECORDING_BYTES_MAX, &file, message, sizeof message) != INPUT_OK)
        return OPERAND_SCENARIO; /* whose reader says what is wrong */
    enum operand kind = trace_file_recognise(file.bytes, file.count)       ? OPERAND_TRACE
                        : recording_file_recognise(file.bytes, file.count) ? OPERAND_RECORDING
                                                                           : OPERAND_SCENARIO;
    input_free(&file);
    return kind;
}

static enum operand kind_of_file(const char *path)
{
    if (ends_in(path, ".yaml") || ends_in(path, ".yml"))
        return OPERAND_SCENARIO;
    return ends_in(path, ".lwt") ? OPERAND_RECORDING : look_inside(path);
}

static enum operand find_operand(const char *word, char *path, size_t path_bytes)
{
    char bundled[512];
    bool exists = access(word, F_OK) == 0;
    bool names_file = strchr(word, '/') || ends_in(word, ".yaml") || ends_in(word, ".yml") ||
                      ends_in(word, ".lwt");
    snprintf(path, path_bytes, "%s", word);
    if (strcmp(word, "-") == 0)
        return OPERAND_SCENARIO;
    if (exists && names_file)
        return kind_of_file(word);
    bool scenario = places_scenario(word, bundled, sizeof bundled);
    if (scenario || places_recording(word, bundled, sizeof bundled)) {
        places_shown(bundled, path, path_bytes);
        return scenario ? OPERAND_SCENARIO : OPERAND_RECORDING;
    }
    return exists ? kind_of_file(word) : OPERAND_NONE;
}

static int no_such_scenario(const char *word)
{
    static char names[2 * NAMES_MAX][PLACES_NAME_BYTES];
    const char *pointers[2 * NAMES_MAX];
    size_t scenarios = places_scenarios(names, NAMES_MAX);
    size_t count = scenarios + places_recordings(names + scenarios, NAMES_MAX);
    for (size_t i = 0; i < count; i++)
        pointers[i] = names[i];
    const char *similar = nearest_word(word, pointers, count);
    fprintf(stderr, "lowwater: no such scenario: %s", word);
    if (similar)
        fprintf(stderr, "; did you mean '%s'?", similar);
    fprintf(stderr,
            "\n  lowwater list scenarios and lowwater list recordings name the bundled ones;\n"
            "  or give the path of a .yaml or .lwt file\n");
    return EXIT_USAGE;
}

int run_input_faults(struct run_input *input, const struct run_words *words)
{
    char message[1024];
    const struct scenario *plan = input->plan;
    for (uint32_t i = 0; i < plan->faults_count; i++)
        input->faults[input->faults_count++] = plan->faults[i].rule;
    for (uint32_t i = 0; i < words->inject_count; i++) {
        if (input->faults_count == FAULT_RULES)
            return usage_error("run: %s: its failures and --inject together are more than %d",
                               input->word, FAULT_RULES);
        /* Checked once already, when the command line was read. */
        if (!fault_parse(words->inject[i], &input->faults[input->faults_count++], message,
                         sizeof message))
            return usage_error("run: --inject '%s': %s", words->inject[i], message);
    }
    return EXIT_HELD;
}

int run_input_open(struct run_input *input, const char *word, const struct run_words *words)
{
    char path[512];
    bool usage = false;
    *input = (struct run_input){.word = word};
    enum operand kind = find_operand(word, path, sizeof path);
    if (kind == OPERAND_NONE)
        return no_such_scenario(word);
    if (kind == OPERAND_TRACE)
        return usage_error("run: %s is the trace of a run: lowwater replay %s", word, word);
    enum input_result (*const read)(const char *, const char *const *, uint32_t, FILE *, bool *,
                                    struct scenario **) =
        kind == OPERAND_SCENARIO ? scenario_read : scenario_of_recording;
    enum input_result result =
        read(path, words->settings, words->settings_count, stderr, &usage, &input->plan);
    if (result == INPUT_OK)
        return run_input_faults(input, words);
    return result == INPUT_NO_FILE || usage ? EXIT_USAGE : EXIT_INPUT;
}

void run_input_close(struct run_input *input)
{
    if (input->plan)
        scenario_free(input->plan);
    input->plan = NULL;
}

/* ---- policies ---- */

int run_policy_open(struct run_policy *policy, const char *word, bool race)
{
    policy->word = word;
    return policy_find(word, race, policy->path, sizeof policy->path, policy->name,
                       sizeof policy->name);
}

int run_input_policy(struct run_input *input, bool race)
{
    const char *name = input->plan->policy ? input->plan->policy : "passthrough";
    char *beside = input->own_word;
    if (input->own.path[0])
        return EXIT_HELD;
    snprintf(beside, sizeof input->own_word, "%s", input->plan->path);
    char *slash = strrchr(beside, '/');
    size_t folder = slash ? (size_t)(slash + 1 - beside) : 0;
    snprintf(beside + folder, sizeof input->own_word - folder, "%s", name);
    bool bundled = places_policy(name, input->own.path, sizeof input->own.path);
    bool is_beside = !bundled && *name != '/' && access(beside, F_OK) == 0;
    return run_policy_open(&input->own, is_beside ? beside : name, race);
}
