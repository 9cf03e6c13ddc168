/* A library that needs another one, already in its constructor: see above.c. */
#include <stdlib.h>

extern int below_is_ready;
extern __thread int below_local;
int below_value(void);
int middle_is_ready;

__attribute__((constructor)) static void construct(void)
{
    if (!below_is_ready)
        abort();
    middle_is_ready = 1;
}

int middle_value(void)
{
    return below_value() + below_local;
}
