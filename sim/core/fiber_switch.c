/* Switching stacks by hand. See fiber_switch.h.
 *
 * Only what the calling convention says a call preserves is kept, and no system call is made; so a
 * switch costs a few nanoseconds where swapcontext, which asks the kernel for the signal mask,
 * costs ten times that. fiber_start is the outermost frame of a fiber: unwinders stop there because
 * its return address is undefined. */
#include "core/fiber_switch.h"

#if LW_FIBER_SWITCH
void fiber_start(void);
#endif

#if LW_FIBER_SWITCH && defined(__x86_64__)

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

/* fiber_swap pops control words, six registers and the address. The first frame begins 16-byte
 * aligned. */
void *fiber_first_frame(uint64_t top, void (*entry)(void *), void *argument)
{
    uint64_t *at = (uint64_t *)(top & ~UINT64_C(15)) - 2;
    *--at = (uint64_t)fiber_start;
    *--at = 0;                               /* rbp */
    *--at = 0;                               /* rbx */
    *--at = (uint64_t)entry;                 /* r12 */
    *--at = (uint64_t)argument;              /* r13 */
    *--at = 0;                               /* r14 */
    *--at = 0;                               /* r15 */
    *--at = UINT64_C(0x037f) << 32 | 0x1f80; /* x87 control word, mxcsr: the ABI's defaults */
    return at;
}

#elif LW_FIBER_SWITCH && defined(__aarch64__)

/* x19 to x30, the low halves of v8 to v15, and the floating-point control register. */
__asm__(".text\n"
        ".globl fiber_swap\n"
        ".hidden fiber_swap\n"
        ".type fiber_swap,%function\n"
        "fiber_swap:\n"
        "    sub sp, sp, #176\n"
        "    stp x19, x20, [sp]\n    stp x21, x22, [sp, #16]\n    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n    stp x27, x28, [sp, #64]\n    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n    stp d14, d15, [sp, #144]\n"
        "    mrs x9, fpcr\n    str x9, [sp, #160]\n"
        "    mov x10, sp\n    str x10, [x0]\n"
        "    mov sp, x1\n"
        "    ldr x9, [sp, #160]\n    msr fpcr, x9\n"
        "    ldp x19, x20, [sp]\n    ldp x21, x22, [sp, #16]\n    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n    ldp x27, x28, [sp, #64]\n    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #176\n"
        "    ret\n"
        ".size fiber_swap,.-fiber_swap\n"
        ".globl fiber_start\n"
        ".hidden fiber_start\n"
        ".type fiber_start,%function\n"
        "fiber_start:\n"
        "    .cfi_startproc\n    .cfi_undefined x30\n"
        "    mov x0, x20\n"
        "    blr x19\n"
        "    brk #1\n"
        "    .cfi_endproc\n"
        ".size fiber_start,.-fiber_start\n");

void *fiber_first_frame(uint64_t top, void (*entry)(void *), void *argument)
{
    uint64_t *frame = (uint64_t *)((top & ~UINT64_C(15)) - 176);
    for (int i = 0; i < 22; i++)
        frame[i] = 0;                  /* the floating-point control of the ABI is zero as well */
    frame[0] = (uint64_t)entry;        /* x19 */
    frame[1] = (uint64_t)argument;     /* x20 */
    frame[11] = (uint64_t)fiber_start; /* x30 */
    return frame;
}

#endif
