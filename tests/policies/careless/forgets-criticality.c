/* Has one limit for all: what tasks have used up is missing when the process is at stake. */
#define ALLOWED(level) ((void)(level), LIMIT)
#include "host.h"
