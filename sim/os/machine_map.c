/* Memory that does not come from VirtualAlloc: heaps, stacks, views; and the figures that
 * GlobalMemoryStatusEx shows. No failure points and no records of their own: the calls that use
 * them have both. */
#include "include/windows.h"

#include "core/check.h"
#include "os/heap.h"
#include "os/job.h"
#include "os/machine_private.h"

static bool is_charged(const struct region *region)
{
    return !(region_info(region).flags & (REGION_VIEW | REGION_IMAGE));
}

enum status machine_map(struct machine *m, uint64_t address, uint64_t size, uint32_t protect,
                        uint16_t region_flags, uint64_t *result)
{
    uint64_t pages = (size + PAGE_BYTES - 1) >> PAGE_SHIFT, first = address >> PAGE_SHIFT;
    *result = 0;
    if (size == 0 || pages > m->end_page)
        return ST_NOT_ENOUGH_MEMORY;
    if (address != 0 && (address % GRANULARITY_BYTES || first < LOWEST_PAGE ||
                         first + pages > m->end_page || !space_is_free(m->space, first, pages)))
        return ST_INVALID_ADDRESS;
    if (address == 0 && !space_find_gap(m->space, pages, GRANULARITY_BYTES >> PAGE_SHIFT,
                                        LOWEST_PAGE, m->placement_end_page, false, &first))
        return ST_NOT_ENOUGH_MEMORY;
    space_insert(m->space, first, pages, (uint16_t)protect, region_flags);
    note_peaks(m);
    *result = first << PAGE_SHIFT;
    return ST_OK;
}

enum status machine_map_commit(struct machine *m, uint64_t address, uint64_t size, uint32_t protect)
{
    struct page_range range = pages_of(address, size);
    struct region *region = space_find(m->space, range.first);
    CHECK(region != NULL);
    uint64_t fresh = range.pages - region_committed(region, range.first, range.pages);
    uint64_t charge = is_charged(region) ? fresh : 0;
    enum status status = charge_possible(m, charge, false);
    if (status != ST_OK) {
        charge_refused(m, charge, false);
        return status;
    }
    if (fresh != range.pages)
        close_pages(m, range);
    region_commit(m->space, region, range.first, range.pages, (uint16_t)protect);
    charge_change(m, (int64_t)charge, false);
    return ST_OK;
}

void machine_map_decommit(struct machine *m, uint64_t address, uint64_t size)
{
    struct page_range range = pages_of(address, size);
    struct region *region = space_find(m->space, range.first);
    CHECK(region != NULL);
    uint64_t committed = region_committed(region, range.first, range.pages);
    forget_pages(m, range, false);
    note_change(m, NOTE_HEAP, range);
    region_decommit(m->space, region, range.first, range.pages);
    charge_change(m, is_charged(region) ? -(int64_t)committed : 0, false);
}

void machine_unmap(struct machine *m, uint64_t address)
{
    struct region *region = space_find(m->space, address >> PAGE_SHIFT);
    CHECK(region != NULL);
    struct region_info info = region_info(region);
    CHECK(info.first_page == address >> PAGE_SHIFT);
    int64_t charge = is_charged(region) ? (int64_t)info.committed_pages : 0;
    struct page_range range = {info.first_page, info.pages};
    forget_pages(m, range, false);
    note_change(m, NOTE_HEAP, range);
    space_remove(m->space, region);
    charge_change(m, -charge, false);
}

void machine_note_native(struct machine *m, uint64_t native_address, uint64_t size,
                         uint32_t protect, uint32_t type)
{
    CHECK(m->ranges_count < NATIVE_RANGES_MAX);
    CHECK(native_address % PAGE_BYTES == 0 && size % PAGE_BYTES == 0);
    m->ranges[m->ranges_count++] = (struct native_range){native_address, size, protect, type};
}

static void fill_status(const struct machine *m, uint64_t available, struct memory_status *status)
{
    uint64_t frames = m->phys.total;
    CHECK(available <= frames);
    uint64_t limit = machine_commit_limit(m), job = job_limit(m->job);
    uint64_t total_virtual = (m->end_page - LOWEST_PAGE) << PAGE_SHIFT;
    uint64_t hundredth = (frames << PAGE_SHIFT) / 100;
    *status = (struct memory_status){
        .total_phys = frames << PAGE_SHIFT,
        .avail_phys = available << PAGE_SHIFT,
        .total_pagefile = job < limit ? job : limit,
        .avail_pagefile = process_commit_left(m) << PAGE_SHIFT,
        .total_virtual = total_virtual,
        .avail_virtual = total_virtual - (space_reserved_pages(m->space) << PAGE_SHIFT),
    };
    /* Integer division twice, as Windows does. */
    uint64_t load = hundredth ? (status->total_phys - status->avail_phys) / hundredth : 0;
    status->load_percent = load > 100 ? 100 : (uint32_t)load;
}

void machine_memory_status(struct machine *m, struct memory_status *status)
{
    physical_settle(m);
    fill_status(m, machine_available_frames(m), status);
    if (m->sim->memory_told)
        m->sim->memory_told(m->sim->memory_told_context, status->load_percent, status->avail_phys);
}

void machine_memory_truth(const struct machine *m, struct memory_status *status)
{
    fill_status(m, machine_available_frames(m) + pages_to_settle(m), status);
}

void machine_left_behind(struct machine *m, struct machine_left *left)
{
    *left = (struct machine_left){0};
    for (struct region *region = space_find_next(m->space, 0); region;
         region = space_find_next(m->space, region_info(region).first_page + 1)) {
        struct region_info info = region_info(region);
        if (info.flags & REGION_OTHERS)
            continue;
        left->commit_bytes += info.committed_pages << PAGE_SHIFT;
        left->reserved_bytes += info.pages << PAGE_SHIFT;
        left->regions++;
    }
    left->heaps = heap_handles(m, NULL, 0);
    CHECK(left->heaps > 0 || !m->process_heap);
    left->heaps -= m->process_heap != NULL;
    heap_totals(m, &left->heap_blocks, &left->heap_bytes);
}

struct space *machine_space(struct machine *m)
{
    return m->space;
}

struct heap *machine_process_heap(struct machine *m)
{
    if (!m->process_heap) {
        struct heap_options options = {.flags = 0, .initial_bytes = 0, .maximum_bytes = 0};
        if (heap_create(m, &options, &m->process_heap) != ST_OK)
            sim_stop_text(m->sim, STOP_EXCEPTION, STATUS_NO_MEMORY,
                          "the process heap cannot be made: the machine has too little memory");
    }
    return m->process_heap;
}
