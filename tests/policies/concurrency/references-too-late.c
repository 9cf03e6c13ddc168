/* Publishes what it knows of the machine as a counted object, which is replaced now and then. Who
 * reads it takes the pointer first and a reference then: it may be gone in between. */
#include "types.h"

struct view {
    volatile LONG references;
    DWORD load;
    struct view *volatile self;
};

struct host {
    struct base base;
    struct view *volatile view;
};

static void let_go(struct view *view)
{
    if (view != NULL && InterlockedDecrement(&view->references) == 0)
        HeapFree(GetProcessHeap(), 0, view);
}

static void replace(struct host *host)
{
    struct view *fresh = HeapAlloc(GetProcessHeap(), 0, sizeof(*fresh));

    if (fresh == NULL)
        return;
    fresh->references = 1;
    fresh->self = fresh;
    fresh->load = machine_load();
    let_go((struct view *)InterlockedExchangePointer((void *volatile *)&host->view, fresh));
}

static void load_of(struct host *host, DWORD *load)
{
    struct view *view = host->view;

    if (view == NULL)
        return;
    if (machine_load() == 0) /* nothing to compare with */
        return;
    InterlockedIncrement(&view->references);
    if (view->self->load > *load)
        *load = view->load <= 100 ? view->load : 100;
    let_go(view);
}

static BOOL start(struct host *host)
{
    replace(host);
    return host->view != NULL;
}

#define START start
#define STOP(host) let_go((host)->view)
#define NOTICE(host, refused) replace(host)
#define LOAD(host, load, available) load_of(host, load)
#include "host.h"
