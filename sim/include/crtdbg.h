/* Debug checks of Microsoft's run-time become assertions. */
#ifndef LW_CRTDBG_H
#define LW_CRTDBG_H

#include <assert.h>

#define _ASSERT(expression) assert(expression)
#define _ASSERTE(expression) assert(expression)
#define _CrtSetDbgFlag(flags) 0
#define _CrtDumpMemoryLeaks() 0

#endif
