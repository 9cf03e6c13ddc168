/* Shared by the files of the scenario loader: what is known while a file is bound. */
#ifndef LW_HARNESS_SCENARIO_PRIVATE_H
#define LW_HARNESS_SCENARIO_PRIVATE_H

#include "clr/replay.h"
#include "core/sim.h"
#include "harness/scenario.h"
#include "harness/scenario_keys.h"
#include "harness/yaml.h"

#define AT(type, member) .offset = offsetof(type, member), .width = sizeof(((type *)0)->member)

#define CURVE_BYTES_MOST (UINT64_C(1) << 46) /* what a curve may take, and how long */
#define CURVE_NS_MOST UINT64_C(86400000000000)
#define REPEATS_MOST UINT64_C(10000000) /* rounds of all nested repeats together */

/* A scenario in the making, and what only its making needs. */
struct draft {
    struct scenario scenario;
    enum replay_native native; /* of replays that do not say */
};

struct expectation_draft {
    struct expectation expectation;
    bool wanted;
};

/* A recording that has been opened: once, however many steps replay it. */
struct opened_recording {
    struct opened_recording *next;
    const char *path;
    struct recording_file *file;
};

/* A curve of pressure that has been read: once, however many entries name it. */
struct opened_curve {
    struct opened_curve *next;
    const char *name; /* as the scenario says */
    struct diagnostics *diagnostics;
    struct pressure_curve curve;
};

/* What scenario->memory is. */
struct scenario_memory {
    struct pool *pool;
    struct opened_recording *recordings;
};

/* A name that some step binds with `as`. */
struct block_name {
    const char *text;
    uint32_t length, hash;
    bool plain, indexed; /* bound as NAME, as NAME# */
    bool block, object;  /* by a call that gives memory, by CreateMalloc */
};

struct loader {
    struct pool *pool;
    struct diagnostics *diagnostics;
    struct scenario_memory *memory;
    struct draft *draft;
    const struct scenario_source *source;
    const char *file;            /* path of the scenario: where files it names are looked for */
    struct opened_curve *curves; /* in the order in which they were read */
    enum section_id section;     /* of the key being read */
    const struct yaml_node *map; /* the mapping it stands in */
    struct block_name *names;
    size_t names_count, names_room;
    uint64_t repeats;      /* product of the repeats around the step being bound */
    uint32_t repeat_depth; /* how many they are */
    char path[384];        /* of the value being bound: "workload[2].do[0]" */
    size_t path_used;
};

/* ---- binding: scenario_bind.c ---- */

/* A mapping being bound to the struct of its section. */
struct binding {
    struct loader *loader;
    enum section_id id;
    const struct yaml_node *map; /* nothing: an empty mapping */
    void *target;
    const struct yaml_node *values[SECTION_KEYS_MAX]; /* by row; NULL: left out */
    bool failed;                                      /* something in it was diagnosed */
};

/* Binds every key of the section, required ones and defaults included, then checks what the keys
 * say together. False: something was diagnosed. */
bool bind_section(struct loader *loader, enum section_id id, const struct yaml_node *map,
                  void *target);
/* The value of a key of the section, NULL: left out. */
const struct yaml_node *given(const struct binding *binding, const char *name);
/* The checks of each section: scenario_check.c, scenario_pressure.c; NULL: none. */
typedef void section_check(struct binding *binding);
extern section_check *const section_checks[SECTIONS];
section_check check_pressure;
/* Diagnoses what the keys of a binding say together. */
#define SAY(binding, node, ...)                                                                    \
    do {                                                                                           \
        diagnose((binding)->loader->diagnostics, (node)->at, __VA_ARGS__);                         \
        (binding)->failed = true;                                                                  \
    } while (0)
/* Adds to the path, like printf; path_leave takes back what it returned. */
size_t path_enter(struct loader *loader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void path_leave(struct loader *loader, size_t before);
const char *path_keep(struct loader *loader);
/* "; did you mean 'x'?", or "; known are a b c" where nothing is near. */
const char *suggestion(const char *word, const char *const *candidates, size_t count, char *text,
                       size_t text_bytes);

/* ---- values: scenario_values.c and others ---- */

enum read_result {
    READ_FINE,
    READ_WRONG, /* to be diagnosed as "KEY must be LEGAL, not 'VALUE'" */
    READ_SAID,  /* has been diagnosed */
};
typedef enum read_result value_reader(struct loader *loader, const struct key *key,
                                      const struct yaml_node *node, void *target);
extern value_reader *const value_readers[VALUE_TYPES];

void *key_field(const struct key *key, void *target);
/* Stores a number in a field of 1, 2, 4 or 8 bytes. */
void store_number(const struct key *key, void *target, uint64_t number);
/* "50MiB", "1,000", "10ms" (a bare number only 0), "12%", "3/4": false where it is none. */
bool read_count(const char *text, uint64_t *number);
bool read_time(const char *text, uint64_t *ns);
bool read_percent(const char *text, uint64_t *percent);
bool read_ratio(const char *text, uint64_t *numerator, uint64_t *denominator);
/* The choice of that name in any case, with or without its prefix (MEM_, PAGE_), or NULL. */
const struct choice *find_choice(const struct choice *choices, const char *text, size_t length);

/* scenario_numbers.c, scenario_names.c, scenario_faults.c, scenario_recordings.c, scenario_steps.c,
 * scenario_lists.c, scenario_pressure.c, scenario_curves.c. */
value_reader read_comparison, read_size_range, read_histogram, read_rate;
value_reader read_address, read_address_kept, read_name, read_of;
value_reader read_call, read_error, read_how_often;
value_reader read_recording, read_curve;
value_reader read_section, read_steps, read_params;
value_reader read_pressures, read_faults, read_expectations;

/* Opens a recording, once each; NULL: message and result say why. */
struct recording_file *open_recording(struct loader *loader, const char *path, char *message,
                                      size_t message_bytes, enum input_result *result);
void close_recordings(struct scenario_memory *memory);

/* Applies --set words to the tree of a scenario before it is bound. What does not fit is diagnosed
 * at the setting. */
void apply_settings(struct loader *loader, struct yaml_node **root, const char *const *settings,
                    uint32_t count);

/* Finds the names that `as` binds anywhere below, before anything is bound. */
void collect_names(struct loader *loader, const struct yaml_node *node);

#endif
