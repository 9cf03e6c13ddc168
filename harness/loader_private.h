/* What the loader's files share. */
#ifndef LW_HARNESS_LOADER_PRIVATE_H
#define LW_HARNESS_LOADER_PRIVATE_H

#include "core/binding.h"
#include "harness/elf.h"
#include "harness/loader.h"

struct module {
    const char *path;
    const char *name; /* without folder */
    struct elf elf;
    void *file; /* the mapped file */
    size_t file_bytes;
    uint64_t base;       /* where its lowest segment stands */
    uint64_t bias;       /* add to addresses in the file */
    bool is_library;     /* of the C++ run-time: missing names become traps, not refusals */
    bool has_cxx_inside; /* linked with -static-libstdc++ */
    bool in_order;       /* constructed before who needs it */
    uint32_t index;      /* of its thread-local block, from 1 */
};

#define REFUSED_MAX 256
#define TRAP_BYTES (16 * PAGE_BYTES) /* of stubs */
#define STUB_BYTES 24

struct policy {
    struct sim *sim;
    struct machine *machine;
    struct module modules[MODULES_MAX];
    uint32_t count;
    uint32_t order[MODULES_MAX]; /* of construction, numbers of modules */
    uint32_t ordered;
    uint64_t next_base;            /* where the next image may stand */
    uint64_t trap_base, trap_used; /* trap stubs */
    void *libgcc; /* dlopen handles of the host's own libraries, for pure functions */
    void *libm;
    const char *refused[REFUSED_MAX];
    const char *refused_why[REFUSED_MAX];
    bool frames_registered;
    bool instrumented; /* it imports what instrumented code calls */
    uint32_t refused_count;
    char *message;
    size_t message_bytes;
};

/* ---- loader_resolve.c ---- */

/* The address for an import of the module. Notes refusals; never fails otherwise: 0 for a weak
 * name nobody has, a trap stub for a library's. */
uint64_t resolve(struct policy *policy, struct module *module, const Elf64_Sym *symbol);
/* A definition in one of the loaded modules; 0: none. */
uint64_t find_definition(const struct policy *policy, const char *name);

/* ---- loader_names.c ---- */

/* Whether the host's own function of that name may serve the policy: pure, no files, no clock. */
bool name_is_harmless(const char *name);
/* What the C++ library imports for its files and sockets: a policy that has the library inside it
 * (-static-libstdc++) imports them as well, whether or not it will ever call them. */
bool name_is_of_cxx_library(const char *name);
/* Why a name is refused, in words. */
const char *name_refusal(const char *name);

/* ---- loader_errno.c ---- */

/* The host's functions that report errors in errno, reporting in the policy's. */
extern const struct binding errno_bindings[];

/* ---- loader_relocate.c ---- */

/* Applies all relocations. False: message is filled in. */
bool relocate(struct policy *policy, struct module *module);

#endif
