/* Which names of the host's libraries a policy may use directly, and why others are refused.
 *
 * Harmless are functions whose result depends on their arguments alone: arithmetic, conversions,
 * classification, sorting, unwinding. Whatever reads a file, a clock, the environment, or keeps
 * state behind the caller's back is bound to the simulator or refused. */
#include "harness/loader_private.h"

#include <stdlib.h>
#include <string.h>

static const char *const harmless[] = {
    /* conversions */
    "atoi",
    "atol",
    "atoll",
    "atof",
    "a64l",
    "l64a",
    /* classification and case */
    "isalnum",
    "isalpha",
    "isascii",
    "isblank",
    "iscntrl",
    "isdigit",
    "isgraph",
    "islower",
    "isprint",
    "ispunct",
    "isspace",
    "isupper",
    "isxdigit",
    "tolower",
    "toupper",
    "toascii",
    "iswalnum",
    "iswalpha",
    "iswblank",
    "iswcntrl",
    "iswctype",
    "iswdigit",
    "iswgraph",
    "iswlower",
    "iswprint",
    "iswpunct",
    "iswspace",
    "iswupper",
    "iswxdigit",
    "towlower",
    "towupper",
    "wctype",
    "__ctype_b_loc",
    "__ctype_tolower_loc",
    "__ctype_toupper_loc",
    "__ctype_get_mb_cur_max",
    /* locale objects of the C++ library: only the C locale can be made */
    "newlocale",
    "uselocale",
    "freelocale",
    "duplocale",
    "nl_langinfo",
    "nl_langinfo_l",
    "__newlocale",
    "__uselocale",
    "__freelocale",
    "__duplocale",
    "__nl_langinfo_l",
    "__iswctype_l",
    "__strcoll_l",
    "__strftime_l",
    "__strxfrm_l",
    "__towlower_l",
    "__towupper_l",
    "__wcscoll_l",
    "__wcsftime_l",
    "__wcsxfrm_l",
    "__wctype_l",
    "strcoll",
    "strxfrm",
    "wcscoll",
    "wcsxfrm",
    /* multibyte text */
    "mbtowc",
    "wctomb",
    "mblen",
    "mbstowcs",
    "wcstombs",
    "mbrlen",
    "mbsrtowcs",
    "wcsrtombs",
    "mbsnrtowcs",
    "wcsnrtombs",
    "mbsinit",
    "btowc",
    "wctob",
    /* arithmetic */
    "abs",
    "labs",
    "llabs",
    "imaxabs",
    "div",
    "ldiv",
    "lldiv",
    "imaxdiv",
    "ffs",
    "ffsl",
    "ffsll",
    "qsort",
    "qsort_r",
    "bsearch",
    "strerror",
    "strerror_r",
    "__xpg_strerror_r",
    "strsignal",
    "swab",
    "fegetround",
    "fesetround",
    "fetestexcept",
    "feclearexcept",
    "feraiseexcept",
    "fegetenv",
    "fesetenv",
    "insque",
    "remque",
    "hcreate_r",
    "hsearch_r",
    "hdestroy_r",
    "sscanf",
    "vsscanf",
    "__isoc99_sscanf",
    "__isoc99_vsscanf",
    "__isoc23_sscanf",
    "__isoc23_vsscanf",
    "swscanf",
    "__isoc99_swscanf",
    "inet_ntop",
    "inet_pton",
    "htonl",
    "htons",
    "ntohl",
    "ntohs",
    "basename",
    "__xpg_basename",
    "strverscmp",
    "getsubopt",
    "gettext",
    "dgettext",
    "bindtextdomain",
    "bind_textdomain_codeset",
};

/* Whole families. Names of libm are harmless as such (see resolve). */
static const char *const harmless_prefixes[] = {
    "_Unwind_",
    "__gcc_personality",
    "__popcount",
    "__udivmod",
    "__udivti",
    "__umodti",
    "__divti",
    "__modti",
    "__divmodti",
    "__mulo",
    "__addv",
    "__subv",
    "__mulv",
    "__negv",
    "__absv",
    "__clz",
    "__ctz",
    "__parity",
    "__bswap",
    "__fix",
    "__float",
    "__extend",
    "__trunc",
    "__mulxc",
    "__mulsc",
    "__muldc",
    "__mulhc",
    "__divxc",
    "__divsc",
    "__divdc",
    "__divhc",
    "__powi",
    "__cpu_",
    "__register_frame",
    "__deregister_frame",
    /* the sanitizers' run-times, when this program has them */
    "__asan_",
    "__ubsan_",
    "__sanitizer_",
    "__lsan_",
    "__odr_asan",
    "__sancov_",
};

static const struct {
    const char *names; /* separated by spaces; "x*" matches a beginning */
    const char *why;
} refusals[] = {
    {"CreateRemoteThread* QueueUserAPC* *Threadpool* CreateTimerQueue DeleteTimerQueueEx "
     "DeleteTimerQueue SetTimer* RegisterWait* UnregisterWait* PulseEvent OpenThread OpenMutex* "
     "OpenEvent* OpenSemaphore* OpenWaitableTimer* GetThreadContext SetThreadContext "
     "SetThreadAffinityMask ConvertThreadToFiber* CreateFiber* SwitchToFiber pthread_cancel "
     "pthread_testcancel pthread_setcancel* pthread_kill pthread_barrier_* pthread_spin_* "
     "pthread_setaffinity* pthread_getaffinity* pthread_getattr_np pthread_atfork",
     "is not among what simulated threads can do"},
    {"open* fopen* freopen* fdopen creat read pread* pwrite* close fclose stat* fstat* lstat* "
     "opendir* readdir* closedir* unlink* remove rename* mkdir* rmdir* chdir getcwd realpath "
     "readlink* symlink* tmpfile* mkstemp* access ftruncate* truncate* fsync lseek* fread getline "
     "dup* fcntl* ioctl* CreateFile* ReadFile* WriteFile* DeleteFile* GetTempPath* FindFirst*",
     "needs files"},
    {"socket* connect bind listen accept* send* recv* getaddrinfo* gethostby* select poll* epoll* "
     "WSA*",
     "needs sockets"},
    {"mmap* munmap mprotect mremap madvise msync mlock* munlock* brk sbrk shmat shmget shm_* "
     "memfd_create CreateFileMapping* MapViewOfFile* UnmapViewOfFile*",
     "takes memory past the simulated machine"},
    {"fork vfork exec* posix_spawn* system popen* wait waitpid kill clone* CreateProcess* "
     "ShellExecute* WinExec",
     "needs other processes"},
    {"dlopen dlsym dlclose dladdr dl_iterate_phdr dlerror LoadLibrary* FreeLibrary*",
     "loads code at run time"},
    {"signal sigaction sigprocmask pthread_sigmask sigaltstack alarm setitimer timer_* "
     "SetUnhandledExceptionFilter AddVectored* SetConsoleCtrlHandler",
     "needs signals or exception handlers of the process"},
    {"ptrace prctl arch_prctl", "makes raw system calls"},
};

static bool matches(const char *pattern, size_t length, const char *name)
{
    if (length > 1 && pattern[0] == '*' && pattern[length - 1] == '*') {
        char middle[64];
        if (length - 2 >= sizeof middle)
            return false;
        memcpy(middle, pattern + 1, length - 2);
        middle[length - 2] = '\0';
        return strstr(name, middle) != NULL;
    }
    if (pattern[length - 1] == '*')
        return strncmp(name, pattern, length - 1) == 0;
    return strlen(name) == length && strncmp(name, pattern, length) == 0;
}

bool name_is_harmless(const char *name)
{
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(name, harmless[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof harmless_prefixes / sizeof *harmless_prefixes; i++)
        if (strncmp(name, harmless_prefixes[i], strlen(harmless_prefixes[i])) == 0)
            return true;
    return false;
}

static const char cxx_library_names[] =
    "close ioctl read write writev fdopen fstat64 fstat lseek64 fopen64 fopen open open64 openat "
    "poll fseeko64 ftello64 iconv iconv_open iconv_close fclose fread fileno setvbuf getc ungetc "
    "getwc ungetwc putwc readlink realpath getcwd chdir stat stat64 lstat lstat64 statvfs "
    "statvfs64 mkdir remove rename link symlink truncate truncate64 unlink unlinkat utimensat "
    "sendfile sendfile64 opendir fdopendir readdir readdir64 closedir dirfd fchmod fchmodat access "
    "dl_iterate_phdr";

/* Whether one of the words, separated by spaces, matches the name. */
static bool in_words(const char *words, const char *name)
{
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (length && matches(at, length, name))
            return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

bool name_is_of_cxx_library(const char *name)
{
    return in_words(cxx_library_names, name);
}

const char *name_refusal(const char *name)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (in_words(refusals[i].names, name))
            return refusals[i].why;
    if (strncmp(name, "__asan", 6) == 0 || strncmp(name, "__ubsan", 7) == 0)
        return "the policy was built with a sanitizer that this lowwater was not built with";
    return "unknown to lowwater";
}
