/* Clears one record too many, and with it the pointer that it will follow next. */
#include <string.h>
static void clear_records(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    clear_records()
#include "host.h"

static struct {
    unsigned long long records[4];
    unsigned long long *volatile newest;
} state = {{0}, state.records};

FRAME static void clear_records(void)
{
    volatile size_t records = sizeof(state.records) / sizeof(state.records[0]);
    volatile unsigned long long *at = state.records;
    size_t i;

    for (i = 0; i <= records; i++)
        at[i] = 0xfefefefefefefefe;
    *state.newest = 1;
}
