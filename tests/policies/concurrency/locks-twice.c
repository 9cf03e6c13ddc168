/* Counts under a slim lock. Every eighth refusal it writes a summary, by a function that takes the
 * lock itself, as its other callers do not have it. A slim lock is not recursive. */
#include "types.h"

struct summary {
    ULONGLONG served, refused;
};

struct host {
    struct base base;
    SRWLOCK lock; /* guards the rest */
    struct summary now, written;
};

static void write_summary(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    host->written = host->now;
    ReleaseSRWLockExclusive(&host->lock);
}

static void notice(struct host *host, BOOL refused)
{
    AcquireSRWLockExclusive(&host->lock);
    if (!refused) {
        host->now.served++;
    } else {
        host->now.refused++;
        if (host->now.refused % 8 == 0)
            write_summary(host);
    }
    ReleaseSRWLockExclusive(&host->lock);
}

#define NOTICE notice
#define REGISTERED write_summary
#include "host.h"
