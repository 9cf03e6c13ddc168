// Blocks wait for a place and the trimmer waits for blocks, on one condition variable. Who gives a
// place back wakes one of them: if that is the trimmer, the block waits though there is a place.
#include "types.h"

#include <condition_variable>
#include <mutex>
#include <thread>

static constexpr unsigned places_count = 2;

struct host {
    struct base base;
    std::mutex lock; // guards the next three
    unsigned free_places = places_count;
    unsigned finished = 0; // not seen by the trimmer yet
    bool ending = false;
    std::condition_variable changed;
    std::thread trimmer;
};

static void trim(host *host)
{
    std::unique_lock<std::mutex> guard(host->lock);
    for (;;) {
        host->changed.wait(guard, [host] { return host->ending || host->finished >= 16; });
        if (host->ending)
            return;
        host->finished = 0;
        guard.unlock();
        HeapCompact(GetProcessHeap(), 0);
        guard.lock();
    }
}

static HRESULT admit(host *host, ULONGLONG growth)
{
    if (growth == 0)
        return S_OK;
    std::unique_lock<std::mutex> guard(host->lock);
    host->changed.wait(guard, [host] { return host->free_places > 0; });
    host->free_places--;
    return S_OK;
}

static void give_place(host *host)
{
    {
        std::lock_guard<std::mutex> guard(host->lock);
        host->free_places++;
        host->finished++;
    }
    host->changed.notify_one();
}

static bool took(host *host, ULONGLONG growth)
{
    if (growth != 0)
        give_place(host);
    return true;
}

static void refused(host *host, ULONGLONG growth)
{
    if (growth != 0)
        give_place(host);
}

static BOOL start(host *host)
{
    try {
        host->trimmer = std::thread(trim, host);
    } catch (...) {
        return FALSE;
    }
    return TRUE;
}

static void stop(host *host)
{
    {
        std::lock_guard<std::mutex> guard(host->lock);
        host->ending = true;
    }
    host->changed.notify_all();
    host->trimmer.join();
}

#define START start
#define STOP stop
#define ADMIT(host, growth, level) admit(host, growth)
#define TOOK(host, address, size, type, growth) took(host, growth)
#define REFUSED refused
#include "host.h"
