/* Notes what is to be freed before it frees it: without memory for the note nothing is. */
#include "types.h"

static BOOL note_and_free(void *address, SIZE_T size, DWORD type)
{
    void **note = HeapAlloc(GetProcessHeap(), 0, sizeof(*note));
    BOOL done;

    if (note == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    *note = address;
    done = VirtualFree(address, size, type);
    HeapFree(GetProcessHeap(), 0, note);
    return done;
}

#define RELEASE(address, size, type) note_and_free(address, size, type)
#include "host.h"
