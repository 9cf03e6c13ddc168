/* Ends its monitor under the lock of its figures, so that none changes any more. The monitor cannot
 * end if it is about to take that lock. */
#include "worker.h"

struct host {
    struct base base;
    struct worker worker;
    SRWLOCK lock; /* guards the rest */
    DWORD highest_load;
    ULONGLONG looks;
};

static DWORD WINAPI watch(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_pauses(&host->worker, 10)) {
        DWORD load = machine_load();

        AcquireSRWLockExclusive(&host->lock);
        host->looks++;
        if (load > host->highest_load)
            host->highest_load = load;
        ReleaseSRWLockExclusive(&host->lock);
    }
    return 0;
}

static void stop(struct host *host)
{
    AcquireSRWLockExclusive(&host->lock);
    worker_end(&host->worker);
    ReleaseSRWLockExclusive(&host->lock);
}

static void load_of(struct host *host, DWORD *load)
{
    AcquireSRWLockShared(&host->lock);
    if (*load < host->highest_load && host->looks < 100)
        *load = host->highest_load;
    ReleaseSRWLockShared(&host->lock);
}

#define START(host) worker_begin(&(host)->worker, watch, host)
#define STOP stop
#define LOAD(host, load, available) load_of(host, load)
#include "host.h"
