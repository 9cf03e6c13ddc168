// Compacts the heap in a task and waits for its result before it takes the lock to write that down.
#include "../types.h"

#include <future>
#include <mutex>

struct host {
    struct base base;
    std::mutex lock; // guards the next two
    SIZE_T largest = 0;
    unsigned long long compactions = 0;
};

static SIZE_T compact()
{
    return HeapCompact(GetProcessHeap(), 0);
}

static bool wait_for_room(struct host *host)
{
    SIZE_T found = 0;

    try {
        found = std::async(std::launch::async, compact).get();
    } catch (const std::exception &) {
        return false;
    }
    std::lock_guard<std::mutex> guard(host->lock);
    host->compactions++;
    if (found > host->largest)
        host->largest = found;
    return found != 0;
}

#define RETRY(host, growth) wait_for_room(host)
#include "../host.h"
