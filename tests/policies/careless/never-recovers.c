/* After the first refusal it saves what is left for critical requests, and never ends the
 * emergency. */
#include "types.h"

static BOOL emergency;
static HRESULT declare_emergency(HRESULT failure)
{
    emergency = emergency || failure == E_OUTOFMEMORY;
    return failure;
}

#define ALLOWED(level) ((level) != eTaskCritical ? LIMIT : emergency ? 0 : LIMIT - HELD_BACK)
#define REFUSED(failure) declare_emergency(failure)
#include "host.h"
