// Requests use one of four buffers to look at the machine. Who finds none free waits until there is
// one, however often it is woken for nothing.
#include "../types.h"

#include <condition_variable>
#include <mutex>

static constexpr unsigned buffers_count = 4;

class buffers
{
  public:
    buffers()
    {
        for (unsigned i = 0; i < buffers_count; i++)
            free_[i] = &all_[i];
    }
    MEMORYSTATUSEX *take()
    {
        std::unique_lock<std::mutex> guard(lock_);
        given_.wait(guard, [this] { return count_ > 0; });
        return free_[--count_];
    }
    void give(MEMORYSTATUSEX *buffer)
    {
        {
            std::lock_guard<std::mutex> guard(lock_);
            free_[count_++] = buffer;
        }
        given_.notify_one();
    }

  private:
    std::mutex lock_; // guards the next two
    unsigned count_ = buffers_count;
    MEMORYSTATUSEX *free_[buffers_count];
    std::condition_variable given_;
    MEMORYSTATUSEX all_[buffers_count];
};

struct host {
    struct base base;
    buffers scratch;
};

// More than the machine can commit at all is not worth asking for.
static HRESULT admit(struct host *host, ULONGLONG growth)
{
    HRESULT outcome = S_OK;

    if (growth == 0)
        return S_OK;
    MEMORYSTATUSEX *status = host->scratch.take();
    status->dwLength = sizeof(*status);
    if (GlobalMemoryStatusEx(status) && growth > status->ullTotalPageFile)
        outcome = E_OUTOFMEMORY;
    host->scratch.give(status);
    return outcome;
}

#define ADMIT(host, growth, level) admit(host, growth)
#include "../host.h"
