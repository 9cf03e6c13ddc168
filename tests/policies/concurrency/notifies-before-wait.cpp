// A worker compacts the heap when a commit was refused. It waits for a bare notification: a request
// that comes while it is still busy with the one before wakes nobody, and who made it waits on.
#include "types.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

struct host {
    struct base base;
    std::mutex lock; // guards the next two
    bool ending = false;
    unsigned long long asked = 0, done = 0;
    std::condition_variable wanted, compacted;
    std::thread worker;
};

static void compact(struct host *host)
{
    std::unique_lock<std::mutex> guard(host->lock);
    while (!host->ending) {
        host->wanted.wait(guard);
        const unsigned long long serving = host->asked;
        guard.unlock();
        HeapCompact(GetProcessHeap(), 0);
        guard.lock();
        host->done = serving;
        host->compacted.notify_all();
    }
}

static bool wait_for_room(struct host *host)
{
    std::unique_lock<std::mutex> guard(host->lock);
    const unsigned long long mine = ++host->asked;
    host->wanted.notify_one();
    host->compacted.wait(guard, [=] { return host->done >= mine; });
    return true;
}

static bool start(struct host *host)
{
    try {
        host->worker = std::thread(compact, host);
    } catch (const std::exception &) {
        return false;
    }
    return true;
}

static void stop(struct host *host)
{
    {
        std::lock_guard<std::mutex> guard(host->lock);
        host->ending = true;
    }
    host->wanted.notify_one();
    host->worker.join();
}

#define START start
#define STOP stop
#define RETRY(host, growth) wait_for_room(host)
#include "host.h"
