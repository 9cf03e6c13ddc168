/* The Interlocked family: real functions, with overloads for every operand Windows has in C++.
 *
 * Each is one sequentially consistent operation of the processor, as on Windows. Another thread may
 * run in front of it and behind it: locks, reference counts and lists without locks are made of
 * these, and a loop that waits for one must let others go on. */
#ifndef LW_INTERLOCKED_H
#define LW_INTERLOCKED_H

#include "../windef.h"

#if defined(__SANITIZE_THREAD__) /* cc --race: the instrumentation of the operation does that */
#define LW_INSTRUMENTED
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LW_INSTRUMENTED
#endif
#endif

#ifndef LW_INSTRUMENTED
/* Lets others run. Weak: a program of its own, without lowwater, goes on without it. */
#ifdef __cplusplus
extern "C" void lw_interlocked(void) __attribute__((weak));
#else
void lw_interlocked(void) __attribute__((weak));
#endif
#endif

static inline void lw_others_may_run(void)
{
#ifndef LW_INSTRUMENTED
    if (lw_interlocked)
        lw_interlocked();
#endif
}

/* ---- 32 bits ---- */

static inline LONG InterlockedIncrement(LONG volatile *addend)
{
    lw_others_may_run();
    LONG result = __atomic_add_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedDecrement(LONG volatile *addend)
{
    lw_others_may_run();
    LONG result = __atomic_sub_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedExchange(LONG volatile *target, LONG value)
{
    lw_others_may_run();
    LONG result = __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedExchangeAdd(LONG volatile *addend, LONG value)
{
    lw_others_may_run();
    LONG result = __atomic_fetch_add(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedAdd(LONG volatile *addend, LONG value)
{
    lw_others_may_run();
    LONG result = __atomic_add_fetch(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedAnd(LONG volatile *target, LONG value)
{
    lw_others_may_run();
    LONG result = __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedOr(LONG volatile *target, LONG value)
{
    lw_others_may_run();
    LONG result = __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedXor(LONG volatile *target, LONG value)
{
    lw_others_may_run();
    LONG result = __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG InterlockedCompareExchange(LONG volatile *target, LONG value, LONG expected)
{
    lw_others_may_run();
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return expected;
}

/* ---- 64 bits ---- */

static inline LONG64 InterlockedIncrement64(LONG64 volatile *addend)
{
    lw_others_may_run();
    LONG64 result = __atomic_add_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedDecrement64(LONG64 volatile *addend)
{
    lw_others_may_run();
    LONG64 result = __atomic_sub_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedExchange64(LONG64 volatile *target, LONG64 value)
{
    lw_others_may_run();
    LONG64 result = __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedExchangeAdd64(LONG64 volatile *addend, LONG64 value)
{
    lw_others_may_run();
    LONG64 result = __atomic_fetch_add(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedAdd64(LONG64 volatile *addend, LONG64 value)
{
    lw_others_may_run();
    LONG64 result = __atomic_add_fetch(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedAnd64(LONG64 volatile *target, LONG64 value)
{
    lw_others_may_run();
    LONG64 result = __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedOr64(LONG64 volatile *target, LONG64 value)
{
    lw_others_may_run();
    LONG64 result = __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedXor64(LONG64 volatile *target, LONG64 value)
{
    lw_others_may_run();
    LONG64 result = __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline LONG64 InterlockedCompareExchange64(LONG64 volatile *target, LONG64 value,
                                                  LONG64 expected)
{
    lw_others_may_run();
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return expected;
}

/* ---- pointers ---- */

static inline PVOID InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
    lw_others_may_run();
    PVOID result = __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline PVOID InterlockedCompareExchangePointer(PVOID volatile *target, PVOID value,
                                                      PVOID expected)
{
    lw_others_may_run();
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return expected;
}

#ifdef __cplusplus
/* ---- unsigned operands: overloads in C++ only ---- */

static inline ULONG InterlockedIncrement(ULONG volatile *addend)
{
    lw_others_may_run();
    ULONG result = __atomic_add_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedDecrement(ULONG volatile *addend)
{
    lw_others_may_run();
    ULONG result = __atomic_sub_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedExchange(ULONG volatile *target, ULONG value)
{
    lw_others_may_run();
    ULONG result = __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedExchangeAdd(ULONG volatile *addend, ULONG value)
{
    lw_others_may_run();
    ULONG result = __atomic_fetch_add(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedAdd(ULONG volatile *addend, ULONG value)
{
    lw_others_may_run();
    ULONG result = __atomic_add_fetch(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedAnd(ULONG volatile *target, ULONG value)
{
    lw_others_may_run();
    ULONG result = __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedOr(ULONG volatile *target, ULONG value)
{
    lw_others_may_run();
    ULONG result = __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedXor(ULONG volatile *target, ULONG value)
{
    lw_others_may_run();
    ULONG result = __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG InterlockedCompareExchange(ULONG volatile *target, ULONG value, ULONG expected)
{
    lw_others_may_run();
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return expected;
}

static inline ULONG64 InterlockedIncrement64(ULONG64 volatile *addend)
{
    lw_others_may_run();
    ULONG64 result = __atomic_add_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedDecrement64(ULONG64 volatile *addend)
{
    lw_others_may_run();
    ULONG64 result = __atomic_sub_fetch(addend, 1, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedExchange64(ULONG64 volatile *target, ULONG64 value)
{
    lw_others_may_run();
    ULONG64 result = __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedExchangeAdd64(ULONG64 volatile *addend, ULONG64 value)
{
    lw_others_may_run();
    ULONG64 result = __atomic_fetch_add(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedAdd64(ULONG64 volatile *addend, ULONG64 value)
{
    lw_others_may_run();
    ULONG64 result = __atomic_add_fetch(addend, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedAnd64(ULONG64 volatile *target, ULONG64 value)
{
    lw_others_may_run();
    ULONG64 result = __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedOr64(ULONG64 volatile *target, ULONG64 value)
{
    lw_others_may_run();
    ULONG64 result = __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedXor64(ULONG64 volatile *target, ULONG64 value)
{
    lw_others_may_run();
    ULONG64 result = __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return result;
}
static inline ULONG64 InterlockedCompareExchange64(ULONG64 volatile *target, ULONG64 value,
                                                   ULONG64 expected)
{
    lw_others_may_run();
    __atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    lw_others_may_run();
    return expected;
}
#endif

#endif
