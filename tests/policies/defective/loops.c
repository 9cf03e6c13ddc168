/* Walks a list that has become a ring; no call is made on the way. */
static void find_end(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    find_end()
#include "host.h"

struct node {
    struct node *volatile next;
};
static struct node first, second;

FRAME static void find_end(void)
{
    struct node *at;

    first.next = &second;
    second.next = &first;
    for (at = &first; at != NULL; at = at->next)
        ;
}
