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
static bool giving(struct host *host, void *address, SIZE_T size, DWORD type, void **note)
{
    if (!knows(host, address))
        return false;
    if (type != MEM_RELEASE || size != 0)
        return true;
    auto found = host->regions.find(reinterpret_cast<ULONG_PTR>(address));
    if (found == host->regions.end())
        return false;
    auto node = host->regions.extract(found);
    *note = new (std::nothrow) decltype(node)(std::move(node));
    return *note != nullptr;
}

static void end_note(struct host *host, void *note, bool was_given)
{
    auto *node = static_cast<std::map<ULONG_PTR, SIZE_T>::node_type *>(note);

    if (node != nullptr && !was_given)
        host->regions.insert(std::move(*node));
    delete node;
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING giving
#define KEPT(host, note) end_note(host, note, false)
#define GAVE(host, note, shrinkage) end_note(host, note, true)
#include "host.h"
