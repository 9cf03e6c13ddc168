/* Anchors by uniqueness. See trace_anchor.h. */
#include "harness/trace_anchor.h"

#include <stdlib.h>
#include "core/check.h"

#define WINDOW_FIRST UINT64_C(4096)
#define WINDOW_GROWTH 8
#define ENOUGH_SHARE 64 /* one anchor in so many items is enough to trust a window */

#define NONE UINT32_MAX
#define SEVERAL (UINT32_MAX - 1)

/* Where a key occurs: a place, NONE or SEVERAL. */
struct slot {
    uint64_t key;
    uint32_t a, b;
};

struct table {
    struct slot *slots; /* a == NONE: empty */
    uint64_t room;      /* a power of two */
};

static struct slot *slot_of(struct table *table, uint64_t key)
{
    uint64_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & (table->room - 1);
    while (table->slots[at].a != NONE && table->slots[at].key != key)
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

static void table_fill(struct table *table, const uint64_t *a, uint32_t a_count, const uint64_t *b,
                       uint32_t b_count)
{
    for (table->room = 64; table->room < 2 * (uint64_t)a_count;)
        table->room *= 2;
    table->slots = malloc(table->room * sizeof *table->slots);
    CHECK(table->slots != NULL);
    for (uint64_t i = 0; i < table->room; i++)
        table->slots[i] = (struct slot){0, NONE, NONE};
    for (uint32_t i = 0; i < a_count; i++) {
        struct slot *slot = slot_of(table, a[i]);
        slot->key = a[i];
        slot->a = slot->a == NONE ? i : SEVERAL;
    }
    for (uint32_t i = 0; i < b_count; i++) {
        struct slot *slot = slot_of(table, b[i]);
        if (slot->a != NONE)
            slot->b = slot->b == NONE ? i : SEVERAL;
    }
}

/* The longest chain of pairs ascending in b as well; pairs come ascending in a. Compacts them in
 * place and returns how many are left. */
static size_t longest_chain(struct anchor *pairs, size_t count)
{
    uint32_t *tops =
        malloc((count + 1) * sizeof *tops); /* last pair of the best chain per length */
    uint32_t *before = malloc((count + 1) * sizeof *before);
    size_t length = 0;
    CHECK(tops != NULL && before != NULL);
    for (size_t i = 0; i < count; i++) {
        size_t low = 0, high = length;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (pairs[tops[middle]].b < pairs[i].b)
                low = middle + 1;
            else
                high = middle;
        }
        before[i] = low > 0 ? tops[low - 1] : NONE;
        tops[low] = (uint32_t)i;
        length += low == length;
    }
    uint32_t at = length > 0 ? tops[length - 1] : NONE;
    for (size_t i = length; i-- > 0; at = before[at])
        tops[i] = at;
    for (size_t i = 0; i < length; i++)
        pairs[i] = pairs[tops[i]]; /* tops[i] >= i: nothing needed is overwritten */
    free(tops);
    free(before);
    return length;
}

static void find_in_window(const uint64_t *a, uint32_t a_count, const uint64_t *b, uint32_t b_count,
                           struct anchor_chain *chain)
{
    struct table table;
    table_fill(&table, a, a_count, b, b_count);
    chain->anchors = malloc(((size_t)a_count + 1) * sizeof *chain->anchors);
    CHECK(chain->anchors != NULL);
    size_t count = 0;
    for (uint32_t i = 0; i < a_count; i++) {
        const struct slot *slot = slot_of(&table, a[i]);
        if (slot->a == i && slot->b < SEVERAL)
            chain->anchors[count++] = (struct anchor){i, slot->b};
    }
    free(table.slots);
    chain->count = longest_chain(chain->anchors, count);
    chain->looked_at += a_count + b_count;
}

bool anchors_find(const uint64_t *a, uint64_t a_count, const uint64_t *b, uint64_t b_count,
                  struct anchor_chain *chain)
{
    *chain = (struct anchor_chain){0};
    for (uint64_t window = WINDOW_FIRST;; window *= WINDOW_GROWTH) {
        if (window > ANCHOR_WINDOW_MAX)
            window = ANCHOR_WINDOW_MAX;
        uint64_t a_window = a_count < window ? a_count : window;
        uint64_t b_window = b_count < window ? b_count : window;
        uint64_t less = a_window < b_window ? a_window : b_window;
        bool last = window == ANCHOR_WINDOW_MAX || (a_window == a_count && b_window == b_count);
        find_in_window(a, (uint32_t)a_window, b, (uint32_t)b_window, chain);
        const struct anchor *end = chain->count ? &chain->anchors[chain->count - 1] : NULL;
        bool enough =
            end && chain->count >= less / ENOUGH_SHARE && (uint64_t)end->a + end->b >= window / 4;
        if (end && (enough || last))
            return true;
        anchors_free(chain);
        if (last)
            return false;
    }
}

void anchors_free(struct anchor_chain *chain)
{
    free(chain->anchors);
    chain->anchors = NULL;
    chain->count = 0;
}
