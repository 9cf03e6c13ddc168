/* Writes down each refusal in a block of the process heap, and does not look whether it got one:
 * memory is short just then. */
#include "types.h"

static volatile LONG refusals;
static HRESULT write_down(HRESULT failure)
{
    LONG *note = (LONG *)HeapAlloc(GetProcessHeap(), 0, sizeof(*note));

    *note = InterlockedIncrement(&refusals);
    HeapFree(GetProcessHeap(), 0, note);
    return failure;
}

#define REFUSED(failure) write_down(failure)
#include "host.h"
