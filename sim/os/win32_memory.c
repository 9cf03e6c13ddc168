/* Virtual memory and memory figures as Windows exports them: native addresses to logical ones and
 * back, statuses to the last error. What happens is machine.c's. */
#include "include/windows.h"
#include "include/psapi.h"

#include "core/binding.h"
#include "core/check.h"
#include "os/machine_private.h"

/* Images and stacks stand outside the window. */
static const struct native_range *native_range_at(uint64_t native)
{
    const struct machine *m = machine_current();
    for (uint32_t i = 0; i < m->ranges_count; i++)
        if (native - m->ranges[i].base < m->ranges[i].size)
            return &m->ranges[i];
    return NULL;
}

/* Addresses below the window are those of the host process: one free region as far as Windows'
 * calls can tell, but none of it can be had. Neither can images and stacks. */
static bool is_outside(uint64_t native)
{
    return (native >= GRANULARITY_BYTES && native < WINDOW_BASE) || native_range_at(native);
}

/* NULL and the first 64 KiB keep their meaning; everything else counts from the window's base.
 * Addresses above wrap to values no user address has, which the checks refuse. */
static uint64_t to_logical(const volatile void *address)
{
    uint64_t native = (uint64_t)(uintptr_t)address;
    return native < GRANULARITY_BYTES ? native : native - WINDOW_BASE;
}

static void *to_native(uint64_t logical)
{
    CHECK(logical <= UINT64_C(128) << 40);
    return (void *)(uintptr_t)(logical + WINDOW_BASE);
}

static BOOL finish(enum status status)
{
    if (status == ST_OK)
        return TRUE;
    machine_sim(machine_current())->thread->last_error = status_code(status);
    return FALSE;
}

/* A call about an address that belongs to the host process: counted, recorded and refused. */
static enum status refuse_outside(uint16_t call, const struct call_traits *traits, uint64_t flags)
{
    struct sim *sim = machine_sim(machine_current());
    sim_call(sim, call, traits);
    sim_event(sim, call, status_code(ST_INVALID_ADDRESS), ADDRESS_OUTSIDE, traits->size, flags, 0);
    return ST_INVALID_ADDRESS;
}

/* ---- VirtualAlloc and its kin ---- */

LPVOID WINAPI VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    uint64_t result;
    if (is_outside((uintptr_t)address)) {
        const struct call_traits traits = traits_of_alloc(size, type, protect);
        finish(refuse_outside(EVENT_VirtualAlloc, &traits, type | (uint64_t)protect << 32));
        return NULL;
    }
    enum status status =
        machine_alloc(machine_current(), to_logical(address), size, type, protect, &result);
    CHECK((status == ST_OK) == (result != 0));
    return finish(status) ? to_native(result) : NULL;
}

BOOL WINAPI VirtualFree(LPVOID address, SIZE_T size, DWORD type)
{
    if (is_outside((uintptr_t)address)) {
        const struct call_traits traits = traits_of_free(size, type);
        return finish(refuse_outside(EVENT_VirtualFree, &traits, type));
    }
    return finish(machine_free(machine_current(), to_logical(address), size, type));
}

/* The protection of images and stacks can be asked and "changed", which the simulated CLR does to
 * guard pages, but native code keeps the access it has. */
static enum status protect_native_range(const struct native_range *range, uint64_t native,
                                        uint64_t size, uint32_t protect, DWORD *old)
{
    struct sim *sim = machine_sim(machine_current());
    const struct call_traits traits = {.size = size, .protect = protect};
    CHECK(native - range->base < range->size);
    enum status status = sim_call(sim, EVENT_VirtualProtect, &traits);
    if (status == ST_OK && (size == 0 || check_protection(protect) != ST_OK))
        status = ST_INVALID_PARAMETER;
    if (status == ST_OK && !old)
        status = ST_NOACCESS;
    if (status == ST_OK && size > range->base + range->size - native)
        status = ST_INVALID_ADDRESS;
    if (status == ST_OK)
        *old = range->protect;
    sim_event(sim, EVENT_VirtualProtect, status_code(status), ADDRESS_OUTSIDE, size, protect, 0);
    return status;
}

BOOL WINAPI VirtualProtect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old)
{
    const struct native_range *range = native_range_at((uintptr_t)address);
    if (range)
        return finish(protect_native_range(range, (uintptr_t)address, size, protect, old));
    if (is_outside((uintptr_t)address)) {
        const struct call_traits traits = {.size = size, .protect = protect};
        return finish(refuse_outside(EVENT_VirtualProtect, &traits, protect));
    }
    uint32_t before = 0;
    enum status status = machine_protect(machine_current(), to_logical(address), size, protect,
                                         old != NULL, &before);
    if (status == ST_OK)
        *old = before;
    return finish(status);
}

/* ---- VirtualQuery ---- */

static void record_outside_query(uint64_t size, uint32_t state, uint32_t protect)
{
    struct sim *sim = machine_sim(machine_current());
    sim_event(sim, EVENT_VirtualQuery, 0, ADDRESS_OUTSIDE, ADDRESS_OUTSIDE, size,
              state | (uint64_t)protect << 32);
}

static enum status query_outside(uint64_t native, MEMORY_BASIC_INFORMATION *info)
{
    const struct native_range *range = native_range_at(native);
    enum status status = sim_call(machine_sim(machine_current()), EVENT_VirtualQuery, NULL);
    uint64_t page = native & ~(PAGE_BYTES - 1);
    *info = (MEMORY_BASIC_INFORMATION){.BaseAddress = (void *)(uintptr_t)page};
    if (range) {
        info->AllocationBase = (void *)(uintptr_t)range->base;
        info->AllocationProtect = range->protect;
        info->RegionSize = range->base + range->size - page;
        info->State = MEM_COMMIT;
        info->Protect = range->protect;
        info->Type = range->type;
    } else { /* below the window: one free region that ends where the window begins */
        info->RegionSize = WINDOW_BASE - page;
        info->State = MEM_FREE;
        info->Protect = PAGE_NOACCESS;
    }
    /* Sizes of images differ between builds of a policy: records leave them out. */
    record_outside_query(0, info->State, info->Protect);
    return status;
}

static enum status query_inside(uint64_t logical, MEMORY_BASIC_INFORMATION *info)
{
    struct memory_info about;
    enum status status = machine_query(machine_current(), logical, &about);
    CHECK(status != ST_OK || about.size > 0);
    CHECK(status != ST_OK || logical - about.base < about.size);
    *info = (MEMORY_BASIC_INFORMATION){
        .BaseAddress = to_native(about.base),
        .AllocationBase = about.state == MEM_FREE ? NULL : to_native(about.allocation_base),
        .AllocationProtect = about.allocation_protect,
        .RegionSize = about.size,
        .State = about.state,
        .Protect = about.protect,
        .Type = about.type,
    };
    return status;
}

SIZE_T WINAPI VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION info, SIZE_T length)
{
    if (length < sizeof *info) {
        finish(ST_BAD_LENGTH);
        return 0;
    }
    uint64_t native = (uintptr_t)address;
    bool outside = native < WINDOW_BASE || native_range_at(native);
    MEMORY_BASIC_INFORMATION found;
    enum status status =
        outside ? query_outside(native, &found) : query_inside(native - WINDOW_BASE, &found);
    if (!finish(status))
        return 0;
    *info = found;
    return sizeof *info;
}

/* ---- for another process: there is only this one ---- */

static bool is_this_process(HANDLE process)
{
    if (process == GetCurrentProcess())
        return true;
    finish(ST_INVALID_HANDLE);
    return false;
}

LPVOID WINAPI VirtualAllocEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    return is_this_process(process) ? VirtualAlloc(address, size, type, protect) : NULL;
}

BOOL WINAPI VirtualFreeEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type)
{
    return is_this_process(process) && VirtualFree(address, size, type);
}

BOOL WINAPI VirtualProtectEx(HANDLE process, LPVOID address, SIZE_T size, DWORD protect, PDWORD old)
{
    return is_this_process(process) && VirtualProtect(address, size, protect, old);
}

SIZE_T WINAPI VirtualQueryEx(HANDLE process, LPCVOID address, PMEMORY_BASIC_INFORMATION info,
                             SIZE_T length)
{
    return is_this_process(process) ? VirtualQuery(address, info, length) : 0;
}

/* ---- locking and write watch ---- */

BOOL WINAPI VirtualLock(LPVOID address, SIZE_T size)
{
    return finish(machine_lock(machine_current(), to_logical(address), size));
}

BOOL WINAPI VirtualUnlock(LPVOID address, SIZE_T size)
{
    return finish(machine_unlock(machine_current(), to_logical(address), size));
}

/* Row 54: pointers are probed before anything else; the failure is (UINT)-1. */
UINT WINAPI GetWriteWatch(DWORD flags, PVOID base, SIZE_T size, PVOID *addresses, ULONG_PTR *count,
                          LPDWORD granularity)
{
    if (!addresses || !count || !granularity) {
        finish(ST_NOACCESS);
        return (UINT)-1;
    }
    /* The caller's array may itself lie in watched memory: found pages are collected apart, and no
     * more of them can be found than the page table has entries. */
    struct machine *m = machine_current();
    struct arena *arena = &machine_sim(m)->arena;
    uint64_t room = *count, most = page_table_entries(m->table) + 1;
    room = room < most ? room : most;
    size_t bytes = (room + 1) * sizeof(uint64_t);
    uint64_t *pages = arena_alloc(arena, bytes);
    enum status status = machine_get_write_watch(m, flags, to_logical(base), size, pages, &room);
    if (status == ST_OK) {
        CHECK(room < most);
        for (uint64_t i = 0; i < room; i++)
            addresses[i] = to_native(pages[i]);
        *count = room;
        *granularity = (DWORD)PAGE_BYTES;
    }
    arena_free(arena, pages, bytes);
    return finish(status) ? 0 : (UINT)-1;
}

UINT WINAPI ResetWriteWatch(LPVOID base, SIZE_T size)
{
    return finish(machine_reset_write_watch(machine_current(), to_logical(base), size)) ? 0
                                                                                        : (UINT)-1;
}

/* ---- figures ---- */

BOOL WINAPI GlobalMemoryStatusEx(LPMEMORYSTATUSEX status)
{
    struct machine *m = machine_current();
    struct sim *sim = machine_sim(m);
    struct memory_status now;
    machine_memory_status(m, &now);
    CHECK(now.load_percent <= 100);
    CHECK(now.avail_phys <= now.total_phys);
    enum status result = sim_call(sim, EVENT_GlobalMemoryStatusEx, NULL);
    if (result == ST_OK && status->dwLength != sizeof *status)
        result = ST_INVALID_PARAMETER;
    if (result == ST_OK)
        *status = (MEMORYSTATUSEX){sizeof *status,    now.load_percent,   now.total_phys,
                                   now.avail_phys,    now.total_pagefile, now.avail_pagefile,
                                   now.total_virtual, now.avail_virtual,  0};
    sim_event(sim, EVENT_GlobalMemoryStatusEx, status_code(result), now.load_percent,
              now.avail_phys, now.avail_pagefile, now.avail_virtual);
    return finish(result);
}

void WINAPI GlobalMemoryStatus(LPMEMORYSTATUS status)
{
    struct machine *m = machine_current();
    struct memory_status now;
    machine_memory_status(m, &now);
    sim_call(machine_sim(m), EVENT_GlobalMemoryStatus, NULL);
    *status = (MEMORYSTATUS){sizeof *status,    now.load_percent,   now.total_phys,
                             now.avail_phys,    now.total_pagefile, now.avail_pagefile,
                             now.total_virtual, now.avail_virtual};
    sim_event(machine_sim(m), EVENT_GlobalMemoryStatus, 0, now.load_percent, now.avail_phys, 0, 0);
}

void WINAPI GetSystemInfo(LPSYSTEM_INFO info)
{
    struct machine *m = machine_current();
    sim_call(machine_sim(m), EVENT_GetSystemInfo, NULL);
    *info = (SYSTEM_INFO){
        .dwPageSize = (DWORD)PAGE_BYTES,
        .lpMinimumApplicationAddress = to_native(GRANULARITY_BYTES),
        .lpMaximumApplicationAddress = to_native((m->end_page << PAGE_SHIFT) - 1),
        .dwActiveProcessorMask =
            m->config.processors < 64 ? (UINT64_C(1) << m->config.processors) - 1 : UINT64_MAX,
        .dwNumberOfProcessors = m->config.processors,
        .dwProcessorType = 8664,
        .dwAllocationGranularity = (DWORD)GRANULARITY_BYTES,
        .wProcessorLevel = 6,
    };
    info->wProcessorArchitecture = PROCESSOR_ARCHITECTURE_AMD64;
    sim_event(machine_sim(m), EVENT_GetSystemInfo, 0, 0, 0, 0, 0);
}

void WINAPI GetNativeSystemInfo(LPSYSTEM_INFO info)
{
    GetSystemInfo(info);
}

SIZE_T WINAPI GetLargePageMinimum(void)
{
    return LARGE_PAGE_BYTES;
}

/* First touches, soft and hard faults. */
static uint64_t page_faults(const struct sim *sim)
{
    return sim->counters[COUNTER_faults_demand_zero] + sim->counters[COUNTER_faults_soft] +
           sim->counters[COUNTER_faults_hard];
}

BOOL WINAPI GetProcessMemoryInfo(HANDLE process, PPROCESS_MEMORY_COUNTERS counters, DWORD bytes)
{
    struct machine *m = machine_current();
    struct sim *sim = machine_sim(m);
    enum status status = sim_call(sim, EVENT_GetProcessMemoryInfo, NULL);
    if (status == ST_OK && bytes < sizeof *counters)
        status = ST_INSUFFICIENT_BUFFER;
    uint64_t resident = machine_resident_pages(m) << PAGE_SHIFT, commit = machine_commit_bytes(m);
    if (status == ST_OK && is_this_process(process)) {
        bool extended = bytes >= sizeof(PROCESS_MEMORY_COUNTERS_EX);
        *counters = (PROCESS_MEMORY_COUNTERS){
            .cb = bytes,
            .PageFaultCount = (DWORD)page_faults(sim),
            .PeakWorkingSetSize = sim->counters[COUNTER_resident_peak_bytes],
            .WorkingSetSize = resident,
            .PagefileUsage = commit,
            .PeakPagefileUsage = sim->counters[COUNTER_commit_peak_bytes],
        };
        if (extended)
            ((PROCESS_MEMORY_COUNTERS_EX *)counters)->PrivateUsage = commit;
    }
    sim_event(sim, EVENT_GetProcessMemoryInfo, status_code(status), resident, commit, 0, 0);
    return finish(status) && process == GetCurrentProcess();
}

BOOL WINAPI K32GetProcessMemoryInfo(HANDLE process, PPROCESS_MEMORY_COUNTERS counters, DWORD bytes)
{
    return GetProcessMemoryInfo(process, counters, bytes);
}

BOOL WINAPI GetPerformanceInfo(PPERFORMANCE_INFORMATION info, DWORD bytes)
{
    struct machine *m = machine_current();
    struct sim *sim = machine_sim(m);
    enum status status = sim_call(sim, EVENT_GetPerformanceInfo, NULL);
    uint64_t total = charged_total(m), limit = machine_commit_limit(m) >> PAGE_SHIFT;
    CHECK(total <= limit);
    CHECK(total <= m->commit_peak_pages);
    if (status == ST_OK && bytes < sizeof *info)
        status = ST_BAD_LENGTH;
    if (status == ST_OK)
        *info = (PERFORMANCE_INFORMATION){
            .cb = sizeof *info,
            .CommitTotal = total,
            .CommitLimit = limit,
            .CommitPeak = m->commit_peak_pages,
            .PhysicalTotal = m->phys.total,
            .PhysicalAvailable = machine_available_frames(m),
            .PageSize = PAGE_BYTES,
            .ProcessCount = 1,
            .ThreadCount = 1,
        };
    sim_event(sim, EVENT_GetPerformanceInfo, status_code(status), total, limit, 0, 0);
    return finish(status);
}

/* ---- working set ---- */

BOOL WINAPI SetProcessWorkingSetSizeEx(HANDLE process, SIZE_T minimum, SIZE_T maximum, DWORD flags)
{
    return is_this_process(process) &&
           finish(machine_set_working_set(machine_current(), minimum, maximum, flags));
}

BOOL WINAPI SetProcessWorkingSetSize(HANDLE process, SIZE_T minimum, SIZE_T maximum)
{
    return SetProcessWorkingSetSizeEx(process, minimum, maximum, 0);
}

BOOL WINAPI EmptyWorkingSet(HANDLE process)
{
    return is_this_process(process) && finish(machine_empty_working_set(machine_current()));
}

BOOL WINAPI K32EmptyWorkingSet(HANDLE process)
{
    return EmptyWorkingSet(process);
}

BOOL WINAPI QueryWorkingSetEx(HANDLE process, PVOID buffer, DWORD bytes)
{
    struct machine *m = machine_current();
    PSAPI_WORKING_SET_EX_INFORMATION *pages = buffer;
    DWORD count = bytes / sizeof *pages;
    uint64_t valid = 0;
    if (!is_this_process(process))
        return FALSE;
    enum status status = sim_call(m->sim, EVENT_QueryWorkingSetEx, NULL);
    if (bytes % sizeof *pages)
        status = ST_BAD_LENGTH;
    for (DWORD i = 0; status == ST_OK && i < count; i++) {
        struct page_state state = machine_page_state(m, to_logical(pages[i].VirtualAddress));
        pages[i].VirtualAttributes.Flags = 0;
        pages[i].VirtualAttributes.Valid = state.valid;
        pages[i].VirtualAttributes.Win32Protection = state.protect;
        pages[i].VirtualAttributes.Locked = state.locked;
        pages[i].VirtualAttributes.LargePage = state.large;
        valid += state.valid;
    }
    sim_event(m->sim, EVENT_QueryWorkingSetEx, status_code(status), count, valid, 0, 0);
    return finish(status);
}

BOOL WINAPI K32QueryWorkingSetEx(HANDLE process, PVOID buffer, DWORD bytes)
{
    return QueryWorkingSetEx(process, buffer, bytes);
}

BOOL WINAPI GetProcessWorkingSetSizeEx(HANDLE process, PSIZE_T minimum, PSIZE_T maximum,
                                       PDWORD flags)
{
    const struct machine *m = machine_current();
    if (!is_this_process(process))
        return FALSE;
    if (!minimum || !maximum || !flags)
        return finish(ST_NOACCESS);
    *minimum = m->config.working_set_min_pages << PAGE_SHIFT;
    *maximum = m->config.working_set_max_pages << PAGE_SHIFT;
    *flags = m->working_set_flags;
    return TRUE;
}

BOOL WINAPI GetProcessWorkingSetSize(HANDLE process, PSIZE_T minimum, PSIZE_T maximum)
{
    DWORD flags;
    return GetProcessWorkingSetSizeEx(process, minimum, maximum, &flags);
}

BOOL WINAPI K32GetPerformanceInfo(PPERFORMANCE_INFORMATION info, DWORD bytes)
{
    return GetPerformanceInfo(info, bytes);
}

#define BIND(name)                                                                                 \
    {                                                                                              \
#name, (void *)(name)                                                                      \
    }

const struct binding win32_memory_bindings[] = {
    BIND(VirtualAlloc),
    BIND(VirtualFree),
    BIND(VirtualProtect),
    BIND(VirtualQuery),
    BIND(VirtualAllocEx),
    BIND(VirtualFreeEx),
    BIND(VirtualProtectEx),
    BIND(VirtualQueryEx),
    BIND(VirtualLock),
    BIND(VirtualUnlock),
    BIND(GetWriteWatch),
    BIND(ResetWriteWatch),
    BIND(GlobalMemoryStatusEx),
    BIND(GlobalMemoryStatus),
    BIND(GetSystemInfo),
    BIND(GetNativeSystemInfo),
    BIND(GetLargePageMinimum),
    BIND(GetProcessMemoryInfo),
    BIND(K32GetProcessMemoryInfo),
    BIND(GetPerformanceInfo),
    BIND(K32GetPerformanceInfo),
    BIND(EmptyWorkingSet),
    BIND(K32EmptyWorkingSet),
    BIND(QueryWorkingSetEx),
    BIND(K32QueryWorkingSetEx),
    BIND(SetProcessWorkingSetSize),
    BIND(SetProcessWorkingSetSizeEx),
    BIND(GetProcessWorkingSetSize),
    BIND(GetProcessWorkingSetSizeEx),
    {NULL, NULL},
};
