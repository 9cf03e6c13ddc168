/* Tries a critical request again very often, and lets nobody else run meanwhile. */
#include "types.h"

static void *insist(void *address, SIZE_T size, DWORD type, DWORD protect,
                    EMemoryCriticalLevel level)
{
    unsigned tries;
    void *memory = VirtualAlloc(address, size, type, protect);

    for (tries = 0; memory == NULL && level == eProcessCritical && tries < 100000; tries++)
        memory = VirtualAlloc(address, size, type, protect);
    return memory;
}

#define ALLOCATE(address, size, type, protect, level) insist(address, size, type, protect, level)
#include "host.h"
