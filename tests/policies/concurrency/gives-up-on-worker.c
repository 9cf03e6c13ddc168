/* Has its worker look at the machine for requests that were refused, and waits at most 2 ms for the
 * answer. Then it frees the question, which a worker that is late still answers. */
#include "worker.h"

struct question {
    HANDLE answered;
    DWORD load;
};

struct host {
    struct base base;
    struct worker worker;
    SRWLOCK lock; /* who asks has it */
    struct question *volatile question;
};

static DWORD WINAPI answer(LPVOID parameter)
{
    struct host *host = (struct host *)parameter;

    while (worker_waits(&host->worker)) {
        struct question *question = host->question;

        if (question != NULL) {
            question->load = machine_load();
            SetEvent(question->answered);
        }
    }
    return 0;
}

static DWORD ask_worker(struct host *host)
{
    struct question *question = HeapAlloc(GetProcessHeap(), 0, sizeof(*question));
    DWORD load = 0;

    if (question == NULL)
        return 0;
    question->answered = CreateEventA(NULL, FALSE, FALSE, NULL);
    if (question->answered != NULL) {
        AcquireSRWLockExclusive(&host->lock);
        host->question = question;
        SetEvent(host->worker.wanted);
        if (WaitForSingleObject(question->answered, 2) == WAIT_OBJECT_0)
            load = question->load;
        host->question = NULL;
        ReleaseSRWLockExclusive(&host->lock);
        CloseHandle(question->answered);
    }
    HeapFree(GetProcessHeap(), 0, question);
    return load;
}

static BOOL retry(struct host *host)
{
    return ask_worker(host) < 95;
}

#define START(host) worker_begin(&(host)->worker, answer, host)
#define STOP(host) worker_end(&(host)->worker)
#define RETRY(host, growth) retry(host)
#include "host.h"
