/* Has room for one object of CreateMalloc: the next one ends the heap of the one before. */
#include "types.h"

static HANDLE current;
static void replace_heap(HANDLE heap)
{
    if (current != NULL)
        HeapDestroy(current);
    current = heap;
}

#define CREATED(allocator) replace_heap((allocator)->heap)
#include "host.h"
