/* recycle, looked at by who asks Windows itself: what comes again, in which state, and what does
 * not; then a few thousand random calls against a model that keeps the contents of every page. */
#include "rename.h"
#include "../../../policies/recycle.cpp"
#include "drive.h"

namespace
{

constexpr SIZE_T kib = 1024, mib = 1024 * kib;
constexpr DWORD both = MEM_RESERVE | MEM_COMMIT;
constexpr EMemoryCriticalLevel task = eTaskCritical;

struct Host {
    IHostMemoryManager *manager = new_manager();
    ~Host() { EXPECT(manager->Release() == 0); }

    char *get(SIZE_T size, DWORD type, DWORD protect = PAGE_READWRITE, void *at = nullptr)
    {
        void *memory = &memory;
        const HRESULT answer = manager->VirtualAlloc(at, size, type, protect, task, &memory);
        EXPECT((answer == S_OK) == (memory != nullptr));
        return static_cast<char *>(memory);
    }
    HRESULT release(void *at) { return manager->VirtualFree(at, 0, MEM_RELEASE); }
};

MEMORY_BASIC_INFORMATION look_at(const void *address)
{
    MEMORY_BASIC_INFORMATION info;
    EXPECT(VirtualQuery(address, &info, sizeof(info)) == sizeof(info));
    return info;
}

bool is_free(const void *address)
{
    return look_at(address).State == MEM_FREE;
}

void expect_zero(const char *memory, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        EXPECT(memory[i] == 0);
}

/* As a fresh region of this request looks. */
void expect_fresh(const char *memory, SIZE_T size, DWORD state, DWORD protect)
{
    const MEMORY_BASIC_INFORMATION info = look_at(memory);
    EXPECT(info.AllocationBase == memory && info.BaseAddress == memory);
    EXPECT(info.RegionSize == size && info.State == state && info.AllocationProtect == protect);
    EXPECT(info.Protect == (state == MEM_COMMIT ? protect : 0));
    EXPECT((reinterpret_cast<ULONG_PTR>(memory) & 0xffff) == 0);
}

/* ---- one by one ---- */

void a_reservation_comes_again_without_what_was_committed_in_it()
{
    Host host;
    char *first = host.get(128 * kib, MEM_RESERVE, PAGE_NOACCESS);
    EXPECT(host.get(8 * kib, MEM_COMMIT, PAGE_READWRITE, first + 4 * kib) == first + 4 * kib);
    memset(first + 4 * kib, 0xa5, 8 * kib);
    EXPECT(host.release(first) == S_OK);
    EXPECT(host.get(128 * kib, MEM_RESERVE, PAGE_NOACCESS) == first);
    expect_fresh(first, 128 * kib, MEM_RESERVE, PAGE_NOACCESS);
    EXPECT(host.get(128 * kib, MEM_COMMIT, PAGE_READWRITE, first) == first);
    expect_zero(first, 128 * kib);
    EXPECT(host.release(first) == S_OK);
}

void committed_memory_comes_again_as_zero_and_with_its_protection()
{
    const DWORD protections[] = {PAGE_READWRITE,    PAGE_READONLY, PAGE_EXECUTE_READWRITE,
                                 PAGE_EXECUTE_READ, PAGE_NOACCESS, PAGE_EXECUTE};
    Host host;
    for (DWORD protect : protections) {
        DWORD old;
        char *first = host.get(100 * kib, both, protect);
        EXPECT(host.manager->VirtualProtect(first, 100 * kib, PAGE_READWRITE, &old) == S_OK);
        memset(first, 0xa5, 100 * kib);
        EXPECT(host.manager->VirtualProtect(first + 8 * kib, 1, PAGE_READWRITE | PAGE_GUARD,
                                            &old) == S_OK);
        EXPECT(host.release(first + 100) == S_OK); /* anywhere in the first page */
        EXPECT(look_at(first).Protect == PAGE_NOACCESS);
        EXPECT(host.get(99 * kib, protect == PAGE_READONLY ? MEM_COMMIT : both, protect) == first);
        expect_fresh(first, 100 * kib, MEM_COMMIT, protect);
        EXPECT(host.manager->VirtualProtect(first, 100 * kib, PAGE_READONLY, &old) == S_OK);
        EXPECT(old == protect);
        expect_zero(first, 100 * kib);
        EXPECT(host.release(first) == S_OK);
    }
}

void each_state_is_made_of_the_other()
{
    Host host;
    char *first = host.get(64 * kib, both);
    memset(first, 0xa5, 64 * kib);
    EXPECT(host.release(first) == S_OK);
    EXPECT(host.get(64 * kib, MEM_RESERVE) == first); /* committed when it was released */
    expect_fresh(first, 64 * kib, MEM_RESERVE, PAGE_READWRITE);
    EXPECT(host.release(first) == S_OK);
    EXPECT(host.get(64 * kib, both) == first); /* and not */
    expect_fresh(first, 64 * kib, MEM_COMMIT, PAGE_READWRITE);
    expect_zero(first, 64 * kib);
    EXPECT(host.release(first) == S_OK);
}

void another_size_protection_or_direction_is_another_kind()
{
    Host host;
    char *first = host.get(64 * kib, MEM_RESERVE);
    EXPECT(host.release(first) == S_OK);
    char *others[] = {host.get(68 * kib, MEM_RESERVE), host.get(60 * kib, MEM_RESERVE),
                      host.get(64 * kib, MEM_RESERVE, PAGE_NOACCESS),
                      host.get(64 * kib, MEM_RESERVE | MEM_TOP_DOWN)};
    for (char *other : others) {
        EXPECT(other != nullptr && other != first);
        EXPECT(host.release(other) == S_OK);
    }
    EXPECT(host.get(64 * kib, MEM_RESERVE) == first);
    EXPECT(host.release(first) == S_OK);
}

void watched_and_wanted_regions_are_released_at_once()
{
    Host host;
    void *pages[16];
    ULONG_PTR count = 16;
    DWORD granularity;
    char *plain = host.get(64 * kib, MEM_RESERVE);
    EXPECT(host.release(plain) == S_OK);
    char *watched = host.get(64 * kib, MEM_RESERVE | MEM_WRITE_WATCH);
    EXPECT(watched != plain);
    EXPECT(host.get(64 * kib, MEM_COMMIT, PAGE_READWRITE, watched) == watched);
    watched[5] = 1;
    EXPECT(GetWriteWatch(0, watched, 64 * kib, pages, &count, &granularity) == 0 && count == 1);
    EXPECT(host.release(watched) == S_OK && is_free(watched));
    char *wanted = host.get(64 * kib, MEM_RESERVE, PAGE_READWRITE, watched);
    EXPECT(wanted == watched);
    EXPECT(host.release(wanted) == S_OK && is_free(wanted));
    /* What is kept makes way, also for one that begins before it. */
    EXPECT(host.get(64 * kib, MEM_RESERVE, PAGE_READWRITE, plain) == plain);
    EXPECT(host.release(plain) == S_OK && is_free(plain));
    char *kept[2] = {host.get(64 * kib, MEM_RESERVE), host.get(64 * kib, MEM_RESERVE)};
    EXPECT(host.release(kept[0]) == S_OK && host.release(kept[1]) == S_OK);
    char *low = kept[0] < kept[1] ? kept[0] : kept[1],
         *high = kept[0] < kept[1] ? kept[1] : kept[0];
    EXPECT(host.get(1, both, PAGE_READWRITE, high + 5) == high);
    EXPECT(look_at(low).State == MEM_RESERVE); /* was not in the way */
    EXPECT(host.release(high) == S_OK);
}

void to_the_clr_kept_memory_is_free()
{
    Host host;
    DWORD old;
    void *memory;
    char *kept = host.get(64 * kib, both), *other = host.get(64 * kib, MEM_RESERVE);
    EXPECT(host.release(kept) == S_OK && host.release(other) == S_OK);
    char *both_of_them[] = {kept, other};
    for (char *at : both_of_them) {
        EXPECT(host.release(at) == HOST_E_INVALIDOPERATION);
        EXPECT(host.manager->VirtualFree(at, 4 * kib, MEM_DECOMMIT) == HOST_E_INVALIDOPERATION);
        EXPECT(host.manager->VirtualFree(at, 0, MEM_DECOMMIT) == HOST_E_INVALIDOPERATION);
        EXPECT(FAILED(host.manager->VirtualProtect(at, 1, PAGE_READWRITE, &old)));
        EXPECT(FAILED(host.manager->VirtualAlloc(at + 4 * kib, 1, MEM_COMMIT, PAGE_READWRITE, task,
                                                 &memory)));
        EXPECT(memory == nullptr);
        EXPECT(FAILED(host.manager->VirtualAlloc(at, 1, MEM_RESET, PAGE_READWRITE, task, &memory)));
    }
    EXPECT(host.release(&old) == HOST_E_INVALIDOPERATION);
}

void the_cache_is_bounded_by_count_space_charge_and_age()
{
    Host host;
    char *regions[65];
    for (char *&region : regions)
        region = host.get(4 * kib, MEM_RESERVE);
    for (char *region : regions)
        EXPECT(host.release(region) == S_OK);
    EXPECT(is_free(regions[0]) && !is_free(regions[1]) && !is_free(regions[64]));
    for (unsigned i = 0; i < 9; i++)
        regions[i] = host.get(8 * mib, MEM_RESERVE);
    char *huge = host.get(65 * mib, MEM_RESERVE);
    EXPECT(host.release(huge) == S_OK && is_free(huge));
    for (unsigned i = 0; i < 9; i++)
        EXPECT(host.release(regions[i]) == S_OK);
    EXPECT(is_free(regions[0]) && !is_free(regions[1]));
    for (unsigned i = 0; i < 3; i++)
        regions[i] = host.get(3 * mib, both);
    for (unsigned i = 0; i < 3; i++)
        EXPECT(host.release(regions[i]) == S_OK);
    EXPECT(look_at(regions[0]).State == MEM_COMMIT && look_at(regions[1]).State == MEM_COMMIT);
    EXPECT(look_at(regions[2]).State == MEM_RESERVE); /* 9 MiB would be too much */
    Sleep(9000);
    EXPECT(host.get(3 * mib, MEM_RESERVE) == regions[2]);
    EXPECT(host.release(regions[2]) == S_OK); /* begins a new life */
    Sleep(1100);
    DWORD load;
    SIZE_T available;
    EXPECT(host.manager->GetMemoryLoad(&load, &available) == S_OK); /* looks */
    EXPECT(is_free(regions[0]) && is_free(regions[1]) && !is_free(regions[2]));
}

void everything_goes_when_the_clr_needs_addresses_and_at_the_end()
{
    char *last;
    {
        Host host;
        char *kept = host.get(64 * kib, both), *other = host.get(mib, MEM_RESERVE);
        EXPECT(host.release(kept) == S_OK && host.release(other) == S_OK);
        EXPECT(host.manager->NeedsVirtualAddressSpace(nullptr, mib) == S_OK);
        EXPECT(is_free(kept) && is_free(other));
        last = host.get(64 * kib, both);
        EXPECT(host.release(last) == S_OK && !is_free(last));
    }
    EXPECT(is_free(last));
}

/* ---- random calls against a model ---- */

constexpr unsigned slots = 24;
constexpr SIZE_T pages_max = 32;

struct Model {
    char *base; /* null: the slot is empty */
    SIZE_T pages;
    DWORD protect;
    bool committed[pages_max];
    char contents[pages_max]; /* of every byte of the page */
};

Model model[slots];

unsigned draw(unsigned bound)
{
    static ULONGLONG state = 1;
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<unsigned>((state >> 33) % bound);
}

void check(const Model &region)
{
    for (SIZE_T i = 0; i < region.pages; i++) {
        const char *page = region.base + i * 4 * kib;
        const MEMORY_BASIC_INFORMATION info = look_at(page);
        EXPECT(info.AllocationBase == region.base && info.AllocationProtect == region.protect);
        EXPECT(info.State == (region.committed[i] ? MEM_COMMIT : MEM_RESERVE));
        if (region.committed[i])
            EXPECT(page[0] == region.contents[i] && page[4095] == region.contents[i]);
    }
    EXPECT(look_at(region.base + region.pages * 4 * kib).AllocationBase != region.base);
}

void take_region(Host &host, Model &region)
{
    const bool at_once = draw(2) != 0;
    region.pages = 1 + draw(4) * (pages_max - 1) / 3;
    region.protect = draw(2) != 0 ? PAGE_READWRITE : PAGE_EXECUTE_READWRITE;
    region.base =
        host.get(region.pages * 4 * kib - draw(4096), at_once ? both : MEM_RESERVE, region.protect);
    for (SIZE_T i = 0; i < region.pages; i++) {
        region.committed[i] = at_once;
        region.contents[i] = 0;
    }
}

void change_region(Host &host, Model &region)
{
    const SIZE_T first = draw(static_cast<unsigned>(region.pages));
    const SIZE_T count = 1 + draw(static_cast<unsigned>(region.pages - first));
    char *at = region.base + first * 4 * kib;
    const bool commit = draw(3) != 0;
    const bool done = commit ? host.get(count * 4 * kib, MEM_COMMIT, region.protect, at) != nullptr
                             : host.manager->VirtualFree(at, count * 4 * kib, MEM_DECOMMIT) == S_OK;
    if (!done)
        return;
    for (SIZE_T i = first; i < first + count; i++) {
        if (!commit || !region.committed[i])
            region.contents[i] = 0;
        region.committed[i] = commit;
    }
}

void write_region(Model &region)
{
    const SIZE_T page = draw(static_cast<unsigned>(region.pages));
    if (!region.committed[page])
        return;
    region.contents[page] = static_cast<char>(1 + draw(100));
    memset(region.base + page * 4 * kib, region.contents[page], 4 * kib);
}

void random_calls_agree_with_a_model()
{
    Host host;
    for (unsigned i = 0; i < 4000; i++) {
        Model &region = model[draw(slots)];
        if (region.base == nullptr) {
            take_region(host, region);
        } else if (draw(4) == 0) {
            check(region);
            if (host.release(region.base) == S_OK) {
                EXPECT(host.release(region.base) == HOST_E_INVALIDOPERATION);
                region.base = nullptr;
            }
        } else {
            change_region(host, region);
            write_region(region);
        }
        if (region.base != nullptr)
            check(region);
        if (draw(50) == 0)
            Sleep(draw(3000));
    }
    for (Model &region : model) {
        for (unsigned tries = 0; region.base != nullptr; tries++) {
            EXPECT(tries < 10000);
            if (host.release(region.base) == S_OK)
                region.base = nullptr;
        }
    }
}

} // namespace

/* With `regions` other than 64, set by who injects failures, only what holds then. */
static IHostMemoryManager *drive(void)
{
    if (regions_max == 64) {
        a_reservation_comes_again_without_what_was_committed_in_it();
        committed_memory_comes_again_as_zero_and_with_its_protection();
        each_state_is_made_of_the_other();
        another_size_protection_or_direction_is_another_kind();
        watched_and_wanted_regions_are_released_at_once();
        to_the_clr_kept_memory_is_free();
        the_cache_is_bounded_by_count_space_charge_and_age();
        everything_goes_when_the_clr_needs_addresses_and_at_the_end();
    }
    random_calls_agree_with_a_model();
    return new_manager();
}
