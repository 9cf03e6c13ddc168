/* The simulated Windows machine: memory of one process on a computer with so much RAM and page
 * file. Every operation is one call of one shape (check, fault, change, trace).
 *
 * Addresses are logical here (native address - WINDOW_BASE), sizes are bytes, flags and
 * protections have their Windows values (sim/include/windows.h). Results follow Windows exactly:
 * the rows of docs/win32.md say what is known and from where. win32_memory.c is the exported face:
 * it translates addresses and turns the status into GetLastError's code. */
#ifndef LW_OS_MACHINE_H
#define LW_OS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/pressure.h"
#include "core/sim.h"

/* Which page of the working set goes when a frame is needed. */
enum replacement {
    REPLACE_CLOCK,      /* a ring with a hand that spares pages touched since it came by last */
    REPLACE_CLOCK_REF0, /* ... the touch that brought the page in does not count */
    REPLACE_LRU,
    REPLACE_FIFO,
};

struct machine_config {
    uint64_t ram_bytes; /* at least 1 page */
    uint64_t pagefile_bytes;
    uint64_t address_space_bytes; /* 2, 3, 4 GiB, 8 or 128 TiB */
    uint32_t processors;
    bool lock_memory_privilege;     /* SeLockMemoryPrivilege: large pages are allowed */
    uint64_t working_set_min_pages; /* 0: the default, 50 */
    uint64_t working_set_max_pages; /* 0: the default, 345 */
    bool guard_heap_blocks;         /* every heap block ends at its own inaccessible page */
    uint64_t pagefile_max_bytes;    /* it grows up to this; less than pagefile_bytes: it does not */
    enum replacement replacement;
    bool no_standby;            /* no standby and modified lists: each replacement is a fault */
    uint64_t pagefile_read_ns;  /* a page; 0: the default, 100 us */
    uint64_t pagefile_write_ns; /* a page of many; 0: the default, 25 us */
    uint64_t low_memory_bytes;  /* 0: the default, the lesser of 64 MiB and RAM / 128 */
    uint64_t high_memory_bytes; /* 0: the default, three times the low level */
};
/* ram 4 GiB, page file 4 GiB that does not grow, a solid state disk, address space 128 TiB, 2
 * processors, CLOCK. */
struct machine_config machine_config_default(void);

struct machine;
struct heap;

/* Makes the machine and becomes the current one. native: also reserve the window and serve native
 * accesses (false: model only, for tests and tools). */
struct machine *machine_create(struct sim *sim, const struct machine_config *config, bool native);
void machine_destroy(struct machine *machine);
/* The one global: the machine that the Win32 surface and the fault handler act on. */
struct machine *machine_current(void);
struct sim *machine_sim(struct machine *machine);
const struct machine_config *machine_config(const struct machine *machine);
/* Checks every structure and every sum; called after each step in tests and on --check. */
void machine_verify(const struct machine *machine);

/* ---- the calls (each: failure point, charge, record) ---- */

enum status machine_alloc(struct machine *m, uint64_t address, uint64_t size, uint32_t type,
                          uint32_t protect, uint64_t *result);
enum status machine_free(struct machine *m, uint64_t address, uint64_t size, uint32_t type);
/* has_old: whether the caller gave a place for the old protection. */
enum status machine_protect(struct machine *m, uint64_t address, uint64_t size, uint32_t protect,
                            bool has_old, uint32_t *old);
struct memory_info { /* MEMORY_BASIC_INFORMATION in logical addresses */
    uint64_t base, allocation_base, size;
    uint32_t allocation_protect, state, protect, type;
};
enum status machine_query(struct machine *m, uint64_t address, struct memory_info *info);
enum status machine_lock(struct machine *m, uint64_t address, uint64_t size);
enum status machine_unlock(struct machine *m, uint64_t address, uint64_t size);
/* Sizes in bytes; both SIZE_MAX: give the pages back. flags: QUOTA_LIMITS_HARDWS_ values, 0: as
 * they are. The minimum bounds what may be locked. */
enum status machine_set_working_set(struct machine *m, uint64_t min_bytes, uint64_t max_bytes,
                                    uint32_t flags);
/* Every page that is not locked leaves the working set, for the standby or modified list. */
enum status machine_empty_working_set(struct machine *m);
/* Dirty pages of a watched range in ascending order; *count in: room, out: found. */
enum status machine_get_write_watch(struct machine *m, uint32_t flags, uint64_t address,
                                    uint64_t size, uint64_t *pages, uint64_t *count);
enum status machine_reset_write_watch(struct machine *m, uint64_t address, uint64_t size);

struct memory_status { /* MEMORYSTATUSEX */
    uint32_t load_percent;
    uint64_t total_phys, avail_phys, total_pagefile, avail_pagefile, total_virtual, avail_virtual;
};
void machine_memory_status(struct machine *m, struct memory_status *status);
/* What machine_memory_status would say at this moment, without its effects: what the page writer
 * has done until now is counted, not done. */
void machine_memory_truth(const struct machine *m, struct memory_status *status);

/* ---- memory that does not come from VirtualAlloc (no failure point, no record) ---- */

/* Reserves granule-aligned address space for a heap, stack, view or image; REGION_ flags of
 * space.h. ST_NOT_ENOUGH_MEMORY: no hole. address 0: anywhere. */
enum status machine_map(struct machine *m, uint64_t address, uint64_t size, uint32_t protect,
                        uint16_t region_flags, uint64_t *result);
enum status machine_map_commit(struct machine *m, uint64_t address, uint64_t size,
                               uint32_t protect);
void machine_map_decommit(struct machine *m, uint64_t address, uint64_t size);
void machine_unmap(struct machine *m, uint64_t address);
/* A native range outside the window that VirtualQuery shows as committed memory: the policy's
 * image (MEM_IMAGE) or a thread's stack. native_address is a native address. */
void machine_note_native(struct machine *m, uint64_t native_address, uint64_t size,
                         uint32_t protect, uint32_t type);

/* ---- accesses ---- */

enum access_result { ACCESS_OK, ACCESS_GUARD, ACCESS_VIOLATION };
/* An access by the workload: one page, no native access, costs no signal. What the machine's
 * hardware would do: first touch, guard page, write watch. */
enum access_result machine_touch(struct machine *m, uint64_t address, enum access_kind kind);
/* The same for an access by native code: on ACCESS_OK the page is open natively as well. */
enum access_result machine_open(struct machine *m, uint64_t address, enum access_kind kind);
/* A stream of touches begins (or ends) that is studied for itself: on a machine without standby
 * lists it begins with an empty working set, and from the first one on only faults of such streams
 * count. On other machines nothing happens. No failure point, no record. */
void machine_study(struct machine *m, bool begins);
struct page_state { /* all 0: not in the working set */
    bool valid, locked, large;
    uint32_t protect;
};
struct page_state machine_page_state(struct machine *m, uint64_t address);
/* Copies bytes of readable pages that have been touched: no touch, no time, no record. False: some
 * page cannot be read, or was never touched. What the workload only touched reads as zero, as
 * in a machine that is model only. */
bool machine_peek(struct machine *m, uint64_t address, void *bytes, uint64_t count);
/* Stores bytes in one page that a touch has allowed to be written, likewise. False: it cannot be,
 * or the machine is model only. */
bool machine_poke(struct machine *m, uint64_t address, const void *bytes, uint64_t count);
/* Why an access at this address fails, in words: "reserved, not committed", "PAGE_NOACCESS",
 * "free, inside the address space" ...; of a heap block, which one. */
void machine_explain(struct machine *m, uint64_t native_address, char *text, uint32_t text_bytes);

/* ---- other consumers ---- */

#define PRESSURE_PIECES_MAX 1000000

/* Others take (or give back) so many bytes, rounded up to pages, of address space to granules;
 * UINT64_MAX: all there is. Returns how many bytes it really were: what is not there cannot be
 * taken, what is not held cannot be given back, and the page file keeps what is charged to it.
 * Writes one record. pieces: of address space at most PRESSURE_PIECES_MAX, 0: one; islands of
 * like size spread evenly over the address space, beside what stands there, in parts where no hole
 * is large enough. Given back are the newest islands first. Of the others, with
 * UINT64_MAX bytes, that part of all there is: 3 takes a third. Latency and job limit take nothing:
 * they are set to `bytes`, which of the latency are nanoseconds; returned is what they were. */
uint64_t machine_pressure(struct machine *m, enum pressure_of of, bool give_back, uint64_t bytes,
                          uint64_t pieces);
enum memory_level { MEMORY_LOW, MEMORY_NEUTRAL, MEMORY_HIGH };
/* A job around all others, which others have put the process into: limits its commit charge to so
 * many bytes from now on, UINT64_MAX: to nothing. What is charged already stays. */
void machine_job_limit(struct machine *m, uint64_t bytes);
/* Whether the low (high) memory resource notification of Windows is signalled: available memory
 * at or below 32 MiB per 4 GiB of RAM, at most 64 MiB (at or above three times that), or as the
 * machine is configured. */
bool machine_memory_resource(struct machine *m, bool high);
/* Called whenever the level changes, after its record. One at a time; NULL: nobody. */
void machine_on_level(struct machine *m, void (*on_level)(void *context, enum memory_level level),
                      void *context);

/* What the page writer and the zeroing of frames have done until now; may write records and call
 * on_level. Figures, faults and pressure do it themselves: only who waits for a level has to. */
void machine_settle(struct machine *m);
/* When the page writer next makes memory available, UINT64_MAX: it has nothing to do. */
uint64_t machine_due_ns(const struct machine *m);

/* ---- figures ---- */

uint64_t machine_commit_bytes(const struct machine *m); /* charged to the process */
/* RAM and page file, less what pressure has taken of the page file. */
uint64_t machine_commit_limit(const struct machine *m);
uint64_t machine_commit_total_bytes(const struct machine *m); /* of all processes */
uint64_t machine_available_frames(const struct machine *m);
uint64_t machine_resident_pages(const struct machine *m);
/* Native permission pieces open now (at most 30,000) and flushes of the cache so far. */
uint64_t machine_native_pieces(const struct machine *m);

/* What the process holds, for comparing an end with a beginning. A heap keeps the pages of dead
 * blocks committed, so it is judged by its live ones. */
struct machine_left {
    uint64_t commit_bytes;   /* committed in VirtualAlloc's regions */
    uint64_t reserved_bytes; /* their address space */
    uint64_t regions;        /* how many these are */
    uint64_t heaps;          /* other than the process heap */
    uint64_t heap_blocks;    /* live ones of all heaps, */
    uint64_t heap_bytes;     /* and the bytes in them */
};
/* Costs a walk over all regions. */
void machine_left_behind(struct machine *m, struct machine_left *left);

struct space;
struct space *machine_space(struct machine *m);
/* The default process heap, made on first use. */
struct heap *machine_process_heap(struct machine *m);

#endif
