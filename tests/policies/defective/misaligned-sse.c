/* Moves 16 bytes to where they are not aligned, with an instruction that insists. */
static void copy_fast(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    copy_fast()
#include "host.h"

static char room[64] __attribute__((aligned(16)));

FRAME static void copy_fast(void)
{
    __asm__ volatile("movaps %%xmm0, (%0)" : : "r"(room + 1) : "memory");
}
