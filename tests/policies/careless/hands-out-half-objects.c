/* Does not look whether HeapCreate has worked: the object of CreateMalloc has no heap. */
#define HAS_HEAP(allocator) TRUE
#include "host.h"
