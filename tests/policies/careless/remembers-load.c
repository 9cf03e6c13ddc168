/* Asks Windows how much memory there is once a second at most, and remembers the answer. */
#include "types.h"

static BOOL look(MEMORYSTATUSEX *status)
{
    static MEMORYSTATUSEX remembered;
    static ULONGLONG looked;
    ULONGLONG now = GetTickCount64();

    if (remembered.dwLength == 0 || now - looked >= 1000) {
        if (!GlobalMemoryStatusEx(status))
            return FALSE;
        remembered = *status;
        looked = now;
    }
    *status = remembered;
    return TRUE;
}

#define LOOK(status) look(status)
#include "host.h"
