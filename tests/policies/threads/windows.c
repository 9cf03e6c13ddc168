/* A host with threads of its own in the manner of real ones: a monitor that waits for memory
 * notifications and for the end, a timer, work items, and locks around its tables. Each commit is
 * worth a little work; Release ends all of it. Exports functions that tests call instead. */
#include <windows.h>
#include <process.h>

#include "check.h"

static CRITICAL_SECTION section = {(PVOID)-1, -1, 0, NULL, NULL, 0};
static SRWLOCK table_lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static HANDLE monitor, low, stop, timer;
static DWORD slot;
static unsigned long pending, done, ticks;

static unsigned __stdcall watch(void *unused)
{
    HANDLE both[2] = {stop, low};
    TlsSetValue(slot, both);
    for (;;) {
        DWORD result = WaitForMultipleObjects(2, both, FALSE, 50);
        if (result == WAIT_OBJECT_0)
            return 7;
        EXPECT(result == WAIT_TIMEOUT || result == WAIT_OBJECT_0 + 1);
        EXPECT(TlsGetValue(slot) == both);
        EnterCriticalSection(&section);
        while (pending > 0) {
            pending--;
            done++;
        }
        LeaveCriticalSection(&section);
        WakeAllConditionVariable(&changed);
    }
    return (unsigned)(ULONG_PTR)unused;
}

static void WINAPI on_tick(PVOID unused, BOOLEAN fired)
{
    (void)unused;
    EXPECT(fired);
    AcquireSRWLockExclusive(&table_lock);
    ticks++;
    ReleaseSRWLockExclusive(&table_lock);
}

static DWORD WINAPI on_work(LPVOID unused)
{
    AcquireSRWLockShared(&table_lock);
    Sleep(1);
    ReleaseSRWLockShared(&table_lock);
    (void)unused;
    return 0;
}

static void begin(void)
{
    unsigned id;
    slot = TlsAlloc();
    stop = CreateEvent(NULL, TRUE, FALSE, NULL);
    low = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    monitor = (HANDLE)_beginthreadex(NULL, 0, watch, NULL, CREATE_SUSPENDED, &id);
    EXPECT(monitor != NULL && low != NULL && stop != NULL);
    EXPECT(ResumeThread(monitor) == 1);
    EXPECT(CreateTimerQueueTimer(&timer, NULL, on_tick, NULL, 10, 20, WT_EXECUTEDEFAULT));
}

static void serve(unsigned count)
{
    EnterCriticalSection(&section);
    pending++;
    if (count % 100 == 0)
        while (pending > 0)
            SleepConditionVariableCS(&changed, &section, 100);
    LeaveCriticalSection(&section);
    if (count % 50 == 0)
        EXPECT(QueueUserWorkItem(on_work, NULL, WT_EXECUTEDEFAULT));
}

static void end(void)
{
    DWORD code;
    SetEvent(stop);
    EXPECT(WaitForSingleObject(monitor, INFINITE) == WAIT_OBJECT_0);
    EXPECT(GetExitCodeThread(monitor, &code) && code == 7);
    EXPECT(DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE));
    EXPECT(CloseHandle(monitor) && CloseHandle(low) && CloseHandle(stop));
    EXPECT(ticks > 0 && done > 0);
}

#define FACTORY_RESULT(host, result) (begin(), *(result) = &(host)->iface, S_OK)
#define ON_COMMIT(host, count, address, size) serve(count)
#define ON_RELEASE(host, references)                                                               \
    if ((references) == 0)                                                                         \
    end()
#include "../defective/host.h"
