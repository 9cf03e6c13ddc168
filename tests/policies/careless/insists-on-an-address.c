/* Reads the documentation of MEM_COMMIT strictly: an address must have been reserved before. */
#define ALLOCATE(address, size, type, protect, level)                                              \
    ((type) == MEM_COMMIT && (address) == NULL                                                     \
         ? (SetLastError(ERROR_INVALID_PARAMETER), (void *)NULL)                                   \
         : VirtualAlloc(address, size, type, protect))
#include "host.h"
