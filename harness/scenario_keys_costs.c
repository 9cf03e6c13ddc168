/* The keys of `costs`: one per row of core/calls.def that takes time, and core/costs.def. */
#include "harness/scenario_keys.h"

#include "core/sim.h"
#include "harness/scenario_private.h"

#define COST_KEY(index, name_, cost, text)                                                         \
    {                                                                                              \
        name_, VALUE_TIME, .offset = sizeof(uint64_t) * (index), .width = sizeof(uint64_t),        \
                           .most = COST_NS_MAX, .standard = #cost "ns", .help = text               \
    }

const struct key keys_costs[] = {
#define NOTE(symbol, name, fields)
#define CALL(symbol, name, cost, failure, legal, fields)                                           \
    COST_KEY(EVENT_##symbol, name, cost, "Each time"),
#include "core/calls.def"
#undef CALL
#define COST(symbol, name, cost, text) COST_KEY(COST_##symbol, name, cost, text),
#include "core/costs.def"
#undef COST
    {0}};

_Static_assert(sizeof keys_costs / sizeof *keys_costs <= SECTION_KEYS_MAX, "a place for each key");
