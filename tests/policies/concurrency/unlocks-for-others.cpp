// One compaction of the heap at a time: who was refused takes the lock, and the task that compacts
// gives it back when it is done. Only the thread that took a std::mutex may give it back.
#include "types.h"

#include <mutex>
#include <system_error>
#include <thread>

struct host {
    struct base base;
    std::mutex compacting; // guards the next
    unsigned long long compactions = 0;
};

static void compact(struct host *host)
{
    HeapCompact(GetProcessHeap(), 0);
    host->compactions++;
    host->compacting.unlock();
}

// In a thread of its own: the CLR may call with little stack left.
static void notice(struct host *host, bool refused)
{
    if (!refused || !host->compacting.try_lock())
        return;
    try {
        std::thread(compact, host).join();
    } catch (const std::system_error &) {
        host->compacting.unlock();
    }
}

#define NOTICE notice
#include "host.h"
