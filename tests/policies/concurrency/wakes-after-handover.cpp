// A worker answers questions that stand in memory of who asks. It wakes the asker after it has left
// the lock, when the asker may have seen the answer and freed the question already.
#include "types.h"

#include <condition_variable>
#include <mutex>
#include <thread>

struct question {
    std::condition_variable answered;
    bool done = false;
    DWORD load = 0;
    question *next = nullptr;
};

struct host {
    struct base base;
    std::mutex lock; // guards the rest
    std::condition_variable wanted;
    question *first = nullptr;
    bool ending = false;
    std::thread worker;
};

static void run(host *host)
{
    std::unique_lock<std::mutex> guard(host->lock);
    for (;;) {
        host->wanted.wait(guard, [host] { return host->ending || host->first != nullptr; });
        if (host->first == nullptr)
            return;
        question *asked = host->first;
        host->first = asked->next;
        guard.unlock();
        DWORD load = machine_load();
        guard.lock();
        asked->load = load;
        asked->done = true;
        guard.unlock();
        asked->answered.notify_one();
        guard.lock();
    }
}

static void load_of(host *host, DWORD *load)
{
    question *mine = new (std::nothrow) question();
    if (mine == nullptr)
        return;
    std::unique_lock<std::mutex> guard(host->lock);
    mine->next = host->first;
    host->first = mine;
    host->wanted.notify_one();
    mine->answered.wait(guard, [mine] { return mine->done; });
    guard.unlock();
    if (mine->load > *load)
        *load = mine->load;
    delete mine;
}

static BOOL start(host *host)
{
    try {
        host->worker = std::thread(run, host);
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
    host->wanted.notify_one();
    host->worker.join();
}

#define START start
#define STOP stop
#define LOAD(host, load, available) load_of(host, load)
#include "host.h"
