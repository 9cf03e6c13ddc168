/* Waits two seconds for memory, with the lock that all other calls need. */
#include "types.h"

static void *wait_for_it(void *address, SIZE_T size, DWORD type, DWORD protect,
                         EMemoryCriticalLevel level)
{
    unsigned tries;
    void *memory = VirtualAlloc(address, size, type, protect);

    for (tries = 0; memory == NULL && level == eProcessCritical && tries < 20; tries++) {
        Sleep(100);
        memory = VirtualAlloc(address, size, type, protect);
    }
    return memory;
}

#define ALLOCATE(address, size, type, protect, level)                                              \
    wait_for_it(address, size, type, protect, level)
#include "host.h"
