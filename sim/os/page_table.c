/* The page table: a radix tree over page numbers with 32-bit entries. See space.h.
 *
 * Four levels of 9, 9, 9 and 9 bits cover 2^36 pages (256 TiB). Nodes exist only where entries
 * are, and go when their last entry does, so that a walk over terabytes visits what exists.
 * Leaves found last are remembered. */
#include "core/check.h"
#include "os/page_table.h"

#define BITS PAGE_TABLE_BITS
#define FANOUT PAGE_TABLE_FANOUT
#define MASK PAGE_TABLE_MASK
#define LEVELS PAGE_TABLE_LEVELS

struct page_table *page_table_create(struct arena *arena, uint64_t end_page)
{
    CHECK(end_page <= UINT64_C(1) << (BITS * LEVELS));
    struct page_table *table = arena_alloc(arena, sizeof *table);
    table->arena = arena;
    table->root = arena_alloc(arena, sizeof *table->root);
    table->end_page = end_page;
    for (unsigned i = 0; i < PAGE_TABLE_RECENT; i++)
        table->recent[i].number = UINT64_MAX;
    return table;
}

static void destroy_below(struct arena *arena, void *node, unsigned level)
{
    if (level == 0) {
        arena_free(arena, node, sizeof(struct page_leaf));
        return;
    }
    struct page_branch *branch = node;
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

struct page_leaf *page_table_walk_to(const struct page_table *table, uint64_t page)
{
    const struct page_recent *recent = &table->recent[(page >> BITS) % PAGE_TABLE_RECENT];
    if (recent->number == page >> BITS)
        return recent->leaf;
    const struct page_branch *branch = table->root;
    for (unsigned level = LEVELS - 1; level > 1 && branch; level--)
        branch = branch->child[page_table_index(page, level)];
    return branch ? branch->child[page_table_index(page, 1)] : NULL;
}

struct page_leaf *page_table_look_up(struct page_table *table, uint64_t page)
{
    struct page_leaf *leaf = page_table_walk_to(table, page);
    if (leaf)
        table->recent[(page >> BITS) % PAGE_TABLE_RECENT] =
            (struct page_recent){page >> BITS, leaf};
    return leaf;
}

/* Its leaf goes. */
static void forget_recent(struct page_table *table, uint64_t page)
{
    struct page_recent *recent = &table->recent[(page >> BITS) % PAGE_TABLE_RECENT];
    if (recent->number == page >> BITS)
        recent->number = UINT64_MAX;
}

uint32_t page_table_get(const struct page_table *table, uint64_t page)
{
    CHECK(page < table->end_page);
    const struct page_leaf *leaf = page_table_walk_to(table, page);
    return leaf ? leaf->entry[page & MASK] : 0;
}

static struct page_leaf *leaf_make(struct page_table *table, uint64_t page)
{
    struct page_branch *branch = table->root;
    for (unsigned level = LEVELS - 1; level > 1; level--) {
        void **child = &branch->child[page_table_index(page, level)];
        if (!*child) {
            *child = arena_alloc(table->arena, sizeof(struct page_branch));
            branch->count++;
        }
        branch = *child;
    }
    void **child = &branch->child[page_table_index(page, 1)];
    CHECK(*child == NULL);
    *child = arena_alloc(table->arena, sizeof(struct page_leaf));
    branch->count++;
    return *child;
}

/* Takes out an empty leaf and the branches that become empty with it. */
static void leaf_drop(struct page_table *table, uint64_t page)
{
    struct page_branch *path[LEVELS];
    path[LEVELS - 1] = table->root;
    for (unsigned level = LEVELS - 1; level > 1; level--)
        path[level - 1] = path[level]->child[page_table_index(page, level)];
    void **child = &path[1]->child[page_table_index(page, 1)];
    CHECK(((struct page_leaf *)*child)->count == 0);
    arena_free(table->arena, *child, sizeof(struct page_leaf));
    *child = NULL;
    for (unsigned level = 1; --path[level]->count == 0 && level < LEVELS - 1; level++) {
        arena_free(table->arena, path[level], sizeof(struct page_branch));
        path[level + 1]->child[page_table_index(page, level + 1)] = NULL;
    }
    forget_recent(table, page);
}

static struct page_leaf *leaf_have(struct page_table *table, uint64_t page)
{
    struct page_leaf *leaf = page_table_look_up(table, page);
    return leaf ? leaf : leaf_make(table, page);
}

uint32_t *page_table_make(struct page_table *table, uint64_t page)
{
    CHECK(page < table->end_page);
    struct page_leaf *leaf = leaf_have(table, page);
    uint32_t *place = &leaf->entry[page & MASK];
    leaf->count += *place == 0;
    table->entries += *place == 0;
    return place;
}

void page_table_set(struct page_table *table, uint64_t page, uint32_t entry)
{
    CHECK(page < table->end_page);
    if (entry) {
        *page_table_make(table, page) = entry;
        return;
    }
    struct page_leaf *leaf = page_table_look_up(table, page);
    if (!leaf || !leaf->entry[page & MASK])
        return;
    leaf->entry[page & MASK] = leaf->beside[page & MASK] = 0;
    table->entries--;
    if (--leaf->count == 0)
        leaf_drop(table, page);
}

/* ---- walking ---- */

struct walk {
    struct page_table *table;
    uint64_t first, end; /* pages */
    page_visit *visit;
    void *context;
};

static void walk_leaf(struct walk *walk, struct page_leaf *leaf, uint64_t base)
{
    uint64_t from = walk->first > base ? walk->first - base : 0;
    uint64_t to = walk->end - base < FANOUT ? walk->end - base : FANOUT;
    for (uint64_t i = from; i < to && leaf->count; i++) {
        if (!leaf->entry[i])
            continue;
        walk->visit(walk->context, base + i, &leaf->entry[i]);
        if (!leaf->entry[i]) {
            leaf->beside[i] = 0;
            leaf->count--;
            walk->table->entries--;
        }
    }
}

/* True when the node is empty now and was freed. */
static bool walk_below(struct walk *walk, void *node, unsigned level, uint64_t base)
{
    if (level == 0) {
        struct page_leaf *leaf = node;
        walk_leaf(walk, leaf, base);
        if (leaf->count)
            return false;
        forget_recent(walk->table, base);
        arena_free(walk->table->arena, leaf, sizeof *leaf);
        return true;
    }
    struct page_branch *branch = node;
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
            used += ((const struct page_leaf *)node)->entry[i] != 0;
        } else if (((const struct page_branch *)node)->child[i]) {
            used++;
            entries += verify_below(((const struct page_branch *)node)->child[i], level - 1);
        }
    }
    CHECK(used == (level ? ((const struct page_branch *)node)->count
                         : ((const struct page_leaf *)node)->count));
    CHECK(used > 0 || level == LEVELS - 1);
    return level ? entries : used;
}

void page_table_verify(const struct page_table *table)
{
    CHECK(verify_below(table->root, LEVELS - 1) == table->entries);
    for (unsigned i = 0; i < PAGE_TABLE_RECENT; i++)
        CHECK(table->recent[i].number == UINT64_MAX || table->recent[i].leaf->count > 0);
}
