/* Says E_FAIL when memory has run out. To the CLR that is an unknown catastrophic failure, after
 * which it is no longer usable in the process; E_OUTOFMEMORY is an exception in one thread. */
#define REFUSED(failure) E_FAIL
#include "host.h"
