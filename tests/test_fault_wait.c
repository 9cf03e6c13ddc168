/* Faults of native code that wait in the middle while other threads run: each has an alternate
 * stack of its own, registers and signal frames stay, and stacks still overflow into their guard.
 *
 * The instruction that faults must be the policy's own; here that is a stub where images stand. */
#include "tests/thread_support.h"

#include <sys/mman.h>
#include "core/layout.h"
#include "core/rng.h"

#define THREADS 40
#define PAGES 64

typedef uint32_t load_function(const volatile uint32_t *address);
static load_function *load_in_policy;
static uint64_t waits;

static void map_stub(void)
{
#if defined(__x86_64__)
    static const uint8_t code[] = {0x8b, 0x07, 0xc3}; /* mov eax, [rdi]; ret */
#elif defined(__aarch64__)
    static const uint32_t code[] = {0xb9400000, 0xd65f03c0}; /* ldr w0, [x0]; ret */
#endif
    void *place = mmap((void *)IMAGES_BASE, PAGE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(place, (void *)IMAGES_BASE);
    memcpy(place, code, sizeof code);
    assert_int_equal(mprotect(place, PAGE_BYTES, PROT_READ | PROT_EXEC), 0);
    *(void **)&load_in_policy = place;
}

static void unmap_stub(void)
{
    munmap((void *)IMAGES_BASE, PAGE_BYTES);
}

/* As a page file would: each fault takes a while, some of them long. */
static void wait_for_page(struct sim *sim, uint64_t page)
{
    uint64_t before = sim->now_ns, delay = 1000 + rng_draw(1, RNG_PROPERTY_TEST, page) % 5000;
    if (sim_fault_may_wait(sim))
        sched_sleep_until(sim, before + delay);
    else
        sim->now_ns = before + delay;
    assert_true(sim->now_ns >= before + delay);
    waits++;
}

static uint32_t *region;
static uint32_t most_parked, parked;

static void count_parked(struct sim *sim, uint64_t page)
{
    parked++;
    if (parked > most_parked)
        most_parked = parked;
    wait_for_page(sim, page);
    parked--;
}

static DWORD WINAPI touch_all(LPVOID argument)
{
    uint64_t self = (uintptr_t)argument;
    volatile double kept = (double)self; /* lives across faults */
    for (uint64_t i = 0; i < PAGES; i++) {
        uint64_t page = (i * 13 + self * 7) % PAGES;
        assert_int_equal(load_in_policy(region + page * 1024), 0);
        if (i % 8 == 0)
            Sleep(0);
        kept += 1;
    }
    assert_true(kept == (double)(self + PAGES));
    return 7;
}

static void begin_native(void)
{
    crt_run_begin(&run, 1, true);
    run.sim->on_finding = note_finding;
    story[0] = findings[0] = '\0';
    map_stub();
    region = VirtualAlloc(NULL, PAGES * PAGE_BYTES, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_non_null(region);
}

static void end_native(void)
{
    unmap_stub();
    end();
}

static void many_faults_wait_at_once_and_all_go_on(void **state)
{
    (void)state;
    for (int strategy = 0; strategy < SCHED_REPLAY; strategy++) {
        begin_native();
        sched_configure(run.sim,
                        &(struct sched_options){.strategy = (enum sched_strategy)strategy});
        run.sim->on_native_fault = count_parked;
        most_parked = parked = 0;
        HANDLE threads[THREADS];
        for (uint64_t i = 0; i < THREADS; i++)
            threads[i] = start(touch_all, (LPVOID)(uintptr_t)i);
        assert_int_equal(WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE), WAIT_OBJECT_0);
        assert_int_equal(parked, 0);
        if (most_parked < 5)
            fail_msg("%s: %u at once", sched_strategy_name((enum sched_strategy)strategy),
                     most_parked);
        for (int i = 0; i < THREADS; i++) {
            DWORD code;
            assert_true(GetExitCodeThread(threads[i], &code));
            assert_int_equal(code, 7);
        }
        end_native();
    }
}

static void a_lonely_fault_only_moves_the_clock(void **state)
{
    (void)state;
    begin_native();
    run.sim->on_native_fault = wait_for_page;
    waits = 0;
    uint64_t before = run.sim->now_ns;
    for (int i = 0; i < PAGES; i++)
        load_in_policy(region + i * 1024);
    assert_int_equal(waits, PAGES);
    assert_in_range(run.sim->now_ns - before, PAGES * 1000, PAGES * 7000);
    end_native();
}

static DWORD WINAPI count_turns(LPVOID turns)
{
    for (int i = 0; i < 100; i++) {
        ++*(volatile int *)turns;
        Sleep(0);
    }
    return 0;
}

static void nobody_runs_while_the_simulator_itself_faults(void **state)
{
    (void)state;
    begin_native();
    run.sim->on_native_fault = wait_for_page;
    int turns = 0;
    HANDLE thread = start(count_turns, &turns);
    Sleep(0);
    int before = turns;
    for (int i = 0; i < PAGES; i++)
        assert_int_equal(*(volatile uint32_t *)(region + i * 1024), 0); /* not in the stub */
    assert_int_equal(turns, before);
    JOIN(thread);
    end_native();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_faults_wait_at_once_and_all_go_on),
        cmocka_unit_test(a_lonely_fault_only_moves_the_clock),
        cmocka_unit_test(nobody_runs_while_the_simulator_itself_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
