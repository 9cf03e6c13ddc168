/* Atomic operations of code that the compiler instrumented (race.c): each is done here, as one step
 * for the simulated threads, and says what it orders. With all threads on one real thread they see
 * each other's accesses in one order for all; what a weaker order would allow besides is not tried,
 * only that nothing else may rely on it. */
#include "core/race.h"

#include "core/binding.h"
#include "crt/crt.h"

#define HERE ((uint64_t)(uintptr_t)__builtin_return_address(0))

/* Compilers may add hints above. */
static enum race_order order_of(int order)
{
    int plain = order & 0xff;
    return plain >= ORDER_RELAXED && plain <= ORDER_SEQ_CST ? (enum race_order)plain
                                                            : ORDER_SEQ_CST;
}

static void begin(void)
{
    race_atomic_begins(crt_sim());
}

static void done(const volatile void *address, uint64_t bytes, bool loads, bool stores, int order,
                 uint64_t pc)
{
    struct sim *sim = crt_sim();
    if (__builtin_expect(sim->race != NULL, 0))
        race_atomic(sim, (uintptr_t)address, bytes, loads, stores, order_of(order), pc);
}

/* ---- loads, stores and exchanges; value of the operations is what was there before ---- */

#define LOAD_AND_STORE(type, bits)                                                                 \
    static type load_##bits(const volatile type *address, int order)                               \
    {                                                                                              \
        begin();                                                                                   \
        type value = *address;                                                                     \
        done(address, sizeof value, true, false, order, HERE);                                     \
        return value;                                                                              \
    }                                                                                              \
    static void store_##bits(volatile type *address, type value, int order)                        \
    {                                                                                              \
        begin();                                                                                   \
        *address = value;                                                                          \
        done(address, sizeof value, false, true, order, HERE);                                     \
    }

#define CHANGE(type, bits, name, changed)                                                          \
    static type name##_##bits(volatile type *address, type value, int order)                       \
    {                                                                                              \
        begin();                                                                                   \
        type before = *address;                                                                    \
        *address = (type)(changed);                                                                \
        done(address, sizeof value, true, true, order, HERE);                                      \
        return before;                                                                             \
    }

/* As compare and exchange says it: whether it was done, and what was found instead. */
#define COMPARE(type, bits)                                                                        \
    static int compare_##bits(volatile type *address, type *expected, type value, int order,       \
                              int failed)                                                          \
    {                                                                                              \
        begin();                                                                                   \
        type before = *address, wanted = *expected;                                                \
        if (before == wanted)                                                                      \
            *address = value;                                                                      \
        else                                                                                       \
            *expected = before;                                                                    \
        done(address, sizeof value, true, before == wanted, before == wanted ? order : failed,     \
             HERE);                                                                                \
        return before == wanted;                                                                   \
    }                                                                                              \
    static type compare_value_##bits(volatile type *address, type expected, type value, int order, \
                                     int failed)                                                   \
    {                                                                                              \
        begin();                                                                                   \
        type before = *address;                                                                    \
        if (before == expected)                                                                    \
            *address = value;                                                                      \
        done(address, sizeof value, true, before == expected, before == expected ? order : failed, \
             HERE);                                                                                \
        return before;                                                                             \
    }

#define OPERATIONS(type, bits)                                                                     \
    LOAD_AND_STORE(type, bits)                                                                     \
    CHANGE(type, bits, exchange, value)                                                            \
    CHANGE(type, bits, fetch_add, before + value)                                                  \
    CHANGE(type, bits, fetch_sub, before - value)                                                  \
    CHANGE(type, bits, fetch_and, before &value)                                                   \
    CHANGE(type, bits, fetch_or, before | value)                                                   \
    CHANGE(type, bits, fetch_xor, before ^ value)                                                  \
    CHANGE(type, bits, fetch_nand, ~(before & value))                                              \
    COMPARE(type, bits)

/* A misaligned one is the policy's mistake and happens to work on x86-64. */
#define UNALIGNED __attribute__((aligned(1)))
typedef uint8_t word_8;
typedef uint16_t UNALIGNED word_16;
typedef uint32_t UNALIGNED word_32;
typedef uint64_t UNALIGNED word_64;
typedef unsigned __int128 UNALIGNED word_128;

OPERATIONS(word_8, 8)
OPERATIONS(word_16, 16)
OPERATIONS(word_32, 32)
OPERATIONS(word_64, 64)
OPERATIONS(word_128, 128)

/* ---- fences ---- */

static void thread_fence(int order)
{
    race_fence(crt_sim(), order_of(order));
}

/* Orders nothing but the compiler. */
static void signal_fence(int order)
{
    (void)order;
}

#define NAMES(bits)                                                                                \
    {"__tsan_atomic" #bits "_load", load_##bits}, {"__tsan_atomic" #bits "_store", store_##bits},  \
        {"__tsan_atomic" #bits "_exchange", exchange_##bits},                                      \
        {"__tsan_atomic" #bits "_fetch_add", fetch_add_##bits},                                    \
        {"__tsan_atomic" #bits "_fetch_sub", fetch_sub_##bits},                                    \
        {"__tsan_atomic" #bits "_fetch_and", fetch_and_##bits},                                    \
        {"__tsan_atomic" #bits "_fetch_or", fetch_or_##bits},                                      \
        {"__tsan_atomic" #bits "_fetch_xor", fetch_xor_##bits},                                    \
        {"__tsan_atomic" #bits "_fetch_nand", fetch_nand_##bits},                                  \
        {"__tsan_atomic" #bits "_compare_exchange_strong", compare_##bits},                        \
        {"__tsan_atomic" #bits "_compare_exchange_weak", compare_##bits},                          \
    {                                                                                              \
        "__tsan_atomic" #bits "_compare_exchange_val", compare_value_##bits                        \
    }

const struct binding crt_race_atomic_bindings[] = {
    NAMES(8),
    NAMES(16),
    NAMES(32),
    NAMES(64),
    NAMES(128),
    {"__tsan_atomic_thread_fence", thread_fence},
    {"__tsan_atomic_signal_fence", signal_fence},
    {NULL, NULL},
};
