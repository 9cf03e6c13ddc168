/* The factory says S_OK and gives nothing. */
#define FACTORY_RESULT(host, result) (*(result) = ((void)(host), NULL), S_OK)
#include "host.h"
