// Keeps freed blocks of one size committed for the next request, and has a thread that takes their
// pages away when nobody asked for a while. It looks for what to take under the lock, and takes it
// behind: a block may have been given out meanwhile.
#include "types.h"

#include <condition_variable>
#include <mutex>
#include <thread>

static constexpr SIZE_T kept_bytes = 65536;
static constexpr unsigned kept_most = 8;

struct kept {
    void *base;
    bool committed;
};

struct host {
    struct base base;
    std::mutex lock; // guards the next three
    kept places[kept_most] = {};
    bool asked = false;
    bool ending = false;
    std::condition_variable ends;
    std::thread trimmer;
};

static void trim(host *host)
{
    std::unique_lock<std::mutex> guard(host->lock);
    while (!host->ending) {
        host->ends.wait_for(guard, std::chrono::milliseconds(1));
        for (kept &each : host->places) {
            void *base = each.base;
            if (base == nullptr || !each.committed || host->ending)
                continue;
            each.committed = false;
            guard.unlock();
            VirtualFree(base, kept_bytes, MEM_DECOMMIT);
            guard.lock();
        }
    }
}

static HRESULT ask(host *host, void *address, SIZE_T size, DWORD type, DWORD protect, void **result)
{
    if (address == nullptr && size == kept_bytes && type == (MEM_RESERVE | MEM_COMMIT) &&
        protect == PAGE_READWRITE) {
        std::unique_lock<std::mutex> guard(host->lock);
        for (kept &each : host->places)
            if (each.base != nullptr && !each.committed) {
                *result = each.base;
                each.base = nullptr;
                guard.unlock();
                if (VirtualAlloc(*result, size, MEM_COMMIT, protect) != nullptr)
                    return S_OK;
                VirtualFree(*result, 0, MEM_RELEASE);
                break;
            }
    }
    *result = VirtualAlloc(address, size, type, protect);
    return *result != nullptr ? S_OK : lw_last_failure();
}

static bool keep(host *host, void *base)
{
    MEMORY_BASIC_INFORMATION info;
    if (VirtualQuery(base, &info, sizeof(info)) == 0 || info.AllocationBase != base ||
        info.RegionSize != kept_bytes || info.State != MEM_COMMIT)
        return false;
    std::lock_guard<std::mutex> guard(host->lock);
    for (kept &each : host->places)
        if (each.base == nullptr) {
            each = {base, true};
            return true;
        }
    return false;
}

static void drop_all(host *host)
{
    std::lock_guard<std::mutex> guard(host->lock);
    for (kept &each : host->places) {
        if (each.base != nullptr)
            VirtualFree(each.base, 0, MEM_RELEASE);
        each.base = nullptr;
    }
}

static BOOL start(host *host);

static void stop(host *host)
{
    {
        std::lock_guard<std::mutex> guard(host->lock);
        host->ending = true;
    }
    host->ends.notify_all();
    host->trimmer.join();
    drop_all(host);
}

static HRESULT needs(host *host)
{
    drop_all(host);
    return S_OK;
}

#define ASK(host, address, size, type, protect, growth, result)                                    \
    ask(host, address, size, type, protect, result)
#define NEEDS(host, address, size) needs(host)
#define START start
#define STOP stop
#include "host.h"

static HRESULT STDMETHODCALLTYPE free_or_keep(IHostMemoryManager *self, LPVOID address, SIZE_T size,
                                              DWORD type)
{
    if (type == MEM_RELEASE && size == 0 && keep(reinterpret_cast<host *>(self), address))
        return S_OK;
    return host_virtual_free(self, address, size, type);
}

static BOOL start(host *host)
{
    host_vtbl.VirtualFree = free_or_keep;
    try {
        host->trimmer = std::thread(trim, host);
    } catch (...) {
        return FALSE;
    }
    return TRUE;
}
