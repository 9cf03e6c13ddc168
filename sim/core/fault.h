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
 * fails the n-th and the ones after it (nth), each k-th (every), or each with a probability; at
 * most `times` of them. */
struct fault_rule {
    uint16_t call;      /* enum event_kind */
    uint16_t error;     /* enum status; ST_OK: the call is only delayed */
    uint32_t filter;    /* every bit must be in the call's traits */
    uint32_t protect;   /* 0: any */
    uint32_t flags;     /* every bit must be in the call's flags */
    uint64_t size_min;  /* bytes; 0: any */
    uint64_t size_max;  /* bytes; 0: any */
    uint32_t levels;    /* bit 1 << EMemoryCriticalLevel of the CLR's call being served; 0: any */
    char caller[64];    /* function of the policy on the stack; empty: any */
    struct comparison load;     /* memory load of the machine, percent */
    uint64_t from_ns, until_ns; /* virtual time window, until_ns not included; 0: none */
    uint64_t nth;       /* first match that fails, from 1; 0: every or chance decides */
    uint64_t every;     /* each k-th match fails; 0: not by this */
    uint64_t chance_num, chance_den; /* probability; chance_den 0: not by this */
    uint64_t times;     /* how many fail at most; nth: consecutive matches; UINT64_MAX: for ever */
    uint64_t delay_ns;  /* virtual time the call takes more when the rule fires */
    uint64_t key;       /* of its random draws: from what it says, not from its place */
    uint64_t matches;   /* state: matching calls so far */
    uint64_t injected;  /* state: times it fired */
};

/* What a rule can ask of the rest of the simulator. Functions may be NULL: the filter never holds. */
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
    uint64_t injected;
    uint32_t last_rule; /* that fired */
};

/* Reads "Call[filter,...]#N:ERROR:once" into a rule. On failure returns false and explains in
 * message (place and what was expected, with the list of legal errors). */
bool fault_parse(const char *text, struct fault_rule *rule, char *message, size_t message_bytes);
/* The canonical text of a rule, as fault_parse reads it. */
void fault_format(const struct fault_rule *rule, char *text, size_t text_bytes);
/* Counts the call in every rule it matches; ST_OK, or the failure of the first rule that fires. */
enum status fault_decide(struct fault_plan *plan, uint16_t call, const struct call_traits *traits,
                         uint32_t *rule_index);

#endif
