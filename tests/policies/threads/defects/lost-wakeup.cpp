/* Notifies a condition before anybody waits for it, and waits without a predicate. */
#include <condition_variable>
#include <mutex>
#include <thread>

static std::mutex mutex;
static std::condition_variable room;

static void make_room()
{
    std::lock_guard<std::mutex> lock(mutex);
    room.notify_one();
}

__attribute__((noinline)) static void wait_for_room(unsigned count)
{
    if (count != 5)
        return;
    std::thread(make_room).join();
    std::unique_lock<std::mutex> lock(mutex);
    room.wait(lock);
}

#define ON_COMMIT(host, count, address, size) wait_for_room(count)
#include "../../defective/host.h"
