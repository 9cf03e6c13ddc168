/* Accesses: where others may run, what they race with, what is told of it. See race.h. */
#include "core/race_private.h"

#include "core/sched.h"

/* An access to memory that nobody else has touched is a scheduling point only now and then: a
 * switch there makes no difference, but a loop that waits for such memory must end some time. */
#define QUIET_MOST 64
/* A thread that only accesses memory gives way after so many scheduling points, whatever the
 * strategy: the one it waits for must come to run. */
#define POINTS_IN_TURN 10000
/* Of a granule: the oldest access is forgotten when there are more. */
#define CELLS_OF_GRANULE 64

#define PAIRS_FIRST 64u
/* Pairs of places that are told; further races are only counted. */
#define PAIRS_MOST 4096u

/* ---- words ---- */

const char *race_verb(unsigned kind, bool past)
{
    static const char *const verbs[2][2] = {{"reads", "writes"}, {"read", "wrote"}};
    static const char *const lock_verbs[2][2] = {{"uses the lock", "makes or deletes the lock"},
                                                 {"used the lock", "made or deleted the lock"}};
    if (kind & RACE_FREE)
        return past ? "gave back" : "gives back";
    return (kind & RACE_LOCK ? lock_verbs : verbs)[past][kind & RACE_WRITE];
}

/* ---- scheduling points ---- */

static void point(struct sim *sim, struct race_thread *me)
{
    me->quiet = 0;
    if (sim->attention == 0)
        return;
    sim_charge(sim, sim->costs_ns[COST_shared_access]);
    if (me->calls != sim->calls_in_host_call) {
        me->calls = sim->calls_in_host_call;
        me->points = 0;
    }
    if (++me->points % POINTS_IN_TURN == 0)
        sched_yield_now(sim);
    else
        sched_point(sim);
}

void race_atomic_begins(struct sim *sim)
{
    if (sim->race)
        point(sim, race_self(sim));
}

/* Whether another thread has been there, or nobody yet: then it matters who comes first. */
static bool is_shared(const struct race *race, const struct race_thread *me, uint32_t head)
{
    bool mine = false;
    for (uint32_t i = head; i; i = cell_at(race, i)->next) {
        const struct cell *cell = cell_at(race, i);
        if (cell->kind == CELL_CLOCK)
            continue;
        if (cell->slot != me->slot)
            return true;
        mine = true;
    }
    return !mine;
}

/* ---- telling ---- */

static uint32_t place_of_pc(uint64_t pc)
{
    uint64_t place = pc - IMAGES_BASE;
    return place < UINT32_MAX ? (uint32_t)place : 0;
}

static struct race_side side_of(const struct cell *cell)
{
    return (struct race_side){.thread = (uint32_t)(cell->detail & 0xffff),
                              .kind = cell->kind,
                              .pc = cell->pc ? IMAGES_BASE + cell->pc : 0,
                              .number = cell->detail >> 16};
}

static uint64_t *pair_place(uint64_t *pairs, uint32_t room, uint64_t pair)
{
    uint32_t place = (uint32_t)(pair * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (room - 1);
    while (pairs[place] && pairs[place] != pair)
        place = (place + 1) & (room - 1);
    return &pairs[place];
}

static void grow_pairs(struct race *race)
{
    struct arena *arena = &race->sim->arena;
    uint32_t room = race->pairs_room ? race->pairs_room * 2 : PAIRS_FIRST;
    uint64_t *grown = arena_alloc(arena, room * sizeof *grown);
    for (uint32_t i = 0; i < race->pairs_room; i++)
        if (race->pairs[i])
            *pair_place(grown, room, race->pairs[i]) = race->pairs[i];
    if (race->pairs)
        arena_free(arena, race->pairs, race->pairs_room * sizeof *grown);
    race->pairs = grown;
    race->pairs_room = room;
}

/* Whether the two places are told for the first time, in whatever order they race. */
static bool is_new_pair(struct race *race, uint32_t a, uint32_t b)
{
    uint64_t pair = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    pair += pair == 0; /* both unknown */
    if (race->pairs_count == PAIRS_MOST)
        return false;
    if (race->pairs_count * 2 >= race->pairs_room)
        grow_pairs(race);
    uint64_t *place = pair_place(race->pairs, race->pairs_room, pair);
    if (*place)
        return false;
    *place = pair;
    race->pairs_count++;
    return true;
}

struct access {
    uint64_t base;  /* of its granule, or of its page when it covers that */
    uint64_t bytes; /* of either */
    uint8_t mask;
    uint8_t kind;
    uint32_t pc;
    uint64_t number;
};

static void tell(struct race *race, const struct cell *cell, const struct access *access)
{
    struct sim *sim = race->sim;
    uint8_t both = cell->mask & access->mask;
    CHECK(both != 0);
    race->times++;
    if (!is_new_pair(race, cell->pc, access->pc))
        return;
    race->found = (struct race_found){
        .address = access->base + (unsigned)__builtin_ctz(both),
        .bytes = access->bytes > GRANULE_BYTES ? access->bytes : (uint64_t)__builtin_popcount(both),
        .before = side_of(cell),
        .now = {sim->thread->id, access->kind, access->pc ? IMAGES_BASE + access->pc : 0,
                access->number}};
    sim_finding(sim, FINDING_DATA_RACE, sim_logical(race->found.address),
                "thread %u %s memory that thread %u %s before", race->found.now.thread,
                race_verb(race->found.now.kind, false), race->found.before.thread,
                race_verb(race->found.before.kind, true));
}

const struct race_found *race_found(const struct sim *sim)
{
    CHECK(sim->race != NULL);
    return &sim->race->found;
}

uint64_t race_count(const struct sim *sim)
{
    return sim->race ? sim->race->times : 0;
}

/* ---- watching ---- */

void race_watch(struct sim *sim, const uint64_t *numbers, uint32_t count,
                void (*seen)(struct sim *sim, uint32_t place))
{
    CHECK(sim->race != NULL);
    sim->race->watched = numbers;
    sim->race->watched_count = count;
    sim->race->seen = seen;
}

static uint64_t next_number(struct race *race)
{
    uint64_t number = ++race->accesses;
    for (uint32_t i = 0; i < race->watched_count; i++)
        if (__builtin_expect(race->watched[i] == number, 0))
            race->seen(race->sim, i);
    return number;
}

/* ---- comparing and noting ---- */

/* Plain accesses race with all, volatile ones not with atomic ones, atomic ones only with plain
 * ones. */
static unsigned strength(unsigned kind)
{
    return kind & RACE_ATOMIC ? 0 : kind & RACE_VOLATILE ? 1 : 2;
}

static bool conflict(unsigned a, unsigned b)
{
    return ((a | b) & RACE_WRITE) && strength(a) + strength(b) >= 2;
}

/* Whether whatever races with an access of the one kind races with one of the other as well. */
static bool covers(unsigned kind, unsigned other)
{
    return (kind & RACE_WRITE) >= (other & RACE_WRITE) && strength(kind) >= strength(other);
}

/* Tells of races with the accesses of a list and drops those that the new one stands for. partly:
 * it covers only a part of what the list is about. Whether the list has said it already. */
static bool compare(struct race *race, const struct race_thread *me, uint32_t *link,
                    const struct access *access, bool partly)
{
    bool noted = false;
    uint32_t count = 0;
    while (*link) {
        struct cell *cell = cell_at(race, *link);
        if (cell->kind != CELL_CLOCK && (cell->mask & access->mask)) {
            bool before = is_before(me, cell->slot, cell->clock);
            if (!before && conflict(cell->kind, access->kind))
                tell(race, cell, access);
            if (before && !partly && covers(access->kind, cell->kind))
                cell->mask &= (uint8_t)~access->mask;
            else if (cell->slot == me->slot && cell->clock == own_clock(me))
                noted = noted || (covers(cell->kind, access->kind) &&
                                  (cell->mask & access->mask) == access->mask);
        }
        if (cell->kind != CELL_CLOCK && (cell->mask == 0 || ++count == CELLS_OF_GRANULE))
            cell_remove(race, link);
        else
            link = &cell->next;
    }
    return noted;
}

static inline void fill(struct cell *cell, const struct race_thread *me,
                        const struct access *access, uint64_t number)
{
    cell->clock = own_clock(me);
    cell->slot = (uint16_t)me->slot;
    cell->mask = access->mask;
    cell->kind = access->kind;
    cell->pc = access->pc;
    cell->detail = number << 16 | me->number;
}

static void note(struct race *race, const struct race_thread *me, uint32_t *head,
                 const struct access *access)
{
    fill(cell_add(race, head), me, access, access->number);
}

static void note_granule(struct race *race, const struct race_thread *me, struct shadow_page *page,
                         struct access *access)
{
    bool kept = !(access->kind & RACE_FREE);
    uint32_t *head = kept || page->heads ? shadow_granule(race, page, access->base) : NULL;
    access->number = next_number(race);
    access->bytes = GRANULE_BYTES;
    if (page->whole)
        compare(race, me, &page->whole, access, true);
    if (head && !compare(race, me, head, access, false) && kept)
        note(race, me, head, access);
}

static void note_page(struct race *race, const struct race_thread *me, struct shadow_page *page,
                      struct access *access)
{
    access->number = next_number(race);
    access->mask = 0xff;
    access->bytes = GRANULE_BYTES;
    for (uint32_t i = 0; page->heads && i < PAGE_GRANULES; i++) {
        access->base = page->number * PAGE_BYTES + i * GRANULE_BYTES;
        if (page->heads[i])
            compare(race, me, &page->heads[i], access, false);
    }
    access->base = page->number * PAGE_BYTES;
    access->bytes = PAGE_BYTES;
    if (!compare(race, me, &page->whole, access, false) && !(access->kind & RACE_FREE))
        note(race, me, &page->whole, access);
}

/* Part of an access that lies in one page. */
static void note_part(struct race *race, const struct race_thread *me, uint64_t address,
                      uint64_t bytes, const struct access *pattern)
{
    struct shadow_page *page = shadow_page(race, address / PAGE_BYTES, true);
    struct access access = *pattern;
    CHECK(bytes > 0 && address % PAGE_BYTES + bytes <= PAGE_BYTES);
    if (bytes == PAGE_BYTES) {
        note_page(race, me, page, &access);
        return;
    }
    for (uint64_t end = address + bytes; address < end;) {
        uint64_t first = address % GRANULE_BYTES, left = end - address + first;
        unsigned bits = 0xffu << first;
        if (left < GRANULE_BYTES)
            bits &= (1u << left) - 1;
        access.base = address - first;
        access.mask = (uint8_t)bits;
        note_granule(race, me, page, &access);
        address += GRANULE_BYTES - first;
    }
}

void race_note(struct sim *sim, uint64_t address, uint64_t bytes, unsigned kind, uint64_t pc)
{
    struct race *race = sim->race;
    const struct race_thread *me = race_self(sim);
    const struct access pattern = {.kind = (uint8_t)kind, .pc = place_of_pc(pc)};
    while (bytes > 0) {
        uint64_t room = PAGE_BYTES - address % PAGE_BYTES, part = bytes < room ? bytes : room;
        note_part(race, me, address, part, &pattern);
        address += part;
        bytes -= part;
    }
}

/* Whether the granule's only cell is the running thread's and says, or now comes to say, all that
 * there is to say: the usual case, and nobody else is near. */
static inline bool is_noted(struct race *race, const struct race_thread *me, uint32_t head,
                            const struct access *access)
{
    struct cell *cell = cell_at(race, head);
    if (cell->next != 0 || cell->slot != me->slot || cell->kind == CELL_CLOCK)
        return false;
    if (cell->clock == own_clock(me) && (cell->mask & access->mask) == access->mask &&
        covers(cell->kind, access->kind))
        return true;
    if ((cell->mask & ~access->mask) || !covers(access->kind, cell->kind))
        return false;
    fill(cell, me, access, next_number(race));
    return true;
}

/* Whether it is no point of the schedule and there is nothing more to note; head: the list of the
 * granule where the access begins, 0: empty. */
static inline bool is_quiet(struct race *race, struct race_thread *me, uint64_t address,
                            uint64_t bytes, struct access *access, uint32_t *head)
{
    const struct shadow_page *page = shadow_page(race, address / PAGE_BYTES, false);
    uint64_t first = address % GRANULE_BYTES;
    *head = page && page->heads ? page->heads[address % PAGE_BYTES >> GRANULE_SHIFT] : 0;
    if (*head == 0 || page->whole || first + bytes > GRANULE_BYTES)
        return false;
    access->mask = (uint8_t)(((1u << bytes) - 1) << first);
    return is_noted(race, me, *head, access);
}

/* Where frames lie on a stack depends on how this program was built, and schedules must not: what a
 * thread does on its own stack is no point, but for each 64th; what others do there is. */
static inline bool is_on_own_stack(uint64_t address)
{
    _Static_assert(STACKS_BASE % STACK_SLOT_BYTES == 0,
                   "places of stacks differ in their high bits");
    return address / STACK_SLOT_BYTES == (uintptr_t)__builtin_frame_address(0) / STACK_SLOT_BYTES;
}

void race_access(struct sim *sim, uint64_t address, uint64_t bytes, unsigned kind, uint64_t pc)
{
    struct race *race = sim->race;
    struct race_thread *me = race_self(sim);
    struct access access = {.kind = (uint8_t)kind, .pc = place_of_pc(pc)};
    uint32_t head;
    bool due = ++me->quiet >= QUIET_MOST;
    if (bytes == 0 || (is_quiet(race, me, address, bytes, &access, &head) && !due))
        return;
    if (due || (!is_on_own_stack(address) && is_shared(race, me, head)))
        point(sim, me);
    race_note(sim, address, bytes, kind, pc);
}

void race_give_back_slow(struct sim *sim, uint64_t address, uint64_t bytes)
{
    struct race *race = sim->race;
    const struct race_thread *me = race_self(sim);
    const struct access pattern = {.kind = RACE_WRITE | RACE_FREE, .pc = place_of_pc(me->place)};
    bool few =
        bytes / PAGE_BYTES < race->pages_room; /* else looking for its pages takes too long */
    for (uint64_t at = address, end = address + bytes; me->place && few && at < end;) {
        uint64_t room = PAGE_BYTES - at % PAGE_BYTES, part = end - at < room ? end - at : room;
        if (shadow_page(race, at / PAGE_BYTES, false))
            note_part(race, me, at, part, &pattern);
        at += part;
    }
    race_forget_slow(sim, address, bytes);
}
