/* Writes an end mark behind a block, without having asked for room for it. */
static void mark_end(char *block, unsigned long long size);
#define ON_BLOCK(host, count, block, size)                                                         \
    if ((count) == 5)                                                                              \
    mark_end((char *)(block), size)
#include "host.h"

FRAME static void mark_end(char *block, unsigned long long size)
{
    unsigned i;

    for (i = 0; i < 8; i++)
        *(volatile char *)(block + size + i) = 'E';
}
