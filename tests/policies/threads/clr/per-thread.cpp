// Keeps something for each thread of the CLR, as caches do, and gives it back when one leaves.
#include <windows.h>

struct cache {
    void *block = nullptr;
    void use()
    {
        if (!block)
            block = HeapAlloc(GetProcessHeap(), 0, 100);
    }
    ~cache()
    {
        if (block)
            HeapFree(GetProcessHeap(), 0, block);
    }
};

static thread_local cache of_thread;

#define ON_COMMIT(host, count, address, size) of_thread.use()
#include "../../defective/host.h"
