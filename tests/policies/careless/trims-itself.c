/* Gives its whole working set up whenever it is asked for the load, to leave memory to others. */
#include "types.h"

static BOOL look_and_trim(MEMORYSTATUSEX *status)
{
    SetProcessWorkingSetSize(GetCurrentProcess(), (SIZE_T)-1, (SIZE_T)-1);
    return GlobalMemoryStatusEx(status);
}

#define LOOK(status) look_and_trim(status)
#include "host.h"
