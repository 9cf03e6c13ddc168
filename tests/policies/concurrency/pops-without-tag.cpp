// Serves the smallest blocks from a list of free cells without a lock. A thread that has read the
// first cell and the one behind it, and then loses its turn, finds the same first cell later and
// takes it for an unchanged list: but the one behind it has been given out meanwhile (ABA).
#include "types.h"

#include <atomic>

struct cell {
    std::atomic<cell *> next;
    void *unused;
    char bytes[32];
};

static constexpr unsigned cells_count = 256;
static cell cells[cells_count];
static std::atomic<cell *> first_free;

static void push(cell *freed)
{
    cell *head = first_free.load();
    do {
        freed->next.store(head);
    } while (!first_free.compare_exchange_weak(head, freed));
}

static cell *pop()
{
    cell *head = first_free.load();
    cell *next;
    do {
        if (head == nullptr)
            return nullptr;
        next = head->next.load();
    } while (!first_free.compare_exchange_weak(head, next));
    return head;
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
    push(&cells[at / sizeof(cell)]);
    return true;
}

static BOOL start(struct host *)
{
    for (cell &each : cells)
        push(&each);
    return TRUE;
}

#define START start
#define TAKE_BLOCK take_block
#define GIVE_BLOCK give_block
#include "host.h"
