/* Loads a policy: maps its shared object and the C++ library it uses at fixed places, binds what
 * it imports to the simulator, and runs its constructors when told to. See
 * docs/decisions/ for why lowwater maps objects itself. */
#ifndef LW_HARNESS_LOADER_H
#define LW_HARNESS_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/sim.h"
#include "os/machine.h"

#define MODULES_MAX 16
#define MODULE_PATH_BYTES 1024

struct module_info {
    char path[MODULE_PATH_BYTES]; /* no pointer: it is told to other processes */
    uint64_t base;                /* native address of the first segment */
    uint64_t end;
    uint64_t bias; /* add to addresses in the file */
};

struct policy; /* a loaded policy */

/* Maps, relocates and binds; runs no code of the policy. False: message holds every reason (all
 * refused names in one message), to be reported with exit code 6. */
bool policy_load(const char *path, struct sim *sim, struct machine *machine, struct policy **policy,
                 char *message, size_t message_bytes);
/* Whether it was built with the instrumentation that shows its loads and stores (cc --race). */
bool policy_is_instrumented(const struct policy *policy);
/* Runs the constructors of all modules; on the fiber, as simulated code of the policy. */
void policy_construct(struct policy *policy);
/* Runs atexit functions and destructors, likewise. */
void policy_destruct(struct policy *policy);
/* Tells the unwinder of the modules, so that exceptions and stacks pass through them. Done when
 * the policy is loaded if it has the C++ library; otherwise when a stack is wanted. */
void policy_register_frames(struct policy *policy);
/* An exported symbol of the policy's own object, or NULL. */
void *policy_symbol(const struct policy *policy, const char *name);
uint32_t policy_modules(const struct policy *policy, struct module_info *modules, uint32_t max);

#endif
