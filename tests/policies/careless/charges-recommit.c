/* Charges every commit in full, also of pages that are committed already. */
#define GROWTH(address, size, type) (((type)&MEM_COMMIT) != 0 ? pages_of(address, size) : 0)
#include "host.h"
