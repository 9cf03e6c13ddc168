/* Says S_OK whether VirtualProtect has worked or not. */
#define PROTECTED(done) ((void)(done), S_OK)
#include "host.h"
