/* Fibers. See fiber.h.
 *
 * Who runs is kept at a fixed place of its own (the first slot of the stack area), not in a
 * global: it is state of the run like the stacks themselves. x86-64 has a hand-written switch of
 * the callee-saved registers and the two control words; other processors use the C library's. */
#include "core/fiber.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#include "core/check.h"
#include "core/layout.h"

#if defined(__SANITIZE_ADDRESS__)
#define LW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LW_ASAN 1
#endif
#endif
#ifdef LW_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

struct fiber {
#if defined(__x86_64__)
    void *stack_pointer; /* while it does not run */
#else
    ucontext_t context;
#endif
    void (*entry)(void *);
    void *context_argument;
    uint64_t base; /* lowest usable address; 0 for the main fiber */
    uint64_t bytes;
    struct fiber *resumer; /* who switched here last: where a finished entry returns to */
    bool finished;
    void *asan_fake_stack;
};

struct fibers {
    struct fiber *current;
    struct fiber main;
    const void *main_bottom; /* the native stack, as AddressSanitizer told us */
    size_t main_bytes;
};

static struct fibers *const fibers = (struct fibers *)STACKS_BASE;

/* ---- the switch ---- */

#if defined(__x86_64__)
void fiber_swap(void **save, void *load);
void fiber_start(void);
__asm__(".text\n"
        ".globl fiber_swap\n"
        ".hidden fiber_swap\n"
        ".type fiber_swap,@function\n"
        "fiber_swap:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    sub $8, %rsp\n    stmxcsr (%rsp)\n    fnstcw 4(%rsp)\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    ldmxcsr (%rsp)\n    fldcw 4(%rsp)\n    add $8, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n"
        ".size fiber_swap,.-fiber_swap\n"
        /* The outermost frame: unwinders stop here because the return address is undefined. */
        ".globl fiber_start\n"
        ".hidden fiber_start\n"
        ".type fiber_start,@function\n"
        "fiber_start:\n"
        "    .cfi_startproc\n    .cfi_undefined rip\n"
        "    mov %r13, %rdi\n"
        "    call *%r12\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size fiber_start,.-fiber_start\n");
#endif

static void run_entry(void *argument)
{
    struct fiber *fiber = argument;
#ifdef LW_ASAN
    __sanitizer_finish_switch_fiber(NULL, &fibers->main_bottom, &fibers->main_bytes);
#endif
    fiber->entry(fiber->context_argument);
    fiber->finished = true;
    fiber_switch(fiber->resumer);
    CHECK(!"a finished fiber was resumed");
}

static void prepare(struct fiber *fiber)
{
#if defined(__x86_64__)
    /* fiber_swap pops control words, six registers (r12: function, r13: argument), the address.
     * The first frame begins 16-byte aligned. */
    uint64_t *top = (uint64_t *)((uint64_t)fiber & ~UINT64_C(15)) - 2;
    *--top = (uint64_t)fiber_start;
    *--top = 0;                               /* rbp */
    *--top = 0;                               /* rbx */
    *--top = (uint64_t)run_entry;             /* r12 */
    *--top = (uint64_t)fiber;                 /* r13 */
    *--top = 0;                               /* r14 */
    *--top = 0;                               /* r15 */
    *--top = UINT64_C(0x037f) << 32 | 0x1f80; /* x87 control word, mxcsr: the ABI's defaults */
    fiber->stack_pointer = top;
#else
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = (void *)fiber->base;
    fiber->context.uc_stack.ss_size = (size_t)((uint64_t)fiber - fiber->base) & ~(size_t)15;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, (void (*)(void))run_entry, 1, fiber);
#endif
}

void fiber_switch(struct fiber *to)
{
    struct fiber *from = fibers->current;
    CHECK(to != NULL && to != from);
    CHECK(!to->finished);
    to->resumer = from;
    fibers->current = to;
#ifdef LW_ASAN
    const void *bottom = to == &fibers->main ? fibers->main_bottom : (const void *)to->base;
    size_t bytes = to == &fibers->main ? fibers->main_bytes : to->bytes;
    __sanitizer_start_switch_fiber(from->finished ? NULL : &from->asan_fake_stack, bottom, bytes);
#endif
#if defined(__x86_64__)
    fiber_swap(&from->stack_pointer, to->stack_pointer);
#else
    swapcontext(&from->context, &to->context);
#endif
#ifdef LW_ASAN
    __sanitizer_finish_switch_fiber(from->asan_fake_stack, NULL, NULL);
#endif
}

/* ---- making and asking ---- */

static bool map_bookkeeping(void)
{
    void *place = mmap(fibers, PAGE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (place == MAP_FAILED)
        return errno == EEXIST; /* mapped by an earlier fiber */
    fibers->current = &fibers->main;
    return place == (void *)fibers;
}

struct fiber *fiber_create(uint32_t slot, uint64_t stack_bytes, void (*entry)(void *),
                           void *context)
{
    CHECK(stack_bytes > 0 && stack_bytes % PAGE_BYTES == 0);
    CHECK(stack_bytes < STACK_SLOT_BYTES);
    _Static_assert(sizeof(struct fibers) <= PAGE_BYTES, "bookkeeping fits its page");
    if (!map_bookkeeping())
        return NULL;
    uint64_t slot_end = STACKS_BASE + (uint64_t)(slot + 2) * STACK_SLOT_BYTES;
    void *base = (void *)(slot_end - stack_bytes);
    void *place = mmap(base, stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (place != base)
        return NULL;
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
