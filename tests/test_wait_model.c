/* Waits for objects against a naive model: who waits first is served first, at the moment its wait
 * can be satisfied, with exactly the objects it asked for. */
#include "tests/thread_support.h"

#include "core/rng.h"

#define WORKERS 8
#define OBJECTS 6 /* two automatic events, a manual one, a semaphore, two mutexes */
#define STEPS 400

enum { AUTO_0, AUTO_1, MANUAL, SEMAPHORE, MUTEX_0, MUTEX_1 };

/* What a worker is told to do, and what came of it. */
struct worker {
    HANDLE order;
    uint32_t objects[3], count;
    bool all;
    DWORD timeout_ms;
    int release; /* a mutex instead of waiting, or -1 */
    bool busy;
    DWORD result;
};

static HANDLE objects[OBJECTS];
static struct worker workers[WORKERS];

static DWORD WINAPI obey(LPVOID argument)
{
    struct worker *worker = argument;
    for (int i = 0; i >= 0;) {
        WaitForSingleObject(worker->order, INFINITE);
        HANDLE wanted[3];
        for (uint32_t k = 0; k < worker->count; k++)
            wanted[k] = objects[worker->objects[k]];
        if (worker->release >= 0)
            worker->result = (DWORD)ReleaseMutex(objects[worker->release]);
        else
            worker->result =
                WaitForMultipleObjects(worker->count, wanted, worker->all, worker->timeout_ms);
        worker->busy = false;
    }
    return 0;
}

/* ---- the model: a list of waits in order, tried from the front after each change ---- */

struct model {
    int value[OBJECTS];           /* signalled, or the count of the semaphore */
    int owner[OBJECTS];           /* of a mutex: worker, or -1 */
    int depth[OBJECTS];           /* how often it has it */
    int waiting[WORKERS], length; /* workers in order */
    DWORD result[WORKERS];
    bool busy[WORKERS];
};

static struct model model;

static bool model_free(uint32_t object, int worker)
{
    if (object >= MUTEX_0)
        return model.owner[object] == -1 || model.owner[object] == worker;
    return model.value[object] > 0;
}

static void model_take(uint32_t object, int worker)
{
    if (object >= MUTEX_0) {
        model.owner[object] = worker;
        model.depth[object]++;
    } else if (object != MANUAL) {
        model.value[object]--;
    }
}

static bool model_satisfy(int w)
{
    const struct worker *worker = &workers[w];
    uint32_t ready = 0, first = UINT32_MAX;
    for (uint32_t i = worker->count; i-- > 0;)
        if (model_free(worker->objects[i], w)) {
            ready++;
            first = i;
        }
    if (ready == 0 || (worker->all && ready < worker->count))
        return false;
    for (uint32_t i = 0; worker->all && i < worker->count; i++)
        model_take(worker->objects[i], w);
    if (!worker->all)
        model_take(worker->objects[first], w);
    model.result[w] = worker->all ? 0 : first;
    model.busy[w] = false;
    return true;
}

/* One change can satisfy several; each grant can prevent others. */
static void model_settle(void)
{
    for (int i = 0; i < model.length; i++) {
        if (!model_satisfy(model.waiting[i]))
            continue;
        memmove(&model.waiting[i], &model.waiting[i + 1],
                sizeof(int) * (size_t)(model.length - i - 1));
        model.length--;
        i = -1;
    }
}

/* ---- steps ---- */

static void begin_wait(int w, uint64_t draw)
{
    struct worker *worker = &workers[w];
    worker->count = 1 + (uint32_t)(draw >> 8) % 3;
    for (uint32_t i = 0; i < worker->count; i++)
        worker->objects[i] = (uint32_t)((draw >> 16) + i * (1 + (draw >> 24) % 2)) % OBJECTS;
    worker->all = draw >> 32 & 1;
    worker->timeout_ms =
        (draw >> 33) % 4 == 0 ? 0 : 3600000; /* for ever would end the run in a deadlock */
    worker->release = -1;
    worker->busy = model.busy[w] = true;
    SetEvent(worker->order);
    if (model_satisfy(w))
        return;
    if (worker->timeout_ms == 0) {
        model.result[w] = WAIT_TIMEOUT;
        model.busy[w] = false;
        return;
    }
    model.waiting[model.length++] = w;
}

static void release(int w, int mutex)
{
    struct worker *worker = &workers[w];
    worker->release = mutex;
    worker->busy = true;
    SetEvent(worker->order);
    model.result[w] = model.owner[mutex] == w;
    if (model.owner[mutex] == w && --model.depth[mutex] == 0)
        model.owner[mutex] = -1;
}

static void change(uint64_t draw)
{
    switch ((draw >> 8) % 5) {
    case 0:
    case 1:
        SetEvent(objects[AUTO_0 + (draw >> 16) % 2]);
        model.value[AUTO_0 + (draw >> 16) % 2] = 1;
        return;
    case 2:
        SetEvent(objects[MANUAL]);
        model.value[MANUAL] = 1;
        return;
    case 3:
        ResetEvent(objects[MANUAL]);
        model.value[MANUAL] = 0;
        return;
    default:
        if (ReleaseSemaphore(objects[SEMAPHORE], 2, NULL))
            model.value[SEMAPHORE] += 2;
    }
}

static void step(uint64_t draw)
{
    int w = (int)((draw >> 40) % WORKERS);
    if (draw % 3 == 0 || model.busy[w])
        change(draw);
    else if (draw % 3 == 1)
        begin_wait(w, draw);
    else
        release(w, MUTEX_0 + (int)((draw >> 16) & 1));
    model_settle();
    Sleep(1); /* until all have done what they can */
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(workers[i].busy, model.busy[i]);
        if (!model.busy[i])
            assert_int_equal(workers[i].result, model.result[i]);
    }
}

static void waits_are_granted_as_a_naive_model_grants_them(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        /* Not with slow ones: they have not all done what they can after a millisecond. */
        begin_with((enum sched_strategy)(seed % SCHED_SLOW_RANDOM), seed);
        memset(&model, 0, sizeof model);
        memset(workers, 0, sizeof workers);
        objects[AUTO_0] = CreateEventA(NULL, FALSE, FALSE, NULL);
        objects[AUTO_1] = CreateEventA(NULL, FALSE, FALSE, NULL);
        objects[MANUAL] = CreateEventA(NULL, TRUE, FALSE, NULL);
        objects[SEMAPHORE] = CreateSemaphoreA(NULL, 0, 6, NULL);
        objects[MUTEX_0] = CreateMutexA(NULL, FALSE, NULL);
        objects[MUTEX_1] = CreateMutexA(NULL, FALSE, NULL);
        model.owner[MUTEX_0] = model.owner[MUTEX_1] = -1;
        HANDLE threads[WORKERS];
        for (int i = 0; i < WORKERS; i++) {
            workers[i].order = CreateEventA(NULL, FALSE, FALSE, NULL);
            threads[i] = start(obey, &workers[i]);
        }
        Sleep(1);
        for (uint64_t i = 0; i < STEPS; i++)
            step(rng_draw(seed, RNG_PROPERTY_TEST, i));
        for (int i = 0; i < WORKERS; i++)
            assert_true(TerminateThread(threads[i], 0));
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_are_granted_as_a_naive_model_grants_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
