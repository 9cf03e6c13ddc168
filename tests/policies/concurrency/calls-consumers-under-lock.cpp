// A broker knows the consumers of memory and asks them to shrink when Windows refuses a commit. It
// holds its own lock while it calls them; a consumer that grows reports that to the broker, under
// the lock of its cells.
#include "types.h"

#include <mutex>
#include <vector>

class consumer
{
  public:
    virtual ~consumer() = default;
    virtual void shrink() = 0;
};

class broker
{
  public:
    void add(consumer *c)
    {
        std::lock_guard<std::mutex> guard(lock_);
        consumers_.push_back(c);
    }
    void report(LONGLONG growth)
    {
        std::lock_guard<std::mutex> guard(lock_);
        in_use_ += growth;
        if (in_use_ > peak_)
            peak_ = in_use_;
    }
    bool ask_to_shrink()
    {
        std::lock_guard<std::mutex> guard(lock_);
        const LONGLONG before = in_use_;
        for (consumer *c : consumers_)
            c->shrink();
        return before != 0;
    }

  private:
    std::mutex lock_;
    std::vector<consumer *> consumers_;
    LONGLONG in_use_ = 0, peak_ = 0;
};

// Cells for the smallest blocks, in pages of the host's image.
class cells : public consumer
{
  public:
    explicit cells(broker &b) : broker_(b) {}
    void *take()
    {
        std::lock_guard<std::mutex> guard(lock_);
        for (unsigned tries = 0; tries < count; tries++, hand_ = (hand_ + 1) % count) {
            if (!used_[hand_]) {
                used_[hand_] = true;
                broker_.report(cell_bytes);
                return room_[hand_];
            }
        }
        return nullptr;
    }
    bool has(const void *block) const
    {
        return block >= static_cast<const void *>(room_) &&
               block < static_cast<const void *>(room_ + count);
    }
    bool give(const void *block)
    {
        const auto at = static_cast<const char *>(block) - room_[0];
        std::lock_guard<std::mutex> guard(lock_);
        if (at % cell_bytes != 0 || !used_[at / cell_bytes])
            return false;
        used_[at / cell_bytes] = false;
        broker_.report(-LONGLONG(cell_bytes));
        return true;
    }
    void shrink() override // takes from the front again, so that the pages behind rest
    {
        std::lock_guard<std::mutex> guard(lock_);
        hand_ = 0;
    }

    static constexpr SIZE_T cell_bytes = 32;

  private:
    static constexpr unsigned count = 512;
    broker &broker_;
    std::mutex lock_;
    unsigned hand_ = 0;
    bool used_[count] = {};
    alignas(16) char room_[count][cell_bytes] = {};
};

static broker the_broker;
static cells the_cells(the_broker);

struct host {
    struct base base;
};

static void *take_block(struct heap_malloc *allocator, SIZE_T size)
{
    void *block = size <= cells::cell_bytes ? the_cells.take() : nullptr;

    return block != nullptr ? block : HeapAlloc(allocator->heap, 0, size);
}

static bool give_block(struct heap_malloc *allocator, void *block)
{
    if (the_cells.has(block))
        return the_cells.give(block);
    return HeapValidate(allocator->heap, 0, block) && HeapFree(allocator->heap, 0, block);
}

static BOOL start(struct host *)
{
    try {
        the_broker.add(&the_cells);
    } catch (const std::bad_alloc &) {
        return FALSE;
    }
    return TRUE;
}

#define START start
#define TAKE_BLOCK take_block
#define GIVE_BLOCK give_block
#define RETRY(host, growth) the_broker.ask_to_shrink()
#include "host.h"
