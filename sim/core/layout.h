/* Fixed places in the address space of the process.
 *
 * Everything a policy can see stands at a place of its own, so that pointer order and printed
 * addresses are the same in every run, with address randomisation on or off. All of it lies in a
 * range that plain, non-PIE and AddressSanitizer builds leave free (0x10007fff8000 upward,
 * below 0x550000000000 where position-independent programs are loaded). */
#ifndef LW_CORE_LAYOUT_H
#define LW_CORE_LAYOUT_H

#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_BYTES (UINT64_C(1) << PAGE_SHIFT)
#define GRANULARITY_SHIFT 16
#define GRANULARITY_BYTES (UINT64_C(1) << GRANULARITY_SHIFT)

/* The simulated address space: native address = WINDOW_BASE + logical address. */
#define WINDOW_BASE UINT64_C(0x110000000000)
#define WINDOW_BYTES (UINT64_C(64) << 40)

/* The simulator's own structures (core/arena.h). */
#define ARENA_BASE UINT64_C(0x510000000000)
#define ARENA_BYTES (UINT64_C(1) << 40)

/* Fiber stacks, each STACK_SLOT_BYTES apart with its guard below it. */
#define STACKS_BASE UINT64_C(0x520000000000)
#define STACK_SLOT_BYTES (UINT64_C(16) << 20)

/* Thread-local blocks of policy modules. */
#define TLS_BASE UINT64_C(0x528000000000)
#define TLS_STRIDE (UINT64_C(1) << 20)

/* Images of policies and of the libraries they use, in loading order. */
#define IMAGES_BASE UINT64_C(0x530000000000)
#define IMAGES_BYTES (UINT64_C(64) << 30)

#endif
