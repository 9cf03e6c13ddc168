/* The frame table: memory and checks. See frames.h. */
#include "os/frames.h"

#include <string.h>
#include "os/page_table.h"

#define ROOM_FIRST 256u

static void make_arrays(struct frames *frames, uint32_t room)
{
    frames->link = arena_alloc(frames->arena, room * sizeof *frames->link);
    frames->of = arena_alloc(frames->arena, room * sizeof *frames->of);
    frames->room = room;
}

void frames_create(struct frames *frames, struct arena *arena)
{
    *frames = (struct frames){.arena = arena};
    make_arrays(frames, ROOM_FIRST);
    for (uint32_t list = 0; list < LISTS; list++)
        frames->link[list] = (struct frame_link){list, list};
    frames->high = LISTS;
}

void frames_grow(struct frames *frames)
{
    struct frames old = *frames;
    CHECK(old.room <= FRAMES_MAX / 2);
    make_arrays(frames, old.room * 2);
    memcpy(frames->link, old.link, old.room * sizeof *old.link);
    memcpy(frames->of, old.of, old.room * sizeof *old.of);
    arena_free(frames->arena, old.link, old.room * sizeof *old.link);
    arena_free(frames->arena, old.of, old.room * sizeof *old.of);
}

static uint64_t verify_list(const struct frames *frames, enum frame_list list)
{
    uint64_t count = 0;
    for (uint32_t f = frames->link[list].next; f != (uint32_t)list; f = frames->link[f].next) {
        CHECK(f >= LISTS && f < frames->high);
        CHECK(frames->link[frames->link[f].next].previous == f);
        CHECK(frames->of[f].entry != NULL && *page_beside(frames->of[f].entry) == f);
        count++;
    }
    CHECK(frames->link[frames->link[list].next].previous == (uint32_t)list);
    CHECK(count == frames->count[list]);
    return count;
}

void frames_verify(const struct frames *frames)
{
    uint64_t numbers = LISTS;
    for (int list = 0; list < LISTS; list++)
        numbers += verify_list(frames, (enum frame_list)list);
    for (uint32_t f = frames->free_head; f; f = frames->link[f].next) {
        CHECK(f >= LISTS && f < frames->high && frames->of[f].entry == NULL);
        numbers++;
    }
    CHECK(numbers == frames->high);
}
