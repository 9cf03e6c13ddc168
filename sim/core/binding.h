/* Names that a policy may import, and the functions of the simulator that serve them.
 *
 * Each layer contributes one table; the loader merges them into one index. A name in no table and
 * not on the loader's list of harmless library functions is refused when the policy is loaded. */
#ifndef LW_CORE_BINDING_H
#define LW_CORE_BINDING_H

#include <stddef.h>

struct binding {
    const char *name; /* as the dynamic symbol says, e.g. "VirtualAlloc", "_Znwm" */
    void *address;    /* function or object */
};

/* Tables end with a row whose name is NULL. */
extern const struct binding win32_memory_bindings[];     /* os/win32_memory.c */
extern const struct binding win32_heap_bindings[];       /* os/win32_heap.c */
extern const struct binding win32_sync_bindings[];       /* os/win32_sync.c */
extern const struct binding win32_lock_bindings[];       /* os/win32_lock.c */
extern const struct binding win32_thread_bindings[];     /* os/win32_thread.c */
extern const struct binding win32_system_bindings[];     /* os/win32_system.c */
extern const struct binding win32_job_bindings[];        /* os/win32_job.c */
extern const struct binding crt_memory_bindings[];       /* crt/memory.c: malloc, new */
extern const struct binding crt_string_bindings[];       /* crt/string.c: page-sequential */
extern const struct binding crt_wide_bindings[];         /* crt/wide.c: strings of wchar_t */
extern const struct binding crt_time_bindings[];         /* crt/time.c: dates and clocks */
extern const struct binding crt_wide_stdio_bindings[];   /* crt/stdio_wide.c: wprintf, MSVC names */
extern const struct binding crt_stdio_bindings[];        /* crt/stdio.c */
extern const struct binding crt_system_bindings[];       /* crt/system.c: exit, time, rand ... */
extern const struct binding crt_cxx_bindings[];          /* crt/cxx.c: guards, atexit, TLS */
extern const struct binding crt_posix_thread_bindings[]; /* crt/posix_thread.c */
extern const struct binding crt_posix_lock_bindings[];   /* crt/posix_lock.c */
extern const struct binding crt_jump_bindings[];         /* crt/jump.c: setjmp */
extern const struct binding crt_c11_bindings[];          /* crt/c11_thread.c */
extern const struct binding crt_race_bindings[];         /* crt/race.c: instrumented accesses */
extern const struct binding crt_race_atomic_bindings[];  /* crt/race_atomic.c */

#endif
