// Requests use one of four buffers to look at the machine. Who finds none free waits once and takes
// what must be there then: but another thread may have come first, or nobody has left one.
#include "types.h"

#include <condition_variable>
#include <mutex>

static constexpr unsigned buffers_count = 4;

struct buffer {
    MEMORYSTATUSEX status;
};

class buffers
{
  public:
    buffers()
    {
        for (unsigned i = 0; i < buffers_count; i++)
            free_[i] = &all_[i];
    }
    buffer *take()
    {
        std::unique_lock<std::mutex> guard(lock_);
        if (count_ == 0)
            given_.wait(guard);
        return free_[--count_];
    }
    void give(buffer *b)
    {
        {
            std::lock_guard<std::mutex> guard(lock_);
            free_[count_++] = b;
        }
        given_.notify_one();
    }

  private:
    std::mutex lock_; // guards the next two
    unsigned count_ = buffers_count;
    buffer *free_[buffers_count];
    std::condition_variable given_;
    buffer all_[buffers_count];
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
    buffer *b = host->scratch.take();
    b->status.dwLength = sizeof(b->status);
    if (GlobalMemoryStatusEx(&b->status) && growth > b->status.ullTotalPageFile)
        outcome = E_OUTOFMEMORY;
    host->scratch.give(b);
    return outcome;
}

#define ADMIT(host, growth, level) admit(host, growth)
#include "host.h"
