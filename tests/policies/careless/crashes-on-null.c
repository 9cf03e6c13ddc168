/* Looks at the header in front of the block; the CLR calls Free with NULL, too. */
#define FREE_NULL(allocator) (((volatile int *)NULL)[-1] != 0 ? S_OK : S_OK)
#include "host.h"
