/* The table of keys: steps of a workload other than scripted calls. See scenario_keys.h. */
#include "harness/scenario_keys.h"

#include "harness/scenario_private.h"
#include "include/windows.h"

#define TIME_MOST UINT64_C(86400000000000) /* a day */
#define COUNT_MOST UINT64_C(1000000000)
#define SIZE_MOST (UINT64_C(1) << 46)

/* ---- replay ---- */

static const struct choice natives[] = {
    {"malloc", REPLAY_NATIVE_MALLOC, "IHostMalloc, a block for each growth"},
    {"virtual", REPLAY_NATIVE_VIRTUAL, "IHostMemoryManager, like the runtime's own memory"},
    {"around", REPLAY_NATIVE_AROUND, "the operating system, past the host"},
    {0}};

const struct key keys_replay[] = {
    {"replay", VALUE_RECORDING, AT(struct step_replay, recording), .required = true,
     .example = "webapi-regions",
     .help = "A .lwt file beside the scenario, or a bundled recording"},
    {"from", VALUE_TIME, AT(struct step_replay, from_ns), 0, TIME_MOST, .standard = "0",
     .help = "Begin of the part that is replayed, in the recording's own time"},
    {"to", VALUE_TIME, AT(struct step_replay, to_ns), 1, TIME_MOST, .example = "8s",
     .help = "End of that part; left out: the recording's end"},
    {"speed", VALUE_SPEED, AT(struct step_replay, speed_num), .standard = "1/1",
     .help = "How fast: 2/1 or 2x is twice as fast"},
    {"repeat", VALUE_COUNT, AT(struct step_replay, repeat), 1, 1000000, .standard = "1",
     .help = "How often, one after the other; what one left is given back"},
    {"native", VALUE_CHOICE, AT(struct step_replay, native), .choices = natives,
     .help = "Where memory goes that the recorded program had from its C library; left out: as "
             "`replay: {native}` at the top says"},
    {0}};

/* ---- phase ---- */

const struct key keys_phase[] = {
    {"phase", VALUE_TEXT, AT(struct step_phase, name), 1, 64, .required = true, .example = "steady",
     .help = "Its name"},
    {"for", VALUE_TIME, AT(struct step_phase, for_ns), 1, TIME_MOST, .example = "10s",
     .help = "How long; left out: until the counts are reached"},
    {"threads", VALUE_COUNT, AT(struct step_phase, threads), 1, 64, .standard = "1",
     .help = "Simulated threads that perform it; its operations go round them"},
    {"criticality", VALUE_CHOICE, AT(struct step_phase, criticality),
     .choices = choices_criticality, .standard = "task", .help = "What is at stake"},
    {"allocate", VALUE_SECTION, AT(struct step_phase, allocate), .section = SECTION_ALLOCATE,
     .help = "New blocks"},
    {"touch", VALUE_SECTION, AT(struct step_phase, touch), .section = SECTION_PHASE_TOUCH,
     .help = "Touches of blocks that live"},
    {"protect", VALUE_SECTION, AT(struct step_phase, protect), .section = SECTION_PHASE_PROTECT,
     .help = "Changes of protection of blocks that live"},
    {"free", VALUE_SECTION, AT(struct step_phase, free), .section = SECTION_PHASE_FREE,
     .help = "Early ends of blocks that live"},
    {0}};

static const struct choice ways[] = {
    {"virtual", WAY_VIRTUAL, "VirtualAlloc, which reserves and commits, for each"},
    {"segment", WAY_SEGMENT, "as the collector: reserves segments and commits as they fill"},
    {"malloc", WAY_MALLOC, "IHostMalloc::Alloc"},
    {0}};

static const struct choice orders[] = {{"oldest", PICK_OLDEST, "the block that lives longest"},
                                       {"newest", PICK_NEWEST, "the youngest block"},
                                       {"random", PICK_RANDOM, "any block"},
                                       {0}};

const struct key keys_allocate[] = {
    {"by", VALUE_CHOICE, AT(struct phase_allocate, way), .choices = ways, .standard = "virtual",
     .help = "The way that memory is asked for"},
    {"rate", VALUE_RATE, AT(struct phase_allocate, rate), .example = "50MiB/s",
     .help = "How much in virtual time: bytes or allocations"},
    {"count", VALUE_COUNT, AT(struct phase_allocate, count), 1, COUNT_MOST, .example = "1000",
     .help = "Allocations; left out: as many as the rate gives"},
    {"total", VALUE_SIZE, AT(struct phase_allocate, total_bytes), 1, SIZE_MOST,
     .help = "Stop after so many bytes"},
    {"size", VALUE_SIZES, AT(struct phase_allocate, size), 1, SIZE_MOST, .standard = "64KiB",
     .help = "Bytes of each"},
    {"lifetime", VALUE_TIMES, AT(struct phase_allocate, lifetime), 0, TIME_MOST,
     .help = "How long each lives; left out: forever, with `survive` 1s"},
    {"survive", VALUE_PERCENT, AT(struct phase_allocate, survive_percent), 0, 100, .example = "12%",
     .help = "How many ignore the lifetime and outlive the phase"},
    {"touch", VALUE_PERCENT, AT(struct phase_allocate, touch_percent), 0, 100, .standard = "0%",
     .help = "How much of each is written at once, from its beginning"},
    {"protect", VALUE_BITS, AT(struct phase_allocate, protect), .choices = choices_protections,
     .standard = "PAGE_READWRITE", .help = "Its protection"},
    {0}};

#define ACTION_KEYS(order_)                                                                        \
    {"rate", VALUE_RATE, AT(struct phase_action, rate), .example = "1000/s",                       \
     .help = "How often in virtual time"},                                                         \
        {"count",                                                                                  \
         VALUE_COUNT,                                                                              \
         AT(struct phase_action, count),                                                           \
         1,                                                                                        \
         COUNT_MOST,                                                                               \
         .example = "1000",                                                                        \
         .help = "How often; left out: as the rate gives"},                                        \
    {                                                                                              \
        "order", VALUE_CHOICE, AT(struct phase_action, order),                                     \
            .choices = orders, .standard = order_, .help = "Which block is next"                   \
    }

const struct key keys_phase_touch[] = {ACTION_KEYS("random"),
                                       {"write", VALUE_PERCENT,
                                        AT(struct phase_action, write_percent), 0, 100,
                                        .standard = "0%", .help = "How many of the touches write"},
                                       {0}};

const struct key keys_phase_protect[] = {
    ACTION_KEYS("oldest"),
    {"to", VALUE_BITS, AT(struct phase_action, protect), .choices = choices_protections,
     .required = true, .example = "PAGE_READONLY",
     .help = "The new protection; the next change of the same block restores its first"},
    {0}};

const struct key keys_phase_free[] = {ACTION_KEYS("oldest"), {0}};

/* ---- touch ---- */

static const struct choice touch_orders[] = {
    {"sequential", TOUCH_SEQUENTIAL, "one page after the other, again from the first"},
    {"random", TOUCH_RANDOM, "every page equally likely"},
    {"zipf", TOUCH_ZIPF, "the k-th page with a chance of 1/k"},
    {"hot-cold", TOUCH_HOT_COLD, "some pages, the first ones, get most of the touches"},
    {0}};

const struct key keys_touch[] = {
    {"order", VALUE_CHOICE, AT(struct step_touch, order), .choices = touch_orders,
     .standard = "sequential", .help = "Which page is next"},
    {"pages", VALUE_COUNT, AT(struct step_touch, pages), 1, UINT64_C(1) << 30, .required = true,
     .example = "1000", .help = "Pages that the stream chooses from"},
    {"references", VALUE_COUNT, AT(struct step_touch, references), 1, COUNT_MOST,
     .example = "20000", .help = "Touches; left out: as many as pages"},
    {"hot", VALUE_PERCENT, AT(struct step_touch, hot_percent), 1, 99, .example = "10%",
     .help = "Of order hot-cold: how many of the pages are hot, one at least; left out: 20%"},
    {"hot-touches", VALUE_PERCENT, AT(struct step_touch, hot_references_percent), 1, 100,
     .example = "90%", .help = "Of order hot-cold: how many touches they get; left out: 80%"},
    {"pcg32", VALUE_PCG32, AT(struct step_touch, pcg32),
     .help = "State and sequence of the generator; left out: they follow from the seed"},
    {"write", VALUE_PERCENT, AT(struct step_touch, write_percent), 0, 100, .standard = "0%",
     .help = "How many of the touches write"},
    {"rate", VALUE_RATE, AT(struct step_touch, rate), .example = "1000/s",
     .help = "Touches in virtual time; left out: as fast as the machine serves them"},
    {"at", VALUE_ADDRESS_KEPT, AT(struct step_touch, at), .example = "heap",
     .help = "Where the pages are; left out: in memory of its own, which the host is asked for"},
    {0}};

/* ---- steps of steps ---- */

const struct key keys_wait[] = {{"wait", VALUE_TIME, AT(struct step, wait_ns), 0, TIME_MOST,
                                 .required = true, .example = "10ms", .help = "How long"},
                                {0}};

static const struct choice untils[] = {{"refused", UNTIL_REFUSED, "a call of the body was refused"},
                                       {"served", UNTIL_SERVED, "a call of the body was served"},
                                       {0}};

const struct key keys_repeat[] = {
    {"repeat", VALUE_COUNT, AT(struct step, times), 1, 1000000, .required = true, .example = "100",
     .help = "How often; of nested ones the product is at most 10,000,000"},
    {"until", VALUE_CHOICE, AT(struct step, until), .choices = untils,
     .help = "Leave early, at the end of the round in which"},
    {"do", VALUE_STEPS, AT(struct step, steps), .required = true, .help = "The steps"},
    {0}};

/* threads first: what it says holds for names in the steps. */
const struct key keys_together[] = {
    {"threads", VALUE_COUNT, AT(struct step, threads), 1, 64, .example = "8",
     .help = "Each step is performed by so many simulated threads of its own, which enter the host "
             "at the same time; left out: all by one, which takes up whatever is due"},
    {"together", VALUE_STEPS, AT(struct step, steps), .required = true, .help = "The steps"},
    {0}};
