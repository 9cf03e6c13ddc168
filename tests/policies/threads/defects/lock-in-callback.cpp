/* Notifies the CLR while it has the lock of its tables. */
#include <mutex>
#define CINTERFACE
#define COBJMACROS
#include <windows.h>
#include <mscoree.h>

static std::mutex tables;

__attribute__((noinline)) static void notify(ICLRMemoryNotificationCallback *callback,
                                             unsigned count)
{
    std::lock_guard<std::mutex> lock(tables);
    if (count % 5 == 0 && callback)
        ICLRMemoryNotificationCallback_OnMemoryNotification(callback, eMemoryAvailableLow);
}

#define ON_COMMIT(host, count, address, size) notify((host)->callback, count)
#include "../../defective/host.h"
