/* Adds the size of its header and does not see that the sum begins again at zero. */
#define BLOCK_SIZE(size) ((size) + 32)
#include "host.h"
