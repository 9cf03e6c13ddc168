/* Leaves small blocks to the end of the process: Free takes too long. */
#define FREE_BLOCK(allocator, block) ((void)(allocator), S_OK)
#include "host.h"
