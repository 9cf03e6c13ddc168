/* A comparison as scenarios write it: "<= 512MiB", "== 0", "10..20". */
#ifndef LW_CORE_COMPARE_H
#define LW_CORE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

enum compare_op {
    COMPARE_NONE, /* not given: always true */
    COMPARE_EQUAL,
    COMPARE_NOT_EQUAL,
    COMPARE_LESS,
    COMPARE_AT_MOST,
    COMPARE_MORE,
    COMPARE_AT_LEAST,
    COMPARE_WITHIN, /* value <= x <= high */
};

struct comparison {
    enum compare_op op;
    uint64_t value, high; /* high: COMPARE_WITHIN only */
};

static inline bool compare_holds(const struct comparison *comparison, uint64_t number)
{
    switch (comparison->op) {
    case COMPARE_EQUAL:
        return number == comparison->value;
    case COMPARE_NOT_EQUAL:
        return number != comparison->value;
    case COMPARE_LESS:
        return number < comparison->value;
    case COMPARE_AT_MOST:
        return number <= comparison->value;
    case COMPARE_MORE:
        return number > comparison->value;
    case COMPARE_AT_LEAST:
        return number >= comparison->value;
    case COMPARE_WITHIN:
        return number >= comparison->value && number <= comparison->high;
    default:
        return true;
    }
}

/* Whether a number that only grows has broken the comparison for good. */
static inline bool compare_exceeded(const struct comparison *comparison, uint64_t number)
{
    switch (comparison->op) {
    case COMPARE_EQUAL:
    case COMPARE_AT_MOST:
        return number > comparison->value;
    case COMPARE_LESS:
        return number >= comparison->value;
    case COMPARE_WITHIN:
        return number > comparison->high;
    default:
        return false;
    }
}

#endif
