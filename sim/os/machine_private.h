/* What the files of the machine share: its structure, page-table bits, and the steps that several
 * calls take. Nobody else includes this. */
#ifndef LW_OS_MACHINE_PRIVATE_H
#define LW_OS_MACHINE_PRIVATE_H

#include "os/machine.h"
#include "os/native.h"
#include "os/space.h"

#define LOWEST_PAGE (GRANULARITY_BYTES >> PAGE_SHIFT)
/* Addresses above cannot be touched natively; in the 128 TiB layout placement stays below. */
#define NATIVE_END_PAGE (WINDOW_BYTES >> PAGE_SHIFT)
#define LARGE_PAGE_BYTES (UINT64_C(2) << 20)

/* Page-table entry. MAY bits cache the answer of the slow path for an access of that kind. */
enum {
    PTE_MAY_READ = 1u << ACCESS_READ,
    PTE_MAY_WRITE = 1u << ACCESS_WRITE,
    PTE_MAY_EXECUTE = 1u << ACCESS_EXECUTE,
    PTE_MAY = PTE_MAY_READ | PTE_MAY_WRITE | PTE_MAY_EXECUTE,
    PTE_RESIDENT = 1u << 3,
    PTE_LOCKED = 1u << 4,
    PTE_DIRTY = 1u << 5,   /* written since its watch was reset */
    PTE_STICKY = 1u << 6,  /* dirty when VirtualProtect was applied: decommit keeps it reported */
    PTE_CONTENT = 1u << 7, /* native code may have written to it */
    PTE_OPEN_READ = 1u << 8,
    PTE_OPEN_WRITE = 1u << 9,
    PTE_OPEN_EXECUTE = 1u << 10,
    PTE_OPEN = PTE_OPEN_READ | PTE_OPEN_WRITE | PTE_OPEN_EXECUTE,
};
/* The rest of the entry: the epoch of the native cache in which the OPEN bits hold. */
#define PTE_EPOCH_SHIFT 11

struct native_range { /* outside the window: images, stacks */
    uint64_t base, size;
    uint32_t protect, type;
};
#define NATIVE_RANGES_MAX 128

/* What other consumers hold. */
struct others {
    uint64_t memory_pages; /* frames and charge */
    uint64_t commit_pages; /* charge without frames */
    uint64_t pagefile_pages;
    uint64_t island_pages;
    struct islands *islands; /* pressure.c */
};

struct machine {
    struct sim *sim;
    struct machine_config config;
    struct space *space;
    struct page_table *table;
    struct native *native; /* NULL: model only */
    uint64_t end_page;     /* behind the last usable page */
    uint64_t placement_end_page;
    uint64_t frames_total;
    uint64_t frames_used;
    uint64_t commit_pages;      /* charged to the process */
    uint64_t commit_peak_pages; /* of all processes together */
    uint64_t locked_pages;
    struct others others;
    uint32_t ranges_count;
    struct native_range ranges[NATIVE_RANGES_MAX];
    struct notes *notes;        /* explain.c: the last calls that took pages away */
    uint32_t working_set_flags; /* QUOTA_LIMITS_HARDWS_ of SetProcessWorkingSetSizeEx */
    struct heap *process_heap;
    void *heaps; /* heap.c's list */
};

/* Pages that a byte range touches. The caller has checked that it does not wrap. */
struct page_range {
    uint64_t first, pages;
};
static inline struct page_range pages_of(uint64_t address, uint64_t size)
{
    uint64_t first = address >> PAGE_SHIFT, last = (address + size - 1) >> PAGE_SHIFT;
    return (struct page_range){first, last - first + 1};
}
static inline uint64_t range_end(struct page_range range)
{
    return range.first + range.pages;
}

/* ---- machine_check.c: may the call be made? None of these changes anything. ---- */

struct alloc_plan {
    struct region *region;   /* the one concerned, NULL: a new one */
    struct page_range range; /* of the new region, or inside the existing one */
    uint64_t new_commit_pages;
    bool reserve, commit, reset;
};
enum status check_alloc(const struct machine *m, uint64_t address, uint64_t size, uint32_t type,
                        uint32_t protect, struct alloc_plan *plan);
struct free_plan {
    struct region *region;
    struct page_range range;
    bool release;
};
enum status check_free(const struct machine *m, uint64_t address, uint64_t size, uint32_t type,
                       struct free_plan *plan);
enum status check_protect(const struct machine *m, uint64_t address, uint64_t size,
                          uint32_t protect, bool has_old, struct region **region);
/* A protection that means something. Write-copy is one, though for mapped files only. */
enum status check_protection(uint32_t protect);
/* A byte range in user space: not empty, no wrap, below the end. */
enum status check_range(const struct machine *m, uint64_t address, uint64_t size);

/* ---- machine.c ---- */

/* What rules of the fault plan can ask of a VirtualAlloc and a VirtualFree. */
struct call_traits traits_of_alloc(uint64_t size, uint32_t type, uint32_t protect);
struct call_traits traits_of_free(uint64_t size, uint32_t type);
/* Whether that many more pages may be charged. */
enum status charge_possible(const struct machine *m, uint64_t pages);
/* Changes the charge and notes peaks. */
void charge_change(struct machine *m, int64_t pages);
void note_peaks(struct machine *m);

/* ---- pressure.c ---- */

/* Commit charge of the process and of others, pages. */
static inline uint64_t charged_total(const struct machine *m)
{
    return m->commit_pages + m->others.memory_pages + m->others.commit_pages;
}
void pressure_verify(const struct machine *m);

/* ---- machine_pages.c ---- */

/* The working set limits of a new process. */
void working_set_create(struct machine *m);

/* ---- explain.c ---- */

/* What a call did to its range, for the words of machine_explain; after the call's record. */
enum note_kind { NOTE_RELEASED, NOTE_DECOMMITTED, NOTE_PROTECTED, NOTE_HEAP };
void note_change(struct machine *m, enum note_kind kind, struct page_range range);
struct notes *notes_create(struct arena *arena);

/* ---- access.c ---- */

/* Pages go out of use: frames, locks, native access and contents go with them. keep_sticky: those
 * that must stay in write-watch reports keep that bit. */
void forget_pages(struct machine *m, struct page_range range, bool keep_sticky);
/* The protection of resident pages changed: cached answers and native access go. */
void close_pages(struct machine *m, struct page_range range);
/* Makes the page resident (demand-zero) without an access by code. */
void make_resident(struct machine *m, uint64_t page, uint32_t *entry, bool write, bool native);

#endif
