/* A host that asks its heap from functions of several kinds, each for a size of its own: for the
 * caller filter of fault rules, which must find them however the compiler arranged the code. */
#define ON_COMMIT(host, count, address, size) on_commit(count)
static void on_commit(unsigned count);
#include "defective/host.h"

static void ask(SIZE_T bytes)
{
    HANDLE heap = GetProcessHeap();
    void *block = HeapAlloc(heap, 0, bytes);
    HeapFree(heap, 0, block);
}

extern "C" {
static inline void plain_inlined(void)
{
    ask(16);
}
FRAME __attribute__((visibility("default"))) void exported(void)
{
    ask(32);
}
}

namespace
{
struct Ledger {
    void note(unsigned count) /* small enough to be put into its caller */
    {
        if (count > 0)
            ask(48);
    }
    FRAME void grow(unsigned count) const { ask(count ? 64 : 1); }
    template <class T> FRAME T typed(T size)
    {
        ask(static_cast<SIZE_T>(size));
        return size;
    }
    FRAME void operator()(unsigned count) { ask(count ? 96 : 1); }
};
} // namespace

FRAME static void outer(unsigned count)
{
    Ledger ledger;
    plain_inlined();
    exported();
    ledger.note(count);
    ledger.grow(count);
    ledger.typed<int>(80);
    ledger(count);
}

static void on_commit(unsigned count)
{
    outer(count);
}
