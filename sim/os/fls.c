/* Fiber-local slots of Windows: thread-local slots with a destructor. See sync.h. */
#include "os/sync_private.h"

uint32_t fls_allocate(struct sim *sim, void (*destructor)(void *))
{
    struct sync *sync = sync_state(sim);
    for (uint32_t i = 0; i < FLS_SLOTS; i++) {
        if (sync->fls_used >> i & 1)
            continue;
        sync->fls_used |= UINT64_C(1) << i;
        sync->fls_destructors[i] = destructor;
        CHECK(fls_is_allocated(sim, i));
        return i;
    }
    return UINT32_MAX;
}

bool fls_is_allocated(struct sim *sim, uint32_t index)
{
    return index < FLS_SLOTS && sync_state(sim)->fls_used >> index & 1;
}

/* The value goes before the destructor sees it: one that sets it again sees it again. */
static void destroy_value(struct sim *sim, struct thread *thread, uint32_t index)
{
    CHECK(thread->fls_slots != NULL && index < FLS_SLOTS);
    uint64_t value = thread->fls_slots[index];
    void (*destructor)(void *) = sync_state(sim)->fls_destructors[index];
    thread->fls_slots[index] = 0;
    if (value && destructor)
        destructor((void *)(uintptr_t)value);
}

bool fls_free(struct sim *sim, uint32_t index)
{
    if (!fls_is_allocated(sim, index))
        return false;
    for (uint32_t i = 0; i < THREADS_MAX; i++)
        if (sim->threads[i] && sim->threads[i]->fls_slots)
            destroy_value(sim, sim->threads[i], index);
    sync_state(sim)->fls_used &= ~(UINT64_C(1) << index);
    return true;
}

void fls_thread_end(struct sim *sim)
{
    struct thread *thread = sim->thread;
    for (uint32_t i = 0; thread->fls_slots && i < FLS_SLOTS; i++)
        if (fls_is_allocated(sim, i))
            destroy_value(sim, thread, i);
    if (thread->fls_slots)
        arena_free(&sim->arena, thread->fls_slots, FLS_SLOTS * sizeof(uint64_t));
    thread->fls_slots = NULL;
}
