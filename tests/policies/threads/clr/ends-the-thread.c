/* Ends a thread that is not its own. */
#include <windows.h>

#define ON_COMMIT(host, count, address, size) ExitThread(7)
#include "../../defective/host.h"
