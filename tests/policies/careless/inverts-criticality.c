/* Holds memory back for application domains, and forgot that a level stands above them. */
#define ALLOWED(level) ((level) == eAppDomainCritical ? LIMIT : LIMIT - HELD_BACK)
#include "host.h"
