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

// A release takes the region out before Windows has it; *note keeps it until Windows has agreed.
static bool giving(struct host *host, const void *address, SIZE_T size, DWORD type, void **note)
{
    using node_type = std::map<ULONG_PTR, SIZE_T>::node_type;

    if (type != MEM_RELEASE || size != 0)
        return knows(host, address);
    auto *node = new (std::nothrow) node_type;
    if (node == nullptr)
        return false;
    std::unique_lock<std::shared_mutex> writer(host->lock);
    *node = host->regions.extract(reinterpret_cast<ULONG_PTR>(address));
    writer.unlock();
    if (node->empty()) {
        delete node;
        return false;
    }
    *note = node;
    return true;
}

static void end_note(struct host *host, void *note, bool was_given)
{
    auto *node = static_cast<std::map<ULONG_PTR, SIZE_T>::node_type *>(note);

    if (node != nullptr && !was_given) {
        std::unique_lock<std::shared_mutex> writer(host->lock);
        host->regions.insert(std::move(*node));
    }
    delete node;
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING giving
#define KEPT(host, note) end_note(host, note, false)
#define GAVE(host, note, shrinkage) end_note(host, note, true)
#include "../host.h"
