/* Crashes before the factory is called. */
#include "host.h"

static unsigned *volatile settings;

__attribute__((constructor)) static void read_settings(void)
{
    *settings = 1;
}
