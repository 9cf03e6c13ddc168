/* Returns an address that was never allocated and is not even aligned. */
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    *(address) = (char *)*(address) + 0x123457
#include "host.h"
