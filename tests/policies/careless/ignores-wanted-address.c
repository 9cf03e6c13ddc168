/* Reserves where Windows likes: the address is a wish, as in most interfaces. */
#define ALLOCATE(address, size, type, protect, level)                                              \
    VirtualAlloc(((type)&MEM_RESERVE) != 0 ? NULL : (address), size, type, protect)
#include "host.h"
