/* Charges before it asks Windows, as it must to stay below its limit, and forgets to give the
 * charge back when Windows refuses. Each refusal makes the limit a little smaller. */
#define ROLL_BACK(host, growth) (void)0
#include "host.h"
