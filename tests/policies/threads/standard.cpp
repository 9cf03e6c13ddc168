/* What C++ code of a host may use of threads: each part is checked when the manager is created, and
 * a part that does not work aborts with its line. C++20 where the compiler has it. */
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#if __cplusplus >= 202002L
#include <barrier>
#include <latch>
#include <semaphore>
#include <stop_token>
#endif

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                           \
            std::abort();                                                                          \
        }                                                                                          \
    } while (0)

namespace
{

using namespace std::chrono_literals;

void threads_are_joined_and_detached()
{
    int sum = 0;
    std::vector<std::thread> threads;
    std::mutex mutex;
    for (int i = 1; i <= 10; i++)
        threads.emplace_back([i, &sum, &mutex] {
            std::lock_guard<std::mutex> lock(mutex);
            int before = sum;
            std::this_thread::yield();
            sum = before + i;
        });
    for (auto &thread : threads)
        thread.join();
    EXPECT(sum == 55);
    std::atomic<bool> ran{false};
    std::thread([&ran] { ran = true; }).detach();
    while (!ran)
        std::this_thread::sleep_for(1ms);
    EXPECT(std::thread::hardware_concurrency() == 2);
    EXPECT(std::this_thread::get_id() != std::thread::id());
}

void locks_of_every_kind_exclude()
{
    std::recursive_mutex recursive;
    std::timed_mutex timed;
    std::shared_mutex shared;
    std::shared_timed_mutex shared_timed;
    std::unique_lock<std::timed_mutex> held(timed);
    std::shared_lock<std::shared_mutex> reader(shared);
    std::thread([&] {
        EXPECT(!timed.try_lock());
        auto before = std::chrono::steady_clock::now();
        EXPECT(!timed.try_lock_for(20ms));
        EXPECT(std::chrono::steady_clock::now() - before >= 20ms);
        EXPECT(!timed.try_lock_until(std::chrono::system_clock::now() + 5ms));
        EXPECT(shared.try_lock_shared());
        shared.unlock_shared();
        EXPECT(!shared.try_lock());
        EXPECT(shared_timed.try_lock_for(1ms));
        shared_timed.unlock();
        EXPECT(shared_timed.try_lock_shared_for(1ms));
        shared_timed.unlock_shared();
        std::lock_guard<std::recursive_mutex> outer(recursive), inner(recursive);
    }).join();
    held.unlock();
    std::mutex a, b;
    std::thread other([&] { std::scoped_lock both(b, a); });
    {
        std::scoped_lock both(a, b);
    }
    other.join();
}

void conditions_wake_their_waiters()
{
    std::mutex mutex;
    std::condition_variable condition;
    std::condition_variable_any any;
    std::vector<int> queue;
    bool done = false;
    int taken = 0;
    std::thread consumer([&] {
        std::unique_lock<std::mutex> lock(mutex);
        for (;;) {
            condition.wait(lock, [&] { return !queue.empty() || done; });
            if (queue.empty())
                return;
            taken += queue.back();
            queue.pop_back();
        }
    });
    for (int i = 1; i <= 20; i++) {
        std::lock_guard<std::mutex> lock(mutex);
        queue.push_back(i);
        condition.notify_one();
    }
    {
        std::lock_guard<std::mutex> lock(mutex);
        done = true;
    }
    condition.notify_all();
    consumer.join();
    EXPECT(taken == 210);
    std::unique_lock<std::mutex> lock(mutex);
    EXPECT(condition.wait_for(lock, 3ms) == std::cv_status::timeout);
    EXPECT(condition.wait_until(lock, std::chrono::system_clock::now() + 3ms) ==
           std::cv_status::timeout);
    EXPECT(any.wait_for(lock, 3ms) == std::cv_status::timeout);
}

struct Tracked {
    std::string name;
    std::atomic<int> *gone;
    ~Tracked()
    {
        if (gone)
            ++*gone;
    }
};
thread_local int plain = 5;
thread_local Tracked tracked{"a name that does not fit into the string object itself", nullptr};

void thread_local_data_belongs_to_its_thread()
{
    std::atomic<int> gone{0};
    plain = 6;
    tracked.name = "main";
    for (int i = 0; i < 3; i++)
        std::thread([&gone] {
            EXPECT(plain == 5);
            plain = 7;
            EXPECT(tracked.name.size() == 54);
            tracked.gone = &gone;
            std::this_thread::yield();
            EXPECT(plain == 7);
        }).join();
    EXPECT(gone == 3);
    EXPECT(plain == 6 && tracked.name == "main");
}

int throw_after(int depth)
{
    if (depth == 0)
        throw std::runtime_error("deep");
    std::this_thread::yield();
    return throw_after(depth - 1) + 1;
}

void exceptions_in_flight_belong_to_their_thread()
{
    auto work = [](int rounds) {
        for (int i = 0; i < rounds; i++)
            try {
                throw_after(3);
                EXPECT(false);
            } catch (const std::runtime_error &error) {
                std::this_thread::yield(); /* another thread catches here meanwhile */
                EXPECT(std::string(error.what()) == "deep");
                EXPECT(std::current_exception() != nullptr);
            }
    };
    std::thread a(work, 5), b(work, 7);
    work(6);
    a.join();
    b.join();
}

void futures_bring_values_and_exceptions()
{
    auto value = std::async(std::launch::async, [] {
        std::this_thread::sleep_for(5ms);
        return 42;
    });
    EXPECT(value.wait_for(1ms) == std::future_status::timeout);
    EXPECT(value.get() == 42);
    auto failing = std::async(std::launch::async, []() -> int { throw std::logic_error("no"); });
    try {
        failing.get();
        EXPECT(false);
    } catch (const std::logic_error &) {
    }
    std::promise<std::string> promise;
    std::future<std::string> promised = promise.get_future();
    std::thread([&promise] { promise.set_value("kept"); }).detach();
    EXPECT(promised.get() == "kept");
    std::packaged_task<int(int)> task([](int x) { return x * 2; });
    auto doubled = task.get_future();
    std::thread(std::move(task), 21).join();
    EXPECT(doubled.get() == 42);
}

struct Slow {
    int value;
    Slow()
    {
        std::this_thread::sleep_for(2ms);
        value = 9;
    }
};

int slow_static()
{
    static Slow slow; /* several threads come here while it is being made */
    return slow.value;
}

void initialisations_run_once()
{
    std::once_flag flag;
    std::atomic<int> calls{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            std::call_once(flag, [&] {
                if (++calls == 1)
                    return;
                std::abort();
            });
            EXPECT(slow_static() == 9);
        });
    for (auto &thread : threads)
        thread.join();
    EXPECT(calls == 1);
    std::once_flag failing;
    int tries = 0;
    for (int i = 0; i < 3; i++)
        try {
            std::call_once(failing, [&] {
                if (++tries < 3)
                    throw std::runtime_error("not yet");
            });
        } catch (const std::runtime_error &) {
        }
    std::call_once(failing, [&] { tries++; });
    EXPECT(tries == 3);
}

void shared_pointers_count_between_threads()
{
    auto shared = std::make_shared<std::string>("shared");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([copy = shared] { EXPECT(*copy == "shared"); });
    for (auto &thread : threads)
        thread.join();
    threads.clear();
    EXPECT(shared.use_count() == 1);
}

void atomics_wait_and_wake()
{
#if __cplusplus >= 202002L
    std::atomic<int> turn{0};
    std::thread other([&] {
        turn.wait(0);
        turn = 2;
        turn.notify_all();
    });
    turn = 1;
    turn.notify_one();
    turn.wait(1);
    EXPECT(turn == 2);
    other.join();
    std::counting_semaphore<10> semaphore(0);
    std::latch latch(2);
    std::barrier barrier(2);
    std::jthread worker([&](std::stop_token stop) {
        semaphore.acquire();
        latch.arrive_and_wait();
        barrier.arrive_and_wait();
        while (!stop.stop_requested())
            std::this_thread::sleep_for(1ms);
    });
    EXPECT(!semaphore.try_acquire_for(2ms));
    semaphore.release();
    latch.arrive_and_wait();
    barrier.arrive_and_wait();
#endif
}

void check_threads()
{
    threads_are_joined_and_detached();
    locks_of_every_kind_exclude();
    conditions_wake_their_waiters();
    thread_local_data_belongs_to_its_thread();
    exceptions_in_flight_belong_to_their_thread();
    futures_bring_values_and_exceptions();
    initialisations_run_once();
    shared_pointers_count_between_threads();
    atomics_wait_and_wake();
}

} // namespace

#define FACTORY_RESULT(host, result) (check_threads(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
