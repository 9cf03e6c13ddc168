/* The scheduler: tasks take turns only where they may, the clock is shared, moments come in order,
 * and who waits is woken in order. */
#include "tests/sched_support.h"

#include "core/due.h"
#include "core/rng.h"

/* ---- turns ---- */

static void tell_thrice(void *name)
{
    for (int i = 0; i < 3; i++) {
        tell(*(char *)name);
        sim_call(sim, EVENT_VirtualQuery, NULL);
    }
}

static void tasks_run_one_after_the_other_in_order(void **state)
{
    (void)state;
    begin();
    struct task *a = start(tell_thrice, "a"), *b = start(tell_thrice, "b");
    tell('0');
    sched_join(sim, a);
    sched_join(sim, b);
    assert_string_equal(story, "0aaabbb");
    assert_int_equal(sched_alive(sim), 1);
    assert_int_equal(sim->attention, 0);
    end();
}

static void round_robin_changes_at_each_point(void **state)
{
    (void)state;
    begin_with(&(struct sched_options){.strategy = SCHED_ROUND_ROBIN});
    struct task *a = start(tell_thrice, "a"), *b = start(tell_thrice, "b");
    sched_join(sim, a);
    sched_join(sim, b);
    assert_string_equal(story, "ababab");
    end();
}

static void a_yield_lets_the_others_run_first(void **state)
{
    (void)state;
    begin();
    assert_false(sched_yield_now(sim));
    start(tell_thrice, "a");
    start(tell_thrice, "b");
    assert_true(sched_yield_now(sim));
    tell('0');
    assert_string_equal(story, "aaabbb0");
    assert_false(sched_yield_now(sim));
    end();
}

static void spend(void *name)
{
    for (int i = 0; i < 40; i++) {
        sim_charge(sim, 1000000);
        tell(*(char *)name);
        sched_point(sim);
    }
}

static void a_quantum_ends_after_fifteen_milliseconds_and_more(void **state)
{
    (void)state;
    begin();
    struct task *a = start(spend, "a");
    struct task *b = start(spend, "b");
    sched_join(sim, a);
    sched_join(sim, b);
    assert_memory_equal(story, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbba", 33);
    end();
}

/* ---- what belongs to a task ---- */

static void keep_own_state(void *argument)
{
    uint32_t *id = argument;
    assert_int_equal(sim->actor, ACTOR_POLICY);
    sim->thread->last_error = 7;
    sim->host_call = EVENT_malloc_Free;
    *id = sim->thread->id;
    sched_yield_now(sim);
    assert_int_equal(sim->thread->id, *id);
    assert_int_equal(sim->thread->last_error, 7);
    assert_int_equal(sim->host_call, EVENT_malloc_Free);
}

static void each_task_has_its_thread_and_its_place_in_the_run(void **state)
{
    (void)state;
    begin();
    uint32_t ids[2] = {0, 0};
    sim->thread->last_error = 3;
    sim->host_call = EVENT_host_VirtualFree;
    struct task *a = start(keep_own_state, &ids[0]), *b = start(keep_own_state, &ids[1]);
    sched_join(sim, a);
    sched_join(sim, b);
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 2);
    assert_int_equal(sim->thread->id, 0);
    assert_int_equal(sim->thread->last_error, 3);
    assert_int_equal(sim->host_call, EVENT_host_VirtualFree);
    end();
}

static void do_nothing(void *unused)
{
    (void)unused;
}

static void stacks_and_numbers_of_ended_tasks_come_again(void **state)
{
    (void)state;
    begin_with(&(struct sched_options){.first_thread = THREADS_MAX - 3});
    uint32_t seen = 0;
    for (int i = 0; i < 9; i++) {
        struct task *task = start(do_nothing, NULL);
        seen |= 1u << (task->id - (THREADS_MAX - 3));
        sched_join(sim, task);
    }
    assert_int_equal(seen, 7);
    struct task *last[3];
    for (int i = 0; i < 3; i++)
        last[i] = start(do_nothing, NULL);
    assert_null(sched_start(sim, &(struct task_options){.entry = do_nothing}));
    for (int i = 0; i < 3; i++)
        sched_join(sim, last[i]);
    end();
}

/* ---- the clock ---- */

static void spend_a_millisecond(void *ended_ns)
{
    for (int i = 0; i < 1000; i++)
        sim_charge(sim, 1000);
    *(uint64_t *)ended_ns = sim->now_ns;
}

static void processors_bound_how_many_share_the_same_time(void **state)
{
    (void)state;
    static const struct {
        uint32_t processors, tasks;
        uint64_t expected_ns;
    } cases[] = {{1, 4, 4000000}, {2, 4, 2500000}, {4, 4, 2083333}, {8, 1, 1000000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        sim->processors = cases[i].processors;
        uint64_t ended_ns = 0;
        for (uint32_t t = 0; t < cases[i].tasks; t++)
            start(spend_a_millisecond, &ended_ns);
        sched_sleep_until(sim, 1000000000);
        /* The last ones run with fewer beside them: 1/4 + 1/3 + 1/2 + 1 of a millisecond. */
        assert_in_range(ended_ns, cases[i].expected_ns - 1, cases[i].expected_ns + 1);
        end();
    }
}

static void sleep_and_tell(void *name)
{
    char c = *(char *)name;
    sched_sleep_until(sim, (uint64_t)(c - 'a') * 1000);
    assert_true(sim->now_ns >= (uint64_t)(c - 'a') * 1000);
    tell(c);
}

static void sleepers_wake_in_the_order_of_their_moments(void **state)
{
    (void)state;
    begin();
    static char names[] = "dbaccz";
    for (int i = 0; i < 6; i++)
        start(sleep_and_tell, &names[i]);
    sched_sleep_until(sim, 10000);
    assert_string_equal(story, "abccd");
    assert_int_equal(sim->now_ns, 10000);
    end();
}

static void a_lonely_sleeper_only_moves_the_clock(void **state)
{
    (void)state;
    begin();
    sched_sleep_until(sim, 5000);
    assert_int_equal(sim->now_ns, 5000);
    sched_sleep_until(sim, 4000);
    assert_int_equal(sim->now_ns, 5000);
    assert_null(sim->sched);
    end();
}

static void moments_leave_the_queue_in_order_of_time_and_asking(void **state)
{
    (void)state;
    begin();
    enum { COUNT = 300 };
    static struct due dues[COUNT];
    struct due_queue queue = {0};
    memset(dues, 0, sizeof dues);
    for (uint64_t i = 0; i < 3000; i++) {
        uint64_t draw = rng_draw(1, RNG_PROPERTY_TEST, i);
        struct due *due = &dues[draw % COUNT];
        due->fire = (void (*)(struct sim *, struct due *))(void *)do_nothing;
        if (due->place)
            due_remove(&queue, due);
        else
            due_add(&queue, &sim->arena, due, draw >> 32 & 31);
        due_verify(&queue);
    }
    uint64_t before_ns = 0, before_number = 0;
    for (struct due *due; (due = due_first(&queue)); due_remove(&queue, due)) {
        assert_true(due->due_ns >= before_ns);
        if (due->due_ns == before_ns)
            assert_true(due->number >= before_number);
        before_ns = due->due_ns;
        before_number = due->number;
    }
    end();
}

/* ---- waiting ---- */

static struct wait_queue queue;

static void wait_and_tell(void *name)
{
    struct waiter waiter = {.queue = &queue};
    uint32_t value = sched_wait(sim, &waiter, 1, DUE_NEVER, NULL);
    assert_int_equal(value, 5);
    tell(*(char *)name);
}

static void waiters_wake_first_come_first_served(void **state)
{
    (void)state;
    begin();
    queue = (struct wait_queue){NULL, NULL};
    static char names[] = "abcd";
    for (int i = 0; i < 4; i++)
        start(wait_and_tell, &names[i]);
    sched_yield_now(sim);
    assert_string_equal(story, "");
    for (int i = 0; i < 4; i++)
        assert_true(sched_wake_first(sim, &queue, 5));
    assert_false(sched_wake_first(sim, &queue, 5));
    sched_yield_now(sim);
    assert_string_equal(story, "abcd");
    end();
}

static void a_wait_with_a_moment_gives_up_then(void **state)
{
    (void)state;
    begin();
    queue = (struct wait_queue){NULL, NULL};
    struct waiter waiter = {.queue = &queue};
    assert_int_equal(sched_wait(sim, &waiter, 1, 700, NULL), WAKE_DUE);
    assert_int_equal(sim->now_ns, 700);
    assert_null(queue.first);
    assert_int_equal(sim->attention, 0);
    end();
}

static void two_queues(void *queues)
{
    struct waiter waiters[2] = {{.queue = queues}, {.queue = (struct wait_queue *)queues + 1}};
    tell((char)('0' + sched_wait(sim, waiters, 2, 100000, NULL)));
}

static void who_is_woken_leaves_all_its_queues(void **state)
{
    (void)state;
    begin();
    struct wait_queue queues[2] = {{NULL, NULL}, {NULL, NULL}};
    start(two_queues, queues);
    sched_yield_now(sim);
    assert_non_null(queues[0].first);
    assert_true(sched_wake_first(sim, &queues[1], 3));
    assert_null(queues[0].first);
    sched_yield_now(sim);
    assert_string_equal(story, "3");
    end();
}

static void a_run_where_nobody_can_go_on_is_a_deadlock(void **state)
{
    (void)state;
    begin();
    queue = (struct wait_queue){NULL, NULL};
    static char name = 'a';
    start(wait_and_tell, &name);
    if (setjmp(stopped) == 0) {
        struct waiter waiter = {.queue = &queue};
        sched_wait(sim, &waiter, 1, DUE_NEVER, NULL);
        fail();
    }
    assert_int_equal(last_stop.kind, STOP_DEADLOCK);
    sim_destroy(sim);
}

static void poll_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        sched_sleep_until(sim, sim->now_ns + 1000000000);
}

static void a_workload_that_waits_for_ever_is_not_saved_by_a_poller(void **state)
{
    (void)state;
    begin();
    queue = (struct wait_queue){NULL, NULL};
    start(poll_for_ever, NULL);
    if (setjmp(stopped) == 0) {
        struct waiter waiter = {.queue = &queue};
        sched_wait(sim, &waiter, 1, DUE_NEVER, NULL);
        fail();
    }
    assert_int_equal(last_stop.kind, STOP_DEADLOCK);
    assert_in_range(sim->now_ns, UINT64_C(599000000000), UINT64_C(602000000000));
    sim_destroy(sim);
}

static void spin(void *unused)
{
    (void)unused;
    for (;;) {
        sim_call(sim, EVENT_SwitchToThread, NULL);
        sched_yield_now(sim);
        sched_futile(sim);
    }
}

static void spinning_of_all_is_a_livelock(void **state)
{
    (void)state;
    begin();
    sim->max_calls_in_host_call = UINT64_MAX;
    start(spin, NULL);
    if (setjmp(stopped) == 0)
        spin(NULL);
    assert_int_equal(last_stop.kind, STOP_BUDGET);
    assert_memory_equal(last_stop.text, "livelock", 8);
    sim_destroy(sim);
}

/* ---- suspending and killing ---- */

static void suspended_tasks_run_when_resumed_as_often(void **state)
{
    (void)state;
    begin();
    static char name = 'a';
    struct task *task = sched_start(
        sim, &(struct task_options){.entry = tell_thrice, .argument = &name, .suspended = true});
    sched_suspend(sim, task);
    assert_false(sched_yield_now(sim));
    assert_int_equal(sched_resume(sim, task), 2);
    assert_false(sched_yield_now(sim));
    assert_int_equal(sched_resume(sim, task), 1);
    assert_int_equal(sched_resume(sim, task), 0);
    sched_join(sim, task);
    assert_string_equal(story, "aaa");
    end();
}

static void suspend_self(void *unused)
{
    (void)unused;
    tell('<');
    sched_suspend(sim, sched_running(sim));
    tell('>');
}

static void a_task_may_suspend_itself(void **state)
{
    (void)state;
    begin();
    struct task *task = start(suspend_self, NULL);
    sched_yield_now(sim);
    assert_string_equal(story, "<");
    assert_int_equal(sched_resume(sim, task), 1);
    sched_join(sim, task);
    assert_string_equal(story, "<>");
    end();
}

static void killed_tasks_leave_what_they_wait_for(void **state)
{
    (void)state;
    begin();
    queue = (struct wait_queue){NULL, NULL};
    static char name = 'a';
    struct task *waiting = start(wait_and_tell, &name), *ready = start(tell_thrice, &name);
    struct task *asleep = start(poll_for_ever, NULL);
    sched_sleep_until(sim, 10);
    story[0] = '\0';
    struct task *fresh = start(tell_thrice, &name);
    sched_suspend(sim, fresh);
    sched_kill(sim, fresh);
    sched_kill(sim, waiting);
    sched_kill(sim, asleep);
    assert_int_equal(ready->state, TASK_FINISHED);
    assert_null(queue.first);
    assert_int_equal(sched_alive(sim), 1);
    assert_int_equal(sim->attention, 0);
    assert_string_equal(story, "");
    end();
}

static void visit_tells(void *name)
{
    tell(*(char *)name);
}

static void visits_run_on_the_stack_of_a_parked_task(void **state)
{
    (void)state;
    begin();
    static char inner = 'v', name = 'a';
    queue = (struct wait_queue){NULL, NULL};
    struct task *task = start(wait_and_tell, &name);
    assert_false(sched_visit(sim, task, visit_tells, &inner)); /* has not begun */
    sched_yield_now(sim);
    assert_true(sched_visit(sim, task, visit_tells, &inner));
    assert_true(sched_visit(sim, task, visit_tells, &inner));
    sched_wake_first(sim, &queue, 5);
    sched_join(sim, task);
    assert_string_equal(story, "vva");
    assert_false(sched_visit(sim, task, visit_tells, &inner));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_one_after_the_other_in_order),
        cmocka_unit_test(round_robin_changes_at_each_point),
        cmocka_unit_test(a_yield_lets_the_others_run_first),
        cmocka_unit_test(a_quantum_ends_after_fifteen_milliseconds_and_more),
        cmocka_unit_test(each_task_has_its_thread_and_its_place_in_the_run),
        cmocka_unit_test(stacks_and_numbers_of_ended_tasks_come_again),
        cmocka_unit_test(processors_bound_how_many_share_the_same_time),
        cmocka_unit_test(sleepers_wake_in_the_order_of_their_moments),
        cmocka_unit_test(a_lonely_sleeper_only_moves_the_clock),
        cmocka_unit_test(moments_leave_the_queue_in_order_of_time_and_asking),
        cmocka_unit_test(waiters_wake_first_come_first_served),
        cmocka_unit_test(a_wait_with_a_moment_gives_up_then),
        cmocka_unit_test(who_is_woken_leaves_all_its_queues),
        cmocka_unit_test(a_run_where_nobody_can_go_on_is_a_deadlock),
        cmocka_unit_test(a_workload_that_waits_for_ever_is_not_saved_by_a_poller),
        cmocka_unit_test(spinning_of_all_is_a_livelock),
        cmocka_unit_test(suspended_tasks_run_when_resumed_as_often),
        cmocka_unit_test(a_task_may_suspend_itself),
        cmocka_unit_test(killed_tasks_leave_what_they_wait_for),
        cmocka_unit_test(visits_run_on_the_stack_of_a_parked_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
