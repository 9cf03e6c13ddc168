/* recycle: keeps regions that the CLR has released and gives them out again for requests of the
 * same kind.
 *
 * Which: regions reserved without a wanted address, by MEM_RESERVE, MEM_COMMIT or both, perhaps
 * MEM_TOP_DOWN, with a protection that has no modifiers. Size, protection and top-down must be the
 * same for a region to be given out again, so that VirtualQuery, which is always answered by
 * Windows, shows what a fresh one would show. All others, write-watched ones among them, are
 * released at once; a kept region that lies where the CLR wants one is released first.
 *
 * In what state: what was reserved and committed in one request is asked for in one request again;
 * it stays committed, without access and with contents that Windows may drop (MEM_RESET), and is
 * cleared and protected anew when it is given out. All others are decommitted. Either way who uses
 * memory after releasing it gets the access violation that he would get from Windows, and who
 * commits, protects or releases it again gets a refusal: to the CLR kept memory is free.
 *
 * How much: at most `regions`, with `space` of addresses and `committed` bytes, each for `age`; the
 * oldest go first. All of it goes back when memory is low, when Windows refuses a request, which is
 * then tried once more, when the CLR needs address space, and with the last reference. There is no
 * thread here (see monitor): time and the low-memory notification are looked at when the CLR
 * reserves, releases or asks for the load, so an idle CLR leaves the cache as it is.
 *
 * What it does not do: notify the CLR, or limit anything. */
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

#include <new>
#include <string.h>

namespace
{

constexpr SIZE_T page_bytes = 4096, granule_bytes = 65536;
constexpr unsigned bucket_bits = 12;

ULONGLONG regions_max = 64;
ULONGLONG space_max = 64ull << 20;
ULONGLONG committed_max = 8ull << 20;
ULONGLONG age_ms = 10000;

/* Holds the lock for its own lifetime. */
class Guard
{
  public:
    enum Mode { exclusive, shared };
    Guard(SRWLOCK &lock, Mode mode) : lock_(lock), mode_(mode)
    {
        mode_ == shared ? AcquireSRWLockShared(&lock_) : AcquireSRWLockExclusive(&lock_);
    }
    ~Guard() { mode_ == shared ? ReleaseSRWLockShared(&lock_) : ReleaseSRWLockExclusive(&lock_); }
    Guard(const Guard &) = delete;

  private:
    SRWLOCK &lock_;
    const Mode mode_;
};

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

/* ---- regions ---- */

/* What regions must have in common to stand for each other. */
struct Kind {
    SIZE_T bytes; /* to the page; 0: never kept */
    DWORD protect;
    DWORD top_down; /* MEM_TOP_DOWN or 0 */

    /* Of a request that reserves. */
    Kind(const void *address, SIZE_T size, DWORD type, DWORD with)
        : bytes((size + page_bytes - 1) & ~(page_bytes - 1)), protect(with),
          top_down(type & MEM_TOP_DOWN)
    {
        const DWORD known = MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN;
        const DWORD plain = PAGE_NOACCESS | PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE |
                            PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
        if (address != nullptr || (type & ~known) != 0 || (with & ~plain) != 0 || size > space_max)
            bytes = 0;
    }
    bool operator==(const Kind &other) const
    {
        return bytes == other.bytes && protect == other.protect && top_down == other.top_down;
    }
};

enum class Pages {
    reserved,  /* none is committed */
    committed, /* all are, without access, with any contents */
    unknown,   /* a call failed half-way */
};

struct Region {
    Region *next; /* in its bucket */
    char *base;
    Kind kind;
    bool at_once; /* reserved and committed by one request */
    bool taken;   /* of those kept: being prepared for the CLR, by one thread without the lock */
    Pages pages;  /* this and all below: while it is kept */
    ULONGLONG kept_ms;
    Region *older, *newer;

    bool overlaps(ULONG_PTR from, SIZE_T bytes) const
    {
        const ULONG_PTR at = reinterpret_cast<ULONG_PTR>(base);
        return from < at ? bytes > at - from : from - at < kind.bytes;
    }
    /* Makes a taken region, which nobody else touches, what a request of its kind gets: pages that
     * are not committed, or committed ones that read as zero. */
    bool prepare(bool commit)
    {
        DWORD old;
        if (commit && pages == Pages::committed) {
            if (!::VirtualProtect(base, kind.bytes, PAGE_READWRITE, &old))
                return false;
            memset(base, 0, kind.bytes);
            return kind.protect == PAGE_READWRITE ||
                   ::VirtualProtect(base, kind.bytes, kind.protect, &old);
        }
        if (pages != Pages::reserved && !::VirtualFree(base, 0, MEM_DECOMMIT))
            return false;
        return !commit || ::VirtualAlloc(base, kind.bytes, MEM_COMMIT, kind.protect) != nullptr;
    }
};

/* All regions that came from this host, and which of them are kept. The caller holds the lock,
 * exclusively unless said otherwise. */
class Regions
{
  public:
    /* The region that begins there, or null. */
    Region *find(const void *base)
    {
        Region *region = *bucket(base);
        while (region != nullptr && region->base != base)
            region = region->next;
        return region;
    }
    void add(Region *region)
    {
        region->next = *bucket(region->base);
        *bucket(region->base) = region;
    }
    void forget(Region *region)
    {
        Region **link = bucket(region->base);
        while (*link != region)
            link = &(*link)->next;
        *link = region->next;
        HeapFree(GetProcessHeap(), 0, region);
    }
    /* Whether kept memory is concerned, of which the CLR must not know: to it that is free. Shared
     * will do; there are few kept regions. */
    bool is_kept(const void *address, SIZE_T size) const
    {
        const Region *region = oldest_;
        while (region != nullptr && !region->overlaps(reinterpret_cast<ULONG_PTR>(address), size))
            region = region->newer;
        return region != nullptr;
    }
    /* Gives kept ones back to Windows, the oldest first. Whether there were any. */
    template <typename Condition> bool drop_if(Condition condition)
    {
        bool any = false;
        Region *next;
        for (Region *region = oldest_; region != nullptr; region = next) {
            next = region->newer;
            any = (condition(region) && drop(region)) || any;
        }
        return any;
    }
    /* Drops what has become too old, or everything. */
    void look()
    {
        if (none())
            return;
        const bool low = memory_is_low();
        const ULONGLONG now_ms = GetTickCount64();
        drop_if([=](Region *region) { return low || now_ms - region->kept_ms >= age_ms; });
    }
    /* False: it is to be released. */
    bool keep(Region *region)
    {
        const SIZE_T bytes = region->kind.bytes;
        DWORD old;
        if (bytes == 0 || memory_is_low())
            return false;
        drop_if([=](Region *) { return !has_room(bytes); });
        if (!has_room(bytes))
            return false;
        /* VirtualProtect changes all pages or, where one is not committed, none. */
        if (region->at_once && bytes <= committed_max && committed_ <= committed_max - bytes &&
            ::VirtualProtect(region->base, bytes, PAGE_NOACCESS, &old)) {
            ::VirtualAlloc(region->base, bytes, MEM_RESET, PAGE_NOACCESS);
            region->pages = Pages::committed;
        } else if (::VirtualFree(region->base, 0, MEM_DECOMMIT)) {
            region->pages = Pages::reserved;
        } else {
            return false;
        }
        region->kept_ms = GetTickCount64();
        region->older = newest_;
        region->newer = nullptr;
        (newest_ != nullptr ? newest_->newer : oldest_) = region;
        newest_ = region;
        count(region, true);
        return true;
    }
    /* The newest of the kind, one in the wanted state if there is one; null: there is none. */
    Region *take(const Kind &kind, bool commit)
    {
        Region *any = nullptr, *region = newest_;
        for (; region != nullptr; region = region->older) {
            const bool stands = !region->taken && region->kind == kind;
            if (stands && (region->pages == Pages::committed) == commit)
                break;
            if (stands && any == nullptr)
                any = region;
        }
        region = region != nullptr ? region : any;
        if (region != nullptr) {
            region->taken = true;
            count(region, false);
        }
        return region;
    }
    /* A taken one has been given out ... */
    void given(Region *region, bool commit)
    {
        unlist(region);
        region->taken = false;
        region->at_once = commit;
    }
    /* ... or could not be prepared: it goes back to Windows or, where even that fails, is kept. */
    void give_up(Region *region)
    {
        region->taken = false;
        region->pages = Pages::unknown;
        count(region, true);
        drop(region);
    }

    bool none() const { return oldest_ == nullptr; }
    void end()
    {
        for (Region *&head : buckets_)
            while (head != nullptr)
                forget(head);
        if (low_memory_ != nullptr)
            CloseHandle(low_memory_);
    }

  private:
    Region **bucket(const void *base)
    {
        const ULONGLONG mixed = (reinterpret_cast<ULONG_PTR>(base) >> 16) * 0x9e3779b97f4a7c15ull;
        return &buckets_[mixed >> (64 - bucket_bits)];
    }
    void count(const Region *region, bool more)
    {
        const ULONGLONG sign = more ? 1 : ~0ull; /* minus one */
        count_ += sign;
        space_ += sign * region->kind.bytes;
        committed_ += region->pages == Pages::reserved ? 0 : sign * region->kind.bytes;
    }
    void unlist(Region *region)
    {
        (region->older != nullptr ? region->older->newer : oldest_) = region->newer;
        (region->newer != nullptr ? region->newer->older : newest_) = region->older;
    }
    /* Where Windows refuses, it stays kept and is tried again. */
    bool drop(Region *region)
    {
        if (region->taken || !::VirtualFree(region->base, 0, MEM_RELEASE))
            return false;
        count(region, false);
        unlist(region);
        forget(region);
        return true;
    }
    bool has_room(SIZE_T bytes) const
    {
        return count_ < regions_max && space_ <= space_max - bytes;
    }
    bool memory_is_low()
    {
        BOOL low;
        if (low_memory_ == nullptr)
            low_memory_ = CreateMemoryResourceNotification(LowMemoryResourceNotification);
        return low_memory_ == nullptr || !QueryMemoryResourceNotification(low_memory_, &low) || low;
    }

    Region *buckets_[1 << bucket_bits] = {};
    Region *oldest_ = nullptr, *newest_ = nullptr;    /* kept ones, by the time of their release */
    ULONGLONG count_ = 0, space_ = 0, committed_ = 0; /* of these, without those that are taken */
    HANDLE low_memory_ = nullptr; /* the notification; without it nothing is kept */
};

/* ---- IHostMemoryManager ---- */

HRESULT ask(void *address, SIZE_T size, DWORD type, DWORD protect, void **result)
{
    *result = ::VirtualAlloc(address, size, type, protect);
    return *result != nullptr ? S_OK : lw_last_failure();
}

class RecycleManager final : public Counted<IHostMemoryManager>
{
  public:
    RecycleManager() : Counted(IID_IHostMemoryManager) { InitializeSRWLock(&lock_); }
    HRESULT STDMETHODCALLTYPE CreateMalloc(DWORD type, IHostMalloc **result) override;
    HRESULT STDMETHODCALLTYPE VirtualAlloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                                           EMemoryCriticalLevel, void **result) override
    {
        if (result == nullptr)
            return E_POINTER;
        *result = nullptr;
        if ((type & MEM_RESERVE) != 0 || address == nullptr) /* a commit at null reserves, too */
            return reserve(address, size, type, protect, result);
        HRESULT answer = change(address, size, type, protect, result);
        if (answer == E_OUTOFMEMORY && empty())
            answer = change(address, size, type, protect, result);
        return answer;
    }
    HRESULT STDMETHODCALLTYPE VirtualFree(LPVOID address, SIZE_T size, DWORD type) override
    {
        /* A release of a whole region, by any address in its first page; or what Windows judges. */
        const bool release = type == MEM_RELEASE && size == 0;
        const ULONG_PTR base = reinterpret_cast<ULONG_PTR>(address) & ~(page_bytes - 1);
        if (release)
            look();
        Guard guard(lock_, release ? Guard::exclusive : Guard::shared);
        Region *region = release ? regions_.find(reinterpret_cast<void *>(base)) : nullptr;
        if ((release && region == nullptr) || regions_.is_kept(address, size))
            return HOST_E_INVALIDOPERATION;
        if (release && regions_.keep(region))
            return S_OK;
        if (!::VirtualFree(address, size, type))
            return GetLastError() == ERROR_INVALID_ADDRESS ? HOST_E_INVALIDOPERATION
                                                           : lw_last_failure();
        if (release)
            regions_.forget(region);
        return S_OK;
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
        Guard guard(lock_, Guard::shared);
        if (regions_.is_kept(address, size))
            return HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS);
        return ::VirtualProtect(address, size, protect, old) ? S_OK : lw_last_failure();
    }
    HRESULT STDMETHODCALLTYPE GetMemoryLoad(DWORD *load, SIZE_T *available) override
    {
        MEMORYSTATUSEX status;
        if (load == nullptr || available == nullptr)
            return E_POINTER;
        look();
        status.dwLength = sizeof(status);
        if (!GlobalMemoryStatusEx(&status))
            return lw_last_failure();
        const ULONGLONG most = ~SIZE_T(0);
        *load = status.dwMemoryLoad;
        *available = static_cast<SIZE_T>(status.ullAvailPhys < most ? status.ullAvailPhys : most);
        return S_OK;
    }
    /* Whom nobody calls nobody needs to hold. */
    HRESULT STDMETHODCALLTYPE
    RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *) override
    {
        return S_OK;
    }
    /* The CLR is going to use addresses itself: those that are kept here are for it. Worth a second
     * try when there are enough then. S_FALSE would count as a yes. */
    HRESULT STDMETHODCALLTYPE NeedsVirtualAddressSpace(LPVOID, SIZE_T size) override
    {
        MEMORYSTATUSEX status;
        empty();
        status.dwLength = sizeof(status);
        if (!GlobalMemoryStatusEx(&status))
            return lw_last_failure();
        return status.ullAvailVirtual > size ? S_OK : E_OUTOFMEMORY;
    }
    HRESULT STDMETHODCALLTYPE AcquiredVirtualAddressSpace(LPVOID, SIZE_T) override { return S_OK; }
    HRESULT STDMETHODCALLTYPE ReleasedVirtualAddressSpace(LPVOID) override { return S_OK; }
    /* Gives all kept regions back to Windows. If there were any, what it refused is worth a try. */
    bool empty()
    {
        Guard guard(lock_, Guard::exclusive);
        return regions_.drop_if([](Region *) { return true; });
    }
    void *allocate(HANDLE heap, SIZE_T size)
    {
        void *block = HeapAlloc(heap, 0, size);
        return block == nullptr && empty() ? HeapAlloc(heap, 0, size) : block;
    }

  private:
    /* Drops what is to be dropped, and takes a region of the kind, if any. */
    Region *look(const Kind *kind = nullptr, bool commit = false)
    {
        Guard guard(lock_, Guard::exclusive);
        regions_.look();
        return kind != nullptr && kind->bytes != 0 ? regions_.take(*kind, commit) : nullptr;
    }
    /* Regions that the CLR has not released stay: it may be using them. */
    void last_reference_gone() override
    {
        for (unsigned tries = 0; tries < 10 && !regions_.none(); tries++)
            empty(); /* Windows may refuse */
        regions_.end();
        HeapFree(GetProcessHeap(), 0, this);
    }
    /* False: there is none of the kind that could be made to serve. */
    bool give_again(const Kind &kind, bool commit, void **result)
    {
        Region *region = look(&kind, commit);
        if (region == nullptr)
            return false;
        const bool ready = region->prepare(commit); /* clearing takes time: without the lock */
        Guard guard(lock_, Guard::exclusive);
        if (!ready) {
            regions_.give_up(region);
            return false;
        }
        regions_.given(region, commit);
        *result = region->base;
        return true;
    }
    /* A commit or MEM_RESET inside a region. */
    HRESULT change(void *address, SIZE_T size, DWORD type, DWORD protect, void **result)
    {
        Guard guard(lock_, Guard::shared);
        if (regions_.is_kept(address, size))
            return HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS);
        return ask(address, size, type, protect, result);
    }
    HRESULT reserve(void *address, SIZE_T size, DWORD type, DWORD protect, void **result)
    {
        const Kind kind(address, size, type, protect);
        const bool commit = (type & MEM_COMMIT) != 0;
        if (give_again(kind, commit, result))
            return S_OK;
        Region *region = static_cast<Region *>(allocate(GetProcessHeap(), sizeof(Region)));
        if (region == nullptr)
            return E_OUTOFMEMORY;
        if (address != nullptr) { /* what is kept there is in the way */
            Guard guard(lock_, Guard::exclusive);
            const ULONG_PTR from = reinterpret_cast<ULONG_PTR>(address) & ~(granule_bytes - 1);
            const SIZE_T before = reinterpret_cast<ULONG_PTR>(address) - from;
            regions_.drop_if([=](Region *kept) { return kept->overlaps(from, before + size); });
        }
        HRESULT answer = ask(address, size, type, protect, result);
        if (answer == E_OUTOFMEMORY && empty())
            answer = ask(address, size, type, protect, result);
        if (answer != S_OK) {
            HeapFree(GetProcessHeap(), 0, region);
            return answer;
        }
        region->base = static_cast<char *>(*result);
        region->kind = kind;
        region->at_once = commit;
        region->taken = false;
        Guard guard(lock_, Guard::exclusive);
        regions_.add(region);
        return S_OK;
    }

    SRWLOCK lock_; /* guards the next; shared while memory of the CLR changes its state, so that
                      nothing is taken from under such a change */
    Regions regions_;
};

/* ---- IHostMalloc on a heap of its own ---- */

class RecycleMalloc final : public Counted<IHostMalloc>
{
  public:
    RecycleMalloc(RecycleManager *manager, HANDLE heap)
        : Counted(IID_IHostMalloc), manager_(manager), heap_(heap)
    {
        manager_->AddRef();
    }
    HRESULT STDMETHODCALLTYPE Alloc(SIZE_T size, EMemoryCriticalLevel, void **block) override
    {
        if (block == nullptr)
            return E_POINTER;
        *block = manager_->allocate(heap_, size);
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
        return HeapValidate(heap_, 0, block) && HeapFree(heap_, 0, block) ? S_OK
                                                                          : HOST_E_INVALIDOPERATION;
    }

  private:
    void last_reference_gone() override
    {
        RecycleManager *manager = manager_;
        HeapDestroy(heap_);
        HeapFree(GetProcessHeap(), 0, this);
        manager->Release();
    }

    RecycleManager *manager_; /* holds a reference */
    HANDLE heap_;
};

HRESULT RecycleManager::CreateMalloc(DWORD type, IHostMalloc **result)
{
    if (result == nullptr)
        return E_POINTER;
    *result = nullptr;
    if ((type & ~static_cast<DWORD>(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) != 0)
        return E_INVALIDARG;
    const DWORD options = ((type & MALLOC_THREADSAFE) == 0 ? HEAP_NO_SERIALIZE : 0) |
                          ((type & MALLOC_EXECUTABLE) != 0 ? HEAP_CREATE_ENABLE_EXECUTE : 0);
    void *memory = allocate(GetProcessHeap(), sizeof(RecycleMalloc));
    if (memory == nullptr)
        return E_OUTOFMEMORY;
    HANDLE heap = HeapCreate(options, 0, 0);
    if (heap == nullptr && empty())
        heap = HeapCreate(options, 0, 0);
    if (heap == nullptr) {
        HeapFree(GetProcessHeap(), 0, memory);
        return E_OUTOFMEMORY;
    }
    *result = new (memory) RecycleMalloc(this, heap);
    return S_OK;
}

} // namespace

LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    if (result == nullptr)
        return E_POINTER;
    void *memory = HeapAlloc(GetProcessHeap(), 0, sizeof(RecycleManager));
    *result = memory != nullptr ? new (memory) RecycleManager : nullptr;
    return memory != nullptr ? S_OK : E_OUTOFMEMORY;
}

static const lw_param params[] = {
    {"regions", "regions kept at most", LW_COUNT, 0, 4096, 64, &regions_max},
    {"space", "addresses they may take", LW_BYTES, 0, 1ull << 40, 64ull << 20, &space_max},
    {"committed", "of these, bytes that may stay committed", LW_BYTES, 0, 1ull << 40, 8ull << 20,
     &committed_max},
    {"age", "so long each is kept", LW_MILLISECONDS, 0, 3600000, 10000, &age_ms},
    {nullptr, nullptr, LW_COUNT, 0, 0, 0, nullptr}};

LW_POLICY_EXPORT const struct lw_policy lw_policy = {LW_POLICY_VERSION, "recycle",
                                                     "released regions given out again", params,
                                                     CreateHostMemoryManager};
