/* Ends the process before the factory is called. */
#include <stdlib.h>
#include "host.h"

__attribute__((constructor)) static void check_licence(void)
{
    exit(1);
}
