// Keeps its budget in two ledgers and moves bytes between them in both directions. std::scoped_lock
// takes both locks in whatever order does not deadlock.
#include "../types.h"

#include <mutex>

struct ledger {
    std::mutex lock;
    ULONGLONG bytes = 0;
};

struct host {
    struct base base;
    ledger free_bytes, used_bytes;
};

static bool move(ledger &from, ledger &to, ULONGLONG bytes)
{
    std::scoped_lock guard(from.lock, to.lock);
    if (from.bytes < bytes)
        return false;
    from.bytes -= bytes;
    to.bytes += bytes;
    return true;
}

// As much as the process has addresses: Windows refuses earlier, this host only keeps books.
static BOOL start(struct host *host)
{
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return FALSE;
    host->free_bytes.bytes = status.ullTotalVirtual;
    return TRUE;
}

static HRESULT admit(struct host *host, ULONGLONG growth)
{
    if (growth == 0)
        return S_OK;
    return move(host->free_bytes, host->used_bytes, growth) ? S_OK : E_OUTOFMEMORY;
}

static void give_back(struct host *host, ULONGLONG shrinkage)
{
    if (shrinkage != 0)
        move(host->used_bytes, host->free_bytes, shrinkage);
}

#define START start
#define ADMIT(host, growth, level) admit(host, growth)
#define REFUSED give_back
#define GAVE(host, note, shrinkage) give_back(host, shrinkage)
#include "../host.h"
