// Three tables, three mutexes, and three functions that each take two of them: regions before
// blocks, blocks before views, and views before regions. Any two of these never wait in a circle.
#include "types.h"

#include <mutex>

struct table {
    std::mutex lock; // guards the next
    SIZE_T count = 0;
};

struct host {
    struct base base;
    table regions, blocks, views;
};

static bool took(host *host, DWORD type)
{
    if ((type & MEM_RESERVE) == 0)
        return true;
    std::lock_guard<std::mutex> regions(host->regions.lock);
    std::lock_guard<std::mutex> blocks(host->blocks.lock);
    host->regions.count++;
    return true;
}

static void *take_block(struct heap_malloc *allocator, SIZE_T size);

static void mapped(host *host)
{
    std::lock_guard<std::mutex> views(host->views.lock);
    std::lock_guard<std::mutex> regions(host->regions.lock);
    host->views.count++;
}

#define TOOK(host, address, size, type, growth) took(host, type)
#define MAPPED(host, address, size) mapped(host)
#define TAKE_BLOCK take_block
#include "host.h"

static void *take_block(struct heap_malloc *allocator, SIZE_T size)
{
    std::lock_guard<std::mutex> blocks(allocator->host->blocks.lock);
    std::lock_guard<std::mutex> views(allocator->host->views.lock);
    void *block = HeapAlloc(allocator->heap, 0, size);
    if (block != nullptr)
        allocator->host->blocks.count++;
    return block;
}
