/* Moves bytes between two accounts. Where the second lock is taken, it gives back the first and
 * begins with the other one next time, which it waits for: somebody always gets on. */
#include "../types.h"

struct account {
    CRITICAL_SECTION lock;
    ULONGLONG bytes;
};

struct host {
    struct base base;
    struct account committed, returned; /* what is in use, and what has been */
};

static void lock_both(struct account *first, struct account *second)
{
    for (;;) {
        struct account *other = first;

        EnterCriticalSection(&first->lock);
        if (TryEnterCriticalSection(&second->lock))
            return;
        LeaveCriticalSection(&first->lock);
        first = second;
        second = other;
    }
}

static void move(struct account *from, struct account *to, ULONGLONG bytes)
{
    lock_both(from, to);
    if (bytes > from->bytes)
        bytes = from->bytes;
    from->bytes -= bytes;
    to->bytes += bytes;
    LeaveCriticalSection(&to->lock);
    LeaveCriticalSection(&from->lock);
}

static BOOL took(struct host *host, ULONGLONG growth)
{
    ULONGLONG reused;

    if (growth == 0)
        return TRUE;
    EnterCriticalSection(&host->returned.lock);
    reused = host->returned.bytes < growth ? host->returned.bytes : growth;
    LeaveCriticalSection(&host->returned.lock);
    move(&host->returned, &host->committed, reused);
    EnterCriticalSection(&host->committed.lock);
    host->committed.bytes += growth - reused;
    LeaveCriticalSection(&host->committed.lock);
    return TRUE;
}

static BOOL start(struct host *host)
{
    InitializeCriticalSection(&host->committed.lock);
    InitializeCriticalSection(&host->returned.lock);
    return TRUE;
}

static void stop(struct host *host)
{
    DeleteCriticalSection(&host->committed.lock);
    DeleteCriticalSection(&host->returned.lock);
}

#define START start
#define STOP stop
#define TOOK(host, address, size, type, growth) took(host, growth)
#define GAVE(host, note, shrinkage) move(&(host)->committed, &(host)->returned, shrinkage)
#include "../host.h"
