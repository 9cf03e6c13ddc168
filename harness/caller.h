/* Where a call comes from: the caller filter of fault rules.
 *
 * A function matches by its symbol's name or, for C++, its demangled name without parameters,
 * return type and anonymous namespaces ("Arena::VirtualAlloc"); parts that the compiler split off
 * (.cold, .constprop) belong to it. It may stand anywhere on the policy's stack. Where the policy
 * has debug information, a function that was inlined matches as well; without it, it does not. */
#ifndef LW_HARNESS_CALLER_H
#define LW_HARNESS_CALLER_H

#include "harness/child.h"

/* Once the policy is loaded: finds the functions that the run's rules name and answers the fault
 * plan from then on. Does nothing when no rule names one. */
void caller_prepare(struct child *child);

/* Whether a symbol is the function of that name. For tests. */
bool caller_names(const char *symbol, const char *function);

#endif
