/* Counts its references with ++ and --: two threads that do it at once count one of them. */
#include "types.h"

struct host {
    struct base base;
};

static LONG add_reference(struct base *base)
{
    return ++base->references;
}

static LONG drop_reference(struct base *base)
{
    return --base->references;
}

#define ADD_REFERENCE add_reference
#define DROP_REFERENCE drop_reference
#include "host.h"
