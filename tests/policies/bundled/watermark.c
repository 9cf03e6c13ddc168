/* watermark under a CLR that registers, exchanges and withdraws its callbacks while memory is low.
 */
#include "rename.h"
#include "../../../policies/watermark.c"
#include "drive.h"

static IHostMemoryManager *drive(void)
{
    registered_again_is_not_told_again();
    return new_manager();
}
