// Finds reservations in a std::map behind a std::shared_mutex: many may read, one may change, and a
// reader that must change lets go first and looks again.
#include "../types.h"

#include <map>
#include <mutex>
#include <shared_mutex>

struct host {
    struct base base;
    std::shared_mutex lock;              // guards the next
    std::map<ULONG_PTR, SIZE_T> regions; // size by base
};

static bool knows(struct host *host, const void *address)
{
    const ULONG_PTR at = reinterpret_cast<ULONG_PTR>(address);

    std::shared_lock<std::shared_mutex> reader(host->lock);
    auto next = host->regions.upper_bound(at);
    return next != host->regions.begin() && at - std::prev(next)->first < std::prev(next)->second;
}

static bool took(struct host *host, const void *address, SIZE_T size, DWORD type)
{
    if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0 || knows(host, address))
        return true;
    std::unique_lock<std::shared_mutex> writer(host->lock);
    try {
        host->regions[reinterpret_cast<ULONG_PTR>(address)] = pages_of(address, size);
    } catch (const std::bad_alloc &) {
        return false;
    }
    return true;
}

// A release takes the region out before Windows has it, as another thread may be given the same
// address at once; *note keeps its size until Windows has agreed. Nothing here needs memory.
static bool giving(struct host *host, const void *address, SIZE_T size, DWORD type, void **note)
{
    if (type != MEM_RELEASE || size != 0)
        return knows(host, address);
    std::unique_lock<std::shared_mutex> writer(host->lock);
    auto found = host->regions.find(reinterpret_cast<ULONG_PTR>(address));
    if (found == host->regions.end())
        return false;
    *note = reinterpret_cast<void *>(found->second);
    host->regions.erase(found);
    return true;
}

static void kept(struct host *host, const void *address, void *note)
{
    if (note == nullptr)
        return;
    std::unique_lock<std::shared_mutex> writer(host->lock);
    try {
        host->regions[reinterpret_cast<ULONG_PTR>(address)] = reinterpret_cast<SIZE_T>(note);
    } catch (const std::bad_alloc &) {
        // Windows keeps what this host forgets: the next release of it is refused.
    }
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING giving
#define KEPT kept
#include "../host.h"
