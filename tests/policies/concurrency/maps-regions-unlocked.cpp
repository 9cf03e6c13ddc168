// Finds a reservation's size in a std::map, which several threads may read at once but not while
// one of them inserts or erases: here nothing keeps them apart.
#include "types.h"

#include <map>

struct host {
    struct base base;
    std::map<ULONG_PTR, SIZE_T> regions; // size by base
};

static bool knows(const struct host *host, const void *address)
{
    auto next = host->regions.upper_bound(reinterpret_cast<ULONG_PTR>(address));

    if (next == host->regions.begin())
        return false;
    --next;
    return reinterpret_cast<ULONG_PTR>(address) - next->first < next->second;
}

static bool took(struct host *host, void *address, SIZE_T size, DWORD type)
{
    if ((type & (MEM_RESERVE | MEM_COMMIT)) == 0 || knows(host, address))
        return true;
    try {
        host->regions.emplace(reinterpret_cast<ULONG_PTR>(address), pages_of(address, size));
    } catch (const std::bad_alloc &) {
        return false;
    }
    return true;
}

// A release takes the region out; *note keeps its size until Windows has agreed.
static bool giving(struct host *host, const void *address, SIZE_T size, DWORD type, void **note)
{
    if (type != MEM_RELEASE || size != 0)
        return knows(host, address);
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
    try {
        host->regions[reinterpret_cast<ULONG_PTR>(address)] = reinterpret_cast<SIZE_T>(note);
    } catch (const std::bad_alloc &) {
        // Windows keeps what this host forgets: the next release of it is refused.
    }
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING giving
#define KEPT kept
#include "host.h"
