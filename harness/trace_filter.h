/* Which records of a trace, or operations of a recording, a person wants to see: the options that
 * `trace print` and `trace diff` share. */
#ifndef LW_HARNESS_TRACE_FILTER_H
#define LW_HARNESS_TRACE_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include "clr/recording.h"
#include "core/trace.h"

#define FILTER_WORDS_MAX 32
#define FILTER_BLOCKS_MAX 256

struct trace_filter {
    const char *calls[FILTER_WORDS_MAX]; /* --call as given, --hide behind them */
    bool hide[FILTER_WORDS_MAX];
    unsigned calls_count;
    bool has_thread, has_address, has_object, failed;
    uint64_t thread, object;
    uint64_t from_ns, to_ns;            /* both included */
    uint64_t address_low, address_high; /* the second not included */
    uint64_t first_id, last_id;         /* both included */
    int depth;                          /* -1: any, 0: CLR and machine, 1: the policy */
    const char *grep;                   /* NULL: none */
    /* Made by trace_filter_resolve. */
    bool kinds[EVENT_KINDS];
    bool operations[OPERATION_KINDS];
    /* Begins of ranges seen so far that overlap the addresses: a release names the begin only. */
    uint64_t blocks[FILTER_BLOCKS_MAX];
    unsigned blocks_count;
};

/* For getopt_long: what trace_filter_option takes, by the letters that follow. */
#define TRACE_FILTER_OPTIONS                                                                       \
    {"call", required_argument, NULL, 'c'}, {"hide", required_argument, NULL, 'H'},                \
        {"thread", required_argument, NULL, 't'}, {"from", required_argument, NULL, 'f'},          \
        {"to", required_argument, NULL, 'o'}, {"address", required_argument, NULL, 'a'},           \
        {"object", required_argument, NULL, 'b'}, {"failed", no_argument, NULL, 'x'},              \
        {"depth", required_argument, NULL, 'd'}, {"events", required_argument, NULL, 'e'},         \
    {                                                                                              \
        "grep", required_argument, NULL, 'g'                                                       \
    }
#define TRACE_FILTER_HELP                                                                          \
    "  --call NAME       only this call; repeatable. IHostMalloc::* and Heap take all\n"           \
    "                    that begin so, host every call of the CLR into the host\n"                \
    "  --hide NAME       all but this call; repeatable\n"                                          \
    "  --thread N        only this simulated thread\n"                                             \
    "  --from T --to T   only this span of virtual time (2s, 250ms, 0.000408690)\n"                \
    "  --address A       only what concerns this logical address; also A..B, A+64KiB\n"            \
    "(0x10000+64KiB)\n"                                                                            \
    "  --object N        of a recording: only this object\n"                                       \
    "  --failed          only what failed, injected failures, exceptions\n"                        \
    "  --depth WHO       policy: only the calls it made; clr: only what it was asked\n"            \
    "  --events A..B     only these event numbers, both included\n"                                \
    "  --grep TEXT       only records whose text contains it\n"

void trace_filter_init(struct trace_filter *filter);
/* Takes one option of TRACE_FILTER_OPTIONS. EXIT_HELD, or EXIT_USAGE after a message; `command`
 * ("trace print") opens the message. */
int trace_filter_option(struct trace_filter *filter, int option, const char *text,
                        const char *command);
/* Once the kind of file is known: finds the calls that were named. The same exit codes. */
int trace_filter_resolve(struct trace_filter *filter, bool is_recording, const char *command);
/* True when every record passes. */
bool trace_filter_is_open(const struct trace_filter *filter);

bool trace_filter_event(const struct trace_filter *filter, uint64_t id, const struct event *event);
bool trace_filter_operation(const struct trace_filter *filter, uint64_t id,
                            const struct operation *operation);
/* Remembers what later records are judged by: every record from the first one on, in order, after
 * it was judged. Needed with has_address only. */
void trace_filter_note(struct trace_filter *filter, const struct event *event);

#endif
