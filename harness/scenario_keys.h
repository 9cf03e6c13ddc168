/* The one table of a scenario's keys. The loader binds by it, `lowwater schema`, `lowwater list
 * keys` and docs/scenario-keys.md are printed from it: a further key is a row here and a field of
 * the struct it fills. What a type of value looks like stands in scenario_types.c. */
#ifndef LW_HARNESS_SCENARIO_KEYS_H
#define LW_HARNESS_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clr/workload.h"

enum value_type {
    VALUE_TEXT,          /* const char * */
    VALUE_CHARACTERS,    /* char[] */
    VALUE_COUNT,         /* whole number */
    VALUE_SIZE,          /* uint64_t bytes; with choices one of these */
    VALUE_SIZE_OR_ALL,   /* the same, UINT64_MAX: all */
    VALUE_TIME,          /* uint64_t ns */
    VALUE_PERCENT,       /* uint64_t */
    VALUE_SPEED,         /* uint64_t numerator, denominator */
    VALUE_CHANCE,        /* the same, at most 1 */
    VALUE_RATE,          /* struct rate */
    VALUE_FLAG,          /* bool */
    VALUE_FILTER,        /* yes sets the bit `least` of a uint32_t */
    VALUE_CHOICE,        /* the value of the choice */
    VALUE_WORD,          /* const char *: the name of the choice */
    VALUE_BITS,          /* uint32_t: choices joined by | or in a list, or a number */
    VALUE_LEVELS,        /* uint32_t: 1 << value of each choice */
    VALUE_COMPARE_COUNT, /* struct comparison; of bytes where the name ends in _bytes */
    VALUE_COMPARE_SIZE,
    VALUE_COMPARE_PERCENT,
    VALUE_SIZE_RANGE,   /* uint64_t least and most bytes, 0: any */
    VALUE_SIZES,        /* struct histogram of bytes */
    VALUE_TIMES,        /* struct histogram of ns */
    VALUE_ADDRESS,      /* struct block_address */
    VALUE_ADDRESS_KEPT, /* struct block_address * */
    VALUE_NAME,         /* as: of struct step_call */
    VALUE_OF,           /* of and of_indexed of struct step_call */
    VALUE_RESULT,       /* struct result_expect */
    VALUE_PCG32,        /* struct touch_pcg32 */
    VALUE_CALL,         /* uint16_t: a failure point */
    VALUE_ERROR,        /* uint16_t: an error */
    VALUE_HOW_OFTEN,    /* uint64_t: once, forever, a number */
    VALUE_RECORDING,    /* const struct recording * */
    VALUE_CURVE,        /* const struct pressure_curve * */
    VALUE_PARAMS,       /* parameters of the policy */
    VALUE_SECTION,      /* a mapping: section */
    VALUE_STEPS,        /* struct step *, count */
    VALUE_PRESSURES,    /* lists of mappings: section */
    VALUE_FAULTS,
    VALUE_EXPECTATIONS,
    VALUE_TYPES
};

enum section_id {
    SECTION_TOP,
    SECTION_POLICY,
    SECTION_MACHINE,
    SECTION_COSTS,
    SECTION_SCHEDULE,
    SECTION_NATIVE, /* replay: at the top */
    SECTION_CLR,
    SECTION_PRESSURE,
    SECTION_FAULT,
    SECTION_WHEN,
    SECTION_EXPECT,
    SECTION_REPLAY, /* steps from here on */
    SECTION_PHASE,
    SECTION_TOUCH,
    SECTION_WAIT,
    SECTION_REPEAT,
    SECTION_TOGETHER,
    SECTION_ALLOCATE, /* parts of a phase */
    SECTION_PHASE_TOUCH,
    SECTION_PHASE_PROTECT,
    SECTION_PHASE_FREE,
    SECTION_CALL, /* + enum call_slot */
    SECTIONS = SECTION_CALL + CALL_SLOTS
};

/* A legal word. Without help it is another spelling of the row before it. */
struct choice {
    const char *name; /* NULL ends a list */
    uint64_t value;
    const char *help;
};

struct key {
    const char *name; /* NULL ends a table */
    enum value_type type;
    uint32_t offset, width; /* of the field in the section's struct */
    uint64_t least, most;   /* both 0: no bounds but the type's own; units of the field */
    uint64_t step;          /* a multiple of this, 0: any */
    uint16_t section;       /* VALUE_SECTION and lists: of what; expectations: their kind */
    bool required;
    const struct choice *choices;
    const char *standard; /* what holds when the key is left out, as it would be written */
    const char *example;  /* NULL: the type's */
    const char *help;     /* a sentence without a full stop at its end */
};

#define SECTION_KEYS_MAX 192
struct section {
    const char *name; /* as messages call it; of a step the key that says which */
    const char *help;
    const struct key *keys; /* a row without a name ends them */
    bool is_step;
    bool is_nested;   /* a step whose keys lie in a mapping of their own: "touch: {...}" */
    bool marks_given; /* the struct begins with bool given */
};
extern const struct section sections[SECTIONS];

/* Shared by several keys. */
extern const struct choice choices_memory_types[], choices_free_types[], choices_call_flags[],
    choices_protections[], choices_states[], choices_malloc_types[], choices_criticality[],
    choices_results[], choices_outcomes[], choices_notices[];

/* The scripted calls: X(slot, "name in a scenario", "what it does"). */
#define CALL_TABLE(X)                                                                              \
    X(VirtualAlloc, "VirtualAlloc", "IHostMemoryManager::VirtualAlloc")                            \
    X(VirtualFree, "VirtualFree", "IHostMemoryManager::VirtualFree")                               \
    X(VirtualQuery, "VirtualQuery", "IHostMemoryManager::VirtualQuery")                            \
    X(VirtualProtect, "VirtualProtect", "IHostMemoryManager::VirtualProtect")                      \
    X(GetMemoryLoad, "GetMemoryLoad", "IHostMemoryManager::GetMemoryLoad")                         \
    X(CreateMalloc, "CreateMalloc",                                                                \
      "IHostMemoryManager::CreateMalloc; kept to the end or a Release")                            \
    X(RegisterMemoryNotificationCallback, "RegisterMemoryNotificationCallback",                    \
      "IHostMemoryManager::RegisterMemoryNotificationCallback, once more")                         \
    X(NeedsVirtualAddressSpace, "NeedsVirtualAddressSpace",                                        \
      "IHostMemoryManager::NeedsVirtualAddressSpace")                                              \
    X(AcquiredVirtualAddressSpace, "AcquiredVirtualAddressSpace",                                  \
      "IHostMemoryManager::AcquiredVirtualAddressSpace")                                           \
    X(ReleasedVirtualAddressSpace, "ReleasedVirtualAddressSpace",                                  \
      "IHostMemoryManager::ReleasedVirtualAddressSpace")                                           \
    X(Alloc, "Alloc", "IHostMalloc::Alloc")                                                        \
    X(DebugAlloc, "DebugAlloc", "IHostMalloc::DebugAlloc")                                         \
    X(Free, "Free", "IHostMalloc::Free")                                                           \
    X(QueryInterface, "QueryInterface", "IUnknown::QueryInterface of an object of the host")       \
    X(AddRef, "AddRef", "IUnknown::AddRef of an object of the host")                               \
    X(Release, "Release", "IUnknown::Release of an object of the host")                            \
    X(read, "read", "Managed code reads every page of a range")                                    \
    X(write, "write", "Managed code writes every page of a range")                                 \
    X(map_view, "map-view", "The CLR maps a file, past the host, and tells it")                    \
    X(unmap_view, "unmap-view", "The CLR unmaps such a view, and tells the host")

/* The keys of steps: scenario_keys_steps.c, scenario_keys_calls.c; costs: scenario_keys_costs.c. */
extern const struct key keys_replay[], keys_phase[], keys_touch[], keys_wait[], keys_repeat[],
    keys_together[], keys_costs[], keys_allocate[], keys_phase_touch[], keys_phase_protect[],
    keys_phase_free[];
#define CALL_KEYS(slot, name, help) extern const struct key keys_call_##slot[];
CALL_TABLE(CALL_KEYS)
#undef CALL_KEYS

/* ---- types ---- */

struct value_kind {
    const char *name;    /* one word: "size" */
    const char *legal;   /* "a size like 512MiB" */
    const char *pattern; /* of words, extended regular expression; NULL: not one word */
    const char *example; /* as in YAML */
    const char *wrong;   /* is never legal */
};
extern const struct value_kind value_kinds[VALUE_TYPES];

/* The key of a section by its name in a file, NULL: unknown. Counters in `expect` may be written
 * with - for _ and without _bytes. */
const struct key *key_find(enum section_id section, const char *name);
/* Its type: VALUE_COMPARE_SIZE for counters of bytes. */
enum value_type key_type(const struct key *key);
/* What a key takes, with its bounds: "a size from 4KiB to 64TiB, like 512MiB". */
const char *key_legal(const struct key *key, char *text, size_t text_bytes);
/* "machine.ram"; at the top the bare name. */
const char *key_label(enum section_id section, const struct key *key, char *text,
                      size_t text_bytes);
/* The name as documents show it: of counters with - for _. */
const char *key_shown(enum section_id section, const struct key *key, char *text,
                      size_t text_bytes);
/* A value the key takes. */
const char *key_example(const struct key *key);
/* "64KiB", "1000": as a scenario would write so many bytes or nanoseconds. */
const char *size_word(uint64_t bytes, char *text, size_t text_bytes);
const char *time_word(uint64_t ns, char *text, size_t text_bytes);

#endif
