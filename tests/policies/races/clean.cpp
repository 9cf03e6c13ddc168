// What is ordered by the C++ library and the language: no schedule may show a race.
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "stage.h"

static std::atomic<long> seen;
static long counter, box;

template <typename First, typename Second> static void together(First first, Second second)
{
    std::thread one(first), two(second);
    one.join();
    two.join();
}

SCENE(guarded_counter)
{
    std::mutex mutex;
    auto count = [&] {
        for (int i = 0; i < 4; i++) {
            std::lock_guard<std::mutex> guard(mutex);
            counter++;
        }
    };
    together(count, count);
    if (counter != 8)
        std::abort();
}

SCENE(shared_mutex_readers)
{
    std::shared_mutex mutex;
    auto write = [&] {
        std::unique_lock<std::shared_mutex> lock(mutex);
        box++;
    };
    auto read = [&] {
        std::shared_lock<std::shared_mutex> lock(mutex);
        return box;
    };
    together(write, read);
    together(read, read);
    together(write, write);
}

SCENE(queue_of_strings)
{
    std::mutex mutex;
    std::condition_variable ready;
    std::deque<std::string> queue;
    std::string got;
    auto put = [&] {
        for (int i = 0; i < 3; i++) {
            {
                std::lock_guard<std::mutex> guard(mutex);
                queue.push_back("a string that is too long for its object " + std::to_string(i));
            }
            ready.notify_one();
        }
    };
    auto take = [&] {
        for (int i = 0; i < 3; i++) {
            std::unique_lock<std::mutex> lock(mutex);
            ready.wait(lock, [&] { return !queue.empty(); });
            got += queue.front();
            queue.pop_front();
        }
    };
    together(put, take);
    if (got.size() < 100)
        std::abort();
}

SCENE(called_once)
{
    static std::once_flag once;
    static std::vector<int> made;
    auto use = [] {
        std::call_once(once, [] { made.assign(10, 3); });
        if (made.at(9) != 3)
            std::abort();
    };
    together(use, use);
}

struct Tables {
    std::vector<long> all;
    Tables() : all(20, 5) {}
};

static Tables &tables()
{
    static Tables made;
    return made;
}

SCENE(static_in_function)
{
    auto use = [] {
        if (tables().all[19] != 5)
            std::abort();
    };
    together(use, use);
    use();
}

SCENE(async_results)
{
    long local = 4;
    auto future = std::async(std::launch::async, [&] {
        local = 5;
        return std::string(40, 'x');
    });
    if (future.get().size() != 40 || local != 5)
        std::abort();
    auto failing = std::async(std::launch::async, []() -> int { throw std::runtime_error("no"); });
    try {
        failing.get();
        std::abort();
    } catch (const std::runtime_error &error) {
        counter += error.what()[0];
    }
}

SCENE(promises)
{
    std::promise<std::unique_ptr<long>> promise;
    auto future = promise.get_future();
    together([&] { promise.set_value(std::make_unique<long>(3)); },
             [&] { counter = *future.get(); });
}

SCENE(shared_pointers)
{
    auto shared = std::make_shared<std::vector<long>>(8, 1);
    std::weak_ptr<std::vector<long>> weak = shared;
    auto use = [](std::shared_ptr<std::vector<long>> own) {
        long sum = 0;
        for (long value : *own)
            sum += value;
        if (sum != 8)
            std::abort();
    };
    std::thread one(use, shared), two(use, shared);
    std::thread three([weak] {
        if (auto own = weak.lock())
            seen += own->empty();
    });
    shared.reset();
    one.join();
    two.join();
    three.join();
}

SCENE(atomic_waits)
{
    std::atomic<int> ready{0};
    together(
        [&] {
            box = 1;
            ready.store(1, std::memory_order_release);
            ready.notify_all();
        },
        [&] {
            ready.wait(0, std::memory_order_acquire);
            counter = box;
        });
}

SCENE(latches_and_barriers)
{
    std::latch latch(2);
    std::barrier barrier(2);
    long parts[2] = {0, 0};
    auto work = [&](int me) {
        parts[me] = me + 1;
        latch.arrive_and_wait();
        if (parts[0] + parts[1] != 3)
            std::abort();
        barrier.arrive_and_wait();
        parts[1 - me] = 7;
        barrier.arrive_and_wait();
        if (parts[me] != 7)
            std::abort();
    };
    together([&] { work(0); }, [&] { work(1); });
}

SCENE(semaphores)
{
    std::binary_semaphore mine(0), yours(1);
    auto ping = [&] {
        for (int i = 0; i < 3; i++) {
            yours.acquire();
            counter++;
            mine.release();
        }
    };
    auto pong = [&] {
        for (int i = 0; i < 3; i++) {
            mine.acquire();
            counter *= 2;
            yours.release();
        }
    };
    together(ping, pong);
}

static thread_local std::string own_text;

SCENE(thread_local_objects)
{
    auto use = [] {
        own_text = "long enough that it must be on the heap of the process";
        own_text += own_text;
    };
    together(use, use);
    together(use, use);
}

SCENE(stopped_threads)
{
    std::mutex mutex;
    std::condition_variable_any changed;
    bool seen = false;
    std::jthread worker([&](std::stop_token token) {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, token, [] { return false; });
        seen = true;
    });
    worker.request_stop();
    worker.join();
    if (!seen)
        std::abort();
}

SCENE(spinlock)
{
    std::atomic_flag flag = ATOMIC_FLAG_INIT;
    auto count = [&] {
        for (int i = 0; i < 3; i++) {
            while (flag.test_and_set(std::memory_order_acquire))
                std::this_thread::yield();
            counter++;
            flag.clear(std::memory_order_release);
        }
    };
    together(count, count);
}

struct Shape {
    long size = 1;
    virtual ~Shape() = default;
    virtual long area() const { return size; }
};
struct Square : Shape {
    long area() const override { return size * size; }
};

SCENE(objects_with_tables)
{
    std::unique_ptr<Shape> shape = std::make_unique<Square>();
    auto use = [&] { return shape->area(); };
    together(use, use);
}

struct Failure : std::runtime_error {
    std::string detail;
    long code = 3;
    Failure() : std::runtime_error("failed"), detail(60, 'y') {}
};

SCENE(exceptions_shared_by_threads)
{
    std::promise<long> promise;
    std::shared_future<long> future = promise.get_future().share();
    auto ask = [future] {
        try {
            future.get();
            std::abort();
        } catch (const Failure &failure) {
            if (failure.detail.size() != 60 || failure.code != 3)
                std::abort();
        }
    };
    std::thread one(ask), two(ask);
    try {
        throw Failure();
    } catch (...) {
        promise.set_exception(std::current_exception());
    }
    future = {};
    one.join();
    two.join();
}

SCENE(packaged_tasks)
{
    std::packaged_task<std::vector<long>(long)> task(
        [](long size) { return std::vector<long>(size, size); });
    auto future = task.get_future();
    std::thread worker(std::move(task), 12);
    if (future.get().at(11) != 12)
        std::abort();
    worker.join();
}

struct Node {
    Node *next;
    long value;
};

SCENE(stack_without_lock)
{
    std::atomic<Node *> top{nullptr};
    Node nodes[6];
    auto push = [&](int from) {
        for (int i = from; i < from + 3; i++) {
            nodes[i].value = i;
            nodes[i].next = top.load(std::memory_order_relaxed);
            while (!top.compare_exchange_weak(nodes[i].next, &nodes[i], std::memory_order_release,
                                              std::memory_order_relaxed))
                ;
        }
    };
    auto take_all = [&] {
        long sum = 0;
        for (Node *node = top.exchange(nullptr, std::memory_order_acquire); node; node = node->next)
            sum += node->value;
        return sum;
    };
    together([&] { push(0); }, [&] { push(3); });
    together([&] { take_all(); }, [&] { take_all(); });
}

SCENE(handed_over_by_unique_pointer)
{
    std::atomic<long *> slot{nullptr};
    together([&] { slot.store(new long(5), std::memory_order_release); },
             [&] {
                 long *got;
                 while (!(got = slot.exchange(nullptr, std::memory_order_acquire)))
                     std::this_thread::yield();
                 counter = *got;
                 delete got;
             });
}
