/* monitor under a CLR that changes and withdraws its callback, also in the middle of a message, and
 * gives up the manager where nobody expects it. */
#include "rename.h"
#include "../../../policies/monitor.c"
#include "drive.h"

static void one_low_is_told_at_once_and_the_next_after_the_interval(IHostMemoryManager *manager)
{
    struct listener clr = LISTENER;
    ULONGLONG first_ms;

    listen_with(manager, &clr);
    ask_too_much(manager);
    Sleep(10);
    EXPECT(clr.lows == 1 && clr.recoveries == 0);
    first_ms = clr.last_ms;
    while (clr.lows == 1) { /* refused all the time: no recovery in between */
        ask_too_much(manager);
        Sleep(50);
    }
    EXPECT(clr.last_ms - first_ms >= 8192 && clr.last_ms - first_ms <= 8300);
    EXPECT(clr.recoveries == 0);
    Sleep(1100); /* the last refusal is forgotten, the Low has stood long enough */
    Sleep(8192);
    EXPECT(clr.lows == 2 && clr.recoveries == 1);
    listen_with(manager, NULL);
    EXPECT(clr.references == 0);
}

static void who_is_no_longer_registered_hears_nothing(IHostMemoryManager *manager)
{
    struct listener old = LISTENER, other = LISTENER;

    listen_with(manager, &old);
    ask_too_much(manager);
    Sleep(10);
    EXPECT(old.lows == 1);
    listen_with(manager, &old); /* again: it knows */
    ask_too_much(manager);
    Sleep(10);
    EXPECT(old.lows == 1);
    listen_with(manager, &other); /* another: it does not */
    Sleep(10);
    EXPECT(other.lows == 1);
    EXPECT(old.references == 0);
    listen_with(manager, NULL);
    ask_too_much(manager);
    Sleep(20000);
    EXPECT(old.lows == 1 && old.recoveries == 0);
    EXPECT(other.lows == 1 && other.recoveries == 0 && other.references == 0);
}

static void a_refusal_of_long_ago_is_no_low_memory(IHostMemoryManager *manager)
{
    struct listener late = LISTENER;

    ask_too_much(manager); /* with nobody to be told */
    Sleep(5000);
    listen_with(manager, &late);
    Sleep(10);
    EXPECT(late.lows == 0);
    listen_with(manager, NULL);
    ask_too_much(manager);
    listen_with(manager, &late);
    Sleep(10);
    EXPECT(late.lows == 1);
    listen_with(manager, NULL);
}

static void sleep_in_message(struct listener *listener)
{
    (void)listener;
    Sleep(500);
}

static void a_message_under_way_is_waited_for(IHostMemoryManager *manager)
{
    struct listener slow = LISTENER;

    slow.on_message = sleep_in_message;
    listen_with(manager, &slow);
    ask_too_much(manager);
    Sleep(10);
    EXPECT(slow.inside == 1);
    listen_with(manager, NULL);
    EXPECT(slow.inside == 0 && slow.references == 0);
}

static void unregister_in_message(struct listener *listener)
{
    listen_with(listener->manager, NULL);
    EXPECT(ask_too_much(listener->manager) == E_OUTOFMEMORY);
}

static void a_callback_may_unregister_itself(IHostMemoryManager *manager)
{
    struct listener leaving = LISTENER;

    leaving.on_message = unregister_in_message;
    leaving.manager = manager;
    listen_with(manager, &leaving);
    ask_too_much(manager);
    Sleep(20000);
    EXPECT(leaving.lows == 1 && leaving.recoveries == 0 && leaving.references == 0);
}

static void release_in_message(struct listener *listener)
{
    IHostMemoryManager *manager = listener->manager;

    listener->manager = NULL;
    if (manager != NULL)
        EXPECT(IHostMemoryManager_Release(manager) == 0);
}

static void the_last_reference_may_go_in_a_message(void)
{
    static struct listener last = LISTENER; /* outlives this call: so may the thread */

    last.on_message = release_in_message;
    last.manager = new_manager();
    listen_with(last.manager, &last);
    ask_too_much(last.manager);
    Sleep(20000);
    EXPECT(last.lows == 1 && last.recoveries == 0 && last.references == 0);
}

static void a_release_ends_the_thread_and_the_messages(void)
{
    struct listener clr = LISTENER;
    IHostMemoryManager *manager = new_manager();

    clr.on_message = sleep_in_message;
    listen_with(manager, &clr);
    ask_too_much(manager);
    Sleep(10);
    EXPECT(clr.inside == 1);
    EXPECT(IHostMemoryManager_Release(manager) == 0);
    EXPECT(clr.inside == 0 && clr.references == 0);
}

static IHostMemoryManager *drive(void)
{
    IHostMemoryManager *manager = new_manager();

    one_low_is_told_at_once_and_the_next_after_the_interval(manager);
    who_is_no_longer_registered_hears_nothing(manager);
    a_refusal_of_long_ago_is_no_low_memory(manager);
    a_message_under_way_is_waited_for(manager);
    a_callback_may_unregister_itself(manager);
    EXPECT(IHostMemoryManager_Release(manager) == 0);
    the_last_reference_may_go_in_a_message();
    a_release_ends_the_thread_and_the_messages();
    return new_manager();
}
