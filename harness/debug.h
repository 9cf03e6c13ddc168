/* lowwater run --debug: gdb on the process of a run, at a place that the run's records name.
 *
 * debug_run writes a script and starts gdb on this very command, which notices (an environment
 * variable) that it is being debugged and runs. The run calls the empty functions below where gdb
 * has its breakpoints; a run that nobody debugs calls them too and loses nothing. */
#ifndef LW_HARNESS_DEBUG_H
#define LW_HARNESS_DEBUG_H

#include <stdbool.h>
#include <stdint.h>
#include "harness/loader.h"

struct debug_options {
    bool wanted;
    const char *debugger; /* --debugger; NULL: gdb */
    bool has_at; /* stop before an event (run_spec.stops_at), not where the policy begins */
};

/* Whether this process was started by debug_run. */
bool debug_is_running(void);
/* Starts gdb and waits for its end. Returns the exit code of the command. */
int debug_run(const struct debug_options *options, char **argv);

/* ---- in the run ---- */

/* The policy's modules are in their places: gdb reads their symbols. */
void debug_modules(const struct policy *policy);
/* The policy's factory is called next. */
void debug_policy_begins(void *factory);
/* The record before the wanted one has just been made. */
void debug_event_reached(uint64_t next_event);

#endif
