/* Charges a block before it asks the heap, and forgets to give the charge back when that is full.
 */
#define ROLL_BACK_BLOCK(host, size) (void)0
#include "host.h"
