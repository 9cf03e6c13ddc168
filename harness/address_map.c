/* Pieces of a recorded process's address space. See address_map.h. */
#include "harness/address_map.h"

#include <stdlib.h>
#include <string.h>
#include "core/check.h"
#include "core/layout.h"
#include "harness/grow.h"

size_t address_map_first(const struct address_map *map, uint64_t address)
{
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (map->pieces[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct piece *address_map_find(const struct address_map *map, uint64_t address)
{
    size_t at = address_map_first(map, address);
    return at < map->count && map->pieces[at].start <= address ? &map->pieces[at] : NULL;
}

static void account(struct address_map *map, const struct piece *piece, uint64_t sign)
{
    uint64_t bytes = (piece->end - piece->start) * sign;
    if (piece->view != NO_OBJECT)
        map->now.views += bytes;
    else
        map->now.reserved += bytes;
    if (piece->committed)
        map->now.committed += bytes;
}

static bool joins(const struct piece *a, const struct piece *b)
{
    return a->end == b->start && a->object == b->object && a->view == b->view &&
           a->prot == b->prot && a->committed == b->committed;
}

/* Replaces pieces first .. end-1 by count others. */
static void splice(struct address_map *map, size_t first, size_t end, const struct piece *others,
                   size_t count)
{
    if (first == end && count == 0)
        return;
    for (size_t i = first; i < end; i++)
        account(map, &map->pieces[i], UINT64_MAX);
    for (size_t i = 0; i < count; i++)
        account(map, &others[i], 1);
    while (map->count + count > map->room)
        map->pieces = grow_array(map->pieces, map->room, &map->room, sizeof *map->pieces);
    memmove(map->pieces + first + count, map->pieces + end,
            (map->count - end) * sizeof *map->pieces);
    if (count > 0)
        memcpy(map->pieces + first, others, count * sizeof *others);
    map->count += count - (end - first);
}

static size_t add_joined(struct piece *parts, size_t count, const struct piece *piece)
{
    if (count > 0 && joins(&parts[count - 1], piece))
        parts[count - 1].end = piece->end;
    else
        parts[count++] = *piece;
    return count;
}

/* Puts the piece, if there is one, in place of the range and joins it with its neighbours. */
static void replace(struct address_map *map, uint64_t start, uint64_t end,
                    const struct piece *piece)
{
    CHECK(start < end);
    CHECK(start % PAGE_BYTES == 0);
    CHECK(end % PAGE_BYTES == 0);
    struct piece parts[3];
    size_t count = 0, first = address_map_first(map, start ? start - 1 : 0), last = first;
    while (last < map->count && map->pieces[last].start <= end)
        last++; /* those that only adjoin included */
    if (first < last && map->pieces[first].start < start) {
        parts[count] = map->pieces[first];
        if (parts[count].end > start)
            parts[count].end = start;
        count++;
    }
    if (piece)
        count = add_joined(parts, count, piece);
    if (first < last && map->pieces[last - 1].end > end) {
        struct piece rest = map->pieces[last - 1];
        if (rest.start < end)
            rest.start = end;
        count = add_joined(parts, count, &rest);
    }
    splice(map, first, last, parts, count);
}

void address_map_set(struct address_map *map, struct piece piece)
{
    CHECK(piece.object != NO_OBJECT || piece.view != NO_OBJECT);
    CHECK(!piece.committed || piece.view == NO_OBJECT);
    replace(map, piece.start, piece.end, &piece);
}

void address_map_clear(struct address_map *map, uint64_t start, uint64_t end)
{
    replace(map, start, end, NULL);
}

void address_map_verify(const struct address_map *map)
{
    struct address_map sums = {0};
    for (size_t i = 0; i < map->count; i++) {
        const struct piece *piece = &map->pieces[i];
        CHECK(piece->start < piece->end);
        CHECK(i == 0 || piece[-1].end <= piece->start);
        CHECK(i == 0 || !joins(&piece[-1], piece));
        account(&sums, piece, 1);
    }
    CHECK(sums.now.reserved == map->now.reserved);
    CHECK(sums.now.committed == map->now.committed);
    CHECK(sums.now.views == map->now.views);
}

void address_map_free(struct address_map *map)
{
    free(map->pieces);
    *map = (struct address_map){0};
}
