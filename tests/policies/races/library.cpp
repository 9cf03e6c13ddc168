// More of the C++ library, in order: no schedule may show a race. Many, so only make test-long
// plays them.
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <latch>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>
#include <syncstream>

#include "stage.h"

long counter, box, total;

template <typename F, typename S> static void together(F f, S s)
{
    std::thread a(f), b(s);
    a.join();
    b.join();
}

SCENE(free_atomic_load)
{
    auto p = std::make_shared<std::string>(40, 'a');
    auto write = [&] {
        for (int i = 0; i < 3; i++)
            std::atomic_store(&p, std::make_shared<std::string>(41, 'b'));
    };
    auto read = [&] {
        for (int i = 0; i < 3; i++) {
            auto q = std::atomic_load(&p);
            if (q->size() < 40)
                std::abort();
        }
    };
    together(write, read);
}

SCENE(timed_and_recursive)
{
    std::timed_mutex t;
    std::recursive_mutex r;
    std::shared_timed_mutex s;
    auto work = [&] {
        for (int i = 0; i < 3; i++) {
            {
                std::unique_lock l(t, std::chrono::milliseconds(100));
                if (l)
                    counter++;
            }
            {
                std::scoped_lock l(r);
                std::scoped_lock m(r);
                box++;
            }
            {
                std::shared_lock l(s, std::chrono::milliseconds(5));
            }
            {
                std::unique_lock l(s);
                total++;
            }
        }
    };
    std::mutex a, b;
    auto other = [&] {
        std::scoped_lock l(a, b);
        counter++;
    };
    together(work, work);
    together(other, other);
}

SCENE(stop_callbacks)
{
    std::stop_source src;
    std::string text;
    std::thread w([&, tok = src.get_token()] {
        std::stop_callback cb(tok, [&] { box++; });
        while (!tok.stop_requested())
            std::this_thread::yield();
    });
    src.request_stop();
    w.join();
    if (box == 0) {
    }
    counter = box;
}

SCENE(call_once_throws)
{
    std::once_flag f;
    int n = 0;
    std::string made;
    auto other = [&] {
        try {
            std::call_once(f, [&] {
                if (n++ == 0)
                    throw std::runtime_error("x");
                made = "a long string that needs the heap, really";
            });
        } catch (...) {
        }
    };
    together(other, other);
    together(other, other);
    if (made.empty())
        std::abort();
}

SCENE(exit_notifies)
{
    std::mutex m;
    std::condition_variable cv;
    bool ready = false;
    std::string r;
    std::thread([&] {
        std::unique_lock l(m);
        r.assign(50, 'z');
        ready = true;
        std::notify_all_at_thread_exit(cv, std::move(l));
    }).detach();
    std::unique_lock l(m);
    cv.wait(l, [&] { return ready; });
    if (r.size() != 50)
        std::abort();
    l.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

SCENE(pool_resource)
{
    std::pmr::synchronized_pool_resource pool;
    auto work = [&] {
        for (int i = 0; i < 5; i++) {
            std::pmr::vector<int> v(&pool);
            for (int k = 0; k < 50; k++)
                v.push_back(k);
            std::pmr::string s("hello hello hello hello hello hello", &pool);
        }
    };
    together(work, work);
}

SCENE(streams)
{
    auto work = [&] {
        std::ostringstream o;
        for (int i = 0; i < 5; i++)
            o << "x" << i << ' ' << 1.5;
        if (o.str().size() < 10)
            std::abort();
    };
    together(work, work);
}

SCENE(sync_streams)
{
    std::ostringstream shared;
    auto work = [&] {
        for (int i = 0; i < 3; i++)
            std::osyncstream(shared) << "line " << i << "\n";
    };
    together(work, work);
    if (shared.str().size() < 20)
        std::abort();
}

SCENE(functions_and_maps)
{
    std::mutex m;
    std::map<std::string, std::function<long(long)>> t;
    auto work = [&](int k) {
        for (int i = 0; i < 4; i++) {
            std::lock_guard g(m);
            t["name number " + std::to_string(i * 2 + k)] = [i, s = std::string(30, 'q')](long x) {
                return x + i + (long)s.size();
            };
        }
    };
    together([&] { work(0); }, [&] { work(1); });
    long sum = 0;
    for (auto &[k, v] : t)
        sum += v(1);
    if (sum == 0)
        std::abort();
}

SCENE(async_many)
{
    std::vector<std::future<std::vector<std::string>>> fs;
    for (int i = 0; i < 6; i++)
        fs.push_back(std::async(std::launch::async, [i] {
            return std::vector<std::string>(5, std::string(20 + i, 'm'));
        }));
    for (auto &f : fs)
        if (f.get().size() != 5)
            std::abort();
}

SCENE(promise_broken)
{
    std::future<int> f;
    {
        std::promise<int> p;
        f = p.get_future();
        std::thread([q = std::move(p)]() mutable { std::promise<int> r = std::move(q); }).join();
    }
    try {
        f.get();
    } catch (const std::future_error &e) {
        counter += e.what()[0];
    }
}

SCENE(wait_for_states)
{
    std::promise<std::string> p;
    auto f = p.get_future();
    together([&] { p.set_value_at_thread_exit(std::string(33, 'v')); },
             [&] {
                 while (f.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready)
                     ;
                 if (f.get().size() != 33)
                     std::abort();
             });
}

SCENE(counting_semaphores)
{
    std::counting_semaphore<4> items(0), room(2);
    int ring[2];
    together(
        [&] {
            for (int i = 0; i < 6; i++) {
                room.acquire();
                ring[i % 2] = i;
                items.release();
            }
        },
        [&] {
            for (int i = 0; i < 6; i++) {
                items.acquire();
                if (ring[i % 2] != i)
                    std::abort();
                room.release();
            }
        });
}

SCENE(barrier_completion)
{
    long sum = 0, parts[2] = {0, 0};
    auto done = [&]() noexcept { sum += parts[0] + parts[1]; };
    std::barrier b(2, done);
    auto work = [&](int k) {
        for (int i = 0; i < 3; i++) {
            parts[k] = i + k;
            b.arrive_and_wait();
            if (sum < 0)
                std::abort();
            b.arrive_and_wait();
        }
    };
    together([&] { work(0); }, [&] { work(1); });
}

SCENE(atomic_refs)
{
    long v = 0;
    auto work = [&] {
        for (int i = 0; i < 3; i++)
            std::atomic_ref(v).fetch_add(1);
    };
    together(work, work);
    if (v != 6)
        std::abort();
}

SCENE(weak_pointers)
{
    auto s = std::make_shared<std::string>(50, 'w');
    std::weak_ptr<std::string> w = s;
    auto use = [w] {
        for (int i = 0; i < 3; i++)
            if (auto p = w.lock()) {
                if (p->size() != 50)
                    std::abort();
            }
    };
    std::thread a(use), b(use);
    s.reset();
    a.join();
    b.join();
}
struct Base : std::enable_shared_from_this<Base> {
    std::string n{"a name that is long enough for the heap"};
    virtual ~Base() { n.clear(); }
    virtual size_t f() { return n.size(); }
};
struct Derived : Base {
    std::vector<int> v = std::vector<int>(9, 1);
    ~Derived() { v.clear(); }
    size_t f() override { return v.size(); }
};

SCENE(polymorphic_shared)
{
    std::shared_ptr<Base> s = std::make_shared<Derived>();
    auto use = [](std::shared_ptr<Base> p) {
        for (int i = 0; i < 3; i++) {
            auto q = p->shared_from_this();
            if (q->f() != 9)
                std::abort();
        }
    };
    std::thread a(use, s), b(use, s);
    s.reset();
    a.join();
    b.join();
}

SCENE(thread_locals_with_destructors)
{
    static std::mutex m;
    static std::vector<std::string> log;
    struct Note {
        std::string t{"thread local text that lives on the heap"};
        ~Note()
        {
            std::lock_guard g(m);
            log.push_back(t);
        }
    };
    auto work = [] {
        thread_local Note n;
        n.t += "x";
    };
    together(work, work);
    if (log.size() != 2)
        std::abort();
    log.clear();
    log.shrink_to_fit();
}
