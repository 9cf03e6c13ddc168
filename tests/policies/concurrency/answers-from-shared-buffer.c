/* Asks Windows about pages into one buffer that all requests share, and copies the answer from
 * there: of two threads that ask at once both get the answer of the second. */
#include "types.h"

struct host {
    struct base base;
    SRWLOCK lock; /* guards the statistics */
    ULONGLONG queries;
    MEMORY_BASIC_INFORMATION info;
};

static BOOL start_answering(void);

#define START(host) start_answering()
#include "host.h"

static HRESULT STDMETHODCALLTYPE query_shared(IHostMemoryManager *self, void *address, void *buffer,
                                              SIZE_T length, SIZE_T *result)
{
    struct host *host = (struct host *)self;
    SIZE_T written = VirtualQuery(address, &host->info, sizeof(host->info));

    AcquireSRWLockExclusive(&host->lock);
    host->queries++;
    ReleaseSRWLockExclusive(&host->lock);
    if (written == 0 || length < sizeof(host->info)) {
        *result = 0;
        return written == 0 ? lw_last_failure() : E_INVALIDARG;
    }
    *(MEMORY_BASIC_INFORMATION *)buffer = host->info;
    *result = written;
    return S_OK;
}

static BOOL start_answering(void)
{
    host_vtbl.VirtualQuery = query_shared;
    return TRUE;
}
