/* arena: an allocator of its own behind IHostMalloc, made of pages it commits and decommits.
 *
 * Small blocks come from slabs of 64 KiB, each for one size, in one reservation; large blocks are
 * reservations of their own. A slab that became empty is kept for the next size that needs one;
 * when many are, half of them are decommitted at once, so that a workload which breathes in and
 * out round one size does not commit and decommit all the time. A few slabs stay back for requests
 * whose failure would cost an application domain or the process. All bookkeeping stands in that
 * memory too: the object at the reservation's start, what concerns a slab at the slab's start.
 *
 * VirtualAlloc and its family are handed to Windows as they are.
 *
 * What it does not do: send notifications (see watermark), account or limit anything (see quota).
 */
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

#include <new>

namespace
{

constexpr SIZE_T page_bytes = 4096;
constexpr SIZE_T slab_bytes =
    64 * 1024;                      /* one granule: the slab of a block is its address rounded */
constexpr SIZE_T slabs_max = 16384; /* 1 GiB of addresses; what is more becomes large blocks */
constexpr SIZE_T slabs_min = 64;
constexpr SIZE_T small_max = 8192;
constexpr unsigned size_classes = 32; /* 16 to 128 by 16, then four to a doubling */

ULONGLONG spare_slabs = 8;   /* empty slabs kept when the others are decommitted */
ULONGLONG reserve_slabs = 4; /* of these, held back from task-critical requests */

/* Enters a critical section for its own lifetime; none when the pointer is null. */
class Guard
{
  public:
    explicit Guard(CRITICAL_SECTION *lock) : lock_(lock)
    {
        if (lock_ != nullptr)
            EnterCriticalSection(lock_);
    }
    ~Guard()
    {
        if (lock_ != nullptr)
            LeaveCriticalSection(lock_);
    }
    Guard(const Guard &) = delete;

  private:
    CRITICAL_SECTION *lock_;
};

/* ---- sizes ---- */

unsigned class_of(SIZE_T size)
{
    if (size <= 128)
        return size <= 16 ? 0 : static_cast<unsigned>((size - 1) / 16);
    unsigned index = 8;
    SIZE_T doubling = 128;
    while (size > 2 * doubling) {
        doubling *= 2;
        index += 4;
    }
    return index + static_cast<unsigned>((size - doubling - 1) / (doubling / 4));
}

SIZE_T class_bytes(unsigned index)
{
    if (index < 8)
        return 16 * (index + SIZE_T(1));
    const SIZE_T doubling = SIZE_T(128) << ((index - 8) / 4);
    return doubling + doubling / 4 * ((index - 8) % 4 + 1);
}

/* ---- what stands at the start of a slab and of a large block ---- */

struct Slab {
    Slab *next; /* slabs of the class that have room, or empty slabs */
    Slab *previous;
    DWORD size_class;
    DWORD capacity;
    DWORD live;
    DWORD first_word;   /* no free block before this word of the map */
    ULONGLONG used[64]; /* one bit per block: who frees twice meets a cleared bit */

    void format(unsigned index)
    {
        next = previous = nullptr;
        size_class = index;
        capacity = static_cast<DWORD>((slab_bytes - sizeof(Slab)) / class_bytes(index));
        live = first_word = 0;
        for (ULONGLONG &word : used)
            word = 0;
    }
    char *blocks() { return reinterpret_cast<char *>(this + 1); }
    void *take();
    bool give_back(void *block);
};

struct Large {
    Large *next;
    Large *previous;
    const void *owner;
    SIZE_T committed;
    ULONG_PTR check; /* ~address: what is no header hardly holds that */
    ULONG_PTR unused[3];
};
static_assert(sizeof(Slab) % 16 == 0 && sizeof(Large) % 16 == 0, "blocks are aligned to 16");

/* A slab with room is given, so the search ends. */
void *Slab::take()
{
    while (used[first_word] == ~0ull)
        first_word++;
    unsigned bit = 0;
    while ((used[first_word] >> bit & 1) != 0)
        bit++;
    used[first_word] |= 1ull << bit;
    live++;
    return blocks() + (first_word * SIZE_T(64) + bit) * class_bytes(size_class);
}

/* False: no block of this slab that is in use. */
bool Slab::give_back(void *block)
{
    const SIZE_T size = class_bytes(size_class);
    const SIZE_T offset = static_cast<SIZE_T>(static_cast<char *>(block) - blocks());
    const SIZE_T index = offset / size;
    if (static_cast<char *>(block) < blocks() || offset % size != 0 || index >= capacity)
        return false;
    ULONGLONG &word = used[index / 64];
    if ((word >> index % 64 & 1) == 0)
        return false;
    word &= ~(1ull << index % 64);
    if (index / 64 < first_word)
        first_word = static_cast<DWORD>(index / 64);
    live--;
    return true;
}

template <typename Node> void push(Node *&head, Node *node)
{
    node->previous = nullptr;
    node->next = head;
    if (head != nullptr)
        head->previous = node;
    head = node;
}

template <typename Node> void unlink(Node *&head, Node *node)
{
    (node->previous != nullptr ? node->previous->next : head) = node->next;
    if (node->next != nullptr)
        node->next->previous = node->previous;
}

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

/* ---- IHostMalloc ---- */

class ArenaMalloc final : public Counted<IHostMalloc>
{
  public:
    static HRESULT create(IUnknown *manager, DWORD type, IHostMalloc **result);
    HRESULT STDMETHODCALLTYPE Alloc(SIZE_T size, EMemoryCriticalLevel level, void **block) override;
    HRESULT STDMETHODCALLTYPE DebugAlloc(SIZE_T size, EMemoryCriticalLevel level, char *, int,
                                         void **block) override
    {
        return Alloc(size, level, block); /* the file name may be NULL, or gone after the call */
    }
    HRESULT STDMETHODCALLTYPE Free(void *block) override;

  private:
    ArenaMalloc(IUnknown *manager, DWORD type, SIZE_T slabs);
    void last_reference_gone() override;
    Slab *slab_at(SIZE_T index) { return reinterpret_cast<Slab *>(base() + index * slab_bytes); }
    char *base() { return reinterpret_cast<char *>(this); }
    Slab *commit_slab();
    Slab *spare_slab(EMemoryCriticalLevel level);
    Slab *slab_for(unsigned index, EMemoryCriticalLevel level);
    void decommit_spares(SIZE_T keep);
    void *allocate_large(SIZE_T size);
    HRESULT free_large(void *block);

    IUnknown *manager_;      /* holds a reference */
    CRITICAL_SECTION *lock_; /* null: the caller serialises */
    CRITICAL_SECTION own_lock_;
    DWORD protect_;
    Slab *open_[size_classes] = {}; /* slabs with room */
    Slab *spares_ = nullptr;        /* empty, committed slabs */
    SIZE_T spares_count_ = 0;
    Large *larges_ = nullptr;
    SIZE_T slabs_;          /* of the reservation; the first one holds this object */
    SIZE_T first_word_ = 0; /* no uncommitted slab before this word of the map */
    ULONGLONG committed_[slabs_max / 64] = {}; /* one bit per slab */
};
static_assert(sizeof(ArenaMalloc) <= slab_bytes, "the object fits the first slab");

DWORD protection(DWORD type)
{
    return (type & MALLOC_EXECUTABLE) != 0 ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
}

/* What nobody will hold any longer. */
void release(void *base)
{
    for (unsigned tries = 0; tries < 10 && !::VirtualFree(base, 0, MEM_RELEASE); tries++)
        ; /* Windows may refuse */
}

HRESULT ArenaMalloc::create(IUnknown *manager, DWORD type, IHostMalloc **result)
{
    void *base = nullptr;
    SIZE_T slabs = 2 * slabs_max;
    while (base == nullptr && slabs > slabs_min) { /* small address spaces get a small one */
        slabs /= 2;
        base = ::VirtualAlloc(nullptr, slabs * slab_bytes, MEM_RESERVE, protection(type));
    }
    if (base == nullptr)
        return lw_last_failure();
    if (::VirtualAlloc(base, sizeof(ArenaMalloc), MEM_COMMIT, PAGE_READWRITE) == nullptr) {
        const HRESULT failure = lw_last_failure();
        release(base);
        return failure;
    }
    ArenaMalloc *arena = new (base) ArenaMalloc(manager, type, slabs);
    /* The form without a result raises an exception where the section needs memory. */
    if (!InitializeCriticalSectionAndSpinCount(&arena->own_lock_, 0)) {
        release(base);
        return E_OUTOFMEMORY;
    }
    manager->AddRef();
    while (arena->spares_count_ < reserve_slabs) {
        Slab *slab = arena->commit_slab();
        if (slab == nullptr)
            break; /* a smaller reserve is no reason to fail now */
        push(arena->spares_, slab);
        arena->spares_count_++;
    }
    *result = arena;
    return S_OK;
}

ArenaMalloc::ArenaMalloc(IUnknown *manager, DWORD type, SIZE_T slabs)
    : Counted(IID_IHostMalloc), manager_(manager),
      lock_((type & MALLOC_THREADSAFE) != 0 ? &own_lock_ : nullptr), protect_(protection(type)),
      slabs_(slabs)
{
    committed_[0] = 1; /* the slab that holds this */
}

void ArenaMalloc::last_reference_gone()
{
    IUnknown *manager = manager_;
    while (larges_ != nullptr) {
        Large *large = larges_;
        larges_ = large->next;
        release(large);
    }
    DeleteCriticalSection(&own_lock_);
    release(this); /* the object goes with its slabs */
    manager->Release();
}

/* ---- ArenaMalloc: slabs (lock held) ---- */

/* A formatted slab from pages that were not committed; null when there is none or Windows refuses.
 */
Slab *ArenaMalloc::commit_slab()
{
    while (first_word_ < slabs_ / 64 && committed_[first_word_] == ~0ull)
        first_word_++;
    if (first_word_ == slabs_ / 64)
        return nullptr;
    unsigned bit = 0;
    while ((committed_[first_word_] >> bit & 1) != 0)
        bit++;
    Slab *slab = slab_at(first_word_ * 64 + bit);
    if (::VirtualAlloc(slab, slab_bytes, MEM_COMMIT, protect_) == nullptr)
        return nullptr;
    committed_[first_word_] |= 1ull << bit;
    slab->format(0);
    return slab;
}

/* An empty slab, unless those that are left are held back for more critical requests. */
Slab *ArenaMalloc::spare_slab(EMemoryCriticalLevel level)
{
    SIZE_T held_back = static_cast<SIZE_T>(reserve_slabs);
    if (level == eAppDomainCritical)
        held_back /= 2;
    else if (level == eProcessCritical)
        held_back = 0;
    if (spares_count_ <= held_back)
        return nullptr;
    Slab *slab = spares_;
    unlink(spares_, slab);
    spares_count_--;
    return slab;
}

/* A slab of the class with room. The reserve is touched only when Windows has refused. */
Slab *ArenaMalloc::slab_for(unsigned index, EMemoryCriticalLevel level)
{
    if (open_[index] != nullptr)
        return open_[index];
    Slab *slab = spare_slab(eTaskCritical);
    if (slab == nullptr)
        slab = commit_slab();
    if (slab == nullptr)
        slab = spare_slab(level);
    if (slab == nullptr)
        return nullptr;
    slab->format(index);
    push(open_[index], slab);
    return slab;
}

void ArenaMalloc::decommit_spares(SIZE_T keep)
{
    while (spares_count_ > keep) {
        Slab *slab = spares_;
        const SIZE_T index =
            static_cast<SIZE_T>(reinterpret_cast<char *>(slab) - base()) / slab_bytes;
        unlink(spares_, slab); /* before its links are gone */
        if (!::VirtualFree(slab, slab_bytes, MEM_DECOMMIT)) {
            push(spares_, slab); /* still committed, still ours */
            return;
        }
        spares_count_--;
        committed_[index / 64] &= ~(1ull << index % 64);
        if (index / 64 < first_word_)
            first_word_ = index / 64;
    }
}

/* ---- ArenaMalloc: blocks ---- */

void *ArenaMalloc::allocate_large(SIZE_T size)
{
    if (size > ~SIZE_T(0) - sizeof(Large) - page_bytes)
        return nullptr;
    const SIZE_T bytes = (size + sizeof(Large) + page_bytes - 1) & ~(page_bytes - 1);
    Large *large =
        static_cast<Large *>(::VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, protect_));
    if (large == nullptr)
        return nullptr;
    large->owner = this;
    large->committed = bytes;
    large->check = ~reinterpret_cast<ULONG_PTR>(large);
    push(larges_, large);
    return large + 1;
}

/* Nothing is read before Windows has said that an allocation with readable memory begins there. */
HRESULT ArenaMalloc::free_large(void *block)
{
    Large *large = static_cast<Large *>(block) - 1;
    MEMORY_BASIC_INFORMATION info;
    if (::VirtualQuery(large, &info, sizeof(info)) == 0 || info.AllocationBase != large ||
        info.State != MEM_COMMIT || info.Protect != protect_)
        return HOST_E_INVALIDOPERATION;
    if (large->check != ~reinterpret_cast<ULONG_PTR>(large) || large->owner != this)
        return HOST_E_INVALIDOPERATION;
    unlink(larges_, large); /* before its links are gone */
    if (::VirtualFree(large, 0, MEM_RELEASE))
        return S_OK;
    push(larges_, large); /* still there, still ours */
    return lw_last_failure();
}

HRESULT ArenaMalloc::Alloc(SIZE_T size, EMemoryCriticalLevel level, void **block)
{
    if (block == nullptr)
        return E_POINTER;
    *block = nullptr;
    Guard guard(lock_);
    Slab *slab = size <= small_max ? slab_for(class_of(size), level) : nullptr;
    if (slab != nullptr) {
        *block = slab->take();
        if (slab->live == slab->capacity)
            unlink(open_[slab->size_class], slab);
    } else if (size > small_max || first_word_ == slabs_ / 64) { /* large, or no slab left */
        *block = allocate_large(size);
    }
    return *block != nullptr ? S_OK : E_OUTOFMEMORY;
}

HRESULT ArenaMalloc::Free(void *block)
{
    if (block == nullptr) /* the CLR does that */
        return S_OK;
    Guard guard(lock_);
    const SIZE_T index = static_cast<SIZE_T>(static_cast<char *>(block) - base()) / slab_bytes;
    if (static_cast<char *>(block) < base() || index >= slabs_)
        return free_large(block);
    if (index == 0 || (committed_[index / 64] >> index % 64 & 1) == 0)
        return HOST_E_INVALIDOPERATION;
    Slab *slab = slab_at(index);
    const bool was_full = slab->live == slab->capacity;
    if (!slab->give_back(block))
        return HOST_E_INVALIDOPERATION;
    if (was_full)
        push(open_[slab->size_class], slab);
    if (slab->live == 0) {
        unlink(open_[slab->size_class], slab);
        push(spares_, slab);
        if (++spares_count_ > 2 * spare_slabs + reserve_slabs)
            decommit_spares(static_cast<SIZE_T>(spare_slabs + reserve_slabs));
    }
    return S_OK;
}

/* ---- IHostMemoryManager ---- */

class ArenaManager final : public Counted<IHostMemoryManager>
{
  public:
    ArenaManager() : Counted(IID_IHostMemoryManager) {}
    HRESULT STDMETHODCALLTYPE CreateMalloc(DWORD type, IHostMalloc **result) override
    {
        if (result == nullptr)
            return E_POINTER;
        *result = nullptr;
        if ((type & ~static_cast<DWORD>(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) != 0)
            return E_INVALIDARG;
        return ArenaMalloc::create(this, type, result);
    }
    HRESULT STDMETHODCALLTYPE VirtualAlloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                                           EMemoryCriticalLevel, void **result) override
    {
        if (result == nullptr)
            return E_POINTER;
        *result = ::VirtualAlloc(address, size, type, protect);
        return *result != nullptr ? S_OK : lw_last_failure();
    }
    HRESULT STDMETHODCALLTYPE VirtualFree(LPVOID address, SIZE_T size, DWORD type) override
    {
        if (::VirtualFree(address, size, type))
            return S_OK;
        if (GetLastError() == ERROR_INVALID_ADDRESS) /* not an allocation, or not its base */
            return HOST_E_INVALIDOPERATION;
        return lw_last_failure();
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
    HRESULT STDMETHODCALLTYPE GetMemoryLoad(DWORD *load, SIZE_T *available) override;
    HRESULT STDMETHODCALLTYPE
    RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *callback) override;
    HRESULT STDMETHODCALLTYPE NeedsVirtualAddressSpace(LPVOID address, SIZE_T size) override;
    HRESULT STDMETHODCALLTYPE AcquiredVirtualAddressSpace(LPVOID, SIZE_T) override { return S_OK; }
    HRESULT STDMETHODCALLTYPE ReleasedVirtualAddressSpace(LPVOID) override { return S_OK; }

  private:
    void last_reference_gone() override
    {
        if (callback_ != nullptr)
            callback_->Release();
        HeapFree(GetProcessHeap(), 0, this);
    }

    ICLRMemoryNotificationCallback *volatile callback_ = nullptr; /* held, never called */
};

HRESULT ArenaManager::GetMemoryLoad(DWORD *load, SIZE_T *available)
{
    MEMORYSTATUSEX status;
    if (load == nullptr || available == nullptr)
        return E_POINTER;
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    const ULONGLONG most = ~SIZE_T(0);
    *load = status.dwMemoryLoad;
    *available = static_cast<SIZE_T>(status.ullAvailPhys < most ? status.ullAvailPhys : most);
    return S_OK;
}

/* After a failed mapping: worth a second try when there are addresses enough. S_FALSE would count
 * as a yes. */
HRESULT ArenaManager::NeedsVirtualAddressSpace(LPVOID, SIZE_T size)
{
    MEMORYSTATUSEX status;
    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return lw_last_failure();
    return status.ullAvailVirtual > size ? S_OK : E_OUTOFMEMORY;
}

HRESULT
ArenaManager::RegisterMemoryNotificationCallback(ICLRMemoryNotificationCallback *callback)
{
    if (callback != nullptr)
        callback->AddRef();
    void *slot =
        InterlockedExchangePointer(reinterpret_cast<void *volatile *>(&callback_), callback);
    ICLRMemoryNotificationCallback *before = static_cast<ICLRMemoryNotificationCallback *>(slot);
    if (before != nullptr)
        before->Release();
    return S_OK;
}

} // namespace

LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE CreateHostMemoryManager(IHostMemoryManager **result)
{
    if (result == nullptr)
        return E_POINTER;
    void *memory = HeapAlloc(GetProcessHeap(), 0, sizeof(ArenaManager));
    *result = memory != nullptr ? new (memory) ArenaManager : nullptr;
    return memory != nullptr ? S_OK : E_OUTOFMEMORY;
}

static const lw_param params[] = {
    {"spares", "empty slabs kept", LW_COUNT, 0, 4096, 8, &spare_slabs},
    {"reserve", "slabs held back from task-critical requests", LW_COUNT, 0, 1024, 4,
     &reserve_slabs},
    {nullptr, nullptr, LW_COUNT, 0, 0, 0, nullptr}};

LW_POLICY_EXPORT const struct lw_policy lw_policy = {LW_POLICY_VERSION, "arena",
                                                     "an allocator of its own behind IHostMalloc",
                                                     params, CreateHostMemoryManager};
