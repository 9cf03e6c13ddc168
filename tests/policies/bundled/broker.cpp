/* broker, asked step by step: who shrinks first, who is refused first, who comes back; and whether
 * its account is exact after a few thousand random calls, of which some may fail. Its sizes
 * are set so that figures are round: 64 MiB, of which 8 are the reserve; so the target is 56,
 * pressure begins at 49 and ends at 42, the pool has 5.6 at most and 1.12 at least. */
#include "rename.h"
#include "../../../policies/broker.cpp"
#include "drive.h"

namespace
{

constexpr SIZE_T mib = 1 << 20;

struct Listener : ICLRMemoryNotificationCallback {
    unsigned lows = 0, neutrals = 0;
    ULONGLONG total_at_low = 0, pool_at_low = 0;
    struct Clr *clr;

    HRESULT STDMETHODCALLTYPE QueryInterface(REFIID, void **) override { return E_NOINTERFACE; }
    ULONG STDMETHODCALLTYPE AddRef() override { return 1; }
    ULONG STDMETHODCALLTYPE Release() override { return 1; }
    HRESULT STDMETHODCALLTYPE OnMemoryNotification(EMemoryAvailable news) override;
};

/* What the CLR holds, and so what of the broker's total is the pool's. */
struct Clr {
    BrokerManager *manager = static_cast<BrokerManager *>(new_manager());
    IHostMalloc *heap = nullptr;
    Listener listener;
    char *base;
    ULONGLONG committed = 0, in_blocks = 0;

    Clr()
    {
        void *memory;
        listener.clr = this;
        EXPECT(manager->CreateMalloc(MALLOC_THREADSAFE, &heap) == S_OK);
        EXPECT(manager->RegisterMemoryNotificationCallback(&listener) == S_OK);
        EXPECT(manager->VirtualAlloc(nullptr, 256 * mib, MEM_RESERVE, PAGE_READWRITE, eTaskCritical,
                                     &memory) == S_OK);
        base = static_cast<char *>(memory);
    }
    ~Clr()
    {
        EXPECT(manager->VirtualFree(base, 0, MEM_RELEASE) == S_OK);
        committed = 0;
        EXPECT(total() == in_blocks + pool());
        EXPECT(heap->Release() == 0 && manager->Release() == 0);
    }
    ULONGLONG total() { return manager->broker.total(); }
    ULONGLONG pool() { return total() - committed - in_blocks; }
    bool commit(SIZE_T bytes, EMemoryCriticalLevel level = eTaskCritical)
    {
        void *memory = &memory;
        char *at = base + committed;
        committed += bytes; /* a message in the middle of the call finds it charged */
        const HRESULT answer =
            manager->VirtualAlloc(at, bytes, MEM_COMMIT, PAGE_READWRITE, level, &memory);
        EXPECT(answer == (memory != nullptr ? S_OK : E_OUTOFMEMORY));
        committed -= memory == nullptr ? bytes : 0;
        return memory != nullptr;
    }
    void decommit(SIZE_T bytes)
    {
        EXPECT(manager->VirtualFree(base + committed - bytes, bytes, MEM_DECOMMIT) == S_OK);
        committed -= bytes;
    }
    bool allocate(SIZE_T bytes, EMemoryCriticalLevel level = eTaskCritical)
    {
        void *block;
        const bool done = heap->Alloc(bytes, level, &block) == S_OK;
        in_blocks += done ? bytes : 0;
        return done;
    }
    void look_on(ULONGLONG ms) /* the pool grows on calls */
    {
        for (const ULONGLONG until_ms = GetTickCount64() + ms; GetTickCount64() < until_ms;) {
            DWORD load;
            SIZE_T available;
            EXPECT(manager->GetMemoryLoad(&load, &available) == S_OK && load <= 100);
            Sleep(5);
        }
    }
};

HRESULT Listener::OnMemoryNotification(EMemoryAvailable news)
{
    lows += news == eMemoryAvailableLow;
    neutrals += news == eMemoryAvailableNeutral;
    if (news == eMemoryAvailableLow) {
        total_at_low = clr->total();
        pool_at_low = clr->pool();
    }
    return S_OK;
}

constexpr ULONGLONG target = 56 * mib, share = target / 100 * 10, minimum = target / 100 * 2;
constexpr ULONGLONG pressure = target / 8 * 7, ease = target / 4 * 3;

bool about(ULONGLONG is, ULONGLONG wanted) /* to a buffer */
{
    return is <= wanted + buffer_bytes && wanted <= is + buffer_bytes;
}

void the_pool_grows_to_its_share_a_buffer_at_a_time()
{
    Clr clr;
    EXPECT(clr.pool() <= buffer_bytes);
    clr.look_on(400);
    EXPECT(clr.pool() >= 18 * buffer_bytes && clr.pool() <= 21 * buffer_bytes);
    clr.look_on(5000);
    EXPECT(clr.pool() <= share && about(clr.pool(), share));
}

void under_pressure_the_pool_shrinks_first_and_to_its_minimum()
{
    Clr clr;
    clr.look_on(5000);
    while (clr.listener.lows == 0) {
        const ULONGLONG pool = clr.pool();
        EXPECT(clr.commit(mib / 2));
        EXPECT(clr.pool() <= pool); /* nearly all is in use: it does not grow */
        EXPECT(clr.total() <= pressure || clr.pool() < minimum + buffer_bytes);
    }
    EXPECT(clr.listener.total_at_low > pressure);
    EXPECT(clr.listener.pool_at_low >= minimum);
    EXPECT(clr.listener.pool_at_low < minimum + buffer_bytes);
}

void tasks_are_refused_before_domains_and_domains_before_the_process()
{
    Clr clr;
    clr.look_on(5000);
    while (clr.commit(64 * 1024))
        ;
    EXPECT(about(clr.total(), 56 * mib));
    EXPECT(clr.pool() >= minimum); /* a task does not take that */
    while (clr.commit(64 * 1024, eAppDomainCritical))
        ;
    EXPECT(about(clr.total(), 60 * mib));
    EXPECT(clr.pool() >= minimum / 2 && clr.pool() < minimum / 2 + buffer_bytes);
    EXPECT(!clr.commit(64 * 1024));
    while (clr.commit(64 * 1024, eProcessCritical))
        ;
    EXPECT(about(clr.committed, 64 * mib) && clr.pool() == 0);
    EXPECT(!clr.commit(64 * 1024) && !clr.commit(64 * 1024, eAppDomainCritical));
}

void who_is_refused_in_any_case_takes_nothing_from_the_pool()
{
    Clr clr;
    clr.look_on(5000);
    const ULONGLONG pool = clr.pool();
    EXPECT(about(pool, share));
    EXPECT(!clr.commit(58 * mib) && !clr.commit(62 * mib, eAppDomainCritical));
    EXPECT(!clr.commit(65 * mib, eProcessCritical) && !clr.allocate(65 * mib, eProcessCritical));
    EXPECT(clr.pool() == pool);
    EXPECT(clr.commit(64 * mib, eProcessCritical) && clr.pool() == 0);
}

void at_one_level_the_greedy_is_refused_before_the_modest()
{
    Clr clr;
    while (clr.commit(64 * 1024))
        ;
    while (clr.allocate(64 * 1024)) /* far from its share of 14 MiB */
        ;
    EXPECT(about(clr.total(), 58 * mib));
    EXPECT(!clr.commit(64 * 1024));
}

void after_pressure_the_clr_hears_neutral_and_the_pool_grows_again()
{
    Clr clr;
    clr.look_on(2000);
    const ULONGLONG begin_ms = GetTickCount64();
    while (clr.listener.lows == 0)
        clr.commit(mib / 2);
    clr.decommit(40 * mib);
    const ULONGLONG pool = clr.pool();
    while (clr.listener.neutrals == 0) {
        EXPECT(clr.pool() == pool); /* not while the CLR is in Low */
        clr.look_on(10);
    }
    EXPECT(GetTickCount64() - begin_ms >= low_hold_ms);
    EXPECT(GetTickCount64() - begin_ms < low_hold_ms + 100);
    clr.look_on(5000);
    EXPECT(about(clr.pool(), share) && clr.listener.lows == 1);
}

void addresses_that_the_clr_needs_are_not_held_by_the_pool()
{
    Clr clr;
    clr.look_on(1000);
    EXPECT(clr.pool() > 0);
    EXPECT(clr.manager->NeedsVirtualAddressSpace(nullptr, mib) == S_OK);
    EXPECT(clr.pool() == 0);
    clr.look_on(900);
    EXPECT(clr.pool() == 0); /* not at once again */
    clr.look_on(1000);
    EXPECT(clr.pool() > 0);
}

/* The machine has 48 MiB and no page file. */
void when_windows_refuses_the_pool_gives_up_what_was_asked_for()
{
    Clr clr;
    clr.look_on(4000);
    const ULONGLONG pool = clr.pool();
    EXPECT(pool > 2 * mib);
    MEMORYSTATUSEX status;
    EXPECT(ask_machine(&status));
    EXPECT(clr.commit(status.ullAvailPageFile - mib / 2));
    EXPECT(clr.commit(mib)); /* half of it comes from the pool */
    EXPECT(clr.pool() < pool);
}

/* ---- the account ---- */

unsigned draw(unsigned bound)
{
    static ULONGLONG state = 1;
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<unsigned>((state >> 33) % bound);
}

/* Committed bytes of a region of 16 pages. Asked again where a failure is injected. */
ULONGLONG committed_of(const char *base)
{
    ULONGLONG bytes = 0;
    for (unsigned page = 0; page < 16; page++) {
        MEMORY_BASIC_INFORMATION info;
        while (VirtualQuery(base + page * page_bytes, &info, sizeof(info)) == 0)
            ;
        bytes += info.State == MEM_COMMIT ? page_bytes : 0;
    }
    return bytes;
}

struct Account {
    IHostMemoryManager *manager;
    IHostMalloc *heap = nullptr;
    char *regions[12] = {};
    void *blocks[24] = {};
    SIZE_T sizes[24];

    void step()
    {
        char *&region = regions[draw(12)];
        const unsigned first = draw(16), count = 1 + draw(16 - first);
        void *memory;
        if (region == nullptr) {
            const DWORD type = draw(2) != 0 ? MEM_RESERVE : MEM_COMMIT;
            manager->VirtualAlloc(nullptr, 16 * page_bytes - draw(4096), type, PAGE_READWRITE,
                                  eTaskCritical, &memory);
            region = static_cast<char *>(memory);
        } else if (draw(6) == 0) {
            if (manager->VirtualFree(region, 0, MEM_RELEASE) == S_OK)
                region = nullptr;
        } else if (draw(3) == 0) {
            manager->VirtualFree(region + first * page_bytes, draw(4) != 0 ? count * page_bytes : 0,
                                 MEM_DECOMMIT);
        } else {
            manager->VirtualAlloc(region + first * page_bytes, count * page_bytes,
                                  draw(8) != 0 ? MEM_COMMIT : MEM_RESET, PAGE_READWRITE,
                                  eTaskCritical, &memory);
        }
    }
    void step_of_heap()
    {
        const unsigned i = draw(24);
        if (blocks[i] != nullptr) {
            if (heap->Free(blocks[i]) == S_OK)
                blocks[i] = nullptr;
            return;
        }
        sizes[i] = draw(100000);
        heap->Alloc(sizes[i], eTaskCritical, &blocks[i]);
    }
    ULONGLONG true_total()
    {
        ULONGLONG bytes = 0;
        for (const char *region : regions)
            bytes += region != nullptr ? committed_of(region) : 0;
        for (unsigned i = 0; i < 24; i++)
            bytes += blocks[i] != nullptr ? sizes[i] : 0;
        return bytes;
    }
};

void the_account_is_exact_after_every_call()
{
    Account account;
    account.manager = new_manager();
    const Broker &broker = static_cast<BrokerManager *>(account.manager)->broker;
    while (account.manager->CreateMalloc(MALLOC_THREADSAFE, &account.heap) != S_OK)
        ;
    for (unsigned i = 0; i < 1500; i++) {
        account.step();
        account.step_of_heap();
        EXPECT(broker.total() == account.true_total());
    }
    for (char *region : account.regions)
        while (region != nullptr && account.manager->VirtualFree(region, 0, MEM_RELEASE) != S_OK)
            ;
    EXPECT(account.heap->Release() == 0); /* with its blocks */
    EXPECT(broker.total() == 0);
    EXPECT(account.manager->Release() == 0);
}

} // namespace

/* What is asked depends on a parameter. */
static IHostMemoryManager *drive(void)
{
    limit_bytes = 64 * mib;
    reserve_bytes = 8 * mib;
    if (pool_percent == 0) {
        the_account_is_exact_after_every_call();
    } else if (grow_ms == 20) {
        the_pool_grows_to_its_share_a_buffer_at_a_time();
        under_pressure_the_pool_shrinks_first_and_to_its_minimum();
        tasks_are_refused_before_domains_and_domains_before_the_process();
        who_is_refused_in_any_case_takes_nothing_from_the_pool();
        at_one_level_the_greedy_is_refused_before_the_modest();
        after_pressure_the_clr_hears_neutral_and_the_pool_grows_again();
        addresses_that_the_clr_needs_are_not_held_by_the_pool();
    } else {
        when_windows_refuses_the_pool_gives_up_what_was_asked_for();
    }
    return new_manager();
}
