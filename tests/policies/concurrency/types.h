/* What the hosts of this folder have in common: names of Windows and the CLR, the part of a host
 * that host.h works on, and sums over pages. Usable from C and C++. */
#ifndef CONCURRENCY_TYPES_H
#define CONCURRENCY_TYPES_H

#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>
#include <lowwater/policy.h>

#ifdef __cplusplus
#include <new>
#define IS_IID(given, iid) IsEqualIID(given, iid)
#else
#define IS_IID(given, iid) IsEqualIID(given, &(iid))
#endif

#define MIB ((ULONGLONG)1 << 20)
#define PAGE ((ULONG_PTR)4096)

/* The first member of every struct host. */
struct base {
    IHostMemoryManager iface;
    volatile LONG references;
    SRWLOCK callback_lock; /* guards the next */
    ICLRMemoryNotificationCallback *callback;
};

struct host; /* each file's own */

struct heap_malloc {
    IHostMalloc iface;
    volatile LONG references;
    HANDLE heap;
    struct host *host; /* holds a reference */
};

/* Committed bytes of the range, outward to pages; size 0: of the allocation that begins there. */
static inline ULONGLONG committed_bytes(const void *address, SIZE_T size)
{
    ULONG_PTR at = (ULONG_PTR)address & ~(PAGE - 1);
    ULONG_PTR end = size != 0 ? ((ULONG_PTR)address + size + PAGE - 1) & ~(PAGE - 1) : ~(PAGE - 1);
    const void *allocation = NULL;
    ULONGLONG bytes = 0;
    MEMORY_BASIC_INFORMATION info;

    while (at < end && VirtualQuery((const void *)at, &info, sizeof(info)) != 0) {
        ULONG_PTR next = (ULONG_PTR)info.BaseAddress + info.RegionSize;

        if (allocation == NULL)
            allocation = info.AllocationBase;
        if (info.State == MEM_FREE || info.AllocationBase != allocation)
            break;
        if (next > end)
            next = end;
        if (info.State == MEM_COMMIT)
            bytes += next - at;
        at = next;
    }
    return bytes;
}

static inline ULONGLONG pages_of(const void *address, SIZE_T size)
{
    ULONGLONG end = ((ULONG_PTR)address & (PAGE - 1)) + (ULONGLONG)size + PAGE - 1;

    return end < size ? size : end & ~(ULONGLONG)(PAGE - 1);
}

/* Bytes by which a VirtualAlloc makes the commit grow. */
static inline ULONGLONG growth_of(const void *address, SIZE_T size, DWORD type)
{
    if ((type & MEM_COMMIT) == 0)
        return 0;
    if (address == NULL || (type & MEM_RESERVE) != 0)
        return pages_of(address, size);
    return pages_of(address, size) - committed_bytes(address, size);
}

/* Puts a callback in the place of the one before, NULL for none. */
static inline void keep_callback(struct base *base, ICLRMemoryNotificationCallback *callback)
{
    ICLRMemoryNotificationCallback *old;

    if (callback != NULL)
        ICLRMemoryNotificationCallback_AddRef(callback);
    AcquireSRWLockExclusive(&base->callback_lock);
    old = base->callback;
    base->callback = callback;
    ReleaseSRWLockExclusive(&base->callback_lock);
    if (old != NULL)
        ICLRMemoryNotificationCallback_Release(old);
}

/* Tells the CLR, if it has left a callback; without a lock, as the CLR may come back at once. */
static inline void tell(struct base *base, EMemoryAvailable available)
{
    ICLRMemoryNotificationCallback *callback;

    AcquireSRWLockShared(&base->callback_lock);
    callback = base->callback;
    if (callback != NULL)
        ICLRMemoryNotificationCallback_AddRef(callback);
    ReleaseSRWLockShared(&base->callback_lock);
    if (callback == NULL)
        return;
    ICLRMemoryNotificationCallback_OnMemoryNotification(callback, available);
    ICLRMemoryNotificationCallback_Release(callback);
}

/* Percent of the machine's memory that is in use; 0 where Windows does not say. */
static inline DWORD machine_load(void)
{
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    return GlobalMemoryStatusEx(&status) ? status.dwMemoryLoad : 0;
}

#endif
