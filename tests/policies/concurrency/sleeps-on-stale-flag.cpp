// Its worker looks whether it is to end, and then sleeps on a condition variable. Who ends it in
// between wakes nobody, and waits for the worker for ever.
#include "types.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

struct worker_of_host {
    std::atomic<bool> ending{false};
    std::mutex lock; // guards the next
    unsigned refusals = 0;
    std::condition_variable wanted;
    std::thread thread;

    void run()
    {
        while (!ending) {
            std::unique_lock<std::mutex> guard(lock);
            wanted.wait(guard);
            if (refusals > 0) {
                refusals--;
                guard.unlock();
                HeapCompact(GetProcessHeap(), 0);
            }
        }
    }
};

struct host {
    struct base base;
    worker_of_host worker;
};

static BOOL start(host *host)
{
    try {
        host->worker.thread = std::thread([host] { host->worker.run(); });
    } catch (...) {
        return FALSE;
    }
    return TRUE;
}

static void stop(host *host)
{
    host->worker.ending = true;
    host->worker.wanted.notify_all();
    host->worker.thread.join();
}

static void notice(host *host, bool refused)
{
    if (!refused)
        return;
    {
        std::lock_guard<std::mutex> guard(host->worker.lock);
        host->worker.refusals++;
    }
    host->worker.wanted.notify_one();
}

#define START start
#define STOP stop
#define NOTICE notice
#include "host.h"
