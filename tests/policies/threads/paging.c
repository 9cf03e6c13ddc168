/* Threads whose memory does not fit into RAM: each writes and reads its own part, so that faults of
 * one wait for the page file while the others go on. Contents must survive. */
#include <windows.h>

#include "check.h"

#define THREADS 4
#define PAGES 2048 /* each: 8 MiB */

static unsigned char *memory;
static volatile LONG turns;

static DWORD WINAPI use_part(LPVOID number)
{
    unsigned self = (unsigned)(ULONG_PTR)number;
    unsigned char *part = memory + (SIZE_T)self * PAGES * 4096;
    for (unsigned i = 0; i < PAGES; i++)
        part[(SIZE_T)i * 4096 + self] = (unsigned char)(i * 7 + self);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < PAGES; i++) {
            unsigned page = (i * 1021 + round * 97) % PAGES;
            EXPECT(part[(SIZE_T)page * 4096 + self] == (unsigned char)(page * 7 + self));
            InterlockedIncrement(&turns);
        }
    return 0;
}

static void commit(unsigned count)
{
    HANDLE threads[THREADS];
    if (count != 5)
        return;
    memory = VirtualAlloc(NULL, (SIZE_T)THREADS * PAGES * 4096, MEM_RESERVE | MEM_COMMIT,
                          PAGE_READWRITE);
    EXPECT(memory != NULL);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, use_part, (LPVOID)(ULONG_PTR)i, 0, NULL);
    WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
    EXPECT(turns == THREADS * PAGES * 2);
    for (unsigned i = 0; i < THREADS; i++)
        CloseHandle(threads[i]);
    EXPECT(VirtualFree(memory, 0, MEM_RELEASE));
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../defective/host.h"
