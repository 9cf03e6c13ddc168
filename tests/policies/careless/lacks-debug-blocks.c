/* No CLR that was shipped calls DebugAlloc, so it is left out. */
#define DEBUG_BLOCK(self, size, level, file, block)                                                \
    ((void)(self), (void)(size), (void)(level), *(block) = NULL, E_NOTIMPL)
#include "host.h"
