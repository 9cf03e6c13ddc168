// Keeps its budget in two ledgers, free and used, and moves bytes between them: from free to used
// for a commit, back after a decommit. Each move locks the ledger it takes from first, so two
// moves in opposite directions lock in opposite orders.
#include "types.h"

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
    std::lock_guard<std::mutex> from_guard(from.lock);
    std::lock_guard<std::mutex> to_guard(to.lock);
    if (from.bytes < bytes)
        return false;
    from.bytes -= bytes;
    to.bytes += bytes;
    return true;
}

// As much as the machine can commit at all: Windows refuses earlier, this host only keeps books.
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
#include "host.h"
