/* What a simulated program does, and what the rest of the machine does meanwhile: plain data, made
 * by the scenario loader, performed by workload_run.
 *
 * A workload is a list of steps, one after the other. `together` performs its steps side by side,
 * `repeat` performs its steps several times; both nest. Virtual time decides between activities
 * that run side by side; equal times go in the order of the list. `threads` of a phase or of a
 * `together` are simulated threads (core/sched.h) that enter the host at the same time. Nothing
 * here can run for ever: repetitions, counts and durations are bounded by the loader.
 * docs/scenarios.md says what each step means; lists are performed by lines.c, calls by calls.c,
 * phases by phase.c. */
#ifndef LW_CLR_WORKLOAD_H
#define LW_CLR_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include "clr/host.h"
#include "clr/recording.h"
#include "clr/replay.h"
#include "core/compare.h"
#include "core/pressure.h"

/* ---- numbers drawn at random: integer histograms ---- */

#define HISTOGRAM_BARS_MAX 64
#define LIFETIME_FOREVER UINT64_MAX

/* A bar is a value or a range of values (drawn evenly) with a weight. One bar: a fixed number. */
struct histogram {
    uint32_t bars_count; /* 0: not given */
    struct histogram_bar {
        uint64_t low, high; /* both included; bytes or nanoseconds */
        uint64_t weight;    /* the sum of all weights is at most 1e9 */
    } bars[HISTOGRAM_BARS_MAX];
};

/* So many (operations, or bytes) each per_ns of virtual time. amount 0: not given. */
struct rate {
    uint64_t amount;
    uint64_t per_ns;
    bool bytes; /* amount counts bytes, not operations */
};

/* ---- replays ---- */

struct step_replay {
    const struct recording *recording;
    uint64_t from_ns, to_ns; /* window of the recording's own time; to_ns UINT64_MAX: its end */
    uint64_t speed_num, speed_den; /* 2/1: twice as fast */
    uint64_t repeat;               /* how often, one after the other; what one left is given back */
    enum replay_native native;
};

/* ---- phases: traffic drawn from histograms ---- */

enum phase_way {
    WAY_VIRTUAL, /* one VirtualAlloc(MEM_RESERVE | MEM_COMMIT) each */
    WAY_SEGMENT, /* as the collector does: reserves segments, commits inside them as it grows */
    WAY_MALLOC,  /* IHostMalloc::Alloc */
};

enum criticality {
    CRITICALITY_TASK, /* the default */
    CRITICALITY_APP_DOMAIN,
    CRITICALITY_PROCESS,
};

enum pick_order { PICK_OLDEST, PICK_NEWEST, PICK_RANDOM };

struct phase_allocate {
    bool given;
    enum phase_way way;
    struct rate rate;          /* rate or count or both; without a duration or count: nothing */
    uint64_t count;            /* allocations; 0: as many as the rate gives in the duration */
    uint64_t total_bytes;      /* stop after so many bytes; 0: no such limit */
    struct histogram size;     /* bytes */
    struct histogram lifetime; /* ns; not given: FOREVER */
    uint64_t survive_percent;  /* of these, how many ignore the lifetime and outlive the phase */
    bool has_survive;
    uint64_t touch_percent; /* of an allocation's pages, written at once, from its beginning */
    uint32_t protect;       /* PAGE_ value */
};

struct phase_action { /* touch, protect, free on blocks that live */
    bool given;
    struct rate rate;
    uint64_t count;
    enum pick_order order;
    uint64_t write_percent; /* touch */
    uint32_t protect;       /* protect: the new protection; the next action on the block restores */
};

struct step_phase {
    const char *name;
    uint64_t for_ns; /* 0: until the counts are reached */
    uint64_t threads;
    enum criticality criticality;
    struct phase_allocate allocate;
    struct phase_action touch, protect, free;
};

/* ---- streams of touches ---- */

enum touch_order { TOUCH_SEQUENTIAL, TOUCH_RANDOM, TOUCH_ZIPF, TOUCH_HOT_COLD };

struct touch_pcg32 { /* PCG32 XSH-RR seeded the standard way; not given: keyed by the run's seed */
    bool given;
    uint64_t state, sequence;
};

struct block_address;
struct step_touch {
    enum touch_order order;
    uint64_t pages, references;
    uint64_t hot_percent;            /* hot and cold: of the pages, the first ones, and */
    uint64_t hot_references_percent; /* how many of the references these get */
    struct touch_pcg32 pcg32;
    uint64_t write_percent;
    struct rate rate;         /* references; not given: as fast as the machine serves them */
    struct block_address *at; /* NULL: memory of its own, from the host, released at the end */
};

/* ---- scripted calls ---- */

/* Each slot of the interfaces a host implements, and what the CLR does besides. */
enum call_slot {
    CALL_VirtualAlloc,
    CALL_VirtualFree,
    CALL_VirtualQuery,
    CALL_VirtualProtect,
    CALL_GetMemoryLoad,
    CALL_CreateMalloc,
    CALL_RegisterMemoryNotificationCallback,
    CALL_NeedsVirtualAddressSpace,
    CALL_AcquiredVirtualAddressSpace,
    CALL_ReleasedVirtualAddressSpace,
    CALL_Alloc,
    CALL_DebugAlloc,
    CALL_Free,
    CALL_QueryInterface,
    CALL_AddRef,
    CALL_Release,
    CALL_read, /* pages of a block, by managed code */
    CALL_write,
    CALL_map_view, /* the CLR maps a file: past the host, which is told */
    CALL_unmap_view,
    CALL_SLOTS
};

/* "heap", "heap+64KiB", "heap#", "heap+64KiB*#", "0x10000", none. */
struct block_address {
    enum { ADDRESS_NONE, ADDRESS_NUMBER, ADDRESS_BLOCK } base;
    uint32_t block; /* number of the name, ADDRESS_BLOCK */
    bool indexed;   /* "name#": the one of this repetition */
    int64_t offset; /* bytes; ADDRESS_NUMBER: the logical address */
    int64_t stride; /* bytes more for each repetition before this one, ADDRESS_BLOCK */
};

enum expected_result { RESULT_ANY, RESULT_SERVED, RESULT_REFUSED, RESULT_EXACT };
struct result_expect {
    enum expected_result kind;
    uint32_t hresult;                 /* RESULT_EXACT */
    const struct result_expect *also; /* another result that is as good, NULL: none */
};

enum com_object { OBJECT_MANAGER, OBJECT_MALLOC, OBJECT_CONTROL, OBJECT_MADE /* `of` */ };

struct step_call {
    enum call_slot slot;
    bool has_as; /* the result is bound to this name */
    uint32_t as;
    bool as_indexed;
    struct block_address at;
    uint64_t size;    /* bytes; of map-view the same; of CreateMalloc MALLOC_ flags stand in type */
    uint32_t type;    /* MEM_ or MALLOC_ flags */
    uint32_t protect; /* PAGE_ value */
    enum criticality criticality;
    uint64_t thread; /* simulated thread that calls, made for it; 0: the one of the step */
    struct result_expect expect;
    struct comparison load, available; /* GetMemoryLoad: what it must answer */
    uint32_t state;                    /* VirtualQuery: MEM_ value it must answer, 0: any */
    uint32_t is_protect; /* VirtualQuery: PAGE_ value it must answer, VirtualProtect: the old one */
    bool zero;           /* read: every byte must be zero */
    bool written;        /* read: each page must hold what `write` left there */
    uint64_t aligned;    /* what it gives must be a multiple of this; 0: anything */
    uint64_t within_ns;  /* it must return in so long; 0: whenever */
    const char *file;    /* DebugAlloc, NULL: none */
    uint64_t line;
    bool has_of;     /* Alloc, DebugAlloc, Free; OBJECT_MADE: the object of CreateMalloc */
    bool of_indexed; /* bound to this */
    uint32_t of;
    enum com_object object; /* QueryInterface, AddRef, Release */
    const char *iid;        /* QueryInterface: name of an interface, "IID_IHostMemoryManager" */
};

/* ---- steps ---- */

enum step_kind {
    STEP_REPLAY,
    STEP_PHASE,
    STEP_TOUCH,
    STEP_CALL,
    STEP_WAIT,
    STEP_REPEAT,
    STEP_TOGETHER,
};

enum repeat_until { UNTIL_DONE, UNTIL_REFUSED, UNTIL_SERVED };

struct step {
    enum step_kind kind;
    uint32_t line, column; /* in the scenario; 0: none */
    const char *path;      /* "workload[2].do[0]" */
    union {
        struct step_replay *replay;
        struct step_phase *phase;
        struct step_touch *touch;
        struct step_call *call;
    };
    uint64_t wait_ns;        /* STEP_WAIT */
    uint64_t times;          /* STEP_REPEAT, from 1 */
    enum repeat_until until; /* STEP_REPEAT: leave early after a call of the body that was ... */
    struct step *steps;      /* STEP_REPEAT, STEP_TOGETHER: the body */
    uint32_t steps_count;
    uint64_t threads; /* STEP_TOGETHER: so many perform each step; 0: all on one flow of control */
};

/* ---- pressure: other consumers of the machine ---- */

/* A recorded course: from each moment on others hold so much, until the next. */
struct pressure_curve {
    const struct curve_point {
        uint64_t at_ns, bytes;
    } *points;      /* in the order of time, each later than the one before */
    uint64_t count; /* at least 1 */
};

enum pressure_shape {
    PRESSURE_ONCE,     /* a step, or a ramp: what is taken stays until it is given back */
    PRESSURE_SQUARE,   /* taken at the beginning of each period, given back within it */
    PRESSURE_SAWTOOTH, /* the same, but taken in equal steps until then; no figure */
    PRESSURE_CURVE,    /* as a curve says; no figure */
};

struct pressure {
    uint64_t at_ns;
    uint64_t over_ns; /* once. 0: at once; else a ramp of equal steps, the last so much later */
    enum pressure_of of;
    bool give_back;
    uint64_t bytes;  /* UINT64_MAX: all (give back) or all there is (take) */
    uint64_t pieces; /* address space: so many islands, spread evenly; 0: one */
    enum pressure_shape shape;
    uint64_t period_ns;    /* waves, from 1 */
    uint64_t duty_percent; /* of the period, from 1 to 100: then it is given back */
    uint64_t times;        /* periods; 0: until the workload ends */
    uint64_t until_ns;     /* all is given back then and the wave ends; 0: no such time */
    const struct pressure_curve *curve;
    uint64_t scale_num, scale_den; /* of its levels, and */
    uint64_t speed_num, speed_den; /* 2/1: twice as fast. Products with its numbers fit 64 bits */
    uint32_t line, column;
    const char *path; /* "pressure[0]" */
};

struct workload {
    struct step *steps;
    uint32_t steps_count;
    uint32_t names_count; /* of blocks */
    const char *const *names;
    const struct pressure *pressure; /* in the order of at_ns */
    uint32_t pressure_count;
    uint64_t ask_load_ns; /* the collector asks for the memory load so often; 0: it does not */
    bool ask_load_after_pressure; /* and right behind each change by pressure */
    bool give_back;               /* at the end everything still held goes back through the host */
    bool release; /* at the end at least all objects are released, the CLR's own being so too */
};

/* What the harness wants to hear. */
struct workload_hooks {
    void *context;
    /* A call did not give what its step expected. Texts are short phrases. */
    void (*broken)(void *context, const struct step *step, const char *expected, const char *got);
};

/* Threads with a number below this are the workload's: those of replays, which its own flow of
 * control plays in turn, and behind them those that calls name. */
uint32_t workload_numbers(const struct workload *workload);
/* The step that the running flow of control performs, NULL: none. */
const struct step *workload_step(const struct clr *clr);

/* Performs all of it on a CLR that clr_start has started, pressure included. Counts
 * operations_recorded and so on as replay.h says; scripted and drawn operations count too. */
void workload_run(struct clr *clr, const struct workload *workload,
                  const struct workload_hooks *hooks);

#endif
