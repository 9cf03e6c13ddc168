/* The hand-written switch between stacks, where there is one. fiber.c is its only user. */
#ifndef LW_CORE_FIBER_SWITCH_H
#define LW_CORE_FIBER_SWITCH_H

#include <stdint.h>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(LW_FIBER_PORTABLE)
#define LW_FIBER_SWITCH 1
/* Saves the callee-saved registers and the floating-point control on the stack, the stack pointer
 * in *save, and goes on with the stack that was saved as `load`. */
void fiber_swap(void **save, void *load);
/* A stack below `top` that begins with entry(argument) when it is loaded. entry never returns. */
void *fiber_first_frame(uint64_t top, void (*entry)(void *), void *argument);
#else
#define LW_FIBER_SWITCH 0
#endif

#endif
