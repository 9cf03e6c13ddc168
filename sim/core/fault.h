/* Arming failure points: the fault plan.
 *
 * A rule says where (call and filters), when (the n-th match), what (an error that is legal for
 * the call) and how long. Matches are counted over the calls that the policy makes, from its
 * loading on, refused ones included. Marking a failure point is core/sim.h's sim_call(). */
#ifndef LW_CORE_FAULT_H
#define LW_CORE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compare.h"
#include "core/status.h"

#define FAULT_RULES 64

enum fault_filter {
    FAULT_RESERVE = 1u << 0,
    FAULT_COMMIT = 1u << 1,
    FAULT_DECOMMIT = 1u << 2,
    FAULT_RELEASE = 1u << 3,
    FAULT_RESET = 1u << 4,
};

/* What a call is, as far as a rule can ask. */
struct call_traits {
    uint32_t what;    /* enum fault_filter bits that apply */
    uint32_t protect; /* PAGE_ value, 0 where none */
    uint64_t size;    /* bytes, 0 where none */
    uint32_t flags;   /* MEM_, HEAP_ flags as the caller gave them, 0 where none */
};

/* A call matches a rule when every filter holds; matches are numbered from 1. Of these the rule
 * fires at the n-th and the ones after it (nth), at each k-th (every), with a probability (chance),
 * or at each of them; at most `times` times. Exactly one of nth, every and chance is given. */
struct fault_rule {
    uint16_t call;     /* enum event_kind */
    uint16_t error;    /* enum status; ST_OK: the call is only delayed */
    uint32_t filter;   /* every bit must be in the call's traits */
    uint32_t protect;  /* PAGE_ value without modifiers; 0: any */
    uint32_t flags;    /* every bit must be in the call's flags */
    uint64_t size_min; /* bytes; 0: any */
    uint64_t size_max; /* bytes; 0: any */
    uint32_t levels;   /* bit 1 << EMemoryCriticalLevel of the CLR's call being served; 0: any */
    char caller[64];   /* function of the policy on the stack; empty: any */
    struct comparison load;     /* memory load of the machine, percent */
    uint64_t from_ns, until_ns; /* virtual time window, until_ns not included; 0: none */
    uint64_t nth;               /* first match that fires, from 1; 0: every or chance decides */
    uint64_t every;             /* each k-th match fires; 0: not by this */
    uint64_t chance_num, chance_den; /* probability; chance_den 0: not by this */
    uint64_t times;    /* how often it fires at most; nth: consecutive matches; UINT64_MAX: for
                        * ever */
    uint64_t delay_ns; /* virtual time the call takes more when the rule fires */
    uint64_t key;      /* of its random draws: from what it says, not from its place */
    uint64_t matches;  /* state: matching calls so far */
    uint64_t fired;    /* state: times it fired, hidden behind an earlier rule or not */
    uint64_t injected; /* state: times it fired and decided */
};

/* What a rule can ask of the rest of the simulator. Functions may be NULL: the filter never holds.
 */
struct fault_world {
    uint64_t now_ns, seed;
    int level; /* EMemoryCriticalLevel of the CLR's call being served, -1: it has none */
    void *context;
    uint32_t (*load_percent)(void *context);
    bool (*called_from)(void *context, const char *function);
};

struct fault_plan {
    uint32_t rules_count;
    struct fault_rule rules[FAULT_RULES];
    uint64_t injected;  /* failures and delays handed out */
    uint32_t last_rule; /* that decided */
};

/* Replaces the plan's rules by copies with fresh state, and gives each its key: a hash of its text
 * and, for a text that occurs before, of how often. So leaving a rule out shifts the draws of no
 * other rule that says something else. count: at most FAULT_RULES. */
void fault_plan_set(struct fault_plan *plan, const struct fault_rule *rules, uint32_t count);

/* Counts the call in every rule it matches. The first rule in the list that fires decides: its
 * error is returned, its delay is added to *delay_ns, its number is plan->last_rule; *fired tells
 * whether there was one (the error of a rule that only delays is ST_OK). Rules behind it that fire
 * as well have used up that turn. Filters that cost something are asked last: load, then caller. */
enum status fault_decide(struct fault_plan *plan, uint16_t call, const struct call_traits *traits,
                         const struct fault_world *world, bool *fired, uint64_t *delay_ns);

/* ---- rules as text ---- */

/* Room for any rule's text. */
#define FAULT_TEXT_BYTES 512

/* Reads "Call[filter,...]#N:ERROR:once" into a rule. On failure returns false and explains in
 * message (place and what was expected, with the list of legal errors).
 *
 *   filters   reserve commit decommit release reset size>=N size<=N protect=NAME flags=NAME|NAME
 *             criticality=task|app-domain|process load>N (any comparison, or load=A..B)
 *             from=TIME until=TIME caller=FUNCTION
 *   which     #N the N-th match, #%K each K-th, #A/B with that probability; usual: #1
 *   what      an error that is legal for the call, delay=TIME, or both; usual: the call's first
 *   how often once, xN or forever; usual: once with #N, else forever */
bool fault_parse(const char *text, struct fault_rule *rule, char *message, size_t message_bytes);
/* The canonical text of a rule, as fault_parse reads it. */
void fault_format(const struct fault_rule *rule, char *text, size_t text_bytes);

/* ---- names, for whoever reads rules in another form ---- */

/* The call of that name or symbol ("operator new", "operator_new"); EVENT_KINDS: there is none.
 * Whether it can fail: event_shapes[call].failure is not ST_OK; its legal errors:
 * event_shapes[call].legal, separated by spaces. */
uint16_t fault_find_call(const char *name);
/* "commit" and the like; 0: no filter of that name. */
uint32_t fault_find_filter(const char *name);
/* "PAGE_READWRITE" or "READWRITE", without modifiers; 0: no protection of that name. */
uint32_t fault_find_protection(const char *name);
/* One flag, "MEM_TOP_DOWN" or "HEAP_ZERO_MEMORY"; 0: no flag of that name. */
uint32_t fault_find_flag(const char *name);
/* Whether the call's row lists the error as one it can return. */
bool fault_error_legal(uint16_t call, enum status error);
/* The error of a rule that names none: the call's usual one, for a reservation alone
 * ERROR_NOT_ENOUGH_MEMORY. */
enum status fault_usual_error(uint16_t call, uint32_t filter);

/* What rules can ask of a call: from the fields of its row. */
enum fault_aspect {
    FAULT_HAS_SIZE = 1u << 0,
    FAULT_HAS_PROTECT = 1u << 1,
    FAULT_HAS_FLAGS = 1u << 2,
    FAULT_HAS_ALLOC = 1u << 3, /* reserve, commit, reset */
    FAULT_HAS_FREE = 1u << 4,  /* decommit, release */
};
uint32_t fault_aspects(uint16_t call);
/* False: a filter can never hold for the rule's call (say, a protection of HeapAlloc), or the
 * numbers exclude each other; message says which. */
bool fault_check(const struct fault_rule *rule, char *message, size_t message_bytes);

#endif
