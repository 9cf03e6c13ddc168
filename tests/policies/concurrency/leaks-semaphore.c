/* Lets four requests at a time into Windows, by a semaphore. A refused one leaves without saying
 * so, and after the fourth nobody comes in. */
#include "types.h"

struct host {
    struct base base;
    HANDLE places;
};

static HRESULT ask(struct host *host, void *address, SIZE_T size, DWORD type, DWORD protect,
                   void **result)
{
    WaitForSingleObject(host->places, INFINITE);
    *result = VirtualAlloc(address, size, type, protect);
    if (*result == NULL)
        return lw_last_failure();
    ReleaseSemaphore(host->places, 1, NULL);
    return S_OK;
}

static BOOL start(struct host *host)
{
    host->places = CreateSemaphoreA(NULL, 4, 4, NULL);
    return host->places != NULL;
}

#define START start
#define STOP(host) CloseHandle((host)->places)
#define ASK(host, address, size, type, protect, growth, result)                                    \
    ask(host, address, size, type, protect, result)
#include "host.h"
