/* A host that writes where no lock is needed, because the CLR hands memory from one call to the
 * next: a header in front of each block, zeros in committed memory, a list through released blocks
 * (that one is locked). */
#include <string.h>

#include "../concurrency/types.h"

struct host {
    struct base base;
};

struct header {
    SIZE_T size;
    struct header *next;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct header *released;
static HANDLE heap; /* of the host's own: released blocks outlive the objects that gave them out */

static void *take(SIZE_T size)
{
    struct header *header = NULL;

    AcquireSRWLockExclusive(&lock);
    if (released != NULL && released->size >= size) {
        header = released;
        released = header->next;
    }
    ReleaseSRWLockExclusive(&lock);
    if (header == NULL)
        header = (struct header *)HeapAlloc(heap, 0, sizeof(*header) + size);
    if (header == NULL)
        return NULL;
    header->size = size; /* nobody else knows it yet */
    memset(header + 1, 0, size);
    return header + 1;
}

static BOOL give(void *block)
{
    struct header *header = (struct header *)block - 1;

    memset(block, 0xdd, header->size); /* nobody else knows it any more */
    AcquireSRWLockExclusive(&lock);
    header->next = released;
    released = header;
    ReleaseSRWLockExclusive(&lock);
    return TRUE;
}

static BOOL clear(void *address, SIZE_T size, DWORD type)
{
    if ((type & MEM_COMMIT) && size <= 65536)
        memset(address, 0, size);
    return TRUE;
}

#define START(host) ((heap = HeapCreate(0, 0, 0)) != NULL)
#define STOP(host) (released = NULL, (void)HeapDestroy(heap))
#define TAKE_BLOCK(allocator, size) take(size)
#define GIVE_BLOCK(allocator, block) give(block)
#define TOOK(host, address, size, type, growth) clear(address, size, type)
#include "../concurrency/host.h"
