// Looks for a region as a reader. When it finds none (a commit without an address), the same
// function becomes a writer to insert it, without ceasing to be a reader, and waits for itself.
#include "types.h"

#include <map>
#include <mutex>
#include <shared_mutex>

struct host {
    struct base base;
    std::shared_mutex lock;              // guards the next
    std::map<ULONG_PTR, SIZE_T> regions; // size by base
};

static bool insert(struct host *host, ULONG_PTR base, SIZE_T size)
{
    std::unique_lock<std::shared_mutex> writer(host->lock);
    try {
        host->regions[base] = size;
    } catch (const std::bad_alloc &) {
        return false;
    }
    return true;
}

static bool took(struct host *host, const void *address, SIZE_T size, DWORD type)
{
    const ULONG_PTR base = reinterpret_cast<ULONG_PTR>(address);

    if ((type & MEM_RESERVE) != 0)
        return insert(host, base, pages_of(address, size));
    if ((type & MEM_COMMIT) == 0)
        return true;
    std::shared_lock<std::shared_mutex> reader(host->lock);
    auto next = host->regions.upper_bound(base);
    if (next != host->regions.begin() && base - std::prev(next)->first < std::prev(next)->second)
        return true;
    return insert(host, base, pages_of(address, size));
}

static bool giving(struct host *host, const void *address, DWORD type)
{
    if (type == MEM_RELEASE) {
        std::unique_lock<std::shared_mutex> writer(host->lock);
        host->regions.erase(reinterpret_cast<ULONG_PTR>(address));
    }
    return true;
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING(host, address, size, type, note) giving(host, address, type)
#include "host.h"
