/* Keeps released regions for the next request of their size. Who asks looks for one as a reader and
 * takes it as a writer, and does not look again whether it is still there. */
#include "types.h"

#define KEPT_MOST 8

struct place {
    void *base;
    SIZE_T size;
    BOOL used; /* it holds a region */
};

struct host {
    struct base base;
    SRWLOCK lock; /* guards the next */
    struct place places[KEPT_MOST];
};

static int find(struct host *host, SIZE_T size)
{
    int i;

    AcquireSRWLockShared(&host->lock);
    for (i = 0; i < KEPT_MOST; i++)
        if (host->places[i].used && host->places[i].size == size)
            break;
    ReleaseSRWLockShared(&host->lock);
    return i;
}

static void *take(struct host *host, int i)
{
    void *base;

    AcquireSRWLockExclusive(&host->lock);
    base = host->places[i].base;
    host->places[i].used = FALSE;
    ReleaseSRWLockExclusive(&host->lock);
    return base;
}

static HRESULT ask(struct host *host, void *address, SIZE_T size, DWORD type, DWORD protect,
                   void **result)
{
    if (address == NULL && type == MEM_RESERVE) {
        int i = find(host, size);

        if (i < KEPT_MOST) {
            *result = take(host, i);
            return S_OK;
        }
    }
    *result = VirtualAlloc(address, size, type, protect);
    return *result != NULL ? S_OK : lw_last_failure();
}

/* Only what was reserved as a whole is kept, decommitted. */
static BOOL keep(struct host *host, void *base)
{
    MEMORY_BASIC_INFORMATION info;
    BOOL kept = FALSE;
    int i;

    if (VirtualQuery(base, &info, sizeof(info)) == 0 || info.AllocationBase != base ||
        info.State != MEM_RESERVE ||
        VirtualQuery((char *)base + info.RegionSize, &info, sizeof(info)) == 0 ||
        info.AllocationBase == base)
        return FALSE;
    VirtualQuery(base, &info, sizeof(info));
    AcquireSRWLockExclusive(&host->lock);
    for (i = 0; i < KEPT_MOST && !kept; i++)
        if (!host->places[i].used) {
            host->places[i].base = base;
            host->places[i].size = info.RegionSize;
            host->places[i].used = kept = TRUE;
        }
    ReleaseSRWLockExclusive(&host->lock);
    return kept;
}

static void drop_all(struct host *host)
{
    int i;

    for (i = 0; i < KEPT_MOST; i++) {
        void *base = NULL;

        AcquireSRWLockExclusive(&host->lock);
        if (host->places[i].used)
            base = host->places[i].base;
        host->places[i].used = FALSE;
        ReleaseSRWLockExclusive(&host->lock);
        if (base != NULL)
            VirtualFree(base, 0, MEM_RELEASE);
    }
}

static HRESULT needs(struct host *host)
{
    drop_all(host);
    return S_OK;
}

#define ASK(host, address, size, type, protect, growth, result)                                    \
    ask(host, address, size, type, protect, result)
#define NEEDS(host, address, size) needs(host)
#define STOP drop_all
static BOOL start_keeping(void);
#define START(host) start_keeping()
#include "host.h"

static HRESULT STDMETHODCALLTYPE free_or_keep(IHostMemoryManager *self, LPVOID address, SIZE_T size,
                                              DWORD type)
{
    if (type == MEM_RELEASE && size == 0 && keep((struct host *)self, address))
        return S_OK;
    return host_virtual_free(self, address, size, type);
}

static BOOL start_keeping(void)
{
    host_vtbl.VirtualFree = free_or_keep;
    return TRUE;
}
