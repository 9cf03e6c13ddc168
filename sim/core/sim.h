/* The state of one run that everything shares: clock, trace, counters, fault plan, threads.
 *
 * A simulated call is shaped the same everywhere:
 *
 *     enum status st = sim_call(sim, EVENT_HeapAlloc, &traits);   count, charge time, ask the plan
 *     if (st == ST_OK) st = check and change ...                  a refusal changes nothing
 *     sim_event(sim, EVENT_HeapAlloc, status_code(st), a, b, c, d);
 */
#ifndef LW_CORE_SIM_H
#define LW_CORE_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include "core/arena.h"
#include "core/check.h"
#include "core/fault.h"
#include "core/layout.h"
#include "core/status.h"
#include "core/trace.h"

enum counter {
#define COUNTER(name, text) COUNTER_##name,
#include "core/counters.def"
#undef COUNTER
    COUNTERS
};
extern const char *const counter_names[COUNTERS];

/* What takes virtual time: each kind of record, and what has none (costs.def). */
enum cost {
    COST_LAST_EVENT = EVENT_KINDS - 1,
#define COST(symbol, name, cost, text) COST_##symbol,
#include "core/costs.def"
#undef COST
    COSTS
};
/* Nanoseconds at most: with the most records that a run can have the clock still holds. */
#define COST_NS_MAX UINT64_C(1000000000)
/* The usual costs, of calls.def and costs.def. */
void costs_default(uint64_t costs_ns[COSTS]);

/* Who is running: decides which calls count for the fault plan and at which depth they stand. */
enum actor { ACTOR_MACHINE, ACTOR_CLR, ACTOR_POLICY };

/* Why a run ends before its workload does. */
enum stop_kind {
    STOP_NONE,
    STOP_EXIT,            /* exit, ExitProcess; code is the exit code */
    STOP_ABORT,           /* abort, std::terminate, TerminateProcess */
    STOP_ASSERT,          /* a failed assert of the policy */
    STOP_EXCEPTION,       /* an unhandled simulated exception: code, address, access */
    STOP_SIGNAL,          /* a native fault outside the window: code is the signal number */
    STOP_HEAP_CORRUPTION, /* a heap block overrun, freed twice, or of another heap: address */
    STOP_UNSUPPORTED,     /* a run-time function that cannot work here was called */
    STOP_BUDGET,          /* more simulated calls in one host call, or events, than allowed */
    STOP_HANG,            /* CPU time without any simulated call */
    STOP_DEADLOCK,        /* the running thread waits for something nobody can give */
    STOP_LOAD,            /* the policy cannot be loaded; text has every reason */
    STOP_KINDS
};

/* Broken promises that do not end the run: about threads, and answers that cannot be. */
enum finding_kind {
    FINDING_LOCK_AT_EXIT,     /* a thread ended and still has a lock */
    FINDING_LOCK_IN_CALLBACK, /* the CLR was notified by a thread that has a lock */
    FINDING_LOCK_INVALID,     /* a lock or handle used before it is made or after it is destroyed */
    FINDING_THREAD_LEAK,      /* everything was released and a thread still runs */
    FINDING_LOAD,             /* L1: GetMemoryLoad with S_OK and no percentage, or nothing */
    FINDING_AVAILABLE,        /* L2: more bytes available than the machine has memory */
    FINDING_DATA_RACE,        /* two accesses that nothing orders (race.h) */
    FINDING_GIVEN_TWICE,      /* M3: a block or region was given out that was still in use */
    FINDING_KINDS
};

enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

struct stop {
    enum stop_kind kind;
    uint32_t code; /* exit code, exception code or signal number */
    enum access_kind access;
    uint64_t address;     /* native address concerned, 0: none */
    const void *ucontext; /* the interrupted context, NULL: called from the policy's own code */
    char text[1024];      /* in words, without a final full stop */
};

/* Whether the running flow stands in the fault handler, and whose instruction it interrupted. */
enum fault_place {
    FAULT_NONE,
    FAULT_IN_POLICY,    /* others may run before it goes on */
    FAULT_IN_SIMULATOR, /* nobody else may: structures may be half changed */
};

struct sim;
/* Ends the run: the harness's hook records outcome, stack and digest and leaves the process.
 * Never returns. printf-like; text may be NULL. */
_Noreturn void sim_stop(struct sim *sim, const struct stop *stop);
_Noreturn void sim_stop_text(struct sim *sim, enum stop_kind kind, uint32_t code,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A simulated thread, as far as every layer knows it. One is running at any time. Which flow of
 * control runs as it is the scheduler's (sched.h): the threads of a recording share one. */
struct thread {
    uint32_t id;            /* 0, 1, 2 ... ; Windows shows (id + 1) * 4 */
    uint32_t last_error;    /* GetLastError */
    int crt_errno;          /* errno of the policy */
    uint64_t tls_area;      /* its thread-local data (struct tls_layout), 0: not made yet */
    uint64_t tls_slots[64]; /* TlsAlloc */
    struct task *task;      /* who runs as it, NULL: the first flow of the run */
    uint32_t references;    /* handles; while there are any its id is given to no other thread */
    struct hold *holds;     /* locks it has (os/sync.h), the one taken last first */
    struct object *object;  /* its waitable object (os/sync.h), NULL: nobody asked yet */
    uint64_t stack_region; /* logical address of its stack, 0: none (the first flow's, the CLR's) */
    struct exit_function *exit_functions; /* destructors of thread-local data (crt/crt.h) */
    struct once *once;                    /* its initialisation in progress (crt/posix_thread.c) */
    uint64_t *fls_slots;                  /* FlsAlloc, NULL: none used yet */
    struct race_thread *race;             /* what is before it (race.h), NULL: not yet */
    uint64_t entries;                     /* of the CLR into the policy on it, and returns */
    uint64_t fault_state;                 /* what its last native fault found (os/native.c), and */
    uint32_t faults_alike;                /* how many before it in a row had found the same */
};

#define THREADS_MAX 4096

/* Finds a function in the policy or in the C++ library it uses, NULL: none. The C run-time needs
 * it where it must call back, e.g. to throw std::bad_alloc. */
struct symbol_lookup {
    void *(*find)(void *context, const char *name); /* NULL: nothing is loaded */
    void *context;
};

/* Thread-local data of the loaded modules: one area a thread, at TLS_BASE + id * TLS_STRIDE. */
#define TLS_MODULES_MAX 32
struct tls_layout {
    uint64_t bytes; /* of an area, at most TLS_STRIDE */
    uint32_t count;
    struct {
        uint64_t offset;     /* in the area */
        uint64_t image;      /* native address of the initial contents */
        uint64_t file_bytes; /* of them; the rest is zero */
    } modules[TLS_MODULES_MAX];
};

struct sim {
    struct arena arena;
    struct trace_cursor trace;
    uint64_t now_ns;
    uint64_t seed;
    enum actor actor;
    struct thread *thread; /* the running one */
    struct thread *threads[THREADS_MAX];
    struct fault_plan faults;
    uint64_t counters[COUNTERS];
    uint64_t costs_ns[COSTS]; /* by enum event_kind and enum cost; a scenario may set others */
    uint64_t tls_used;        /* TlsAlloc: indexes handed out, one bit each */
    uint64_t draws;           /* random draws made so far: the id of the next one */
    /* Limits that make a policy's endless loop end the same way every time. */
    uint64_t calls_in_host_call; /* simulated calls since the CLR entered the policy */
    uint64_t max_calls_in_host_call;
    uint64_t progress; /* grows with every simulated call; read by the hang timer */
    /* Not 0 when there are several flows of control or a timer runs: the scheduler must be asked.
     * With one flow and no timer nothing of it costs more than this test. */
    uint32_t attention;
    uint32_t processors;                      /* of the machine, 1 and more: who shares the clock */
    enum fault_place in_fault;                /* where the running flow stands */
    void (*on_fault_parked)(struct sim *sim); /* it is about to give way there; os/native.c */
    /* Called in the fault handler before the machine is asked; it may wait. For tests, or NULL. */
    void (*on_native_fault)(struct sim *sim, uint64_t page);
    struct sched *sched; /* made on first use (sched.h) */
    struct race *race;   /* the detector of data races (race.h), NULL: off */
    /* Where the policy is, for reports: the CLR call being served (EVENT_KINDS: none). */
    uint16_t host_call;
    uint64_t host_call_arg[3];
    int host_call_level; /* EMemoryCriticalLevel of that call, -1: it has none */
    /* What rules of the fault plan ask of other layers. Functions may be NULL: see fault.h. */
    uint32_t (*load_percent)(void *context); /* set by the machine */
    void *load_context;
    bool (*called_from)(void *context, const char *function); /* set by the harness */
    void *called_from_context;
    /* Hears what the machine tells anybody of its memory; NULL: nobody listens. */
    void (*memory_told)(void *context, uint32_t load_percent, uint64_t available_bytes);
    void *memory_told_context;
    /* Touches by native code since the last record: flushed in page order (sim_event). */
    uint32_t touched_count;
    uint64_t touched_pages[64];
    /* Ends the run; set by the harness. */
    void (*on_stop)(struct sim *sim, const struct stop *stop);
    void *on_stop_context;
    /* Sees every record while the code that caused it still stands on the stack, or NULL. */
    void (*on_record)(struct sim *sim, const struct event *event);
    struct output *output;        /* where printed text goes (output.h), NULL: nowhere */
    struct crt *crt;              /* the C run-time's own state (crt/crt.h), made on first use */
    struct symbol_lookup symbols; /* set by the loader */
    struct tls_layout tls;        /* set by the loader */
    struct sync *sync;            /* locks and handles (os/sync.h), made on first use */
    void (*on_notify)(struct sim *sim); /* the policy notifies the CLR; set with sync */
    /* When the machine does something by itself next, and doing it; NULL: nobody waits for what
     * it could change. */
    uint64_t (*machine_acts_next)(struct sim *sim);
    void (*machine_acts)(struct sim *sim);
    void (*on_thread_end)(struct sim *sim); /* destructors of thread-local data; set by the C
                                               run-time when there are any */
    /* A promise about threads was broken and the run goes on (finding.h), or NULL. */
    uint64_t finding_cause; /* of the next finding: the record that led to it, 0: none */
    void (*on_finding)(struct sim *sim, enum finding_kind kind, const char *text);
};

struct sim_options {
    uint64_t seed;
    uint64_t arena_base;             /* 0: anywhere (tests) */
    uint64_t arena_bytes;            /* 0: ARENA_BYTES */
    uint64_t max_calls_in_host_call; /* 0: the default, 10,000,000 */
    struct trace_options trace;
};

/* The structure itself lies at the beginning of its arena. */
struct sim *sim_create(const struct sim_options *options);
void sim_destroy(struct sim *sim);
/* The thread with this id, made on first use. Ids at and above THREADS_MAX share the last one. */
struct thread *sim_thread(struct sim *sim, uint32_t id);
/* The running flow goes on as this thread (a recording's threads take turns on one flow). */
void sim_become(struct sim *sim, uint32_t id);
/* Gives back the thread's area of thread-local data, if it has one. */
void thread_free_area(struct thread *thread);
/* Records a broken promise of the running thread and tells the hook. about: a lock's number, a
 * handle or a thread, as the kind wants. printf-like. */
void sim_finding(struct sim *sim, enum finding_kind kind, uint64_t about, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "lock-at-exit" and the like. */
const char *finding_name(enum finding_kind kind);

/* Called by sim_call in the rare cases. */
enum status sim_call_slow(struct sim *sim, uint16_t call, const struct call_traits *traits);
_Noreturn void sim_budget_exceeded(struct sim *sim, uint16_t call);
void sim_flush_touches(struct sim *sim);
void sched_charge(struct sim *sim, uint64_t cost_ns);
void sched_call(struct sim *sim, uint64_t cost_ns);
void sched_point_slow(struct sim *sim);

/* Virtual time passes for the running thread: what it costs the clock depends on how many others
 * share the processors. */
static inline void sim_charge(struct sim *sim, uint64_t cost_ns)
{
    if (__builtin_expect(sim->attention != 0, 0))
        sched_charge(sim, cost_ns);
    else
        sim->now_ns += cost_ns;
}

void sched_sleep_until(struct sim *sim, uint64_t due_ns);
/* Passes the time until a moment, while others run; nothing when it is over. */
static inline void sim_sleep_until(struct sim *sim, uint64_t due_ns)
{
    if (due_ns <= sim->now_ns)
        return;
    if (__builtin_expect(sim->attention != 0, 0))
        sched_sleep_until(sim, due_ns);
    else
        sim->now_ns = due_ns;
}

/* Whether others may run while a page fault waits: one of the policy's own instructions, or a
 * touch by the workload. Inside the simulator structures may be half changed. */
static inline bool sim_fault_may_wait(const struct sim *sim)
{
    return sim->attention != 0 && (sim->in_fault == FAULT_IN_POLICY ||
                                   (sim->in_fault == FAULT_NONE && sim->actor == ACTOR_CLR));
}

/* A place where another thread may go on instead of this one. */
static inline void sched_point(struct sim *sim)
{
    if (__builtin_expect(sim->attention != 0, 0))
        sched_point_slow(sim);
}

/* Marks a failure point and charges the call. Returns ST_OK or the injected failure. traits may
 * be NULL. A call made by the machine or the CLR is never failed and never counted. Other threads
 * may run before it returns: look up what they can change afterwards. */
static inline enum status sim_call(struct sim *sim, uint16_t call, const struct call_traits *traits)
{
    sim->progress++;
    if (__builtin_expect(sim->attention != 0, 0))
        sched_call(sim, sim->costs_ns[call]);
    else
        sim->now_ns += sim->costs_ns[call];
    if (sim->actor != ACTOR_POLICY)
        return ST_OK;
    sim->counters[COUNTER_win32_calls]++;
    if (__builtin_expect(++sim->calls_in_host_call > sim->max_calls_in_host_call, 0))
        sim_budget_exceeded(sim, call);
    if (__builtin_expect(sim->faults.rules_count != 0, 0))
        return sim_call_slow(sim, call, traits);
    return ST_OK;
}

/* Appends a record. error is a Windows number (status_code) or an HRESULT. */
static inline void sim_event(struct sim *sim, uint16_t kind, uint32_t error, uint64_t a, uint64_t b,
                             uint64_t c, uint64_t d)
{
    if (__builtin_expect(sim->touched_count != 0, 0))
        sim_flush_touches(sim);
    struct event *event = trace_next(&sim->trace);
    uint32_t thread = sim->thread->id;
    *event = (struct event){sim->now_ns,
                            kind,
                            (uint8_t)(thread < 255 ? thread : 255),
                            sim->actor == ACTOR_POLICY,
                            error,
                            {a, b, c, d}};
    if (error != 0 && sim->actor == ACTOR_POLICY && kind != EVENT_fault_injected)
        sim->counters[COUNTER_win32_failures]++;
    if (__builtin_expect(sim->on_record != NULL, 0))
        sim->on_record(sim, event);
}

/* What a record says of an address outside the simulated address space: host addresses and the
 * policy's image differ between builds, so they never reach the trace. */
#define ADDRESS_OUTSIDE UINT64_C(0xfffffffffffff000)

/* Native address to what records hold: the logical address, 0 for NULL, or ADDRESS_OUTSIDE.
 * Small numbers (below 64 KiB) stay as they are: they are no addresses of anything. */
static inline uint64_t sim_logical(uint64_t native)
{
    if (native - WINDOW_BASE < WINDOW_BYTES)
        return native - WINDOW_BASE;
    return native < GRANULARITY_BYTES ? native : ADDRESS_OUTSIDE;
}

#endif
