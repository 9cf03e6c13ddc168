/* Charges every VirtualAlloc that does not merely reserve: MEM_RESET, too. */
#define GROWTH(address, size, type) ((type) == MEM_RESERVE ? 0 : charged_bytes(address, size, type))
#define charged_bytes(address, size, type)                                                         \
    (((type)&MEM_RESET) != 0 ? pages_of(address, size) : growth_of(address, size, type))
#include "host.h"
