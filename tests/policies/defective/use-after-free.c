/* Follows a pointer that stands in a block it has freed. */
struct host;
static void finish_record(struct host *host);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    finish_record(host)
#include "host.h"

struct record {
    volatile unsigned *volatile uses;
};

FRAME static void finish_record(struct host *host)
{
    static unsigned uses;
    struct record *volatile record = (struct record *)HeapAlloc(host->heap, 0, 64);

    record->uses = &uses;
    HeapFree(host->heap, 0, record);
    *record->uses += 1;
}
