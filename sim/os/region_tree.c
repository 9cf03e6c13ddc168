/* The B+tree of regions. See region_tree.h.
 *
 * The first entry is a sentinel below the space, so that every region has a predecessor that
 * carries the gap below it. Insertion splits full nodes; removal merges a node that falls below a
 * quarter with a neighbour, which keeps the tree compact without the cost of perfect balance.
 *
 * The path to the leaf used last is kept: most calls come in pairs (find, then change) and the
 * second one need not descend again. */
#include "os/region_tree.h"

#include "core/check.h"
#include "os/region_node.h"

#define HEIGHT_MAX 8

struct tree {
    struct arena *arena;
    struct node *root;
    uint64_t nodes;
    int32_t first, end; /* granules of the space */
    int32_t height;     /* levels of inner nodes */
    /* The path to a leaf that holds all keys of [low, high); low == high: none is known. */
    int32_t low, high;
    struct node *node[HEIGHT_MAX]; /* [0]: the leaf */
    int32_t slot[HEIGHT_MAX];      /* [level]: of node[level - 1] in node[level] */
};

static int32_t granule_of(uint64_t page)
{
    CHECK(page / GRANULE_PAGES < INFINITE);
    return (int32_t)(page / GRANULE_PAGES);
}

static int32_t granule_up(uint64_t page)
{
    uint64_t granule = (page + GRANULE_PAGES - 1) / GRANULE_PAGES;
    CHECK(granule <= INFINITE);
    return (int32_t)granule;
}

static uint64_t page_of(int32_t granule)
{
    return (uint64_t)granule * GRANULE_PAGES;
}

/* ---- the tree and its path ---- */

static struct node *node_create(struct tree *tree)
{
    struct node *node = arena_alloc(tree->arena, sizeof *node);
    for (int32_t i = 0; i < FANOUT; i++)
        node->key[i] = INFINITE;
    tree->nodes++;
    return node;
}

static void node_destroy(struct tree *tree, struct node *node)
{
    CHECK(tree->nodes > 0);
    tree->nodes--;
    arena_free(tree->arena, node, sizeof *node);
}

struct tree *tree_create(struct arena *arena, uint64_t first_page, uint64_t end_page)
{
    CHECK(first_page > 0 && first_page % GRANULE_PAGES == 0);
    CHECK(first_page < end_page);
    struct tree *tree = arena_alloc(arena, sizeof *tree);
    tree->arena = arena;
    tree->first = granule_of(first_page);
    tree->end = granule_up(end_page);
    struct node *leaf = node_create(tree);
    leaf->count = 1; /* the sentinel: one granule below the space */
    leaf->key[0] = tree->first - 1;
    leaf->gap[0] = tree->end - tree->first;
    leaf->end = tree->first;
    tree->root = leaf;
    return tree;
}

static void destroy_below(struct tree *tree, struct node *node, int32_t level)
{
    for (int32_t i = 0; level > 0 && i < node->count; i++)
        destroy_below(tree, node->child[i], level - 1);
    node_destroy(tree, node);
}

void tree_destroy(struct tree *tree)
{
    destroy_below(tree, tree->root, tree->height);
    CHECK(tree->nodes == 0);
    arena_free(tree->arena, tree, sizeof *tree);
}

static void forget_path(struct tree *tree)
{
    tree->low = tree->high = 0;
}

/* The leaf in which the granule's place is. */
static struct node *descend(struct tree *tree, int32_t granule)
{
    if (granule >= tree->low && granule < tree->high)
        return tree->node[0];
    struct node *node = tree->root;
    tree->low = INT32_MIN;
    tree->high = INFINITE;
    for (int32_t level = tree->height; level > 0; level--) {
        int32_t slot = rank(node, granule);
        slot -= slot > 0;
        if (slot > 0)
            tree->low = node->key[slot];
        if (slot + 1 < node->count)
            tree->high = node->key[slot + 1];
        tree->node[level] = node;
        tree->slot[level] = slot;
        node = node->child[slot];
    }
    tree->node[0] = node;
    /* The region found next is one of these: fetch them while the keys are compared. */
    for (unsigned i = 0; tree->height > 1 && i < FANOUT; i += 8)
        __builtin_prefetch(&node->region[i]);
    return node;
}

/* In the path's node of this level gaps went, the largest being `gone`, and others came, the
 * largest being `fresh`: corrects the largest ones above. A node is searched for its maximum only
 * when that may have gone. */
static void lift_gaps(struct tree *tree, int32_t level, int32_t gone, int32_t fresh)
{
    for (; level < tree->height; level++) {
        int32_t *above = &tree->node[level + 1]->gap[tree->slot[level + 1]];
        if (fresh < *above && gone < *above)
            return;
        if (fresh < *above)
            fresh = largest_gap(tree->node[level]);
        if (fresh == *above)
            return;
        gone = *above;
        *above = fresh;
    }
}

static void lift_all_gaps(struct tree *tree, int32_t level)
{
    if (level < tree->height)
        lift_gaps(tree, level, INFINITE, largest_gap(tree->node[level]));
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* The lowest key below the path's node of this level changed. */
static void lift_key(struct tree *tree, int32_t level, int32_t key)
{
    for (; level < tree->height; level++) {
        if (tree->slot[level + 1] > 0) {
            tree->node[level + 1]->key[tree->slot[level + 1]] = key;
            return;
        }
    }
}

/* ---- looking up ---- */

struct region *tree_at_or_below(struct tree *tree, uint64_t page)
{
    int32_t granule = granule_of(page);
    const struct node *leaf = descend(tree, granule);
    int32_t at = rank(leaf, granule);
    return at > 0 ? leaf->region[at - 1] : NULL;
}

struct region *tree_above(struct tree *tree, uint64_t page)
{
    int32_t granule = granule_of(page);
    granule = granule < tree->first ? tree->first - 1 : granule; /* never the sentinel */
    const struct node *leaf = descend(tree, granule);
    int32_t at = rank(leaf, granule);
    if (at < leaf->count)
        return leaf->region[at];
    return tree->high == INFINITE ? NULL : descend(tree, tree->high)->region[0];
}

/* ---- adding ---- */

static void grow_root(struct tree *tree)
{
    CHECK(tree->height + 1 < HEIGHT_MAX);
    struct node *root = node_create(tree);
    root->count = 1;
    root->key[0] = tree->root->key[0];
    root->gap[0] = largest_gap(tree->root);
    root->child[0] = tree->root;
    tree->root = root;
    tree->height++;
    tree->node[tree->height] = root;
    tree->slot[tree->height] = 0;
}

/* Splits the path's node of this level, whose parent has room. A node that grows at its end (the
 * usual case: placement goes upward) stays nearly full. */
static void split(struct tree *tree, int32_t level, int32_t granule)
{
    if (level == tree->height)
        grow_root(tree);
    struct node *node = tree->node[level], *above = tree->node[level + 1];
    struct node *right = node_create(tree);
    int32_t slot = tree->slot[level + 1];
    CHECK(node->count == FANOUT);
    int32_t keep = rank(node, granule) == FANOUT ? FANOUT - 1 : FANOUT / 2;
    right->end = node->end;
    node->end = end_at(node, keep - 1); /* of no meaning in inner nodes */
    move_entries(right, node, keep);
    open_place(above, slot + 1);
    above->key[slot + 1] = right->key[0];
    above->gap[slot + 1] = largest_gap(right);
    above->child[slot + 1] = right;
    above->gap[slot] = largest_gap(node);
    forget_path(tree);
}

/* The leaf for the granule, with room for one more. */
static struct node *leaf_with_room(struct tree *tree, int32_t granule)
{
    struct node *leaf = descend(tree, granule);
    while (leaf->count == FANOUT) {
        int32_t level = 0;
        while (level < tree->height && tree->node[level + 1]->count == FANOUT)
            level++;
        split(tree, level, granule);
        leaf = descend(tree, granule);
    }
    return leaf;
}

void tree_insert(struct tree *tree, uint64_t first_page, uint64_t pages, struct region *region)
{
    CHECK(first_page % GRANULE_PAGES == 0);
    int32_t begin = granule_of(first_page), end = granule_up(first_page + pages);
    struct node *leaf = leaf_with_room(tree, begin);
    int32_t at = rank(leaf, begin);
    CHECK(at > 0 && region);
    int32_t hole_begin = end_at(leaf, at - 1), hole_end = hole_begin + leaf->gap[at - 1];
    CHECK(hole_begin <= begin);
    CHECK(begin < end && end <= hole_end);
    leaf->gap[at - 1] = begin - hole_begin;
    open_place(leaf, at);
    leaf->key[at] = begin;
    leaf->gap[at] = hole_end - end;
    leaf->region[at] = region;
    if (at == leaf->count - 1)
        leaf->end = end;
    lift_gaps(tree, 0, hole_end - hole_begin, larger(begin - hole_begin, hole_end - end));
}

/* ---- removing ---- */

static void shrink_root(struct tree *tree)
{
    while (tree->height > 0 && tree->root->count == 1) {
        struct node *old = tree->root;
        tree->root = old->child[0];
        tree->height--;
        node_destroy(tree, old);
        forget_path(tree);
    }
}

/* Takes the path's emptied leaf out, and inner nodes that become empty with it. */
static void drop_leaf(struct tree *tree)
{
    int32_t level = 0;
    for (; tree->node[level]->count == 0; level++) {
        CHECK(level < tree->height);
        node_destroy(tree, tree->node[level]);
        close_place(tree->node[level + 1], tree->slot[level + 1]);
    }
    if (tree->slot[level] == 0)
        lift_key(tree, level, tree->node[level]->key[0]);
    lift_all_gaps(tree, level);
}

/* Joins the path's node of this level with a neighbour when together they leave some room. */
static bool merge(struct tree *tree, int32_t level)
{
    struct node *above = tree->node[level + 1];
    int32_t left = tree->slot[level + 1] > 0 ? tree->slot[level + 1] - 1 : 0;
    if (above->count < 2)
        return false;
    struct node *a = above->child[left], *b = above->child[left + 1];
    if (a->count + b->count > FANOUT - SPARSE)
        return false;
    b->key[0] = above->key[left + 1]; /* of an inner node it may be out of date */
    move_entries(a, b, 0);
    a->end = b->end;
    node_destroy(tree, b);
    close_place(above, left + 1);
    above->gap[left] = largest_gap(a);
    return true;
}

/* After a removal in the path's leaf: corrects what lies above. See lift_gaps for the gaps. */
static void settle(struct tree *tree, int32_t gone, int32_t fresh)
{
    int32_t level = 0;
    while (level < tree->height && tree->node[level]->count < SPARSE && merge(tree, level))
        level++;
    if (level == 0) {
        lift_gaps(tree, 0, gone, fresh);
        return;
    }
    lift_all_gaps(tree, level);
    forget_path(tree);
    shrink_root(tree);
}

/* Removes the first region of the path's leaf. */
static void remove_first(struct tree *tree)
{
    struct node *leaf = tree->node[0];
    close_place(leaf, 0);
    if (leaf->count == 0) {
        drop_leaf(tree);
    } else {
        lift_key(tree, 0, leaf->key[0]);
        lift_all_gaps(tree, 0);
    }
    forget_path(tree);
    shrink_root(tree);
}

void tree_remove(struct tree *tree, uint64_t first_page)
{
    int32_t granule = granule_of(first_page);
    struct node *leaf = descend(tree, granule);
    int32_t at = rank(leaf, granule) - 1;
    CHECK(at >= 0);
    CHECK(leaf->key[at] == granule && leaf->region[at]);
    int32_t begin, hole_end = end_at(leaf, at) + leaf->gap[at], gone = leaf->gap[at];
    if (at == 0) { /* the gap will be that of the last region of the leaf before */
        remove_first(tree);
        leaf = descend(tree, granule);
        at = leaf->count;
        begin = leaf->end;
    } else {
        begin = end_at(leaf, at - 1);
        if (at == leaf->count - 1)
            leaf->end = begin;
        close_place(leaf, at);
    }
    gone = larger(gone, leaf->gap[at - 1]);
    leaf->gap[at - 1] = hole_end - begin;
    settle(tree, gone, hole_end - begin);
}

/* ---- holes ---- */

/* The place inside the free range [begin, end), pages, lowest or highest. */
static bool hole_fits(struct hole *hole, uint64_t begin, uint64_t end, bool highest)
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

static bool fits_behind(const struct node *leaf, int32_t at, struct hole *hole, bool highest)
{
    int32_t begin = end_at(leaf, at);
    return hole_fits(hole, page_of(begin), page_of(begin + leaf->gap[at]), highest);
}

static bool search(struct tree *tree, struct node *node, int32_t level, struct hole *hole,
                   bool highest);

static bool search_slot(struct tree *tree, struct node *node, int32_t level, int32_t slot,
                        struct hole *hole, bool highest)
{
    bool found = level ? search(tree, node->child[slot], level - 1, hole, highest)
                       : fits_behind(node, slot, hole, highest);
    if (found) {
        tree->node[level] = node;
        tree->slot[level] = slot;
    }
    return found;
}

/* Holes of a slot lie at or above its key and below the next one: that bounds the search. */
static int32_t lowest_slot(const struct node *node, const struct hole *hole)
{
    if (node->count == 1 || hole->first_page < page_of(node->key[1]))
        return 0;
    return rank(node, granule_of(hole->first_page)) - 1;
}

static int32_t highest_slot(const struct node *node, const struct hole *hole)
{
    if (page_of(node->key[node->count - 1]) < hole->end_page)
        return node->count - 1;
    return rank(node, granule_of(hole->end_page - 1)) - 1;
}

static bool search(struct tree *tree, struct node *node, int32_t level, struct hole *hole,
                   bool highest)
{
    int32_t gap = granule_up(hole->pages);
    int32_t low = lowest_slot(node, hole), high = highest_slot(node, hole);
    int32_t step = highest ? -1 : 1;
    for (int32_t slot = highest ? high : low; low <= slot && slot <= high; slot += step)
        if (node->gap[slot] >= gap && search_slot(tree, node, level, slot, hole, highest))
            return true;
    return false;
}

static bool find_hole(struct tree *tree, struct hole *hole, bool highest)
{
    uint64_t space_pages = page_of(tree->end) - page_of(tree->first);
    CHECK(hole->pages > 0);
    CHECK(hole->end_page <= page_of(tree->end));
    if (hole->first_page >= hole->end_page || hole->pages > space_pages ||
        !search(tree, tree->root, tree->height, hole, highest))
        return false;
    tree->low = tree->node[0]->key[0];
    tree->high = INFINITE; /* the path now leads to the hole: an insertion follows */
    for (int32_t level = tree->height; level > 0; level--) {
        const struct node *node = tree->node[level];
        if (tree->slot[level] + 1 < node->count)
            tree->high = node->key[tree->slot[level] + 1];
    }
    return true;
}

bool tree_lowest_hole(struct tree *tree, struct hole *hole)
{
    return find_hole(tree, hole, false);
}

bool tree_highest_hole(struct tree *tree, struct hole *hole)
{
    return find_hole(tree, hole, true);
}

/* ---- checking ---- */

uint64_t tree_bytes(const struct tree *tree)
{
    return tree->nodes * arena_block_bytes(sizeof(struct node));
}

struct verifier {
    int32_t next; /* where the next entry must begin or the gap before it ends */
    uint64_t entries, nodes;
};

static void verify_entry(const struct node *leaf, int32_t at, struct verifier *v)
{
    const struct region *region = leaf->region[at];
    int32_t end = end_at(leaf, at);
    CHECK(leaf->key[at] == v->next);
    CHECK(end > leaf->key[at] && leaf->gap[at] >= 0);
    CHECK((region == NULL) == (v->entries == 0));
    if (region) {
        struct region_info info = region_info(region);
        CHECK(info.first_page == page_of(leaf->key[at]));
        CHECK(granule_up(info.first_page + info.pages) == end);
    }
    v->entries++;
    /* The next entry begins where the gap ends, at or behind this region's end. */
    v->next = end + leaf->gap[at];
}

static void verify_below(const struct node *node, int32_t level, struct verifier *v)
{
    v->nodes++;
    CHECK(node->count > 0 && node->count <= FANOUT);
    for (int32_t i = node->count; i < FANOUT; i++)
        CHECK(node->key[i] == INFINITE && node->gap[i] == 0);
    for (int32_t i = 0; i < node->count; i++) {
        CHECK(i == 0 || node->key[i - 1] < node->key[i]);
        if (level == 0) {
            verify_entry(node, i, v);
            continue;
        }
        CHECK(i == 0 ? node->key[0] <= v->next : node->key[i] == v->next);
        verify_below(node->child[i], level - 1, v);
        CHECK(node->gap[i] == largest_gap(node->child[i]));
    }
}

static void verify_path(const struct tree *tree)
{
    struct tree copy = *tree;
    if (tree->low >= tree->high)
        return;
    const struct node *leaf = tree->node[0];
    CHECK(leaf->key[0] >= tree->low && leaf->key[leaf->count - 1] < tree->high);
    forget_path(&copy);
    CHECK(descend(&copy, leaf->key[0]) == leaf);
    CHECK(copy.low <= tree->low && copy.high == tree->high);
    for (int32_t level = 1; level <= tree->height; level++)
        CHECK(copy.node[level] == tree->node[level] && copy.slot[level] == tree->slot[level]);
}

uint64_t tree_verify(const struct tree *tree)
{
    struct verifier v = {.next = tree->first - 1};
    verify_below(tree->root, tree->height, &v);
    CHECK(v.nodes == tree->nodes);
    CHECK(v.next == tree->end);
    verify_path(tree);
    return v.entries - 1; /* without the sentinel */
}
