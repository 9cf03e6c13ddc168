// Each region of the list has a lock of its own, and who walks it locks one after the other. The
// lock of the one it stands on is left before the next one is locked, which may be freed by then.
#include "types.h"

#include <mutex>

struct node {
    std::mutex lock; // guards the next
    node *next = nullptr;
    ULONG_PTR base = 0;
    SIZE_T size = 0;
};

struct host {
    struct base base;
    node head; // before the first
};

static bool took(host *host, void *address, SIZE_T size, DWORD type)
{
    if ((type & MEM_RESERVE) == 0)
        return true;
    node *fresh = new (std::nothrow) node();
    if (fresh == nullptr)
        return false;
    fresh->base = reinterpret_cast<ULONG_PTR>(address);
    fresh->size = size;
    std::lock_guard<std::mutex> guard(host->head.lock);
    fresh->next = host->head.next;
    host->head.next = fresh;
    return true;
}

static void gave(host *host, ULONG_PTR base)
{
    node *before = &host->head;
    before->lock.lock();
    while (before->next != nullptr) {
        node *each = before->next;
        each->lock.lock();
        if (each->base == base) {
            before->next = each->next;
            each->lock.unlock();
            delete each;
            break;
        }
        before->lock.unlock();
        before = each;
    }
    before->lock.unlock();
}

static void load_of(host *host, SIZE_T *available)
{
    ULONGLONG reserved = 0;
    host->head.lock.lock();
    node *each = host->head.next;
    host->head.lock.unlock();
    while (each != nullptr) {
        each->lock.lock();
        reserved += each->size;
        node *next = each->next;
        each->lock.unlock();
        each = next;
    }
    if (reserved > (static_cast<ULONGLONG>(1) << 40))
        *available = 0;
}

static void stop(host *host)
{
    while (node *each = host->head.next) {
        host->head.next = each->next;
        delete each;
    }
}

static bool giving(void *address, DWORD type, void **note)
{
    *note = type == MEM_RELEASE ? address : nullptr;
    return true;
}

#define TOOK(host, address, size, type, growth) took(host, address, size, type)
#define GIVING(host, address, size, type, note) giving(address, type, note)
#define GAVE(host, note, shrinkage)                                                                \
    ((note) != nullptr ? gave(host, reinterpret_cast<ULONG_PTR>(note)) : (void)0)
#define LOAD(host, load, available) load_of(host, available)
#define STOP stop
#include "host.h"
