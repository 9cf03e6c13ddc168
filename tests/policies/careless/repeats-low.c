/* Tells the CLR Low on every call as long as it is low. */
#define TELL_LOW(host) TRUE
#include "host.h"
