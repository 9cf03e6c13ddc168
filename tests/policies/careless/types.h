/* What the hosts of this folder are: for defects that need a function of their own, which stands
 * between this and host.h. */
#ifndef CARELESS_TYPES_H
#define CARELESS_TYPES_H

#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

#define MIB ((ULONGLONG)1 << 20)
#define LIMIT (512 * MIB)    /* bytes charged at most: commits and blocks */
#define HELD_BACK (32 * MIB) /* of these, for requests critical to more than a task */
#define PAGE ((ULONG_PTR)4096)
#define LOW_HOLD_MS 8192 /* the CLR acts on the next Low no sooner */

struct host {
    IHostMemoryManager iface;
    volatile LONG references;
    SRWLOCK lock; /* guards the next two */
    ULONGLONG charged;
    BOOL low; /* the CLR was told Low, at low_ms, and not yet Neutral */
    ULONGLONG low_ms;
    ICLRMemoryNotificationCallback *callback;
};

struct heap_malloc {
    IHostMalloc iface;
    volatile LONG references;
    HANDLE heap;
    struct host *host; /* holds a reference */
};

#endif
