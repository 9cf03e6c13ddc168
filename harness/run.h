/* One run: a scenario (or a recording) with one policy and one seed, in a child process.
 *
 * The child writes what happened into memory it shares with the parent, so that nothing is lost
 * however it ends. */
#ifndef LW_HARNESS_RUN_H
#define LW_HARNESS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/sched.h"
#include "core/sim.h"
#include "harness/loader.h"
#include "harness/race_report.h"
#include "harness/thread_report.h"
#include "harness/scenario.h"

enum outcome {
    OUTCOME_OK,
    OUTCOME_FINDING,
    OUTCOME_NO_PROGRESS,
    OUTCOME_CRASH,
    OUTCOME_NONDETERMINISM,
    OUTCOME_INTERNAL,
    OUTCOME_LOAD, /* the policy cannot be loaded: exit 6, no run at all */
    OUTCOME_INTERRUPTED,
};
const char *outcome_name(enum outcome outcome);
int outcome_exit_code(enum outcome outcome);

#define SETTINGS_MAX 64

/* Words of the command line that change a run: what repeats it, besides the operands. */
struct run_words {
    const char *settings[SETTINGS_MAX]; /* --set KEY=VALUE; the plan has them already */
    uint32_t settings_count;
    const char *inject[FAULT_RULES]; /* --inject */
    uint32_t inject_count;
};

struct run_spec {
    const char *scenario; /* as shown */
    const struct scenario *plan;
    const struct run_words *words;
    const char *policy;      /* as shown: name without folder and ending */
    const char *policy_path; /* the shared object */
    const char *factory;     /* --factory, or NULL */
    uint64_t seed;
    /* The scenario's rules, then those of --inject. All count every call they match; the first in
     * this order that fires decides. */
    const struct fault_rule *faults;
    uint32_t faults_count;
    struct sched_options schedule; /* seed 0: the run's */
    bool race;                     /* --race: look for data races */
    const uint64_t *race_accesses; /* numbers of accesses whose stacks are wanted */
    uint32_t race_accesses_count;
    bool digest;  /* false only in bench */
    bool explain; /* note the event of the highest commit charge, and write a struct asked to
                   * steps_fd for each call of the CLR that asks for memory */
    int steps_fd;
    const char *trace_path; /* or NULL */
    uint64_t timeout_s;     /* CPU seconds without an event; 0: 10 */
    uint64_t max_events;    /* 0: 1e9 */
    bool stops;             /* tell a debugger before the event ... */
    uint64_t stops_at;
    uint64_t watch_page;          /* logical page whose last change is to be explained; 0: none */
    const uint64_t *stack_events; /* events whose stack in the policy goes to broken_stack[] */
    uint32_t stack_events_count;  /* at most BROKEN_MAX */
};

/* Which step of the workload made a call of the CLR that asks for memory. */
struct asked {
    uint64_t event;
    const struct step *step; /* of the plan, NULL: none */
};

/* The parameters that this run gives its policy. A scenario's own are meant for the policy that it
 * names; to another one go only those that --set named. Returns their number. */
uint32_t run_params(const struct run_spec *spec, struct policy_param params[POLICY_PARAMS_MAX]);

#define STACK_FRAMES_MAX 48
#define RUN_TAIL_EVENTS 256
#define RUN_OUTPUT_BYTES (64 * 1024)
#define BROKEN_MAX 16
#define BROKEN_FRAMES_MAX 16

/* Lives in shared memory; plain data only. */
struct run_result {
    bool outcome_known;   /* false: the child died without a word */
    bool finished;        /* digest and counters are complete */
    bool usage_error;     /* a parameter was wrong: exit 2 instead of 6 */
    int wait_status;      /* as waitpid gave it */
    enum outcome outcome; /* as judged: what held although it ended badly is ok */
    enum outcome ended;   /* how the run itself ended: ok, no-progress, crash */
    struct stop stop;     /* kind STOP_NONE when the run reached its end */
    uint8_t digest[16];
    uint64_t events;
    uint64_t virtual_ns;
    uint64_t native_ns;
    uint64_t injected;
    uint64_t rule_injected[FAULT_RULES];
    uint64_t refusals;        /* of the injected, that refused a call */
    struct injection refused; /* the last of these */
    uint64_t counters[COUNTERS];
    uint32_t broken_count;  /* of broken[] */
    uint64_t broken_others; /* more calls that gave something else than expected, not listed */
    struct broken broken[BROKEN_MAX];
    uint64_t broken_stack[BROKEN_MAX][BROKEN_FRAMES_MAX]; /* of spec.stack_events, the same order */
    uint32_t broken_stack_frames[BROKEN_MAX];
    uint64_t peak_event, peak_ns; /* spec.explain */
    uint16_t host_call;           /* the CLR call being served when it stopped */
    uint64_t host_call_arg[3];
    uint64_t stack[STACK_FRAMES_MAX]; /* native program counters, innermost first */
    uint32_t stack_frames;
    struct module_info modules[MODULES_MAX];
    uint32_t modules_count;
    char explanation[1024]; /* of the address, by the model */
    bool watch_seen;        /* the last event that changed spec.watch_page */
    uint64_t watch_event_id;
    struct event watch_event;
    uint64_t watch_stack[STACK_FRAMES_MAX];
    uint32_t watch_stack_frames;
    uint64_t tail_count;
    struct event tail[RUN_TAIL_EVENTS];
    char load_message[8192];
    int trace_errno; /* why spec.trace_path has not got all; 0: it has, or none was asked for */
    bool aslr_off;   /* address-space randomisation was off */
    uint64_t output_bytes; /* printed by the policy; the first RUN_OUTPUT_BYTES are kept */
    char output[RUN_OUTPUT_BYTES];
    char policy_name[64];
    char policy_summary[160];
    struct thread_report threads;
    struct race_report races;
};

/* Zeroed, in memory shared with the children. Without memory the tool ends, with a message. */
struct run_result *run_result_create(void);
void run_result_destroy(struct run_result *result);

/* Runs it and waits, into a result from run_result_create. False: no process could be started,
 * which the outcome says as well. */
bool run_once(const struct run_spec *spec, struct run_result *result);
/* Of a run that has ended: after a crash runs again to find the call that made the page
 * inaccessible, after a finding to find the policy's stack where it broke. */
void run_explain(const struct run_spec *spec, struct run_result *result);
/* Both. */
void run_execute(const struct run_spec *spec, struct run_result *result);

/* run_once in steps, for --jobs: run_start returns the child's pid or -1, run_reap takes waitpid's
 * status. */
int run_start(const struct run_spec *spec, struct run_result *result);
void run_reap(const struct run_spec *spec, struct run_result *result, int wait_status);

#endif
