// One race in each scene, between the lines that are marked with its name.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "stage.h"

long counter; /* visible: no compiler may drop what is stored there */

template <typename First, typename Second> static void together(First first, Second second)
{
    std::thread one(first), two(second);
    one.join();
    two.join();
}

SCENE(captured_by_reference)
{
    long local = 0;
    auto future = std::async(std::launch::async, [&] {
        local = 1; /* captured_by_reference A */
    });
    std::this_thread::yield();
    local = 2; /* captured_by_reference B */
    future.get();
    counter = local;
}

struct Object {
    std::atomic<int> references{2};
    long value = 0;
    void drop()
    {
        if (references.fetch_sub(1, std::memory_order_relaxed) == 1)
            counter = value; /* relaxed_references B */
    }
};

SCENE(relaxed_references)
{
    Object object;
    together(
        [&] {
            object.value = 1; /* relaxed_references A */
            object.drop();
        },
        [&] { object.drop(); });
}

SCENE(two_mutexes)
{
    std::mutex first, second;
    together(
        [&] {
            std::lock_guard<std::mutex> guard(first);
            counter = 1; /* two_mutexes A */
        },
        [&] {
            std::lock_guard<std::mutex> guard(second);
            counter = 2; /* two_mutexes B */
        });
}

SCENE(plain_flag)
{
    static bool done;
    std::thread worker([] {
        counter = 5;
        done = true; /* plain_flag A */
    });
    while (!*(volatile bool *)&done) /* plain_flag B */
        std::this_thread::yield();
    worker.join();
}

struct Table {
    long sum = 0;
    void add(long value) { sum += value; /* unlocked_method A B */ }
};

SCENE(unlocked_method)
{
    Table table;
    together([&] { table.add(1); }, [&] { table.add(2); });
}
