/* The page table: a radix tree over page numbers with 32-bit entries. See space.h.
 *
 * Four levels of 9, 9, 9 and 9 bits cover 2^36 pages (256 TiB). Nodes exist only where entries
 * are, and go when their last entry does, so that a walk over terabytes visits what exists. The
 * last leaf is remembered: neighbours usually follow. */
#include "core/check.h"
#include "os/space.h"

#define BITS 9
#define FANOUT (1u << BITS)
#define MASK (FANOUT - 1)
#define LEVELS 4

struct leaf {
    uint32_t count;
    uint32_t entry[FANOUT];
};

struct branch {
    uint32_t count;
    void *child[FANOUT];
};

struct page_table {
    struct arena *arena;
    struct branch *root;
    uint64_t end_page;
    uint64_t entries;
    uint64_t cached_number; /* page >> BITS of the cached leaf, UINT64_MAX: none */
    struct leaf *cached;
};

struct page_table *page_table_create(struct arena *arena, uint64_t end_page)
{
    CHECK(end_page <= UINT64_C(1) << (BITS * LEVELS));
    struct page_table *table = arena_alloc(arena, sizeof *table);
    table->arena = arena;
    table->root = arena_alloc(arena, sizeof *table->root);
    table->end_page = end_page;
    table->cached_number = UINT64_MAX;
    return table;
}

static void destroy_below(struct arena *arena, void *node, unsigned level)
{
    if (level == 0) {
        arena_free(arena, node, sizeof(struct leaf));
        return;
    }
    struct branch *branch = node;
    for (unsigned i = 0; i < FANOUT; i++)
        if (branch->child[i])
            destroy_below(arena, branch->child[i], level - 1);
    arena_free(arena, branch, sizeof *branch);
}

void page_table_destroy(struct page_table *table)
{
    destroy_below(table->arena, table->root, LEVELS - 1);
    arena_free(table->arena, table, sizeof *table);
}

static unsigned index_at(uint64_t page, unsigned level)
{
    return (unsigned)(page >> (BITS * level)) & MASK;
}

static struct leaf *leaf_of(const struct page_table *table, uint64_t page)
{
    if (table->cached_number == page >> BITS)
        return table->cached;
    const struct branch *branch = table->root;
    for (unsigned level = LEVELS - 1; level > 1 && branch; level--)
        branch = branch->child[index_at(page, level)];
    return branch ? branch->child[index_at(page, 1)] : NULL;
}

uint32_t page_table_get(const struct page_table *table, uint64_t page)
{
    CHECK(page < table->end_page);
    const struct leaf *leaf = leaf_of(table, page);
    return leaf ? leaf->entry[page & MASK] : 0;
}

static struct leaf *leaf_make(struct page_table *table, uint64_t page)
{
    struct branch *branch = table->root;
    for (unsigned level = LEVELS - 1; level > 1; level--) {
        void **child = &branch->child[index_at(page, level)];
        if (!*child) {
            *child = arena_alloc(table->arena, sizeof(struct branch));
            branch->count++;
        }
        branch = *child;
    }
    void **child = &branch->child[index_at(page, 1)];
    CHECK(*child == NULL);
    *child = arena_alloc(table->arena, sizeof(struct leaf));
    branch->count++;
    return *child;
}

/* Takes out an empty leaf and the branches that become empty with it. */
static void leaf_drop(struct page_table *table, uint64_t page)
{
    struct branch *path[LEVELS];
    path[LEVELS - 1] = table->root;
    for (unsigned level = LEVELS - 1; level > 1; level--)
        path[level - 1] = path[level]->child[index_at(page, level)];
    void **child = &path[1]->child[index_at(page, 1)];
    CHECK(((struct leaf *)*child)->count == 0);
    arena_free(table->arena, *child, sizeof(struct leaf));
    *child = NULL;
    for (unsigned level = 1; --path[level]->count == 0 && level < LEVELS - 1; level++) {
        arena_free(table->arena, path[level], sizeof(struct branch));
        path[level + 1]->child[index_at(page, level + 1)] = NULL;
    }
    table->cached_number = UINT64_MAX;
}

void page_table_set(struct page_table *table, uint64_t page, uint32_t entry)
{
    CHECK(page < table->end_page);
    struct leaf *leaf = leaf_of(table, page);
    if (!leaf) {
        if (entry == 0)
            return;
        leaf = leaf_make(table, page);
    }
    table->cached = leaf;
    table->cached_number = page >> BITS;
    uint32_t *place = &leaf->entry[page & MASK];
    if (!*place && entry) {
        leaf->count++;
        table->entries++;
    } else if (*place && !entry) {
        leaf->count--;
        table->entries--;
    }
    *place = entry;
    if (leaf->count == 0)
        leaf_drop(table, page);
}

/* ---- walking ---- */

struct walk {
    struct page_table *table;
    uint64_t first, end; /* pages */
    page_visit *visit;
    void *context;
};

static void walk_leaf(struct walk *walk, struct leaf *leaf, uint64_t base)
{
    uint64_t from = walk->first > base ? walk->first - base : 0;
    uint64_t to = walk->end - base < FANOUT ? walk->end - base : FANOUT;
    for (uint64_t i = from; i < to && leaf->count; i++) {
        uint32_t before = leaf->entry[i];
        if (!before)
            continue;
        uint32_t after = walk->visit(walk->context, base + i, before);
        leaf->entry[i] = after;
        if (!after) {
            leaf->count--;
            walk->table->entries--;
        }
    }
}

/* True when the node is empty now and was freed. */
static bool walk_below(struct walk *walk, void *node, unsigned level, uint64_t base)
{
    if (level == 0) {
        struct leaf *leaf = node;
        walk_leaf(walk, leaf, base);
        if (leaf->count)
            return false;
        arena_free(walk->table->arena, leaf, sizeof *leaf);
        return true;
    }
    struct branch *branch = node;
    unsigned shift = BITS * level;
    uint64_t from = walk->first > base ? (walk->first - base) >> shift : 0;
    uint64_t to = (walk->end - 1 - base) >> shift;
    for (uint64_t i = from; i < FANOUT && i <= to; i++) {
        if (branch->child[i] &&
            walk_below(walk, branch->child[i], level - 1, base + (i << shift))) {
            branch->child[i] = NULL;
            branch->count--;
        }
    }
    if (branch->count || branch == walk->table->root)
        return false;
    arena_free(walk->table->arena, branch, sizeof *branch);
    return true;
}

void page_table_walk(struct page_table *table, uint64_t first_page, uint64_t pages,
                     page_visit *visit, void *context)
{
    CHECK(first_page + pages <= table->end_page);
    if (pages == 0 || table->entries == 0)
        return;
    struct walk walk = {table, first_page, first_page + pages, visit, context};
    table->cached_number = UINT64_MAX; /* its leaf may go */
    walk_below(&walk, table->root, LEVELS - 1, 0);
}

uint64_t page_table_entries(const struct page_table *table)
{
    return table->entries;
}

static uint64_t verify_below(const void *node, unsigned level)
{
    uint64_t entries = 0;
    uint32_t used = 0;
    for (unsigned i = 0; i < FANOUT; i++) {
        if (level == 0) {
            used += ((const struct leaf *)node)->entry[i] != 0;
        } else if (((const struct branch *)node)->child[i]) {
            used++;
            entries += verify_below(((const struct branch *)node)->child[i], level - 1);
        }
    }
    CHECK(used ==
          (level ? ((const struct branch *)node)->count : ((const struct leaf *)node)->count));
    CHECK(used > 0 || level == LEVELS - 1);
    return level ? entries : used;
}

void page_table_verify(const struct page_table *table)
{
    CHECK(verify_below(table->root, LEVELS - 1) == table->entries);
    CHECK(table->cached_number == UINT64_MAX || table->cached->count > 0);
}
