/* The C run-time that policies see: what its files share.
 *
 * Each file binds a family of names (core/binding.h) for the policy and the C++ library it uses,
 * and for nothing else in the process. Functions that can fail, take time or leave a trace have a
 * row in core/calls.def and go through sim_call; pure ones (strings, numbers, dates) do not.
 *
 * Here, addresses are native and lengths count bytes unless a comment says characters. */
#ifndef LW_CRT_CRT_H
#define LW_CRT_CRT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <wchar.h>
#include "core/sim.h"
#include "os/machine.h"

/* State that C keeps behind the programmer's back; in the arena, one a run. */
struct crt {
    bool rand_seeded;
    uint64_t rand_seed;  /* srand's argument */
    uint64_t rand_draws; /* numbers since */
    uint64_t drand48;    /* 48 bits */
    char *strtok_next;
    struct tm calendar;                   /* the result of gmtime and localtime */
    char date_text[32];                   /* of asctime and ctime */
    struct exit_function *exit_functions; /* the one registered last */
    void (*key_destructors[64])(void *);  /* pthread_key_create */
};

/* errno values that policies see; Linux's numbers, whatever the host. */
enum { CRT_EPERM = 1, CRT_ESRCH = 3, CRT_EINTR = 4, CRT_EBADF = 9, CRT_EAGAIN = 11 };
enum { CRT_ENOMEM = 12, CRT_EBUSY = 16, CRT_EINVAL = 22, CRT_ERANGE = 34, CRT_EDEADLK = 35 };
enum { CRT_EOVERFLOW = 75, CRT_ETIMEDOUT = 110 };

/* ---- state.c ---- */

/* The run that the calling policy belongs to. */
struct sim *crt_sim(void);
/* The state of the run, made on first use. */
struct crt *crt_state(struct sim *sim);
void crt_set_errno(int value);
/* Ends the run: a bounded function (its C name) was told to write more than its target holds. */
_Noreturn void crt_overflow(const char *function);

/* ---- cxx.c ---- */

/* Runs what the policy registered with atexit, last first, behind the thread-local destructors of
 * the threads that share the running flow of control. */
void crt_run_exit_functions(struct sim *sim);
/* Runs the thread-local destructors of the running thread, last first. */
void crt_run_thread_functions(struct sim *sim);

/* ---- posix_thread.c ---- */

/* What a thread leaves at its end: destructors of thread-local data and of keys. */
void crt_thread_end(struct sim *sim);

/* ---- memory.c ---- */

/* malloc with its row, failure point and errno; NULL on failure. */
void *crt_malloc(size_t bytes);

/* ---- string.c: the order of touches is part of the behaviour, see there ---- */

size_t crt_strlen(const char *text);
size_t crt_strnlen(const char *text, size_t limit);
void *crt_memcpy(void *to, const void *from, size_t bytes);
void *crt_memmove(void *to, const void *from, size_t bytes);
void *crt_memset(void *to, int value, size_t bytes);
/* -1, 0 or 1 on every processor; so are the results of the other comparisons. */
int crt_memcmp(const void *left, const void *right, size_t bytes);
char *crt_strchr(const char *text, int character);
/* The first such character, or the NUL at the end. */
char *crt_strchrnul(const char *text, int character);

/* ---- wide.c: wchar_t has 32 bits; lengths in characters ---- */

size_t crt_wcslen(const wchar_t *text);
size_t crt_wcsnlen(const wchar_t *text, size_t limit);

#endif
