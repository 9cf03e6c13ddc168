/* A correct host that plays one scene before it is made: SCENE(name) { ... } defines a factory of
 * that name. Scenes start threads of their own and wait for them; in the files that are called
 * clean all that they share is ordered, in those called racy one thing is not. */
#ifndef RACES_STAGE_H
#define RACES_STAGE_H

#include "../concurrency/types.h"

struct host {
    struct base base;
};
#include "../concurrency/host.h"

#define SCENE(name)                                                                                \
    static void name##_scene(void);                                                                \
    LW_POLICY_EXPORT HRESULT STDMETHODCALLTYPE name(IHostMemoryManager **result)                   \
    {                                                                                              \
        name##_scene();                                                                            \
        return CreateHostMemoryManager(result);                                                    \
    }                                                                                              \
    static void name##_scene(void)

/* Runs both at the same time, and waits for them. */
static inline void both(LPTHREAD_START_ROUTINE first, LPTHREAD_START_ROUTINE second, void *argument)
{
    HANDLE threads[2];

    threads[0] = CreateThread(NULL, 0, first, argument, 0, NULL);
    threads[1] = CreateThread(NULL, 0, second, argument, 0, NULL);
    WaitForMultipleObjects(2, threads, TRUE, INFINITE);
    CloseHandle(threads[0]);
    CloseHandle(threads[1]);
}

#define THREAD(name) static DWORD WINAPI name(LPVOID argument)

#endif
