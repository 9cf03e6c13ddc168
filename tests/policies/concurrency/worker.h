/* What hosts with a worker begin and end it with: a thread and two automatic events. */
#ifndef CONCURRENCY_WORKER_H
#define CONCURRENCY_WORKER_H

#include "types.h"

struct worker {
    HANDLE thread;
    HANDLE wanted; /* automatic: there is something to do */
    HANDLE ending; /* manual: the host ends */
};

static inline void worker_close(struct worker *worker)
{
    if (worker->thread != NULL)
        CloseHandle(worker->thread);
    if (worker->wanted != NULL)
        CloseHandle(worker->wanted);
    if (worker->ending != NULL)
        CloseHandle(worker->ending);
}

/* FALSE: there is no worker, and nothing of it is left. */
static inline BOOL worker_begin(struct worker *worker, LPTHREAD_START_ROUTINE routine, void *host)
{
    worker->thread = NULL;
    worker->wanted = CreateEventA(NULL, FALSE, FALSE, NULL);
    worker->ending = CreateEventA(NULL, TRUE, FALSE, NULL);
    if (worker->wanted != NULL && worker->ending != NULL)
        worker->thread = CreateThread(NULL, 0, routine, host, 0, NULL);
    if (worker->thread == NULL)
        worker_close(worker);
    return worker->thread != NULL;
}

/* In the worker: TRUE: something is wanted; FALSE: it is to end. */
static inline BOOL worker_waits(struct worker *worker)
{
    HANDLE handles[2];

    handles[0] = worker->ending;
    handles[1] = worker->wanted;
    return WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_OBJECT_0 + 1;
}

/* In the worker: FALSE: it is to end before so much time has passed. */
static inline BOOL worker_pauses(struct worker *worker, DWORD milliseconds)
{
    return WaitForSingleObject(worker->ending, milliseconds) == WAIT_TIMEOUT;
}

/* Waits until the worker has ended. */
static inline void worker_end(struct worker *worker)
{
    SetEvent(worker->ending);
    WaitForSingleObject(worker->thread, INFINITE);
    worker_close(worker);
}

#endif
