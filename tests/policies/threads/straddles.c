/* One instruction that touches two pages: on a machine that has one frame for the process it can
 * never be carried out. */
#include <windows.h>

#include "check.h"

static void commit(unsigned count)
{
    unsigned char *memory;
    volatile unsigned long long *word;

    if (count != 2)
        return;
    memory = VirtualAlloc(NULL, 3 * 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    EXPECT(memory != NULL);
    word = (volatile unsigned long long *)(memory + 4096 - 4);
    *word = 0x0123456789abcdefull;
    EXPECT(*word == 0x0123456789abcdefull);
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../defective/host.h"
