/* Fibers. See fiber.h.
 *
 * Who runs is kept at a fixed place of its own (the first slot of the stack area), not in a
 * global: it is state of the run like the stacks themselves. x86-64 and aarch64 have a hand-written
 * switch (fiber_switch.c); other processors use the C library's. */
#include "core/fiber.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include "core/check.h"
#include "core/fiber_switch.h"
#include "core/layout.h"
#if !LW_FIBER_SWITCH
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define LW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LW_ASAN 1
#endif
#endif
#ifdef LW_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

struct fiber {
#if LW_FIBER_SWITCH
    void *stack_pointer; /* while it does not run */
#else
    ucontext_t context;
#endif
    void (*entry)(void *);
    void *context_argument;
    uint64_t base; /* lowest usable address; 0 for the main fiber */
    uint64_t bytes;
    struct fiber *resumer; /* who called fiber_switch last: where a finished entry returns to */
    bool finished;
    void *asan_fake_stack;
};

#define BEGUN UINT64_C(0x6e756765622d6669)

struct fibers {
    uint64_t begun;
    struct fiber *current;
    struct fiber *previous; /* who ran before */
    struct fiber main;
    const void *main_bottom; /* the native stack, as AddressSanitizer told us */
    size_t main_bytes;
};

/* With the C library's switch it holds every register of the processor. */
#define BOOKKEEPING_BYTES ((sizeof(struct fibers) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1))

static struct fibers *const fibers = (struct fibers *)STACKS_BASE;

/* ---- the switch ---- */

static void run_entry(void *argument)
{
    struct fiber *fiber = argument;
#ifdef LW_ASAN
    const void *bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(NULL, &bottom, &bytes);
    if (fibers->previous == &fibers->main) {
        fibers->main_bottom = bottom;
        fibers->main_bytes = bytes;
    }
#endif
    fiber->entry(fiber->context_argument);
    fiber->finished = true;
    fiber_switch(fiber->resumer);
    CHECK(!"a finished fiber was resumed");
}

static void prepare(struct fiber *fiber)
{
#if LW_FIBER_SWITCH
    fiber->stack_pointer = fiber_first_frame((uint64_t)fiber, run_entry, fiber);
#else
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = (void *)fiber->base;
    fiber->context.uc_stack.ss_size = (size_t)((uint64_t)fiber - fiber->base) & ~(size_t)15;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, (void (*)(void))run_entry, 1, fiber);
#endif
}

void fiber_jump(struct fiber *to)
{
    struct fiber *from = fibers->current;
    CHECK(to != NULL && to != from);
    CHECK(!to->finished);
    fibers->current = to;
    fibers->previous = from;
#ifdef LW_ASAN
    const void *bottom = to == &fibers->main ? fibers->main_bottom : (const void *)to->base;
    size_t bytes = to == &fibers->main ? fibers->main_bytes : to->bytes;
    __sanitizer_start_switch_fiber(from->finished ? NULL : &from->asan_fake_stack, bottom, bytes);
#endif
#if LW_FIBER_SWITCH
    fiber_swap(&from->stack_pointer, to->stack_pointer);
#else
    swapcontext(&from->context, &to->context);
#endif
#ifdef LW_ASAN
    __sanitizer_finish_switch_fiber(from->asan_fake_stack, NULL, NULL);
#endif
}

void fiber_switch(struct fiber *to)
{
    CHECK(to != NULL);
    to->resumer = fibers->current;
    fiber_jump(to);
}

/* Its frames are never left, so nothing of them may stay marked as unusable. */
#ifdef LW_ASAN
__attribute__((no_sanitize("address")))
#endif
void fiber_leave(struct fiber *to)
{
    fibers->current->finished = true;
    fiber_jump(to);
    check_failed("a finished fiber was resumed", __FILE__, __LINE__);
}

/* ---- making and asking ---- */

bool fiber_begin(void)
{
    void *place = mmap(fibers, BOOKKEEPING_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (place == MAP_FAILED)
        return errno == EEXIST;    /* mapped by an earlier fiber */
    if (place != (void *)fibers) { /* qemu does not know the flag: it is a mere wish there */
        munmap(place, BOOKKEEPING_BYTES);
        return fibers->begun == BEGUN;
    }
    fibers->begun = BEGUN;
    fibers->current = &fibers->main;
    return true;
}

struct fiber *fiber_create(uint32_t slot, uint64_t stack_bytes, void (*entry)(void *),
                           void *context)
{
    CHECK(stack_bytes > 0 && stack_bytes % PAGE_BYTES == 0);
    CHECK(stack_bytes < STACK_SLOT_BYTES);
    if (!fiber_begin())
        return NULL;
    uint64_t slot_end = STACKS_BASE + (uint64_t)(slot + 2) * STACK_SLOT_BYTES;
    void *base = (void *)(slot_end - stack_bytes);
    void *place = mmap(base, stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (place != base)
        return NULL;
#ifdef LW_ASAN
    __asan_unpoison_memory_region(base, stack_bytes); /* an earlier fiber may have stood there */
#endif
    struct fiber *fiber = (struct fiber *)(slot_end - ((sizeof *fiber + 63) & ~UINT64_C(63)));
    *fiber = (struct fiber){
        .entry = entry, .context_argument = context, .base = (uint64_t)base, .bytes = stack_bytes};
    prepare(fiber);
    return fiber;
}

void fiber_destroy(struct fiber *fiber)
{
    CHECK(fiber != fibers->current);
    CHECK(fiber != &fibers->main);
    munmap((void *)fiber->base, fiber->bytes);
}

struct fiber *fiber_main(void)
{
    return &fibers->main;
}

struct fiber *fiber_current(void)
{
    return fibers->current;
}

bool fiber_finished(const struct fiber *fiber)
{
    return fiber->finished;
}

uint64_t fiber_stack_base(const struct fiber *fiber)
{
    return fiber->base;
}

uint64_t fiber_stack_bytes(const struct fiber *fiber)
{
    return fiber->bytes;
}

bool fiber_in_guard(const struct fiber *fiber, uint64_t address)
{
    uint64_t slot_begin = (fiber->base + fiber->bytes) - STACK_SLOT_BYTES;
    return address >= slot_begin && address < fiber->base;
}
