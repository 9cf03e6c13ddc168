/* Fibers: flows of control with a stack of their own at a fixed place, below it a guard.
 *
 * All code of a policy runs on fibers, so that its stack addresses are the same in every run and
 * an overflow is caught. Switching makes no system call. */
#ifndef LW_CORE_FIBER_H
#define LW_CORE_FIBER_H

#include <stdbool.h>
#include <stdint.h>

struct fiber;

/* The flow that calls it first becomes the main fiber (index 0 is its own). slot numbers stack
 * places from 0; stack_bytes a multiple of the page size below STACK_SLOT_BYTES. The structure
 * lies at the top of the stack. Returns NULL when the place cannot be mapped. */
struct fiber *fiber_create(uint32_t slot, uint64_t stack_bytes, void (*entry)(void *),
                           void *context);
/* Maps the bookkeeping, so that fiber_current may be asked before there is a fiber. False: its
 * place in the address space is taken. */
bool fiber_begin(void);
/* Goes to the fiber and comes back when it, or another, switches here or its entry returns. */
void fiber_switch(struct fiber *to);
/* The same, but an entry that returns goes to who called fiber_switch last, not here. */
void fiber_jump(struct fiber *to);
/* Ends the current fiber, from anywhere on its stack, and goes to another for good. */
_Noreturn void fiber_leave(struct fiber *to);
struct fiber *fiber_main(void);
struct fiber *fiber_current(void);
bool fiber_finished(const struct fiber *fiber);
void fiber_destroy(struct fiber *fiber);
/* Lowest usable address, size, and whether an address lies in the guard below it. */
uint64_t fiber_stack_base(const struct fiber *fiber);
uint64_t fiber_stack_bytes(const struct fiber *fiber);
bool fiber_in_guard(const struct fiber *fiber, uint64_t address);

#endif
