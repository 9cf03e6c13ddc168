// Sets the flag that ends its worker and joins it. The worker sleeps on a condition until there is
// work, and nobody tells it to look at the flag.
#include "types.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

class compactor
{
  public:
    bool begin()
    {
        try {
            worker_ = std::thread(&compactor::run, this);
        } catch (const std::system_error &) {
            return false;
        }
        return true;
    }
    void end()
    {
        {
            std::lock_guard<std::mutex> guard(lock_);
            ending_ = true;
        }
        worker_.join();
    }
    void request()
    {
        std::lock_guard<std::mutex> guard(lock_);
        requested_ = true;
        wanted_.notify_one();
    }

  private:
    void run()
    {
        std::unique_lock<std::mutex> guard(lock_);
        for (;;) {
            wanted_.wait(guard, [this] { return requested_ || ending_; });
            if (ending_)
                return;
            requested_ = false;
            guard.unlock();
            HeapCompact(GetProcessHeap(), 0);
            guard.lock();
        }
    }

    std::mutex lock_;
    std::condition_variable wanted_;
    bool requested_ = false, ending_ = false;
    std::thread worker_;
};

struct host {
    struct base base;
    compactor heap_compactor;
};

#define START(host) (host)->heap_compactor.begin()
#define STOP(host) (host)->heap_compactor.end()
#define NOTICE(host, refused) ((refused) ? (host)->heap_compactor.request() : (void)0)
#include "host.h"
