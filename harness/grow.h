/* Arrays of the harness that grow by doubling. Running out of memory is an internal error: there
 * is nothing useful to do without a table. */
#ifndef LW_HARNESS_GROW_H
#define LW_HARNESS_GROW_H

#include <stddef.h>
#include <stdlib.h>
#include "core/check.h"

/* items with room for at least one more than count; *room is updated. */
static inline void *grow_array(void *items, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 64;
    items = realloc(items, *room * item_bytes);
    CHECK(items != NULL);
    return items;
}

#endif
