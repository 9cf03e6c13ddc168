/* A set of 64-bit keys, filled once. */
#ifndef LW_HARNESS_KEY_SET_H
#define LW_HARNESS_KEY_SET_H

#include <stdbool.h>
#include <stdint.h>

struct key_set {
    uint64_t *slots; /* 0: empty */
    uint64_t room;   /* a power of two */
    bool has_zero;
};

void key_set_fill(struct key_set *set, const uint64_t *keys, uint64_t count);
bool key_set_has(const struct key_set *set, uint64_t key);
void key_set_free(struct key_set *set);

#endif
