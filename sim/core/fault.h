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
};

struct fault_rule {
    uint16_t call;      /* enum event_kind */
    uint16_t error;     /* enum status */
    uint32_t filter;    /* every bit must be in the call's traits */
    uint32_t protect;   /* 0: any */
    uint64_t size_min;  /* bytes; 0: any */
    uint64_t nth;       /* first match that fails, from 1 */
    uint64_t times;     /* consecutive matches that fail; UINT64_MAX: for ever */
    uint64_t matches;   /* state: matching calls so far */
    uint64_t injected;  /* state: failures handed out */
};

struct fault_plan {
    uint32_t rules_count;
    struct fault_rule rules[FAULT_RULES];
    uint64_t injected;
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
