/* Says S_OK to the Free of anything: what is not its own is not its business. */
#define FREE_BLOCK(allocator, block)                                                               \
    (HeapValidate((allocator)->heap, 0, block) ? free_block(allocator, block) : S_OK)
#include "host.h"
