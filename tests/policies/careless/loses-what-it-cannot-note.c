/* Writes each reservation down, and when there is no memory for the note it says so to the CLR and
 * forgets what Windows gave. */
#include "types.h"

struct note {
    struct note *next;
    void *memory;
};

static struct note *notes;

static void *write_down(void *address, SIZE_T size, DWORD type, DWORD protect)
{
    void *memory = VirtualAlloc(address, size, type, protect);
    struct note *note;

    if (memory == NULL || (type & MEM_RESERVE) == 0)
        return memory;
    note = HeapAlloc(GetProcessHeap(), 0, sizeof(*note));
    if (note == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    note->next = notes;
    note->memory = memory;
    notes = note;
    return memory;
}

static BOOL strike_out(void *address, SIZE_T size, DWORD type)
{
    struct note **link = &notes, *note;

    if (!VirtualFree(address, size, type))
        return FALSE;
    while (type == MEM_RELEASE && *link != NULL && (*link)->memory != address)
        link = &(*link)->next;
    note = type == MEM_RELEASE ? *link : NULL;
    if (note != NULL) {
        *link = note->next;
        HeapFree(GetProcessHeap(), 0, note);
    }
    return TRUE;
}

#define ALLOCATE(address, size, type, protect, level) write_down(address, size, type, protect)
#define RELEASE(address, size, type) strike_out(address, size, type)
#include "host.h"
