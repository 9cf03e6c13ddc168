/* Credits decommits and forgets that a release gives back what is still committed. */
#define SHRINKAGE(address, size, type) ((type) == MEM_DECOMMIT ? committed_bytes(address, size) : 0)
#include "host.h"
