/* Makes the heap of its small blocks when the first of them is asked for. Two threads that both
 * find none make two, and blocks of the one that lost belong to no heap that the host knows. */
#include "types.h"

#define SMALL 64

struct host {
    struct base base;
    HANDLE volatile small; /* for all objects of the CLR */
};

static void *take_block(struct heap_malloc *allocator, SIZE_T size);
static BOOL give_block(struct heap_malloc *allocator, void *block);

#define TAKE_BLOCK take_block
#define GIVE_BLOCK give_block
#define STOP(host) ((host)->small != NULL ? (void)HeapDestroy((host)->small) : (void)0)
#include "host.h"

static void *take_block(struct heap_malloc *allocator, SIZE_T size)
{
    struct host *host = allocator->host;

    if (size > SMALL)
        return HeapAlloc(allocator->heap, 0, size);
    if (host->small == NULL)
        host->small = HeapCreate(0, 0, 0);
    return HeapAlloc(host->small != NULL ? host->small : allocator->heap, 0, size);
}

static BOOL give_block(struct heap_malloc *allocator, void *block)
{
    HANDLE small = allocator->host->small;

    if (small != NULL && HeapValidate(small, 0, block))
        return HeapFree(small, 0, block);
    return HeapValidate(allocator->heap, 0, block) && HeapFree(allocator->heap, 0, block);
}
