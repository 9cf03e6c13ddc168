/* What the tests of threads share: a run with threads, what they tell, what is found. */
#ifndef LW_TESTS_THREAD_SUPPORT_H
#define LW_TESTS_THREAD_SUPPORT_H

#include "tests/crt_support.h"

#include "include/windows.h"

#include <stdio.h>
#include "core/sched.h"
#include "os/sync.h"

#define JOIN(thread) assert_int_equal(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0)

static struct crt_run run;
static char story[4096];
static char findings[4096];

static inline void note_finding(struct sim *sim, enum finding_kind kind, const char *text)
{
    (void)sim;
    size_t used = strlen(findings);
    snprintf(findings + used, sizeof findings - used, "%s: %s\n", finding_name(kind), text);
}

static inline void begin(void)
{
    crt_run_begin(&run, 1, false);
    run.sim->on_finding = note_finding;
    story[0] = findings[0] = '\0';
}

static inline void end(void)
{
    sched_verify(run.sim);
    machine_verify(run.machine);
    crt_run_end(&run);
}

static inline void begin_with(enum sched_strategy strategy, uint64_t seed)
{
    begin();
    sched_configure(run.sim, &(struct sched_options){
                                 .strategy = strategy, .seed = seed, .expected_points = 100});
}

static inline void tell(char c)
{
    size_t length = strlen(story);
    assert_true(length + 1 < sizeof story);
    story[length] = c;
    story[length + 1] = '\0';
}

static inline void assert_found(const char *words)
{
    if (!strstr(findings, words))
        fail_msg("nobody found '%s' but: %s", words, findings);
}

static inline HANDLE start(LPTHREAD_START_ROUTINE routine, void *parameter)
{
    HANDLE thread = CreateThread(NULL, 0, routine, parameter, 0, NULL);
    assert_non_null(thread);
    return thread;
}

static struct shared {
    CRITICAL_SECTION section, other;
    SRWLOCK srw;
    CONDITION_VARIABLE condition;
    INIT_ONCE once;
    HANDLE event, mutex;
    int value, readers, most_readers;
} shared;

static inline void begin_shared(enum sched_strategy strategy, uint64_t seed)
{
    begin_with(strategy, seed);
    memset(&shared, 0, sizeof shared);
    InitializeCriticalSection(&shared.section);
    InitializeCriticalSection(&shared.other);
    shared.event = CreateEventA(NULL, FALSE, FALSE, NULL);
    shared.mutex = CreateMutexA(NULL, FALSE, NULL);
}

static inline DWORD WINAPI wait_for_ever(LPVOID handle)
{
    WaitForSingleObject(handle, INFINITE);
    return 0;
}

#endif
