// Compacts the heap in a task and waits for its result, under the lock that the task takes to write
// down what it found, if that was anything new.
#include "types.h"

#include <future>
#include <mutex>

struct host {
    struct base base;
    std::mutex lock; // guards the next two
    SIZE_T largest = 0;
    unsigned long long compactions = 0;
};

static bool compact(struct host *host)
{
    const SIZE_T found = HeapCompact(GetProcessHeap(), 0);

    if (found == 0)
        return false;
    std::lock_guard<std::mutex> guard(host->lock);
    host->largest = found;
    return true;
}

static bool wait_for_room(struct host *host)
{
    std::lock_guard<std::mutex> guard(host->lock);
    host->compactions++;
    try {
        return std::async(std::launch::async, compact, host).get();
    } catch (const std::exception &) {
        return false;
    }
}

#define RETRY(host, growth) wait_for_room(host)
#include "host.h"
