/* Takes MEM_RESET for a way to make room: when memory is short it resets what it committed last. */
#include "types.h"

static void *last_address;
static SIZE_T last_size;

static void *note_commit(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    void *memory = VirtualAlloc(address, size, type, protect);

    if (memory != NULL && (type & MEM_COMMIT) != 0 && size > last_size) {
        last_address = memory;
        last_size = size;
    }
    return memory;
}

static BOOL look_and_trim(MEMORYSTATUSEX *status)
{
    if (!GlobalMemoryStatusEx(status))
        return FALSE;
    if (status->dwMemoryLoad >= 90 && last_size != 0)
        VirtualAlloc(last_address, last_size, MEM_RESET, PAGE_READWRITE);
    return TRUE;
}

#define ALLOCATE(address, size, type, protect, level) note_commit(address, size, type, protect)
#define LOOK(status) look_and_trim(status)
#include "host.h"
