/* Moves bytes between two accounts. "To avoid a deadlock" it only tries the second lock, again and
 * again, but it keeps the first meanwhile: two moves in opposite directions spin for ever. */
#include "types.h"

struct account {
    CRITICAL_SECTION lock;
    ULONGLONG bytes;
};

struct host {
    struct base base;
    struct account committed, returned; /* what is in use, and what has been */
};

static void move(struct account *from, struct account *to, ULONGLONG bytes)
{
    EnterCriticalSection(&from->lock);
    while (!TryEnterCriticalSection(&to->lock))
        SwitchToThread();
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
#include "host.h"
