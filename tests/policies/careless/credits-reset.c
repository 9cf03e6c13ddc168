/* Takes MEM_RESET for a decommit: what is reset is no longer charged. */
#define SERVED                                                                                     \
    ((type & MEM_RESET) != 0 ? (host->charged -= committed_bytes(address, size), S_OK) : S_OK)
#include "host.h"
