/* Believes that a critical request must not fail, and waits for memory that nobody gives back. */
#include "types.h"

static void *insist(void *address, SIZE_T size, DWORD type, DWORD protect,
                    EMemoryCriticalLevel level)
{
    void *memory = VirtualAlloc(address, size, type, protect);

    while (memory == NULL && level == eProcessCritical) {
        Sleep(10);
        memory = VirtualAlloc(address, size, type, protect);
    }
    return memory;
}

#define ALLOCATE(address, size, type, protect, level) insist(address, size, type, protect, level)
#include "host.h"
