// Wakes who waits for a condition variable in memory that it has freed.
#include <condition_variable>
#include <new>
#include <windows.h>

static void *memory;

__attribute__((noinline)) static void wake(void)
{
    static_cast<std::condition_variable *>(memory)->notify_all();
}

static void commit(unsigned number)
{
    if (number == 1)
        memory = new (HeapAlloc(GetProcessHeap(), 0, sizeof(std::condition_variable)))
            std::condition_variable;
    if (number == 5)
        HeapFree(GetProcessHeap(), 0, memory);
    if (number <= 5)
        wake();
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
