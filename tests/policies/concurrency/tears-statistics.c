/* Keeps the number and the bytes of its commits for the load it reports, as two figures that other
 * threads see changed one after the other, or half added. */
#include "types.h"

struct statistics {
    ULONGLONG commits, bytes;
};

struct host {
    struct base base;
    struct statistics statistics;
};

static BOOL took(struct host *host, ULONGLONG growth)
{
    if (growth != 0) {
        host->statistics.commits++;
        host->statistics.bytes += growth;
    }
    return TRUE;
}

/* Memory for less than one more commit of the usual size is none. */
static void load_of(struct host *host, SIZE_T *available)
{
    struct statistics so_far = host->statistics;

    if (so_far.commits != 0 && *available < so_far.bytes / so_far.commits)
        *available = 0;
}

#define TOOK(host, address, size, type, growth) took(host, growth)
#define LOAD(host, load, available) load_of(host, available)
#include "host.h"
