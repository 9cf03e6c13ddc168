/* The nodes of the tree of regions: what can be said of one node alone. For region_tree.c only.
 *
 * Nodes are wide and are searched by comparing all keys, which the compiler turns into vector
 * instructions without a branch to mispredict; unused keys are therefore infinite and unused gaps
 * zero. */
#ifndef LW_OS_REGION_NODE_H
#define LW_OS_REGION_NODE_H

#include <string.h>
#include "core/check.h"
#include "os/space.h"

#define FANOUT 60 /* a multiple of twelve, for vectors; a node fills its size class */
#define SPARSE (FANOUT / 4)
#define INFINITE INT32_MAX

struct node {
    int32_t count;
    int32_t end;         /* of a leaf: the granule behind its last region */
    int32_t key[FANOUT]; /* first granule; of a child: of its lowest region (exact but for [0]) */
    int32_t gap[FANOUT]; /* free granules behind the region; of a child: the largest in it */
    union {
        struct node *child[FANOUT];
        struct region *region[FANOUT]; /* NULL: the sentinel */
    };
};

/* The number of keys at or below granule. Here and below three sums run side by side: one alone
 * would wait for itself in every step. */
static inline int32_t rank(const struct node *node, int32_t granule)
{
    int32_t a = 0, b = 0, c = 0;
    const int32_t *key = node->key;
    for (int32_t i = 0; i < FANOUT / 3; i++) {
        a += key[i] > granule;
        b += key[i + FANOUT / 3] > granule;
        c += key[i + FANOUT / 3 * 2] > granule;
    }
    return FANOUT - (a + b + c);
}

static inline int32_t largest_gap(const struct node *node)
{
    int32_t a = 0, b = 0, c = 0;
    const int32_t *gap = node->gap;
    for (int32_t i = 0; i < FANOUT / 3; i++) {
        a = gap[i] > a ? gap[i] : a;
        b = gap[i + FANOUT / 3] > b ? gap[i + FANOUT / 3] : b;
        c = gap[i + FANOUT / 3 * 2] > c ? gap[i + FANOUT / 3 * 2] : c;
    }
    a = b > a ? b : a;
    return c > a ? c : a;
}

/* The granule behind a region of a leaf. */
static inline int32_t end_at(const struct node *leaf, int32_t at)
{
    return at + 1 < leaf->count ? leaf->key[at + 1] - leaf->gap[at] : leaf->end;
}

static inline void open_place(struct node *node, int32_t at)
{
    CHECK(node->count < FANOUT);
    CHECK(at <= node->count);
    size_t behind = (size_t)(node->count - at);
    memmove(&node->key[at + 1], &node->key[at], behind * sizeof node->key[0]);
    memmove(&node->gap[at + 1], &node->gap[at], behind * sizeof node->gap[0]);
    memmove(&node->child[at + 1], &node->child[at], behind * sizeof node->child[0]);
    node->count++;
}

static inline void close_place(struct node *node, int32_t at)
{
    CHECK(at < node->count);
    node->count--;
    size_t behind = (size_t)(node->count - at);
    memmove(&node->key[at], &node->key[at + 1], behind * sizeof node->key[0]);
    memmove(&node->gap[at], &node->gap[at + 1], behind * sizeof node->gap[0]);
    memmove(&node->child[at], &node->child[at + 1], behind * sizeof node->child[0]);
    node->key[node->count] = INFINITE;
    node->gap[node->count] = 0;
}

/* Moves the entries from `from` on to the end of another node. */
static inline void move_entries(struct node *to, struct node *node, int32_t from)
{
    size_t moved = (size_t)(node->count - from);
    CHECK((size_t)to->count + moved <= FANOUT);
    memcpy(&to->key[to->count], &node->key[from], moved * sizeof node->key[0]);
    memcpy(&to->gap[to->count], &node->gap[from], moved * sizeof node->gap[0]);
    memcpy(&to->child[to->count], &node->child[from], moved * sizeof node->child[0]);
    to->count += (int32_t)moved;
    for (int32_t i = from; i < node->count; i++) {
        node->key[i] = INFINITE;
        node->gap[i] = 0;
    }
    node->count = from;
}

#endif
