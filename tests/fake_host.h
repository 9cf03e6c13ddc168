/* A host, and an operating system beside it, that hand out numbers for addresses, note every call
 * and know what is not given back: for tests of what the simulated CLR asks of whom. */
#ifndef LW_TESTS_FAKE_HOST_H
#define LW_TESTS_FAKE_HOST_H

#include "tests/support.h"

#include <stdbool.h>
#include <stdint.h>
#define CINTERFACE
#define COBJMACROS
#include "clr/host.h"
#include "clr/recording.h"
#include "core/sched.h"

#define FAKE_NOTES_MAX 8192
#define FAKE_FIRST UINT64_C(0x1000000) /* address of the first reservation or block */

enum fake_kind { FAKE_REGION, FAKE_BLOCK, FAKE_OS, FAKE_KINDS };

struct fake {
    IHostMemoryManager manager; /* first */
    IHostMalloc malloc, more_mallocs[4];
    unsigned more_references[4]; /* besides the first */
    unsigned mallocs;            /* handed out */
    struct sim *sim;
    struct sched_options schedule; /* of threads of a workload; first_thread follows from it */
    struct clr *clr;
    bool quiet; /* nothing is noted */
    char (*notes)[96];
    uint64_t *note_times;
    uint32_t *note_threads;
    unsigned count;
    uint64_t next;         /* address of the next reservation or block */
    unsigned refuse_after; /* calls of VirtualAlloc and Alloc served before one is refused */
    unsigned refusals;     /* how many then */
    uint64_t refuse_above; /* requests of more bytes are refused; 0: none */
    bool refuse_views;     /* the operating system has no place for a view */
    bool needs_helps;      /* NeedsVirtualAddressSpace makes some */
    bool null_answers;     /* S_OK with NULL from VirtualAlloc and Alloc */
    bool stale_results;    /* a refused VirtualAlloc leaves a pointer in its result */
    uint64_t call_ns; /* virtual time each call of VirtualAlloc, VirtualFree, Alloc, Free takes */
    uint64_t touch_ns;
    uint64_t dirty_at; /* address of the one byte that is 0xcd, 0: none */
    struct fake_poked {
        uint64_t address;
        uint8_t byte;
    } poked[16];        /* the first bytes that were written: these are kept */
    uint64_t forbidden; /* address of a page that cannot be touched, 0: none */
    uint32_t load;      /* percent, default 50 */
    uint64_t available; /* 0: 1 GiB */
    bool no_load, no_available, load_refused; /* GetMemoryLoad writes less, or fails */
    /* What the machine says, before GetMemoryLoad and from its return on. */
    struct memory_truth truth, truth_then;
    struct memory_truth tells; /* to GetMemoryLoad; physical_bytes 0: nothing */
    bool knows_truth;
    uint64_t ask_load_ns; /* of the workloads that are performed */
    bool ask_after_pressure;
    uint64_t load_ns; /* virtual time that GetMemoryLoad takes */
    long references;  /* of manager, malloc and control together, beyond the CLR's own */
    ICLRMemoryNotificationCallback *callback;
    struct fake_live {
        uint64_t address, size;
        enum fake_kind kind;
    } * live;
    unsigned live_count, live_room;
    uint64_t kinds[FAKE_KINDS]; /* live ones of each kind */
    uint64_t calls, touches, pokes;
    unsigned threads_ended; /* of the CLR */
    /* How many bytes env->pressure has taken of each kind, and how many it has at most. */
    uint64_t taken[5], takeable;
    uint64_t figures[2]; /* latency, job limit as env->pressure has set them */
};

extern struct fake fake;

/* Fixture of a test: a sim with a digest and a host that serves everything. */
int fake_begin(void **state);
int fake_end(void **state);
/* The simulated CLR started on the fake host; what the start does is not noted. */
struct clr *fake_start(void);

/* The notes so far must be exactly these. */
void expect_notes(const char *const *expected, unsigned count);
#define EXPECT(...)                                                                                \
    do {                                                                                           \
        static const char *const expected[] = {__VA_ARGS__};                                       \
        expect_notes(expected, sizeof expected / sizeof *expected);                                \
    } while (0)
/* Notes that begin so. */
unsigned notes_that_begin(const char *beginning);
/* Forgets the notes. */
void forget_notes(void);
uint64_t counter(enum counter which);

/* An operation of a recording written in a test; the n-th happens at n milliseconds. */
struct recorded {
    uint8_t kind, object_class;
    uint32_t object;
    uint64_t offset_pages, pages;
    uint8_t protect, write;
    uint16_t thread;
};

/* Encodes them. The recording stays valid until the end of the test. */
const struct recording *fake_recording(const struct recorded *operations, size_t count);
#define RECORDING(operations) fake_recording(operations, sizeof operations / sizeof *operations)

#endif
