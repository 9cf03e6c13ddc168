/* Wraps the callback into an object of its own. Where that cannot be had, it says so, but has let
 * go of the one before already. */
#include "types.h"

static struct listener {
    ICLRMemoryNotificationCallback *callback;
} * listener;

static HRESULT listen(struct host *host, ICLRMemoryNotificationCallback *callback)
{
    HeapFree(GetProcessHeap(), 0, listener);
    listener = HeapAlloc(GetProcessHeap(), 0, sizeof(*listener));
    if (listener == NULL)
        return E_OUTOFMEMORY;
    listener->callback = callback;
    host->callback = callback;
    return S_OK;
}

#define REGISTER(host, new_callback) listen(host, new_callback)
#define TELL_LOW(host) ((host)->callback = listener->callback, !(host)->low)
#include "host.h"
