/* Answers VirtualQuery from what it has given out itself: images, stacks and free addresses are
 * none of its business. */
#include "types.h"

static SIZE_T look_up(const void *address, PMEMORY_BASIC_INFORMATION info, SIZE_T length)
{
    SIZE_T written = VirtualQuery(address, info, length);

    if (written != 0 && info->State != MEM_FREE && info->Type == MEM_PRIVATE)
        return written;
    SetLastError(ERROR_INVALID_PARAMETER);
    return 0;
}

#define QUERY(host, address, info, length) look_up(address, info, length)
#include "host.h"
