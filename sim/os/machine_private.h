/* What the files of the machine share: its structure, page-table bits, and the steps that several
 * calls take. Nobody else includes this. */
#ifndef LW_OS_MACHINE_PRIVATE_H
#define LW_OS_MACHINE_PRIVATE_H

#include "os/machine.h"
#include "os/native.h"
#include "os/page_table.h"
#include "os/physical.h"
#include "os/space.h"

#define LOWEST_PAGE (GRANULARITY_BYTES >> PAGE_SHIFT)
/* Addresses above cannot be touched natively; in the 128 TiB layout placement stays below. */
#define NATIVE_END_PAGE (WINDOW_BYTES >> PAGE_SHIFT)
#define LARGE_PAGE_BYTES (UINT64_C(2) << 20)

/* Page-table entry. MAY bits cache what the protection allows, of absent pages as well. */
enum {
    PTE_MAY_READ = 1u << ACCESS_READ,
    PTE_MAY_WRITE = 1u << ACCESS_WRITE,
    PTE_MAY_EXECUTE = 1u << ACCESS_EXECUTE,
    PTE_MAY = PTE_MAY_READ | PTE_MAY_WRITE | PTE_MAY_EXECUTE,
    PTE_RESIDENT = 1u << 3, /* in the working set, or a large page */
    PTE_LOCKED = 1u << 4,
    PTE_DIRTY = 1u << 5,   /* written since its watch was reset */
    PTE_STICKY = 1u << 6,  /* dirty when VirtualProtect was applied: decommit keeps it reported */
    PTE_CONTENT = 1u << 7, /* native code may have written to it */
    PTE_OPEN_READ = 1u << 8,
    PTE_OPEN_WRITE = 1u << 9,
    PTE_OPEN_EXECUTE = 1u << 10,
    PTE_OPEN = PTE_OPEN_READ | PTE_OPEN_WRITE | PTE_OPEN_EXECUTE,
    PTE_REFERENCED = 1u << 11, /* CLOCK: touched since the hand came by; else: open as the model
                                  sees it, whatever the cache of native permissions did */
    PTE_MODIFIED = 1u << 12,   /* present and unlike any copy */
    PTE_TRANSITION = 1u << 13, /* on the standby or the modified list */
    PTE_PAGED = 1u << 14,      /* absent; its contents are elsewhere */
    PTE_RESET = 1u << 15,      /* MEM_RESET: present, but need not be kept */
    PTE_LOST = 1u << 16,       /* ... and was not kept */
    PTE_MAPPED = 1u << 17,     /* of a view or an image: its copy is in that file */
    PTE_PRESENT = PTE_RESIDENT | PTE_TRANSITION,
    /* With none of them, a present page has a copy in the page file. */
    PTE_NO_COPY = PTE_MODIFIED | PTE_RESET | PTE_MAPPED,
};
/* The rest of the entry: the epoch of the native cache in which the OPEN bits hold. */
#define PTE_EPOCH_SHIFT 18

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
    uint64_t ram_pages;      /* removed from the machine */
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
    struct physical phys;
    uint64_t commit_pages;      /* charged to the process */
    uint64_t commit_peak_pages; /* of all processes together */
    uint64_t locked_pages;
    struct others others;
    struct job *job;       /* the innermost the process is in, or NULL */
    struct job *outer_job; /* the scenario's own, or NULL */
    uint32_t ranges_count;
    struct native_range ranges[NATIVE_RANGES_MAX];
    struct notes *notes;        /* explain.c: the last calls that took pages away */
    uint32_t working_set_flags; /* QUOTA_LIMITS_HARDWS_ of SetProcessWorkingSetSizeEx */
    void (*on_level)(void *context, enum memory_level level); /* of the notifications */
    void *on_level_context;
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
    bool reserve, commit, reset, undo;
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

/* ---- charge.c ---- */

/* Whether that many more pages may be charged to the process. */
enum status charge_possible(const struct machine *m, uint64_t pages, bool large);
/* They were not, by the limits themselves: jobs tell their ports. */
void charge_refused(struct machine *m, uint64_t pages, bool large);
/* Pages that may be charged to anybody, if need be after the page file has grown. */
uint64_t charge_left(const struct machine *m);
/* Changes the charge of the process, and with it the frames of large pages. */
void charge_change(struct machine *m, int64_t pages, bool large);
/* After the charge of others has changed: the page file grows as needed; notes peaks. */
void charge_follow(struct machine *m);
void note_peaks(struct machine *m);
/* Pages that the process may still commit without growth of the page file. */
uint64_t process_commit_left(const struct machine *m);
/* The process comes into a job, which becomes its innermost one. */
void machine_enter_job(struct machine *m, struct job *job);

/* ---- pressure.c ---- */

/* Commit charge of the process and of others, pages. */
static inline uint64_t charged_total(const struct machine *m)
{
    return m->commit_pages + m->others.memory_pages + m->others.commit_pages;
}
void pressure_verify(const struct machine *m);

/* ---- working_set.c ---- */

/* The working set limits of a new process. */
void working_set_create(struct machine *m);

/* ---- reset.c ---- */

/* The contents of pages need not be kept. */
void reset_pages(struct machine *m, struct page_range range);
/* They must be kept again. False: some are lost already; nothing has changed. */
bool undo_reset(struct machine *m, struct page_range range);

/* ---- explain.c ---- */

/* What a call did to its range, for the words of machine_explain; after the call's record. */
enum note_kind { NOTE_RELEASED, NOTE_DECOMMITTED, NOTE_PROTECTED, NOTE_HEAP };
void note_change(struct machine *m, enum note_kind kind, struct page_range range);
struct notes *notes_create(struct arena *arena);

/* ---- access.c ---- */

/* The entry of a page in which no access has been decided yet, made to say what its protection
 * allows. */
uint32_t *learn_page(struct machine *m, uint64_t page, const struct region *region);

/* ---- close.c: pages go out of use ---- */

/* Frames, locks, native access and contents go. keep_sticky: pages that must stay in write-watch
 * reports keep that bit. */
void forget_pages(struct machine *m, struct page_range range, bool keep_sticky);
/* The protection of pages changed: cached answers and native access go. */
void close_pages(struct machine *m, struct page_range range);
/* Native access goes, cached answers stay. */
void close_pages_natively(struct machine *m, struct page_range range);
/* The same for one page and its entry. */
void close_native(struct machine *m, uint64_t page, uint32_t *entry);
/* The cache of native permissions counts its epochs from the beginning again. */
void forget_open_bits(struct machine *m);
/* The contents of one page go. */
void discard_page(struct machine *m, uint64_t page, uint32_t *entry);
/* The bits of native access that hold now. */
static inline uint32_t open_bits(const struct machine *m, uint32_t entry)
{
    return entry >> PTE_EPOCH_SHIFT == native_epoch(m->native) ? entry & PTE_OPEN : 0;
}
uint32_t open_bits_at(const struct machine *m, uint64_t page);
/* By how much the number of open pieces changes when the bits of a page become others. */
int pieces_change(struct machine *m, uint64_t page, uint32_t before, uint32_t after);

#endif
