/* Waits for memory as long as a person would. */
#include "types.h"

static void *be_patient(void *address, SIZE_T size, DWORD type, DWORD protect,
                        EMemoryCriticalLevel level)
{
    unsigned second;
    void *memory = VirtualAlloc(address, size, type, protect);

    for (second = 0; memory == NULL && level == eProcessCritical && second < 30; second++) {
        Sleep(1000);
        memory = VirtualAlloc(address, size, type, protect);
    }
    return memory;
}

#define ALLOCATE(address, size, type, protect, level)                                              \
    be_patient(address, size, type, protect, level)
#include "host.h"
