/* Each thread has a few free cells of its own and takes no lock for them. Who was refused empties
 * its own cache and asks the other threads to do so with theirs when they next come by. */
#include "../types.h"

#define CELL 64
#define CELLS 512
#define CACHED 16
#define CACHES 64

struct cache {
    unsigned count;
    char *cells[CACHED];
    volatile LONG unwanted; /* set by others: the thread is to empty it */
};

struct host {
    struct base base;
    DWORD slot; /* of thread-local data: the thread's cache */
    volatile LONG caches_used;
    struct cache caches[CACHES];
    SRWLOCK lock; /* guards the next two */
    unsigned free_count;
    char *free_cells[CELLS];
};

static __declspec(align(16)) char cells[CELLS][CELL];

/* Gives all cells of a cache to everybody. */
static void empty(struct host *host, struct cache *cache)
{
    unsigned i;

    for (i = 0; i < cache->count; i++) {
        AcquireSRWLockExclusive(&host->lock);
        host->free_cells[host->free_count++] = cache->cells[i];
        ReleaseSRWLockExclusive(&host->lock);
    }
    cache->count = 0;
}

static struct cache *own_cache(struct host *host)
{
    struct cache *cache = (struct cache *)TlsGetValue(host->slot);

    if (cache == NULL) {
        LONG number = InterlockedIncrement(&host->caches_used);

        if (number > CACHES)
            return NULL;
        cache = &host->caches[number - 1];
        TlsSetValue(host->slot, cache);
    }
    if (InterlockedExchange(&cache->unwanted, 0) != 0)
        empty(host, cache);
    return cache;
}

static BOOL empty_all(struct host *host)
{
    LONG i, used = InterlockedCompareExchange(&host->caches_used, 0, 0);

    for (i = 0; i < used && i < CACHES; i++)
        InterlockedExchange(&host->caches[i].unwanted, 1);
    return TRUE;
}

static void *take_block(struct heap_malloc *allocator, SIZE_T size)
{
    struct host *host = allocator->host;
    struct cache *cache = size <= CELL ? own_cache(host) : NULL;
    void *cell = NULL;

    if (cache == NULL)
        return HeapAlloc(allocator->heap, 0, size);
    if (cache->count > 0)
        return cache->cells[--cache->count];
    AcquireSRWLockExclusive(&host->lock);
    if (host->free_count > 0)
        cell = host->free_cells[--host->free_count];
    ReleaseSRWLockExclusive(&host->lock);
    return cell != NULL ? cell : HeapAlloc(allocator->heap, 0, size);
}

static BOOL give_block(struct heap_malloc *allocator, void *block)
{
    ULONG_PTR at = (ULONG_PTR)block - (ULONG_PTR)cells;
    struct cache *cache;

    if (at >= sizeof(cells))
        return HeapValidate(allocator->heap, 0, block) && HeapFree(allocator->heap, 0, block);
    if (at % CELL != 0)
        return FALSE;
    cache = own_cache(allocator->host);
    if (cache == NULL || cache->count == CACHED) {
        struct cache one = {1, {block}};

        empty(allocator->host, &one);
    } else {
        cache->cells[cache->count++] = block;
    }
    return TRUE;
}

static BOOL start(struct host *host)
{
    host->slot = TlsAlloc();
    for (; host->free_count < CELLS; host->free_count++)
        host->free_cells[host->free_count] = cells[host->free_count];
    return host->slot != TLS_OUT_OF_INDEXES;
}

#define START start
#define STOP(host) TlsFree((host)->slot)
#define TAKE_BLOCK take_block
#define GIVE_BLOCK give_block
#define RETRY(host, growth) empty_all(host)
#include "../host.h"
