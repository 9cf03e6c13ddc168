/* The B+tree of regions. See region_tree.h.
 *
 * Leaves hold key, gap and region of up to 32 regions, inner nodes the lowest key and the largest
 * gap of up to 32 children. Insertion splits full nodes on the way back up; removal merges a node
 * that falls below a quarter with a neighbour, which keeps the tree compact without the cost of
 * perfect balance. Recursion is as deep as the tree: five levels for ten million regions. */
#include "os/region_tree.h"

#include <string.h>
#include "core/check.h"

#define FANOUT 32
#define SPARSE (FANOUT / 4)

struct node {
    uint16_t count;
    bool leaf;
    uint64_t key[FANOUT]; /* first page; of a child: of its lowest region */
    uint64_t gap[FANOUT]; /* free pages before the region; of a child: the largest in it */
    union {
        struct node *child[FANOUT];
        struct region *region[FANOUT];
    };
};

struct tree {
    struct arena *arena;
    struct node *root;
    uint64_t first_page;
    uint64_t nodes;
};

static struct node *node_create(struct tree *tree, bool leaf)
{
    struct node *node = arena_alloc(tree->arena, sizeof *node);
    node->leaf = leaf;
    tree->nodes++;
    return node;
}

static void node_destroy(struct tree *tree, struct node *node)
{
    CHECK(tree->nodes > 0);
    tree->nodes--;
    arena_free(tree->arena, node, sizeof *node);
}

struct tree *tree_create(struct arena *arena, uint64_t first_page)
{
    CHECK(first_page % GRANULE_PAGES == 0);
    struct tree *tree = arena_alloc(arena, sizeof *tree);
    tree->arena = arena;
    tree->first_page = first_page;
    tree->root = node_create(tree, true);
    return tree;
}

static void destroy_below(struct tree *tree, struct node *node)
{
    for (unsigned i = 0; !node->leaf && i < node->count; i++)
        destroy_below(tree, node->child[i]);
    node_destroy(tree, node);
}

void tree_destroy(struct tree *tree)
{
    destroy_below(tree, tree->root);
    arena_free(tree->arena, tree, sizeof *tree);
}

/* ---- looking up ---- */

/* The number of keys at or below page. */
static unsigned rank(const struct node *node, uint64_t page)
{
    unsigned low = 0, count = node->count;
    while (count > 0) { /* branchless halving: the compiler makes it conditional moves */
        unsigned half = count / 2;
        bool right = node->key[low + half] <= page;
        low = right ? low + half + 1 : low;
        count = right ? count - half - 1 : half;
    }
    return low;
}

static uint64_t largest_gap(const struct node *node)
{
    uint64_t largest = 0;
    for (unsigned i = 0; i < node->count; i++)
        largest = node->gap[i] > largest ? node->gap[i] : largest;
    return largest;
}

struct region *tree_at_or_below(const struct tree *tree, uint64_t page)
{
    const struct node *node = tree->root;
    for (;;) {
        unsigned at = rank(node, page);
        if (at == 0)
            return NULL;
        if (node->leaf)
            return node->region[at - 1];
        node = node->child[at - 1];
    }
}

static struct region *lowest_in(const struct node *node)
{
    while (!node->leaf)
        node = node->child[0];
    return node->count ? node->region[0] : NULL;
}

struct region *tree_above(const struct tree *tree, uint64_t page)
{
    const struct node *node = tree->root;
    const struct node *right = NULL; /* the nearest subtree to the right of the descent */
    for (;;) {
        unsigned at = rank(node, page);
        if (node->leaf)
            return at < node->count ? node->region[at] : right ? lowest_in(right) : NULL;
        if (at == 0)
            return lowest_in(node);
        if (at < node->count)
            right = node->child[at];
        node = node->child[at - 1];
    }
}

uint64_t tree_end(const struct tree *tree)
{
    const struct node *node = tree->root;
    while (!node->leaf)
        node = node->child[node->count - 1];
    if (node->count == 0)
        return tree->first_page;
    struct region_info info = region_info(node->region[node->count - 1]);
    return (info.first_page + info.pages + GRANULE_PAGES - 1) & ~(GRANULE_PAGES - 1);
}

/* ---- changing ---- */

/* Opens a place in a node's arrays. */
static void open_place(struct node *node, unsigned at)
{
    CHECK(node->count < FANOUT);
    CHECK(at <= node->count);
    size_t behind = (size_t)(node->count - at) * sizeof(uint64_t);
    memmove(&node->key[at + 1], &node->key[at], behind);
    memmove(&node->gap[at + 1], &node->gap[at], behind);
    memmove(&node->child[at + 1], &node->child[at], behind);
    node->count++;
}

static void close_place(struct node *node, unsigned at)
{
    CHECK(at < node->count);
    node->count--;
    size_t behind = (size_t)(node->count - at) * sizeof(uint64_t);
    memmove(&node->key[at], &node->key[at + 1], behind);
    memmove(&node->gap[at], &node->gap[at + 1], behind);
    memmove(&node->child[at], &node->child[at + 1], behind);
}

/* Moves the entries from `from` on to the end of another node. */
static void move_entries(struct node *to, struct node *node, unsigned from)
{
    unsigned moved = node->count - from;
    CHECK(to->count + moved <= FANOUT);
    memcpy(&to->key[to->count], &node->key[from], moved * sizeof(uint64_t));
    memcpy(&to->gap[to->count], &node->gap[from], moved * sizeof(uint64_t));
    memcpy(&to->child[to->count], &node->child[from], moved * sizeof(uint64_t));
    to->count = (uint16_t)(to->count + moved);
    node->count = (uint16_t)from;
}

/* Splits a full node; the new right half. A tree that grows at its end (the usual case: placement
 * goes upward) leaves full nodes behind. */
static struct node *split(struct tree *tree, struct node *node, unsigned at)
{
    CHECK(node->count == FANOUT);
    struct node *right = node_create(tree, node->leaf);
    move_entries(right, node, at == FANOUT ? FANOUT - 2 : FANOUT / 2);
    return right;
}

struct entry {
    uint64_t key, gap;
    struct region *region;
};

static void put_leaf(struct node *leaf, unsigned at, const struct entry *entry)
{
    open_place(leaf, at);
    leaf->key[at] = entry->key;
    leaf->gap[at] = entry->gap;
    leaf->region[at] = entry->region;
}

static void refresh(struct node *node, unsigned at)
{
    node->key[at] = node->child[at]->key[0];
    node->gap[at] = largest_gap(node->child[at]);
}

/* Inserts below node; the new right sibling when it had to split, else NULL. */
static struct node *insert_below(struct tree *tree, struct node *node, const struct entry *entry)
{
    unsigned at = rank(node, entry->key);
    struct node *right = NULL, *target = node;
    if (node->leaf) {
        if (node->count == FANOUT) {
            right = split(tree, node, at);
            if (at > node->count) {
                at -= node->count;
                target = right;
            }
        }
        put_leaf(target, at, entry);
        return right;
    }
    unsigned child = at ? at - 1 : 0;
    struct node *grown = insert_below(tree, node->child[child], entry);
    refresh(node, child);
    if (!grown)
        return NULL;
    at = child + 1;
    if (node->count == FANOUT) {
        right = split(tree, node, at);
        if (at > node->count) {
            at -= node->count;
            target = right;
        }
    }
    open_place(target, at);
    target->child[at] = grown;
    refresh(target, at);
    return right;
}

static void grow_root(struct tree *tree, struct node *right)
{
    struct node *root = node_create(tree, false);
    root->count = 2;
    root->child[0] = tree->root;
    root->child[1] = right;
    refresh(root, 0);
    refresh(root, 1);
    tree->root = root;
}

/* Sets the gap of the region that begins at key. */
static void set_gap(struct node *node, uint64_t key, uint64_t gap)
{
    unsigned at = rank(node, key);
    CHECK(at > 0);
    at--;
    if (node->leaf) {
        CHECK(node->key[at] == key);
        node->gap[at] = gap;
        return;
    }
    uint64_t before = node->gap[at];
    set_gap(node->child[at], key, gap);
    if (gap >= before) /* the child's maximum can only be the new gap */
        node->gap[at] = gap;
    else
        node->gap[at] = largest_gap(node->child[at]);
}

/* First page and granule-rounded end of a region. */
static uint64_t end_of(const struct region *region)
{
    struct region_info info = region_info(region);
    return (info.first_page + info.pages + GRANULE_PAGES - 1) & ~(GRANULE_PAGES - 1);
}

void tree_insert(struct tree *tree, uint64_t first_page, uint64_t end_page, struct region *region)
{
    struct region *below = tree_at_or_below(tree, first_page);
    struct region *above = tree_above(tree, first_page);
    uint64_t begin = below ? end_of(below) : tree->first_page;
    CHECK(begin <= first_page);
    struct entry entry = {first_page, first_page - begin, region};
    struct node *right = insert_below(tree, tree->root, &entry);
    if (right)
        grow_root(tree, right);
    if (above) {
        uint64_t key = region_info(above).first_page;
        CHECK(key >= end_page);
        set_gap(tree->root, key, key - end_page);
    }
}

/* Joins the child with a neighbour when together they fit. */
static void merge_child(struct tree *tree, struct node *node, unsigned at)
{
    if (node->count < 2)
        return;
    unsigned left = at ? at - 1 : 0;
    struct node *a = node->child[left], *b = node->child[left + 1];
    if (a->count + b->count > FANOUT)
        return;
    move_entries(a, b, 0);
    node_destroy(tree, b);
    close_place(node, left + 1);
    refresh(node, left);
}

static void remove_below(struct tree *tree, struct node *node, uint64_t key)
{
    unsigned at = rank(node, key);
    CHECK(at > 0);
    at--;
    if (node->leaf) {
        CHECK(node->key[at] == key);
        close_place(node, at);
        return;
    }
    struct node *child = node->child[at];
    remove_below(tree, child, key);
    if (child->count == 0) {
        node_destroy(tree, child);
        close_place(node, at);
        return;
    }
    refresh(node, at);
    if (child->count < SPARSE)
        merge_child(tree, node, at);
}

static void shrink_root(struct tree *tree)
{
    while (!tree->root->leaf && tree->root->count <= 1) {
        struct node *old = tree->root;
        tree->root = old->count ? old->child[0] : node_create(tree, true);
        node_destroy(tree, old);
    }
}

void tree_remove(struct tree *tree, uint64_t first_page)
{
    remove_below(tree, tree->root, first_page);
    shrink_root(tree);
    struct region *above = tree_above(tree, first_page);
    if (!above)
        return;
    struct region *below = tree_at_or_below(tree, first_page);
    uint64_t begin = below ? end_of(below) : tree->first_page;
    uint64_t key = region_info(above).first_page;
    set_gap(tree->root, key, key - begin);
}

/* ---- holes ---- */

bool hole_fits(struct hole *hole, uint64_t begin, uint64_t end, bool highest)
{
    uint64_t mask = hole->align_pages - 1;
    begin = begin > hole->first_page ? begin : hole->first_page;
    end = end < hole->end_page ? end : hole->end_page;
    begin = (begin + mask) & ~mask;
    if (begin >= end || end - begin < hole->pages)
        return false;
    hole->found = highest ? (end - hole->pages) & ~mask : begin;
    return true;
}

static bool lowest_below(const struct node *node, struct hole *hole)
{
    /* Only the child that may hold the lower bound and those right of it can have a hole: the
     * gap before the first region above the bound belongs to that region. */
    unsigned from = rank(node, hole->first_page);
    for (unsigned i = from ? from - 1 : 0; i < node->count; i++) {
        if (i > 0 && node->key[i - 1] >= hole->end_page)
            return false; /* this hole and all further ones lie above the bound */
        if (node->gap[i] < hole->pages)
            continue;
        if (!node->leaf && lowest_below(node->child[i], hole))
            return true;
        if (node->leaf && hole_fits(hole, node->key[i] - node->gap[i], node->key[i], false))
            return true;
    }
    return false;
}

bool tree_lowest_hole(const struct tree *tree, struct hole *hole)
{
    return lowest_below(tree->root, hole);
}

static bool highest_below(const struct node *node, struct hole *hole)
{
    for (unsigned i = node->count; i-- > 0;) {
        if (node->gap[i] < hole->pages)
            continue;
        if (!node->leaf && i > 0 && node->key[i - 1] >= hole->end_page)
            continue; /* all of its holes lie above the bound */
        if (!node->leaf && highest_below(node->child[i], hole))
            return true;
        if (node->leaf && hole_fits(hole, node->key[i] - node->gap[i], node->key[i], true))
            return true;
    }
    return false;
}

bool tree_highest_hole(const struct tree *tree, struct hole *hole)
{
    return highest_below(tree->root, hole);
}

/* ---- checking ---- */

uint64_t tree_bytes(const struct tree *tree)
{
    return tree->nodes * arena_block_bytes(sizeof(struct node));
}

struct verifier {
    uint64_t end; /* of the region before */
    uint64_t regions, nodes;
};

static void verify_below(const struct node *node, struct verifier *v, bool root)
{
    v->nodes++;
    CHECK(node->count <= FANOUT);
    CHECK(root || node->count > 0);
    for (unsigned i = 0; i < node->count; i++) {
        CHECK(i == 0 || node->key[i - 1] < node->key[i]);
        if (!node->leaf) {
            CHECK(node->key[i] == node->child[i]->key[0]);
            CHECK(node->gap[i] == largest_gap(node->child[i]));
            verify_below(node->child[i], v, false);
            continue;
        }
        CHECK(region_info(node->region[i]).first_page == node->key[i]);
        CHECK(node->key[i] >= v->end);
        CHECK(node->gap[i] == node->key[i] - v->end);
        v->end = end_of(node->region[i]);
        v->regions++;
    }
}

uint64_t tree_verify(const struct tree *tree)
{
    struct verifier v = {.end = tree->first_page};
    verify_below(tree->root, &v, true);
    CHECK(v.nodes == tree->nodes);
    CHECK(v.end == tree_end(tree));
    return v.regions;
}
