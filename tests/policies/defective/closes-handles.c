/* Closes every handle that there might be. Nothing of it is its own. */
static void close_all(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    close_all()
#include "host.h"

FRAME static void close_all(void)
{
    ULONG_PTR handle;

    for (handle = 4; handle < 4096; handle += 4)
        CloseHandle((HANDLE)handle);
}
