/* Patches its own code without making it writable. */
static void patch_itself(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    patch_itself()
#include "host.h"

FRAME static void patch_itself(void)
{
    *(volatile unsigned char *)(ULONG_PTR)&patch_itself = 0x90;
}
