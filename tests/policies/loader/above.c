/* A policy with two libraries of its own, which share a thread-local variable. */
#include <stdlib.h>

extern int below_is_ready, middle_is_ready;
int below_value(void);
int middle_value(void);

static void check_everything(void)
{
    if (!below_is_ready || !middle_is_ready || below_value() != 77 || middle_value() != 154)
        abort();
}

#define FACTORY_RESULT(host, result) (check_everything(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
