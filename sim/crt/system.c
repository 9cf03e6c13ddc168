/* Ending, asking the system, and chance, as policies see them.
 *
 * exit, abort and failed assertions end the run as a result; functions registered with atexit do
 * not run then. There is no environment and only the C locale. Random numbers come from the seed
 * of the run (core/rng.h), except that srand's sequence depends on its argument alone, as C wants.
 * signal and sigaction are not bound: the loader refuses who imports them. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "core/binding.h"
#include "core/rng.h"
#include "crt/crt.h"

/* ---- ending ---- */

static _Noreturn void crt_exit(int code)
{
    sim_stop_text(crt_sim(), STOP_EXIT, (uint32_t)code, "exit(%d)", code);
}

static _Noreturn void crt_abort(void)
{
    sim_stop_text(crt_sim(), STOP_ABORT, 0, "abort()");
}

static int crt_raise(int signal_number)
{
    if (signal_number == SIGABRT)
        crt_abort();
    if (signal_number != 0)
        sim_stop_text(crt_sim(), STOP_SIGNAL, (uint32_t)signal_number, "raise(%d)", signal_number);
    return 0;
}

static const char *base_name(const char *path)
{
    const char *name = path ? path : "?";
    for (const char *at = name; *at; at++)
        if (*at == '/' || *at == '\\')
            name = at + 1;
    return name;
}

static _Noreturn void crt_assert_fail(const char *expression, const char *file, unsigned line,
                                      const char *function)
{
    (void)function;
    sim_stop_text(crt_sim(), STOP_ASSERT, 0, "%s:%u: %s", base_name(file), line, expression);
}

/* newlib's and Microsoft's narrow form, glibc's without a function. */
static _Noreturn void assert_plain(const char *expression, const char *file, unsigned line)
{
    crt_assert_fail(expression, file, line, NULL);
}

static _Noreturn void assert_perror_fail(int error, const char *file, unsigned line,
                                         const char *function)
{
    const char *words = strerrordesc_np(error);
    crt_assert_fail(words ? words : "unknown error", file, line, function);
}

/* ASCII for a stop text; anything else shows as '?'. */
static void narrow(char *to, size_t room, const wchar_t *from)
{
    size_t length = 0;
    for (; from && from[length] && length + 1 < room; length++)
        to[length] = from[length] >= 32 && from[length] < 127 ? (char)from[length] : '?';
    to[length] = '\0';
}

static _Noreturn void wide_assert(const wchar_t *expression, const wchar_t *file, unsigned line)
{
    char words[512], path[512];
    narrow(words, sizeof words, expression);
    narrow(path, sizeof path, file);
    crt_assert_fail(words, path, line, NULL);
}

static _Noreturn void crt_chk_fail(void)
{
    crt_overflow("a fortified function");
}

static _Noreturn void stack_chk_fail(void)
{
    sim_stop_text(crt_sim(), STOP_ABORT, 0, "stack smashing detected");
}

/* ---- chance ---- */

static uint64_t note_draw(struct sim *sim, uint64_t value)
{
    sim_call(sim, EVENT_random, NULL);
    sim_event(sim, EVENT_random, 0, value, 0, 0, 0);
    return value;
}

static void crt_srand(unsigned seed)
{
    struct crt *crt = crt_state(crt_sim());
    crt->rand_seeded = true;
    crt->rand_seed = seed;
    crt->rand_draws = 0;
}

/* 0 .. 2^31 - 1, the RAND_MAX that policies are compiled with. */
static int crt_rand(void)
{
    struct sim *sim = crt_sim();
    struct crt *crt = crt_state(sim);
    uint64_t seed = crt->rand_seeded ? crt->rand_seed : sim->seed;
    return (int)note_draw(sim, rng_draw(seed, RNG_POLICY_RAND, crt->rand_draws++) >> 33);
}

static long crt_random(void)
{
    return crt_rand();
}

/* All state is the caller's: no call, no record. */
static int crt_rand_r(unsigned *seed)
{
    uint64_t draw = rng_draw(*seed, RNG_POLICY_RAND, 0);
    *seed = (unsigned)draw;
    return (int)(draw >> 33);
}

static void crt_srand48(long seed)
{
    crt_state(crt_sim())->drand48 = ((uint64_t)seed & 0xffffffff) << 16 | 0x330e;
}

/* The generator that POSIX lays down: 48 bits, linear congruential. */
static uint64_t step48(void)
{
    struct sim *sim = crt_sim();
    struct crt *crt = crt_state(sim);
    crt->drand48 = (crt->drand48 * UINT64_C(0x5deece66d) + 0xb) & ((UINT64_C(1) << 48) - 1);
    CHECK(crt->drand48 >> 48 == 0);
    return note_draw(sim, crt->drand48);
}

static double crt_drand48(void)
{
    return (double)step48() / (double)(UINT64_C(1) << 48); /* exact */
}

static long crt_lrand48(void)
{
    return (long)(step48() >> 17);
}

static long crt_mrand48(void)
{
    return (int32_t)(step48() >> 16);
}

static uint64_t draw_64(void)
{
    struct sim *sim = crt_sim();
    return note_draw(sim, rng_draw(sim->seed, RNG_POLICY_RANDOM_64, sim->draws++));
}

static uint32_t crt_arc4random(void)
{
    return (uint32_t)(draw_64() >> 32);
}

static uint32_t crt_arc4random_uniform(uint32_t bound)
{
    return bound < 2 ? 0 : (uint32_t)(((draw_64() >> 32) * bound) >> 32);
}

/* Little-endian bytes of successive draws, on every host. */
static void crt_arc4random_buf(void *target, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        uint64_t draw = draw_64();
        char piece[8];
        for (int i = 0; i < 8; i++)
            piece[i] = (char)(draw >> (8 * i));
        size_t count = bytes - done < 8 ? bytes - done : 8;
        CHECK(count > 0);
        crt_memcpy((char *)target + done, piece, count);
        done += count;
    }
}

static long crt_getrandom(void *target, size_t bytes, unsigned flags)
{
    (void)flags;
    crt_arc4random_buf(target, bytes);
    return (long)bytes;
}

static int crt_getentropy(void *target, size_t bytes)
{
    if (bytes > 256) {
        crt_set_errno(EIO);
        return -1;
    }
    crt_arc4random_buf(target, bytes);
    return 0;
}

static int rand_s(unsigned *target)
{
    if (!target)
        return CRT_EINVAL;
    *target = crt_arc4random();
    return 0;
}

/* ---- the system ---- */

/* There is no environment; any arguments. */
static char *crt_getenv(const char *name)
{
    (void)name;
    return NULL;
}

static char *crt_setlocale(int category, const char *locale)
{
    (void)category;
    bool is_c = !locale || !*locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0;
    return is_c ? (char *)"C" : NULL;
}

static long crt_sysconf(int name)
{
    struct machine *machine = machine_current();
    const struct machine_config *config = machine_config(machine);
    CHECK(config->processors > 0);
    switch (name) {
    case _SC_PAGESIZE:
        return PAGE_BYTES;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN:
        return config->processors;
    case _SC_PHYS_PAGES:
        return (long)(config->ram_bytes >> PAGE_SHIFT);
    case _SC_AVPHYS_PAGES:
        return (long)machine_available_frames(machine);
    case _SC_CLK_TCK:
        return 100;
    default:
        crt_set_errno(CRT_EINVAL);
        return -1;
    }
}

static int crt_getpagesize(void)
{
    return (int)PAGE_BYTES;
}

/* The simulated process; Windows shows process ids as multiples of 4. */
static int crt_getpid(void)
{
    return 4096;
}

static void nothing_to_open(void) {}

const struct binding crt_system_bindings[] = {
    {"exit", crt_exit},
    {"_exit", crt_exit},
    {"_Exit", crt_exit},
    {"quick_exit", crt_exit},
    {"abort", crt_abort},
    {"raise", crt_raise},
    {"__assert_fail", crt_assert_fail},
    {"__assert", assert_plain},
    {"_assert", assert_plain},
    {"_wassert", wide_assert},
    {"__assert_perror_fail", assert_perror_fail},
    {"__chk_fail", crt_chk_fail},
    {"__stack_chk_fail", stack_chk_fail},
    {"srand", crt_srand},
    {"rand", crt_rand},
    {"srandom", crt_srand},
    {"random", crt_random},
    {"rand_r", crt_rand_r},
    {"srand48", crt_srand48},
    {"drand48", crt_drand48},
    {"lrand48", crt_lrand48},
    {"mrand48", crt_mrand48},
    {"arc4random", crt_arc4random},
    {"arc4random_uniform", crt_arc4random_uniform},
    {"arc4random_buf", crt_arc4random_buf},
    /* std::random_device would ask the processor, which nothing can make repeatable. */
    {"_ZNSt13random_device9_M_getvalEv", crt_arc4random},
    {"_ZNSt13random_device16_M_getval_pretr1Ev", crt_arc4random},
    {"_ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
     nothing_to_open},
    {"_ZNSt13random_device7_M_initERKSs", nothing_to_open},
    {"_ZNSt13random_device7_M_finiEv", nothing_to_open},
    {"getrandom", crt_getrandom},
    {"getentropy", crt_getentropy},
    {"rand_s", rand_s},
    {"getenv", crt_getenv},
    {"secure_getenv", crt_getenv},
    {"__secure_getenv", crt_getenv},
    {"_wgetenv", crt_getenv},
    {"setlocale", crt_setlocale},
    {"localeconv", localeconv},
    {"sysconf", crt_sysconf},
    {"getpagesize", crt_getpagesize},
    {"getpid", crt_getpid},
    {"_getpid", crt_getpid},
    {NULL, NULL},
};
