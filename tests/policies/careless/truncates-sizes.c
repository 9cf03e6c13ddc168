/* Keeps sizes in a DWORD, as the 32-bit version did. */
#define ALLOCATE(address, size, type, protect, level)                                              \
    VirtualAlloc(address, (DWORD)(size), type, protect)
#include "host.h"
