/* Replays as workloads, until the engine of workloads is there: its workload_run takes the place of
 * this weak definition. */
#include "clr/workload.h"

__attribute__((weak)) void workload_run(struct clr *clr, const struct workload *workload,
                                        const struct workload_hooks *hooks)
{
    const struct step_replay *replay = workload->steps[0].replay;
    const struct replay_options options = {.native = replay->native};
    (void)hooks;
    replay_run(clr, replay->recording, &options);
}
