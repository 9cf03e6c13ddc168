/* The host that the others are made of, with nothing of its own. */
#include "../types.h"

struct host {
    struct base base;
};

#include "../host.h"
