/* What code calls that the compiler instrumented to find data races (-fsanitize=thread): before
 * each load and store, at the beginning and end of functions. The compiler's own run-time is not
 * there; these are its names. The atomic operations stand in race_atomic.c.
 *
 * Without races to look for (core/race.h) each is one test. */
#include "core/race.h"

#include "core/binding.h"
#include "crt/crt.h"

/* Where the policy goes on: behind the call that the compiler put in front of the access. */
#define HERE ((uint64_t)(uintptr_t)__builtin_return_address(0))

static inline void access(const void *address, uint64_t bytes, unsigned kind, uint64_t pc)
{
    struct sim *sim = crt_sim();
    if (__builtin_expect(sim->race != NULL, 0))
        race_access(sim, (uintptr_t)address, bytes, kind, pc);
}

#define ACCESS(name, bytes, kind)                                                                  \
    static void name(const void *address)                                                          \
    {                                                                                              \
        access(address, bytes, kind, HERE);                                                        \
    }
ACCESS(read_1, 1, RACE_READ)
ACCESS(read_2, 2, RACE_READ)
ACCESS(read_4, 4, RACE_READ)
ACCESS(read_8, 8, RACE_READ)
ACCESS(read_16, 16, RACE_READ)
ACCESS(write_1, 1, RACE_WRITE)
ACCESS(write_2, 2, RACE_WRITE)
ACCESS(write_4, 4, RACE_WRITE)
ACCESS(write_8, 8, RACE_WRITE)
ACCESS(write_16, 16, RACE_WRITE)

/* clang joins a load and a store of the same place. */
ACCESS(read_write_1, 1, RACE_WRITE)
ACCESS(read_write_2, 2, RACE_WRITE)
ACCESS(read_write_4, 4, RACE_WRITE)
ACCESS(read_write_8, 8, RACE_WRITE)
ACCESS(read_write_16, 16, RACE_WRITE)

static void read_range(const void *address, uint64_t bytes)
{
    access(address, bytes, RACE_READ, HERE);
}

static void write_range(void *address, uint64_t bytes)
{
    access(address, bytes, RACE_WRITE, HERE);
}

/* A constructor or destructor puts another table of virtual functions into an object. Writing the
 * one that is there changes nothing, and is not looked at. */
static void update_table(void *const *place, const void *table)
{
    if (*place != table)
        access(place, sizeof *place, RACE_WRITE, HERE);
}

/* ---- volatile ----
 *
 * To C and C++ such accesses are as plain as others, and race with each other. But Windows
 * documents that plain accesses of aligned words are whole, and hosts read so what others change
 * with Interlocked functions; and Microsoft's compilers for x64 make volatile loads acquire and
 * volatile stores release. So they do not race with atomic operations, and they order. */

static void volatile_access(const void *address, uint64_t bytes, bool store, uint64_t pc)
{
    struct sim *sim = crt_sim();
    uint64_t at = (uintptr_t)address;
    if (__builtin_expect(sim->race == NULL, 1))
        return;
    bool whole = bytes <= 8 && at % bytes == 0;
    race_access(sim, at, bytes, (store ? RACE_WRITE : RACE_READ) | (whole ? RACE_VOLATILE : 0), pc);
    if (whole && store)
        race_release_at(sim, at, true);
    else if (whole)
        race_acquire_at(sim, at);
}

#define VOLATILE(name, bytes, store)                                                               \
    static void name(const void *address)                                                          \
    {                                                                                              \
        volatile_access(address, bytes, store, HERE);                                              \
    }
VOLATILE(volatile_read_1, 1, false)
VOLATILE(volatile_read_2, 2, false)
VOLATILE(volatile_read_4, 4, false)
VOLATILE(volatile_read_8, 8, false)
VOLATILE(volatile_read_16, 16, false)
VOLATILE(volatile_write_1, 1, true)
VOLATILE(volatile_write_2, 2, true)
VOLATILE(volatile_write_4, 4, true)
VOLATILE(volatile_write_8, 8, true)
VOLATILE(volatile_write_16, 16, true)

/* ---- the rest: stacks are found by unwinding, when there is something to show ---- */

static void nothing(void) {}

#define BY_SIZE(prefix, function)                                                                  \
    {"__tsan_" prefix "1", function##_1}, {"__tsan_" prefix "2", function##_2},                    \
        {"__tsan_" prefix "4", function##_4}, {"__tsan_" prefix "8", function##_8},                \
    {                                                                                              \
        "__tsan_" prefix "16", function##_16                                                       \
    }

const struct binding crt_race_bindings[] = {
    BY_SIZE("read", read),
    BY_SIZE("write", write),
    BY_SIZE("unaligned_read", read),
    BY_SIZE("unaligned_write", write),
    BY_SIZE("read_write", read_write),
    BY_SIZE("unaligned_read_write", read_write),
    BY_SIZE("volatile_read", volatile_read),
    BY_SIZE("volatile_write", volatile_write),
    BY_SIZE("unaligned_volatile_read", volatile_read),
    BY_SIZE("unaligned_volatile_write", volatile_write),
    {"__tsan_read_range", read_range},
    {"__tsan_write_range", write_range},
    {"__tsan_vptr_update", update_table},
    {"__tsan_vptr_read", read_8},
    {"__tsan_memcpy", crt_memcpy},
    {"__tsan_memmove", crt_memmove},
    {"__tsan_memset", crt_memset},
    {"__tsan_func_entry", nothing},
    {"__tsan_func_exit", nothing},
    {"__tsan_ignore_thread_begin", nothing},
    {"__tsan_ignore_thread_end", nothing},
    {"__tsan_init", nothing},
    {NULL, NULL},
};
