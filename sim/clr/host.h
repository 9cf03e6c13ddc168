/* The simulated CLR's side of the host interface: every call into the policy goes through here.
 *
 * Each wrapper notes the call for reports, enters the policy (the calls it makes now count for
 * the fault plan), and appends one record with the result. Like the real CLR only S_OK is
 * success, and out parameters hold garbage before the call. */
#ifndef LW_CLR_HOST_H
#define LW_CLR_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include "core/sim.h"
#include "include/mscoree.h"

/* The physical memory there is. */
struct memory_truth {
    uint32_t load_percent;
    uint64_t available_bytes, physical_bytes;
};

/* What the CLR can do besides calling the host: provided by the harness, because the CLR layer
 * does not know the machine. Addresses are native. */
struct clr_env {
    struct sim *sim;
    void *context;
    /* One page is read or written by managed code. False: the access is not possible. */
    bool (*touch)(void *context, uint64_t address, bool write);
    /* A stream of touches of memory of its own begins, or ends. NULL: nobody wants to know. */
    void (*study)(void *context, bool begins);
    /* Memory the CLR takes from the operating system itself, past the host. False: refused. */
    bool (*os_reserve)(void *context, uint64_t size, bool view, uint64_t *address);
    bool (*os_commit)(void *context, uint64_t address, uint64_t size);
    void (*os_decommit)(void *context, uint64_t address, uint64_t size);
    void (*os_release)(void *context, uint64_t address);
    /* Copies bytes out of memory that a touch has just allowed to be read. False: not possible. */
    bool (*peek)(void *context, uint64_t address, void *bytes, uint64_t count);
    /* The same the other way, after a touch that allowed to write. NULL: nothing is stored. */
    bool (*poke)(void *context, uint64_t address, const void *bytes, uint64_t count);
    /* Other consumers take (or give back) so many bytes of memory, commit, page file or address
     * space (enum pressure_of). Returns how many it really were. pieces: islands in the address
     * space; of the others, with UINT64_MAX bytes, so large a part of all there is (0, 1: all). */
    uint64_t (*pressure)(void *context, int of, bool give_back, uint64_t bytes, uint64_t pieces);
    /* What GlobalMemoryStatusEx would say at this moment; asking has no effect. NULL: nobody
     * knows. */
    void (*memory_truth)(void *context, struct memory_truth *truth);
    /* The running thread of the CLR ends: what the host attached to it goes. NULL: nothing does. */
    void (*thread_ends)(void *context);
};

struct run;
struct clr {
    struct clr_env env;
    struct sim *sim;
    IHostControl *control; /* NULL: the policy has only a memory manager */
    IHostMemoryManager *manager;
    IHostMalloc *malloc;
    HRESULT answer;    /* of the host's last call, as it was given */
    uint64_t leftover; /* what that call put into its result although it was refused; 0: nothing */
    ICLRMemoryNotificationCallback *callback; /* NULL before it is registered */
    bool callback_registered;
    struct load_answer *answers; /* calls of GetMemoryLoad being made: load.h */
    uint32_t released; /* 1 << enum host_object: the CLR's own reference is gone already */
    EMemoryAvailable availability; /* last notification, Neutral before the first */
    struct race_clock *notified;   /* by who called the callback: the CLR's threads hear of it */
    const struct run *run;         /* the workload being performed (workload.h), NULL: none */
};

/* The life of a run before there is more of a CLR: GetHostManager where there is a control,
 * CreateMalloc(MALLOC_THREADSAFE), RegisterMemoryNotificationCallback. Exactly one of control and
 * manager is given. Returns S_OK or the HRESULT that stopped it. */
HRESULT clr_start(struct clr *clr, const struct clr_env *env, IHostControl *control,
                  IHostMemoryManager *manager);
/* shutdown: release. Releases malloc, manager and control (the real CLR never does), except those
 * in clr->released. */
void clr_release(struct clr *clr);

/* The CLR maps a file, past the host, which is told: NeedsVirtualAddressSpace where there was no
 * place, one more try if the host has helped, AcquiredVirtualAddressSpace. False: there is none;
 * *address is 0. */
bool clr_map_view(struct clr *clr, uint64_t size, uint64_t *address);
/* Unmaps it and tells the host: ReleasedVirtualAddressSpace. */
void clr_unmap_view(struct clr *clr, uint64_t address);

/* ---- the slots of IHostMemoryManager ----
 *
 * Addresses are native, sizes in bytes, flags as Windows has them. Results that the host did not
 * write, or gave with a failure, are 0; S_OK with NULL becomes E_OUTOFMEMORY (E_POINTER for
 * interfaces), clr->answer has what was really returned, clr->leftover the pointer that a refused
 * request for memory left in its result, where null belongs. */

HRESULT host_create_malloc(struct clr *clr, uint32_t type, IHostMalloc **result);
/* The CLR's one callback object, made at the first registration. */
HRESULT host_register_callback(struct clr *clr);
HRESULT host_virtual_alloc(struct clr *clr, uint64_t address, uint64_t size, uint32_t type,
                           uint32_t protect, EMemoryCriticalLevel level, uint64_t *result);
HRESULT host_virtual_free(struct clr *clr, uint64_t address, uint64_t size, uint32_t type);
HRESULT host_virtual_query(struct clr *clr, uint64_t address, MEMORY_BASIC_INFORMATION *info);
HRESULT host_virtual_protect(struct clr *clr, uint64_t address, uint64_t size, uint32_t protect,
                             uint32_t *old);
/* What the answer says is compared with the machine: load.h. */
HRESULT host_get_memory_load(struct clr *clr, uint32_t *load, uint64_t *available);
HRESULT host_needs_address_space(struct clr *clr, uint64_t address, uint64_t size);
HRESULT host_acquired_address_space(struct clr *clr, uint64_t address, uint64_t size);
HRESULT host_released_address_space(struct clr *clr, uint64_t address);

/* ---- the slots of IHostMalloc: clr->malloc or another object of CreateMalloc ---- */

HRESULT host_malloc_alloc(struct clr *clr, IHostMalloc *object, uint64_t size,
                          EMemoryCriticalLevel level, uint64_t *result);
/* file may be NULL. */
HRESULT host_malloc_debug_alloc(struct clr *clr, IHostMalloc *object, uint64_t size,
                                EMemoryCriticalLevel level, const char *file, int line,
                                uint64_t *result);
HRESULT host_malloc_free(struct clr *clr, IHostMalloc *object, uint64_t block);

/* ---- IUnknown of the host's objects; which: the object's number in records ---- */

enum host_object { HOST_MALLOC = 1, HOST_MANAGER, HOST_CONTROL, HOST_MORE_MALLOCS };

HRESULT host_query_interface(struct clr *clr, IUnknown *object, uint64_t which, const IID *iid,
                             IUnknown **result);
/* Both return the number of references that the host claims. */
uint32_t host_add_ref(struct clr *clr, IUnknown *object, uint64_t which);
uint32_t host_release(struct clr *clr, IUnknown *object, uint64_t which);

#endif
