/* Says S_FALSE for a request that was served. SUCCEEDED() is true of it; the CLR tests for S_OK,
 * takes the answer for a refusal, and the memory is lost. */
#define SERVED S_FALSE
#include "host.h"
