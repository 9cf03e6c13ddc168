/* Follows a pointer that it reads from memory which it has freed. */
#include <windows.h>

struct link {
    struct link *volatile next;
    unsigned number;
};

static struct link *first;

__attribute__((noinline)) static unsigned next_number(void)
{
    return first->next->number;
}

static void commit(unsigned number)
{
    if (number == 1) {
        first = (struct link *)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*first));
        first->next = first;
    }
    if (number == 5)
        HeapFree(GetProcessHeap(), 0, first);
    if (number == 5)
        first->number = next_number();
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
