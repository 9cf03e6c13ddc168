// Serves the smallest blocks from a list of free cells without a lock. The head is the number of a
// cell and a count of changes in one word, so a list that has changed meanwhile is never taken for
// the same one.
#include "../types.h"

#include <atomic>

struct cell {
    std::atomic<unsigned> next; // number of a cell, plus one; 0: none
    unsigned unused[3];
    char bytes[48];
};

static constexpr unsigned cells_count = 256;
static cell cells[cells_count];
static std::atomic<unsigned long long> head; // changes in the upper half, as next in the lower

static unsigned long long changed(unsigned long long from, unsigned first)
{
    return ((from >> 32) + 1) << 32 | first;
}

static void push(unsigned number)
{
    unsigned long long seen = head.load();
    do {
        cells[number].next.store(static_cast<unsigned>(seen));
    } while (!head.compare_exchange_weak(seen, changed(seen, number + 1)));
}

static cell *pop()
{
    unsigned long long seen = head.load();
    unsigned first;
    do {
        first = static_cast<unsigned>(seen);
        if (first == 0)
            return nullptr;
    } while (!head.compare_exchange_weak(seen, changed(seen, cells[first - 1].next.load())));
    return &cells[first - 1];
}

struct host {
    struct base base;
};

static void *take_block(struct heap_malloc *allocator, SIZE_T size)
{
    cell *taken = size <= sizeof(cell::bytes) ? pop() : nullptr;

    return taken != nullptr ? taken->bytes : HeapAlloc(allocator->heap, 0, size);
}

static bool give_block(struct heap_malloc *allocator, void *block)
{
    const ULONG_PTR at = reinterpret_cast<ULONG_PTR>(block) - reinterpret_cast<ULONG_PTR>(cells);

    if (at >= sizeof(cells))
        return HeapValidate(allocator->heap, 0, block) && HeapFree(allocator->heap, 0, block);
    if (at % sizeof(cell) != offsetof(cell, bytes))
        return false;
    push(static_cast<unsigned>(at / sizeof(cell)));
    return true;
}

static BOOL start(struct host *)
{
    for (unsigned number = cells_count; number-- > 0;)
        push(number);
    return TRUE;
}

#define START start
#define TAKE_BLOCK take_block
#define GIVE_BLOCK give_block
#include "../host.h"
