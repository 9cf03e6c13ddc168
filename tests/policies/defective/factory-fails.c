/* The factory fails. */
#define FACTORY_RESULT(host, result) ((void)(host), (void)(result), E_FAIL)
#include "host.h"
