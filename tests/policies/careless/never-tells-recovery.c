/* Tells the CLR when memory is low, and never that it is not any more. */
#define ENOUGH(status, left) FALSE
#include "host.h"
