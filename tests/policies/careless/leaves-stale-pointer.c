/* Writes the address it was asked for into *ppMem first, and leaves it there when the commit is
 * refused. */
#define NOTHING(address) (address)
#include "host.h"
