/* What the parts of the importer share. import_run.c has the order of things. */
#ifndef LW_HARNESS_IMPORT_PRIVATE_H
#define LW_HARNESS_IMPORT_PRIVATE_H

#include <stdbool.h>
#include "core/check.h"
#include "core/layout.h"
#include "harness/address_map.h"
#include "harness/import.h"
#include "harness/page_set.h"
#include "harness/strace_parse.h"

/* ---- import_log.c: the log as calls in the order in which they take effect ---- */

enum birth { BORN_UNKNOWN, BORN_THREAD, BORN_SHARING, BORN_FORKED };

struct log_thread {
    uint32_t tid;
    uint32_t number; /* in the recording, NO_OBJECT: none yet */
    uint32_t parent; /* index, where birth is known */
    enum birth birth;
    bool seen;      /* has lines of its own */
    bool started;   /* one of its calls was taken */
    bool announced; /* strace said that it follows it */
    bool ended;
    bool other;  /* runs another program: its calls are dropped */
    bool judged; /* other is decided by birth */
    uint64_t end_line;
    /* the call that has begun and not returned */
    bool pending;
    struct text name, arguments;
    size_t slot; /* its place among the calls; munmap only */
    uint64_t begin_line;
};

struct log_call {
    struct memory_call call;
    uint32_t thread; /* index */
    bool returned, failed;
    uint64_t result;
    uint64_t line; /* where it takes effect, from 0 */
};

struct log {
    struct log_call *calls;
    size_t count, room;
    struct log_thread *threads;
    size_t threads_count, threads_room;
    size_t by_line;  /* threads that have lines */
    uint64_t *times; /* of each line, nanoseconds, never backwards */
    size_t lines, times_room;
    bool absolute; /* times are those of the clock */
    bool births;   /* calls that make threads and processes were traced */
    bool executes; /* and execve */
    uint32_t *by_tid;
    struct import_lines bad;
};

void log_read(struct log *log, const char *text, size_t bytes);
void log_free(struct log *log);
/* The thread with the number of the system now, made where there is none. */
uint32_t log_thread_of(struct log *log, uint32_t tid);
void import_note_line(struct import_lines *lines, uint64_t line);
/* The next line of a text: false at its end. */
bool next_line(struct text *rest, struct text *line);

/* ---- import_faults.c ---- */

struct fault {
    uint64_t time_ns, address;
    uint32_t tid;
    uint32_t index; /* keeps the order of equal times */
};
struct faults {
    struct fault *faults;
    size_t count, room;
    uint64_t lines;
    struct import_lines bad;
};
void faults_read(struct faults *faults, const char *text, size_t bytes);

/* ---- the process as it is being imported ---- */

struct import_object {
    uint64_t start, end; /* the final extent: trimmed for alignment, or the largest of brk */
    uint64_t live_bytes; /* still mapped */
    enum object_class object_class;
    uint8_t protect; /* enum operation_protect, when it was made */
    bool fresh;      /* nothing but trimming has happened to it */
    bool noreserve, is_break, released;
};

struct import_operation {
    uint64_t time_ns, start, end; /* addresses */
    uint32_t object, thread;
    uint8_t kind, protect;
    bool write;
};

struct shared_segment {
    uint64_t id, size;
};

struct import {
    struct log log;
    struct faults faults;
    struct address_map map;
    struct page_set touched;
    struct import_object *objects;
    size_t objects_count, objects_room;
    struct import_operation *operations;
    size_t operations_count, operations_room;
    struct piece *pieces; /* what the call at hand strikes, cut to its range */
    size_t pieces_count, pieces_room;
    struct shared_segment *segments;
    size_t segments_count, segments_room;
    uint32_t break_object;
    bool break_known;
    uint64_t break_start, break_now;
    uint64_t now_ns; /* of the operation at hand, since the beginning */
    uint32_t thread; /* number of its thread */
    uint32_t threads;
    uint32_t started; /* threads with calls */
    uint64_t begin_ns;
    struct recording_stats stats;
};

/* What a call turned out to be, for the figures. */
enum effect { EFFECT_DONE, EFFECT_HINT, EFFECT_OUTSIDE, EFFECT_FAILED };

static inline uint64_t page_down(uint64_t address)
{
    return address & ~(PAGE_BYTES - 1);
}

/* Saturates at the last page, so that nonsense in a log never wraps. */
static inline uint64_t page_up(uint64_t address)
{
    return address > UINT64_MAX - PAGE_BYTES ? page_down(UINT64_MAX)
                                             : page_down(address + PAGE_BYTES - 1);
}

/* Beyond the addresses of programs on every machine that Linux runs on. */
#define ADDRESSES_END (UINT64_C(1) << 57)

static inline bool is_range_of_program(uint64_t start, uint64_t size)
{
    return size <= ADDRESSES_END && start <= ADDRESSES_END - size;
}

/* ---- import_map.c ---- */

/* Collects the pieces in the range into import->pieces. */
void import_collect(struct import *import, uint64_t start, uint64_t end);
void import_emit(struct import *import, enum operation_kind kind, uint32_t object, uint64_t start,
                 uint64_t end, uint32_t prot);
uint32_t import_new_object(struct import *import, enum object_class object_class, uint64_t start,
                           uint64_t end, uint32_t prot);
/* A call that failed; size: bytes it was about. */
void import_emit_failed(struct import *import, uint64_t size);
/* A mapping where nothing is: a reservation, committed when accessible, or a view. */
uint32_t import_map_fresh(struct import *import, enum object_class object_class, uint64_t start,
                          uint64_t end, uint32_t prot);
/* False: nothing was mapped there. */
bool import_unmap(struct import *import, uint64_t start, uint64_t end);
enum effect import_map_call(struct import *import, const struct memory_call *call,
                            uint64_t address);
enum effect import_protect_call(struct import *import, const struct memory_call *call);
enum effect import_discard_call(struct import *import, const struct memory_call *call);

/* ---- import_move.c ---- */

enum effect import_break_call(struct import *import, const struct memory_call *call,
                              uint64_t result, bool alone);
enum effect import_remap_call(struct import *import, const struct memory_call *call,
                              uint64_t address);
enum effect import_attach_call(struct import *import, const struct memory_call *call,
                               uint64_t address);
enum effect import_detach_call(struct import *import, const struct memory_call *call);
void import_note_segment(struct import *import, uint64_t id, uint64_t size);
/* The process runs another program now: everything it had is gone. */
void import_forget_all(struct import *import);

/* ---- import_finish.c ---- */

/* Turns what was collected into operations with offsets. */
void import_finish(struct import *import, struct import_result *result);

#endif
