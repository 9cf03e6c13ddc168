/* Recordings as plans, until the loader of scenarios and the engine of workloads are there: theirs
 * take the place of these weak definitions. */
#include <stdlib.h>
#include <string.h>
#include "clr/workload.h"
#include "harness/places.h"
#include "harness/recording_file.h"
#include "harness/scenario.h"
#include "harness/setting.h"

#define STUB __attribute__((weak))

STUB enum input_result scenario_read(const char *path, const char *const *settings,
                                     uint32_t settings_count, FILE *err, bool *usage,
                                     struct scenario **scenario)
{
    (void)settings, (void)settings_count, (void)usage, (void)scenario;
    fprintf(err, "lowwater: %s: this version runs recordings (.lwt), not scenarios\n", path);
    return INPUT_INVALID;
}

STUB enum input_result scenario_parse(const char *path, const char *text, size_t bytes,
                                      const char *const *settings, uint32_t settings_count,
                                      FILE *err, bool *usage, struct scenario **scenario)
{
    (void)text, (void)bytes;
    return scenario_read(path, settings, settings_count, err, usage, scenario);
}

/* What a plan of one replay points to. */
struct pieces {
    char name[PLACES_NAME_BYTES];
    struct recording_file file;
    struct step step;
    struct step_replay replay;
};

STUB enum input_result scenario_of_recording(const char *path, const char *const *settings,
                                             uint32_t settings_count, FILE *err, bool *usage,
                                             struct scenario **scenario)
{
    char message[1024];
    struct pieces *pieces = calloc(1, sizeof *pieces);
    enum input_result result = recording_file_read(path, &pieces->file, message, sizeof message);
    *usage = false;
    if (result != INPUT_OK) {
        fprintf(err, "lowwater: %s: %s\n", path, message);
        free(pieces);
        return result;
    }
    struct scenario *plan = calloc(1, sizeof *plan);
    places_base_name(path, pieces->name, sizeof pieces->name);
    pieces->replay = (struct step_replay){&pieces->file.recording, 0, UINT64_MAX, 1, 1, 1, 0};
    pieces->step = (struct step){.kind = STEP_REPLAY, .replay = &pieces->replay};
    *plan = (struct scenario){.name = pieces->name, .seed = 1, .memory = pieces};
    plan->machine = machine_config_default();
    plan->workload.steps = &pieces->step;
    plan->workload.steps_count = 1;
    snprintf(plan->path, sizeof plan->path, "%s", path);
    for (uint32_t i = 0; i < settings_count; i++) {
        if (setting_apply(plan, settings[i], message, sizeof message))
            continue;
        fprintf(err, "lowwater: run: %s\n", message);
        *usage = true;
        scenario_free(plan);
        return INPUT_INVALID;
    }
    *scenario = plan;
    return INPUT_OK;
}

STUB void scenario_free(struct scenario *scenario)
{
    struct pieces *pieces = scenario->memory;
    recording_file_free(&pieces->file);
    free(pieces);
    free(scenario);
}

STUB void workload_run(struct clr *clr, const struct workload *workload,
                       const struct workload_hooks *hooks)
{
    const struct step_replay *replay = workload->steps[0].replay;
    const struct replay_options options = {.native = replay->native};
    (void)hooks;
    replay_run(clr, replay->recording, &options);
}
