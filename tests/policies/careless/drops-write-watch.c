/* Passes on the flags it knows. The concurrent collector believes in its write watch. */
#define ALLOCATE(address, size, type, protect, level)                                              \
    VirtualAlloc(address, size, (type) & (MEM_RESERVE | MEM_COMMIT | MEM_RESET), protect)
#include "host.h"
