/* Charges what the CLR maps. ReleasedVirtualAddressSpace has no size, so that it stays charged. */
#define ACQUIRED(host, address, size) ((host)->charged += (size))
#include "host.h"
