/* Functions of C and Windows that read or write the policy's memory for it: with races to look for,
 * the loader puts an entry in front of them that tells of these accesses as the policy's own, made
 * where it calls. So a memcpy races like the loop that it stands for. Only calls from instrumented
 * code count: what a library does inside it may order in ways that nobody sees.
 *
 * Told before the function runs, whatever it will answer; so the table has what is accessed in any
 * case, and leaves out what is not cheap to say or not certain. Locks are read by who uses them and
 * written by who makes or destroys them: using one that is not ready yet is a race. */
#include "core/race.h"

#include <string.h>
#include "core/binding.h"
#include "crt/crt.h"
#include "crt/race_call.h"

enum extent {
    END,            /* no further effect */
    BYTES,          /* so many as `amount` says */
    BYTES_ARGUMENT, /* so many as argument number `amount` says */
    TEXT,           /* a text, with its NUL */
    TEXT_WITHIN,    /* the same, at most so many bytes as argument number `amount` says */
    TEXT_OF,        /* so many as the text in argument number `amount` has, with its NUL */
    COMMON,         /* up to the first difference from the text in argument number `amount` */
    COMMON_WITHIN,  /* the same, at most so many bytes as the third argument says */
    BEHIND,         /* behind the text, so many as the text in argument number `amount` has */
    BEHIND_WITHIN,  /* the same, of that text at most so many bytes as the third argument says */
    ORDER           /* no access: calls of these are ordered among themselves */
};

struct effect {
    uint8_t extent;
    uint8_t kind;     /* enum race_kind */
    uint8_t argument; /* the pointer */
    uint8_t amount;
};

#define EFFECTS_MOST 3

struct race_called {
    const char *names; /* separated by blanks */
    struct effect effects[EFFECTS_MOST];
};

#define READS RACE_READ
#define WRITES RACE_WRITE
#define USES (RACE_ATOMIC | RACE_LOCK)
#define MAKES (RACE_WRITE | RACE_LOCK)

static const struct race_called calls[] = {
    /* memory */
    {"memcpy memmove mempcpy __mempcpy __memcpy_chk __memmove_chk __mempcpy_chk __tsan_memcpy "
     "__tsan_memmove",
     {{BYTES_ARGUMENT, READS, 1, 2}, {BYTES_ARGUMENT, WRITES, 0, 2}}},
    {"memcpy_s memmove_s", {{BYTES_ARGUMENT, READS, 2, 3}, {BYTES_ARGUMENT, WRITES, 0, 3}}},
    {"memset __memset_chk __tsan_memset", {{BYTES_ARGUMENT, WRITES, 0, 2}}},
    {"bzero explicit_bzero", {{BYTES_ARGUMENT, WRITES, 0, 1}}},
    {"memcmp bcmp", {{BYTES_ARGUMENT, READS, 0, 2}, {BYTES_ARGUMENT, READS, 1, 2}}},
    /* texts */
    {"strlen strrchr rindex strdup __strdup _strdup puts fputs strtol strtoul strtoll strtoull "
     "atoi "
     "atol atoll OutputDebugStringA",
     {{TEXT, READS, 0, 0}}},
    {"strnlen strndup __strndup strnlen_s", {{TEXT_WITHIN, READS, 0, 1}}},
    {"strcpy stpcpy __stpcpy __strcpy_chk __stpcpy_chk",
     {{TEXT, READS, 1, 0}, {TEXT_OF, WRITES, 0, 1}}},
    {"strcpy_s", {{TEXT, READS, 2, 0}, {TEXT_OF, WRITES, 0, 2}}},
    {"strncpy stpncpy __strncpy_chk", {{TEXT_WITHIN, READS, 1, 2}, {BYTES_ARGUMENT, WRITES, 0, 2}}},
    {"strcat __strcat_chk", {{TEXT, READS, 0, 0}, {TEXT, READS, 1, 0}, {BEHIND, WRITES, 0, 1}}},
    {"strcat_s", {{TEXT, READS, 0, 0}, {TEXT, READS, 2, 0}, {BEHIND, WRITES, 0, 2}}},
    {"strncat __strncat_chk",
     {{TEXT, READS, 0, 0}, {TEXT_WITHIN, READS, 1, 2}, {BEHIND_WITHIN, WRITES, 0, 1}}},
    {"strcmp strcoll", {{COMMON, READS, 0, 1}, {COMMON, READS, 1, 0}}},
    {"strncmp", {{COMMON_WITHIN, READS, 0, 1}, {COMMON_WITHIN, READS, 1, 0}}},
    /* what Windows fills in */
    {"VirtualQuery", {{BYTES, WRITES, 1, 48}}},
    {"GlobalMemoryStatusEx", {{BYTES, WRITES, 0, 64}}},
    {"GetSystemInfo GetNativeSystemInfo", {{BYTES, WRITES, 0, 48}}},
    {"QueryPerformanceCounter QueryPerformanceFrequency GetSystemTimeAsFileTime "
     "GetSystemTimePreciseAsFileTime",
     {{BYTES, WRITES, 0, 8}}},
    {"GetSystemTime GetLocalTime", {{BYTES, WRITES, 0, 16}}},
    {"GetProcessMemoryInfo K32GetProcessMemoryInfo", {{BYTES_ARGUMENT, WRITES, 1, 2}}},
    /* locks */
    {"InitializeCriticalSection InitializeCriticalSectionAndSpinCount InitializeCriticalSectionEx "
     "DeleteCriticalSection InitializeSRWLock InitializeConditionVariable InitOnceInitialize "
     "pthread_mutex_init pthread_mutex_destroy pthread_rwlock_init pthread_rwlock_destroy "
     "pthread_cond_init sem_init mtx_init mtx_destroy cnd_init",
     {{BYTES, MAKES, 0, 8}}},
    {"EnterCriticalSection TryEnterCriticalSection LeaveCriticalSection AcquireSRWLockExclusive "
     "AcquireSRWLockShared TryAcquireSRWLockExclusive TryAcquireSRWLockShared "
     "ReleaseSRWLockExclusive ReleaseSRWLockShared pthread_mutex_lock pthread_mutex_trylock "
     "pthread_mutex_timedlock pthread_mutex_clocklock pthread_mutex_unlock pthread_rwlock_rdlock "
     "pthread_rwlock_wrlock pthread_rwlock_tryrdlock pthread_rwlock_trywrlock "
     "pthread_rwlock_unlock mtx_lock mtx_trylock mtx_timedlock mtx_unlock pthread_cond_signal "
     "pthread_cond_broadcast WakeConditionVariable WakeAllConditionVariable sem_wait sem_trywait",
     {{BYTES, USES, 0, 1}}},
    {"SleepConditionVariableCS SleepConditionVariableSRW pthread_cond_wait pthread_cond_timedwait "
     "pthread_cond_clockwait cnd_wait cnd_timedwait",
     {{BYTES, USES, 0, 1}, {BYTES, USES, 1, 1}}},
    /* Who drops an exception last destroys it: the library counts, unseen, which exception it is.
     */
    {"__cxa_end_catch _ZNSt15__exception_ptr13exception_ptr10_M_releaseEv "
     "_ZNSt15__exception_ptr13exception_ptr9_M_addrefEv",
     {{ORDER, 0, 0, 0}}},
    /* whose accesses are told where they happen: crt/format.c, os/heap.c, os/close.c */
    {"free cfree _aligned_free realloc reallocarray _ZdlPv _ZdaPv _ZdlPvm _ZdaPvm "
     "_ZdlPvRKSt9nothrow_t _ZdaPvRKSt9nothrow_t _ZdlPvSt11align_val_t _ZdaPvSt11align_val_t "
     "_ZdlPvmSt11align_val_t _ZdaPvmSt11align_val_t HeapFree HeapReAlloc HeapDestroy VirtualFree "
     "VirtualFreeEx printf fprintf vprintf vfprintf snprintf vsnprintf sprintf vsprintf "
     "__printf_chk "
     "__fprintf_chk __vprintf_chk __vfprintf_chk __snprintf_chk __vsnprintf_chk __sprintf_chk "
     "__vsprintf_chk _snprintf _vsnprintf sprintf_s vsprintf_s _snprintf_s _vsnprintf_s",
     {{END, 0, 0, 0}}},
};

const struct race_called *race_called_find(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (const char *at = calls[i].names; (at = strstr(at, name)) != NULL; at += length)
            if ((at == calls[i].names || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
                return &calls[i];
    return NULL;
}

/* ---- telling ---- */

static uint64_t common_bytes(const char *a, const char *b, uint64_t limit)
{
    uint64_t count = 0;
    while (count < limit && a[count] == b[count] && a[count])
        count++;
    return count < limit ? count + 1 : limit;
}

static uint64_t extent_bytes(const struct effect *effect, const uint64_t arguments[6])
{
    const char *pointer = (const char *)(uintptr_t)arguments[effect->argument];
    uint64_t amount = effect->extent == BYTES ? effect->amount : arguments[effect->amount];
    const char *other = (const char *)(uintptr_t)amount;
    switch ((enum extent)effect->extent) {
    case BYTES:
    case BYTES_ARGUMENT:
        return amount;
    case TEXT:
        return crt_strlen(pointer) + 1;
    case TEXT_WITHIN: {
        uint64_t length = crt_strnlen(pointer, amount);
        return length < amount ? length + 1 : amount;
    }
    case TEXT_OF:
    case BEHIND:
        return crt_strlen(other) + 1;
    case BEHIND_WITHIN:
        return crt_strnlen(other, arguments[2]) + 1;
    case COMMON:
        return common_bytes(pointer, other, UINT64_MAX);
    case COMMON_WITHIN:
        return common_bytes(pointer, other, arguments[2]);
    default:
        return 0;
    }
}

void race_called(const struct race_stub *stub, const uint64_t arguments[6], uint64_t pc)
{
    struct sim *sim = crt_sim();
    if (!race_is_instrumented(sim, pc)) {
        race_call(sim, 0);
        return;
    }
    race_call(sim, pc);
    for (int i = 0; i < EFFECTS_MOST && stub->called->effects[i].extent != END; i++) {
        const struct effect *effect = &stub->called->effects[i];
        uint64_t address = arguments[effect->argument];
        if (address && (effect->extent == BEHIND || effect->extent == BEHIND_WITHIN))
            address += crt_strlen((const char *)(uintptr_t)address);
        if (effect->extent == ORDER) {
            race_release_at(sim, (uintptr_t)sim, false);
            race_acquire_at(sim, (uintptr_t)sim);
        } else if (address) /* otherwise it is the function's to fail */
            race_access(sim, address, extent_bytes(effect, arguments), effect->kind, pc);
    }
}

/* ---- the entry: all registers that hold arguments stay as they are ---- */

#if defined(__x86_64__)
__asm__(".text\n"
        ".hidden race_called\n"
        ".globl race_entry\n"
        ".hidden race_entry\n"
        ".type race_entry,@function\n"
        "race_entry:\n" /* the stub has put its structure into r11 */
        "    .cfi_startproc\n"
        "    push %rbp\n    .cfi_def_cfa_offset 16\n    .cfi_offset %rbp, -16\n"
        "    mov %rsp, %rbp\n    .cfi_def_cfa_register %rbp\n"
        "    sub $208, %rsp\n"
        "    mov %rdi, (%rsp)\n    mov %rsi, 8(%rsp)\n    mov %rdx, 16(%rsp)\n"
        "    mov %rcx, 24(%rsp)\n    mov %r8, 32(%rsp)\n    mov %r9, 40(%rsp)\n"
        "    mov %rax, 48(%rsp)\n    mov %r11, 56(%rsp)\n"
        "    movups %xmm0, 64(%rsp)\n    movups %xmm1, 80(%rsp)\n"
        "    movups %xmm2, 96(%rsp)\n    movups %xmm3, 112(%rsp)\n"
        "    movups %xmm4, 128(%rsp)\n    movups %xmm5, 144(%rsp)\n"
        "    movups %xmm6, 160(%rsp)\n    movups %xmm7, 176(%rsp)\n"
        "    mov %r11, %rdi\n    mov %rsp, %rsi\n    mov 8(%rbp), %rdx\n"
        "    call race_called\n"
        "    movups 64(%rsp), %xmm0\n    movups 80(%rsp), %xmm1\n"
        "    movups 96(%rsp), %xmm2\n    movups 112(%rsp), %xmm3\n"
        "    movups 128(%rsp), %xmm4\n    movups 144(%rsp), %xmm5\n"
        "    movups 160(%rsp), %xmm6\n    movups 176(%rsp), %xmm7\n"
        "    mov (%rsp), %rdi\n    mov 8(%rsp), %rsi\n    mov 16(%rsp), %rdx\n"
        "    mov 24(%rsp), %rcx\n    mov 32(%rsp), %r8\n    mov 40(%rsp), %r9\n"
        "    mov 48(%rsp), %rax\n    mov 56(%rsp), %r11\n"
        "    leave\n    .cfi_def_cfa %rsp, 8\n"
        "    jmp *(%r11)\n" /* struct race_stub begins with the function */
        "    .cfi_endproc\n"
        ".size race_entry,.-race_entry\n");
#else
/* Images of other processors are not loaded; see the loader. */
void race_entry(void)
{
    check_failed("no entry for this processor", __FILE__, __LINE__);
}
#endif
