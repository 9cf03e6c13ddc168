/* An assertion that does not hold for every program. */
#include <assert.h>
static void check_size(unsigned count);
#define ON_COMMIT(host, count, address, size) check_size(count)
#include "host.h"

FRAME static void check_size(unsigned count)
{
    assert(count < 50 && "more commits than expected");
}
