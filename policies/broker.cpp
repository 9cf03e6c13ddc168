/* broker: one budget for several consumers of memory, divided by shares, in the manner of the
 * memory brokers of a database server.
 *
 * The consumers are what the CLR commits by VirtualAlloc, the blocks of its heaps, and a cache of
 * the host's own: a pool of buffers of 64 KiB, each filled when it is made, as if a page file or a
 * table had been read into it. Charged is what is committed, to the page, and the size of blocks
 * asked for.
 *
 * Two sizes rule. The budget is `limit`: beyond it nothing is granted. The target is the budget
 * without `reserve`, or what the consumers have now and the machine has left, if that is less:
 * pressure is measured against it, and shares are parts of it. A share is a claim, not a wall: who
 * needs more has it as long as nobody lacks it. The pool's is `pool` percent, that of blocks
 * `blocks`, the CLR's pages have the rest.
 *
 * Whenever something has changed:
 *   1. Above 7/8 of the target the pool shrinks, its oldest buffers first, to 7/8, but not below
 *      its minimum of `pool-minimum` percent.
 *   2. If that was not enough and the CLR's pages or blocks are over their share, it is told Low,
 *      at most once in 8.192 s, because it acts no sooner.
 *   3. Below 3/4 of the target the CLR is told Neutral, when the Low has stood for that time.
 *   4. Below 3/4, and not in Low, the pool grows, a buffer every `grow` at most, to its share.
 *
 * A request that would pass the budget, less what is held back from it, takes buffers out of the
 * pool; where all that it may take would not do, it is refused and takes none. Held back is the
 * reserve from tasks, half of it from domains, nothing from the process; a quarter less where the
 * consumer is below its share. So a task is refused before a domain and a domain before the
 * process, and at one level the greedy before the modest. Tasks leave the pool its minimum, domains
 * half of it, the process nothing. When Windows refuses pages, blocks or addresses, the pool gives
 * up as much and the request is tried once more. After a refusal the CLR is told Low.
 *
 * There is no thread here: the pool grows on calls of the CLR. What it does not do: charge mapped
 * files, images and thread stacks, or tell the CLR's memory from that of others (see quota). */
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

#include <new>
#include <string.h>

namespace
{

constexpr SIZE_T page_bytes = 4096, granule_bytes = 65536, buffer_bytes = 65536;
constexpr unsigned buffers_max = 4096;
constexpr ULONGLONG pool_max = buffers_max * buffer_bytes;
constexpr ULONGLONG low_hold_ms = 8192;
constexpr ULONGLONG look_ms = 10; /* at most so often the machine is asked */

ULONGLONG limit_bytes = 512ull << 20;
ULONGLONG reserve_bytes = 32ull << 20;
ULONGLONG pool_percent = 10;
ULONGLONG pool_minimum_percent = 2;
ULONGLONG blocks_percent = 25;
ULONGLONG grow_ms = 20;

/* IUnknown for one interface. The object gives its own memory back after the last reference. */
template <typename Interface> class Counted : public Interface
{
  public:
    explicit Counted(const IID &iid) : iid_(iid) {}
    HRESULT STDMETHODCALLTYPE QueryInterface(REFIID iid, void **object) override
    {
        if (object == nullptr)
            return E_POINTER;
        *object = nullptr;
        if (!IsEqualIID(iid, IID_IUnknown) && !IsEqualIID(iid, iid_))
            return E_NOINTERFACE;
        *object = static_cast<Interface *>(this);
        AddRef();
        return S_OK;
    }
    ULONG STDMETHODCALLTYPE AddRef() override { return ULONG(InterlockedIncrement(&references_)); }
    ULONG STDMETHODCALLTYPE Release() override
    {
        const LONG left = InterlockedDecrement(&references_);
        if (left == 0)
            last_reference_gone();
        return static_cast<ULONG>(left);
    }

  protected:
    virtual void last_reference_gone() = 0;

  private:
    const IID &iid_;
    volatile LONG references_ = 1;
};

/* ---- the host's own cache ---- */

/* Where buffers stand is kept beside them, not in them: to give up one that has been paged out must
 * not page it in. The caller holds the lock. */
class Pool
{
  public:
    ULONGLONG bytes() const { return count_ * buffer_bytes; }
    void add(char *buffer) { buffers_[(oldest_ + count_++) % buffers_max] = buffer; }
    /* Gives up buffers of at least so many bytes, or down to the floor; returns their bytes. */
    ULONGLONG shrink(ULONGLONG by, ULONGLONG floor)
    {
        ULONGLONG given = 0;
        while (given < by && bytes() >= floor + buffer_bytes) {
            if (!::VirtualFree(buffers_[oldest_], 0, MEM_RELEASE))
                break; /* still there, still charged */
            oldest_ = (oldest_ + 1) % buffers_max;
            count_--;
            given += buffer_bytes;
        }
        return given;
    }
    /* Without the lock: one with contents, or null. */
    static char *read_one()
    {
        void *buffer =
            ::VirtualAlloc(nullptr, buffer_bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        return static_cast<char *>(buffer != nullptr ? memset(buffer, 0xdb, buffer_bytes)
                                                     : nullptr);
    }

  private:
    char *buffers_[buffers_max];
    unsigned oldest_ = 0, count_ = 0;
};

bool ask_machine(MEMORYSTATUSEX *status)
{
    status->dwLength = sizeof(*status);
    return GlobalMemoryStatusEx(status) != FALSE;
}

/* ---- what Windows has committed ---- */

constexpr ULONGLONG unknown = ~0ull;

/* Bytes of the range, rounded outward to pages, that are in this state now; size 0: of the whole
 * allocation that begins at the address. Unknown when Windows does not say. */
ULONGLONG bytes_in_state(const void *address, SIZE_T size, DWORD state)
{
    const ULONG_PTR mask = page_bytes - 1;
    ULONG_PTR at = reinterpret_cast<ULONG_PTR>(address) & ~mask;
    const ULONG_PTR end =
        size == 0 ? ~mask : (reinterpret_cast<ULONG_PTR>(address) + size + mask) & ~mask;
    const void *allocation = nullptr;
    ULONGLONG bytes = 0;
    MEMORY_BASIC_INFORMATION info;
    while (at < end) {
        if (::VirtualQuery(reinterpret_cast<void *>(at), &info, sizeof(info)) == 0)
            return unknown;
        allocation = allocation == nullptr ? info.AllocationBase : allocation;
        if (info.State == MEM_FREE || info.AllocationBase != allocation)
            break;
        ULONG_PTR next = reinterpret_cast<ULONG_PTR>(info.BaseAddress) + info.RegionSize;
        next = next < end ? next : end;
        if (info.State == state)
            bytes += next - at;
        at = next;
    }
    return bytes;
}

/* What a reservation with MEM_COMMIT commits: from the start of its granule to the end of its last
 * page. Sizes near the end of the numbers stay beyond any limit instead of wrapping round. */
ULONGLONG bytes_of_new(const void *address, SIZE_T size)
{
    const ULONGLONG start = reinterpret_cast<ULONG_PTR>(address) & (granule_bytes - 1);
    const ULONGLONG end = start + size + page_bytes - 1;
    return end < size ? size : end & ~static_cast<ULONGLONG>(page_bytes - 1);
}

/* ---- the broker ---- */

enum Consumer { pages, blocks, consumers_of_clr };

/* Who has how much of what there is. The caller holds the lock. */
class Broker
{
  public:
    ULONGLONG total() const { return used_[pages] + used_[blocks] + pool_.bytes() + growing_; }
    /* Without what the pool could give up for a request of this level. */
    ULONGLONG needed(EMemoryCriticalLevel level) const
    {
        const ULONGLONG floor = pool_floor(level), has = pool_.bytes();
        return total() - (has > floor ? (has - floor) / buffer_bytes * buffer_bytes : 0);
    }
    /* What all may have together when a request of this kind is granted. */
    ULONGLONG most(Consumer consumer, EMemoryCriticalLevel level) const
    {
        ULONGLONG quarters = level == eTaskCritical ? 4 : level == eAppDomainCritical ? 2 : 0;
        if (quarters > 0 && used_[consumer] < share(consumer))
            quarters--;
        return limit_bytes - reserve() / 4 * quarters;
    }
    /* Whoever is served or not afterwards calls credit: a charge taken back is no news. */
    bool charge(Consumer consumer, ULONGLONG bytes, EMemoryCriticalLevel level)
    {
        const ULONGLONG allowed = most(consumer, level);
        if (bytes > allowed || needed(level) > allowed - bytes)
            return false; /* the pool would shrink in vain */
        if (total() > allowed - bytes)
            pool_.shrink(total() - (allowed - bytes), pool_floor(level));
        if (total() > allowed - bytes)
            return false; /* Windows did not take it */
        used_[consumer] += bytes;
        return true;
    }
    void credit(Consumer consumer, ULONGLONG bytes)
    {
        used_[consumer] -= bytes < used_[consumer] ? bytes : used_[consumer];
        changed();
    }
    /* Windows has refused so many bytes: whether they are worth another try. */
    bool make_room(ULONGLONG bytes, EMemoryCriticalLevel level)
    {
        return pool_.shrink(bytes, pool_floor(level)) > 0;
    }
    void want_low() /* after a refusal, too */
    {
        if (wanted == eMemoryAvailableLow)
            return;
        wanted = eMemoryAvailableLow;
        low_ms_ = GetTickCount64();
    }
    /* Looks at the machine, if it is time, and acts on the marks. */
    void changed()
    {
        look();
        const ULONGLONG goal = target();
        if (total() > goal / 8 * 7) {
            pool_.shrink(total() - goal / 8 * 7, pool_floor(eTaskCritical));
            if (total() > goal / 8 * 7 &&
                (used_[pages] > share(pages) || used_[blocks] > share(blocks)))
                want_low();
        } else if (wanted == eMemoryAvailableLow && total() < goal / 4 * 3 &&
                   GetTickCount64() - low_ms_ >= low_hold_ms) {
            wanted = eMemoryAvailableNeutral;
        }
    }
    /* Whether the pool is to grow by a buffer, which is charged from now on. */
    bool begins_to_grow()
    {
        const ULONGLONG now_ms = GetTickCount64(), goal = target();
        const ULONGLONG share = goal / 100 * pool_percent;
        if (wanted == eMemoryAvailableLow || now_ms < growth_ms_ || growing_ > 0 ||
            pool_.bytes() + buffer_bytes > (share < pool_max ? share : pool_max) ||
            total() + buffer_bytes > goal / 4 * 3)
            return false;
        growth_ms_ = now_ms + grow_ms;
        growing_ = buffer_bytes;
        return true;
    }
    void has_grown(char *buffer) /* null: Windows has refused */
    {
        growing_ = 0;
        if (buffer != nullptr)
            pool_.add(buffer);
        changed();
    }
    /* Gives up the whole pool; whether Windows took it. */
    bool give_up_pool()
    {
        pool_.shrink(~0ull, 0);
        growth_ms_ = GetTickCount64() + 1000; /* not at once again */
        return pool_.bytes() == 0;
    }

    EMemoryAvailable wanted = eMemoryAvailableNeutral; /* what the CLR should know */

  private:
    void look()
    {
        const ULONGLONG now_ms = GetTickCount64();
        MEMORYSTATUSEX status;
        if ((machine_ != 0 && now_ms - looked_ms_ < look_ms) || !ask_machine(&status))
            return; /* what was known stays */
        looked_ms_ = now_ms;
        machine_ =
            total() + (status.ullAvailPhys < status.ullAvailPageFile ? status.ullAvailPhys
                                                                     : status.ullAvailPageFile);
    }
    static ULONGLONG reserve()
    {
        return reserve_bytes < limit_bytes / 2 ? reserve_bytes : limit_bytes / 2;
    }
    ULONGLONG target() const
    {
        const ULONGLONG budget = limit_bytes - reserve();
        return machine_ != 0 && machine_ < budget ? machine_ : budget;
    }
    ULONGLONG share(Consumer consumer) const
    {
        const ULONGLONG taken = pool_percent + blocks_percent;
        if (consumer == blocks)
            return target() / 100 * blocks_percent;
        return taken < 100 ? target() / 100 * (100 - taken) : 0;
    }
    ULONGLONG pool_floor(EMemoryCriticalLevel level) const
    {
        const ULONGLONG minimum = target() / 100 * pool_minimum_percent;
        return level == eTaskCritical ? minimum : level == eAppDomainCritical ? minimum / 2 : 0;
    }

    ULONGLONG used_[consumers_of_clr] = {};
    ULONGLONG growing_ = 0; /* of the pool, being made */
    ULONGLONG machine_ = 0; /* what all had and the machine had left when it was looked at */
    ULONGLONG looked_ms_ = 0, low_ms_ = 0, growth_ms_ = 0;
    Pool pool_;
};

/* ---- IHostMemoryManager ---- */

class BrokerManager final : public Counted<IHostMemoryManager>
{
  public:
    BrokerManager() : Counted(IID_IHostMemoryManager)
    {
        InitializeSRWLock(&lock_);
        InitializeConditionVariable(&announced_all_);
    }
    HRESULT STDMETHODCALLTYPE CreateMalloc(DWORD type, IHostMalloc **result) override;
    HRESULT STDMETHODCALLTYPE VirtualAlloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                                           EMemoryCriticalLevel level, void **result) override
    {
        if (result == nullptr)
            return E_POINTER;
        *result = nullptr;
        if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0) /* MEM_RESET: no charge */
            return ask(address, size, type, protect, result);
        enter();
        const HRESULT answer = allocate(address, size, type, protect, level, result);
        if (answer == E_OUTOFMEMORY)
            broker.want_low();
        leave();
        return answer;
    }
    HRESULT STDMETHODCALLTYPE VirtualFree(LPVOID address, SIZE_T size, DWORD type) override
    {
        enter();
        const ULONGLONG committed = bytes_in_state(address, size, MEM_COMMIT);
        const bool done = committed != unknown && ::VirtualFree(address, size, type);
        const HRESULT answer = done ? S_OK : lw_last_failure();
        broker.credit(pages, done ? committed : 0);
        leave();
        return answer == HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS) ? HOST_E_INVALIDOPERATION
                                                                   : answer;
    }
    /* The plain truth, and no lock: the CLR asks with other threads suspended anywhere. */
    HRESULT STDMETHODCALLTYPE VirtualQuery(void *address, void *buffer, SIZE_T length,
                                           SIZE_T *result) override
    {
        if (result == nullptr)
            return E_POINTER;
        *result = ::VirtualQuery(address, static_cast<PMEMORY_BASIC_INFORMATION>(buffer), length);
        return *result != 0 ? S_OK : lw_last_failure();
    }
    HRESULT STDMETHODCALLTYPE VirtualProtect(void *address, SIZE_T size, DWORD protect,
                                             DWORD *old) override
    {
        return ::VirtualProtect(address, size, protect, old) ? S_OK : lw_last_failure();
    }
    /* Whichever is tighter, the machine or the budget, of which the pool gives up its part. */
    HRESULT STDMETHODCALLTYPE GetMemoryLoad(DWORD *load, SIZE_T *available) override
    {
        MEMORYSTATUSEX status;
        if (load == nullptr || available == nullptr)
            return E_POINTER;
        if (!ask_machine(&status))
            return lw_last_failure();
        enter();
        broker.changed(); /* time passes without calls as well: Neutral may be due */
        const ULONGLONG most = broker.most(pages, eTaskCritical);
        const ULONGLONG used = broker.needed(eTaskCritical);
        leave();
        ULONGLONG left = used < most ? most - used : 0;
        const DWORD percent = 100 - static_cast<DWORD>(left / (most / 100 + 1));
        *load = percent > status.dwMemoryLoad ? percent : status.dwMemoryLoad;
        left = left < status.ullAvailPhys ? left : status.ullAvailPhys;
        *available = static_cast<SIZE_T>(left < ~SIZE_T(0) ? left : ~SIZE_T(0));
        return S_OK;
    }
    /* Waits until a message that is under way has been delivered: who is replaced hears nothing
     * later. A callback that was registered before knows what it was told. */
    HRESULT STDMETHODCALLTYPE
    RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *callback) override
    {
        if (callback != nullptr)
            callback->AddRef();
        enter();
        while (announcer_ != 0 && announcer_ != GetCurrentThreadId())
            SleepConditionVariableSRW(&announced_all_, &lock_, INFINITE, 0);
        ICLRMemoryNotificationCallback *before = callback_;
        callback_ = callback;
        if (callback != before)
            announced_ = eMemoryAvailableNeutral;
        leave();
        if (before != nullptr)
            before->Release();
        return S_OK;
    }
    /* The CLR is going to use addresses itself: the pool gives up its own. S_FALSE is a yes. */
    HRESULT STDMETHODCALLTYPE NeedsVirtualAddressSpace(LPVOID, SIZE_T size) override
    {
        MEMORYSTATUSEX status;
        enter();
        broker.give_up_pool();
        leave();
        if (!ask_machine(&status))
            return lw_last_failure();
        return status.ullAvailVirtual > size ? S_OK : E_OUTOFMEMORY;
    }
    HRESULT STDMETHODCALLTYPE AcquiredVirtualAddressSpace(LPVOID, SIZE_T) override { return S_OK; }
    HRESULT STDMETHODCALLTYPE ReleasedVirtualAddressSpace(LPVOID) override { return S_OK; }

    void enter() { AcquireSRWLockExclusive(&lock_); }
    /* Gives up the lock. One thread at a time tells the CLR what it should know, without the lock,
     * until there is nothing new: so the CLR hears of changes in their order and may call back into
     * this host. Then it is the pool's turn. */
    void leave()
    {
        while (callback_ != nullptr && announcer_ == 0 && announced_ != broker.wanted) {
            ICLRMemoryNotificationCallback *callback = callback_;
            callback->AddRef();
            announcer_ = GetCurrentThreadId();
            announced_ = broker.wanted;
            const EMemoryAvailable news = announced_;
            ReleaseSRWLockExclusive(&lock_);
            callback->OnMemoryNotification(news);
            callback->Release();
            AcquireSRWLockExclusive(&lock_);
            announcer_ = 0;
            WakeAllConditionVariable(&announced_all_);
        }
        const bool grows = broker.begins_to_grow();
        ReleaseSRWLockExclusive(&lock_);
        if (!grows)
            return;
        char *buffer = Pool::read_one();
        enter();
        broker.has_grown(buffer);
        ReleaseSRWLockExclusive(&lock_);
    }
    Broker broker; /* between the two */

  private:
    static HRESULT ask(void *address, SIZE_T size, DWORD type, DWORD protect, void **result)
    {
        *result = ::VirtualAlloc(address, size, type, protect);
        return *result != nullptr ? S_OK : lw_last_failure();
    }
    /* Reserves, commits or both. */
    HRESULT allocate(void *address, SIZE_T size, DWORD type, DWORD protect,
                     EMemoryCriticalLevel level, void **result)
    {
        const bool reserves = (type & MEM_RESERVE) != 0 || address == nullptr;
        const bool commits = (type & MEM_COMMIT) != 0;
        const ULONGLONG growth = !commits   ? 0
                                 : reserves ? bytes_of_new(address, size)
                                            : bytes_in_state(address, size, MEM_RESERVE);
        if (!broker.charge(pages, growth, level))
            return E_OUTOFMEMORY;
        HRESULT answer = ask(address, size, type, protect, result);
        if (answer == E_OUTOFMEMORY && broker.make_room(commits ? growth : size, level))
            answer = ask(address, size, type, protect, result);
        broker.credit(pages, answer != S_OK ? growth : 0);
        return answer;
    }
    void last_reference_gone() override
    {
        for (unsigned tries = 0; tries < 10 && !broker.give_up_pool(); tries++)
            ; /* Windows may refuse */
        if (callback_ != nullptr)
            callback_->Release();
        HeapFree(GetProcessHeap(), 0, this);
    }

    SRWLOCK lock_; /* guards the broker and all below; never held during a notification */
    ICLRMemoryNotificationCallback *callback_ = nullptr;
    EMemoryAvailable announced_ = eMemoryAvailableNeutral; /* what it heard last */
    DWORD announcer_ = 0; /* a thread is telling it: the others leave it to that one */
    CONDITION_VARIABLE announced_all_;
};

/* ---- IHostMalloc on a heap of its own ---- */

class BrokerMalloc final : public Counted<IHostMalloc>
{
  public:
    BrokerMalloc(BrokerManager *manager, HANDLE heap)
        : Counted(IID_IHostMalloc), manager_(manager), heap_(heap)
    {
        manager_->AddRef();
    }
    HRESULT STDMETHODCALLTYPE Alloc(SIZE_T size, EMemoryCriticalLevel level, void **block) override
    {
        if (block == nullptr)
            return E_POINTER;
        *block = nullptr;
        manager_->enter();
        if (manager_->broker.charge(blocks, size, level)) {
            *block = HeapAlloc(heap_, 0, size);
            if (*block == nullptr && manager_->broker.make_room(size, level))
                *block = HeapAlloc(heap_, 0, size);
            manager_->broker.credit(blocks, *block == nullptr ? size : 0);
        }
        if (*block == nullptr)
            manager_->broker.want_low();
        live_bytes_ += *block != nullptr ? size : 0;
        manager_->leave();
        return *block != nullptr ? S_OK : E_OUTOFMEMORY;
    }
    HRESULT STDMETHODCALLTYPE DebugAlloc(SIZE_T size, EMemoryCriticalLevel level, char *, int,
                                         void **block) override
    {
        return Alloc(size, level, block); /* the file name may be NULL, or gone after the call */
    }
    /* NULL, too. HeapFree of somebody else's block corrupts the heap before it fails: ask first. */
    HRESULT STDMETHODCALLTYPE Free(void *block) override
    {
        if (block == nullptr)
            return S_OK;
        if (!HeapValidate(heap_, 0, block))
            return HOST_E_INVALIDOPERATION;
        const SIZE_T size = HeapSize(heap_, 0, block);
        if (!HeapFree(heap_, 0, block))
            return HOST_E_INVALIDOPERATION;
        credit(size);
        return S_OK;
    }

  private:
    void credit(ULONGLONG bytes)
    {
        manager_->enter();
        live_bytes_ -= bytes;
        manager_->broker.credit(blocks, bytes);
        manager_->leave();
    }
    void last_reference_gone() override
    {
        BrokerManager *manager = manager_;
        HeapDestroy(heap_); /* with the blocks that were never freed */
        credit(live_bytes_);
        HeapFree(GetProcessHeap(), 0, this);
        manager->Release();
    }

    BrokerManager *manager_; /* holds a reference */
    HANDLE heap_;
    ULONGLONG live_bytes_ = 0; /* charged for its blocks; guarded by the manager's lock */
};

HRESULT BrokerManager::CreateMalloc(DWORD type, IHostMalloc **result)
{
    if (result == nullptr)
        return E_POINTER;
    *result = nullptr;
    if ((type & ~static_cast<DWORD>(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) != 0)
        return E_INVALIDARG;
    const DWORD options = ((type & MALLOC_THREADSAFE) == 0 ? HEAP_NO_SERIALIZE : 0) |
                          ((type & MALLOC_EXECUTABLE) != 0 ? HEAP_CREATE_ENABLE_EXECUTE : 0);
    void *memory = HeapAlloc(GetProcessHeap(), 0, sizeof(BrokerMalloc));
    if (memory == nullptr)
        return E_OUTOFMEMORY;
    HANDLE heap = HeapCreate(options, 0, 0);
    if (heap == nullptr) {
        HeapFree(GetProcessHeap(), 0, memory);
        return E_OUTOFMEMORY;
    }
    *result = new (memory) BrokerMalloc(this, heap);
    return S_OK;
}

} // namespace

LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    if (result == nullptr)
        return E_POINTER;
    void *memory = HeapAlloc(GetProcessHeap(), 0, sizeof(BrokerManager));
    *result = memory != nullptr ? new (memory) BrokerManager : nullptr;
    return memory != nullptr ? S_OK : E_OUTOFMEMORY;
}

static const lw_param params[] = {
    {"limit", "bytes that all consumers may have", LW_BYTES, 65536, 1ull << 46, 512ull << 20,
     &limit_bytes},
    {"reserve", "of these, held back from requests that are not process-critical", LW_BYTES, 0,
     1ull << 46, 32ull << 20, &reserve_bytes},
    {"pool", "share of the host's buffer pool", LW_PERCENT, 0, 100, 10, &pool_percent},
    {"pool-minimum", "what it keeps under pressure", LW_PERCENT, 0, 100, 2, &pool_minimum_percent},
    {"blocks", "share of the CLR's heap blocks; its pages have the rest", LW_PERCENT, 0, 100, 25,
     &blocks_percent},
    {"grow", "the pool grows by a buffer of 64 KiB so often", LW_MILLISECONDS, 1, 3600000, 20,
     &grow_ms},
    {nullptr, nullptr, LW_COUNT, 0, 0, 0, nullptr}};

LW_POLICY_EXPORT const struct lw_policy lw_policy = {
    LW_POLICY_VERSION, "broker", "a budget with shares; the host's own cache shrinks first", params,
    CreateHostMemoryManager};
