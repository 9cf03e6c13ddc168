/* System calls by name, and their arguments as numbers. See strace_parse.h.
 *
 * A row gives the name, what the call is to the importer, and what each argument means:
 *   a address   l length   p protection   f map flags   d descriptor   - anything
 *   n new length   r remap flags   A new address, may be missing   v advice   i identifier
 *   c clone flags, anywhere in the list   * nothing is read */
#include "harness/strace_parse.h"

#include <stdlib.h>
#include <string.h>

struct call_row {
    const char *name;
    enum call_kind kind;
    const char *shape;
};

static const struct call_row memory_calls[] = {
    {"mmap", CALL_MAP, "alpfd-"},
    {"mmap2", CALL_MAP, "alpfd-"},
    {"munmap", CALL_UNMAP, "al"},
    {"mprotect", CALL_PROTECT, "alp"},
    {"pkey_mprotect", CALL_PROTECT, "alp-"},
    {"madvise", CALL_ADVISE, "alv"},
    {"brk", CALL_BREAK, "a"},
    {"mremap", CALL_REMAP, "alnrA"},
    {"shmget", CALL_SHARED_SIZE, "-l-"},
    {"shmat", CALL_ATTACH, "i--"},
    {"shmdt", CALL_DETACH, "a"},
    {"map_shadow_stack", CALL_SHADOW, "al-"},
    {"execve", CALL_EXECUTE, "*"},
    {"execveat", CALL_EXECUTE, "*"},
    {"clone", CALL_CLONE, "c"},
    {"clone2", CALL_CLONE, "c"},
    {"clone3", CALL_CLONE, "c"},
    {"fork", CALL_FORK, "*"},
    {"vfork", CALL_VFORK, "*"},
};

static const char hint_calls[] =
    " cachestat get_mempolicy membarrier memfd_create memfd_secret mbind migrate_pages mincore "
    "mlock "
    "mlock2 mlockall move_pages mseal msync munlock munlockall pkey_alloc pkey_free "
    "process_madvise process_mrelease process_vm_readv process_vm_writev remap_file_pages "
    "set_mempolicy set_mempolicy_home_node shmctl userfaultfd swapon swapoff ";

/* Every other system call of Linux, so that a log of all calls imports too. */
static const char other_calls[] =
    " _sysctl accept accept4 access acct add_key adjtimex alarm arch_prctl bind bpf capget capset "
    "chdir chmod chown chroot clock_adjtime clock_getres clock_gettime clock_nanosleep "
    "clock_settime close close_range connect copy_file_range creat create_module delete_module dup "
    "dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 "
    "epoll_wait epoll_wait_old eventfd eventfd2 exit exit_group faccessat faccessat2 fadvise64 "
    "fallocate fanotify_init fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl "
    "fdatasync fgetxattr finit_module flistxattr flock fremovexattr fsconfig fsetxattr fsmount "
    "fsopen fspick fstat fstatfs fsync ftruncate futex futex_waitv futex_wait futex_wake "
    "futex_requeue futimesat get_kernel_syms get_robust_list get_thread_area getcpu getcwd "
    "getdents getdents64 getegid geteuid getgid getgroups getitimer getpeername getpgid getpgrp "
    "getpid getpmsg getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid "
    "getsockname getsockopt gettid gettimeofday getuid getxattr init_module inotify_add_watch "
    "inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents "
    "io_setup io_submit io_uring_enter io_uring_register io_uring_setup ioctl ioperm iopl "
    "ioprio_get ioprio_set kcmp kexec_file_load kexec_load keyctl kill landlock_add_rule "
    "landlock_create_ruleset landlock_restrict_self lchown lgetxattr link linkat listen listmount "
    "listxattr llistxattr lookup_dcookie lremovexattr lseek lsetxattr lsm_get_self_attr "
    "lsm_list_modules lsm_set_self_attr lstat mkdir mkdirat mknod mknodat modify_ldt mount "
    "mount_setattr move_mount mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend "
    "mq_unlink msgctl msgget msgrcv msgsnd name_to_handle_at nanosleep newfstatat nfsservctl open "
    "open_by_handle_at open_tree openat openat2 pause perf_event_open personality pidfd_getfd "
    "pidfd_open pidfd_send_signal pipe pipe2 pivot_root poll ppoll prctl pread64 preadv preadv2 "
    "prlimit64 pselect6 ptrace pwrite64 pwritev pwritev2 query_module quotactl quotactl_fd read "
    "readahead readlink readlinkat readv reboot recvfrom recvmmsg recvmsg removexattr rename "
    "renameat renameat2 request_key restart_syscall rmdir rseq rt_sigaction rt_sigpending "
    "rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo "
    "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr "
    "sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr "
    "sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop "
    "sendfile sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address "
    "setdomainname "
    "setfsgid setfsuid setgid setgroups sethostname setitimer setns setpgid setpriority setregid "
    "setresgid setresuid setreuid setrlimit setsid setsockopt settimeofday setuid setxattr "
    "shutdown "
    "sigaltstack signalfd signalfd4 socket socketpair splice stat statfs statmount statx symlink "
    "symlinkat sync sync_file_range syncfs sysfs sysinfo syslog tee tgkill time timer_create "
    "timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime "
    "timerfd_settime times tkill truncate umask umount2 uname unlink unlinkat unshare uselib ustat "
    "utime utimensat utimes vhangup vmsplice wait4 waitid write writev ";

/* Names of flags and what they mean here; a number, as strace prints where it knows no name or
 * under -X, is looked up by its bits. */
struct flag_row {
    const char *name;
    uint32_t value; /* as Linux on x86-64 and most others numbers it */
    uint32_t meaning;
};

static const struct flag_row protections[] = {
    {"PROT_READ", 1, CALL_READ},
    {"PROT_WRITE", 2, CALL_READ | CALL_WRITE},
    {"PROT_EXEC", 4, CALL_EXEC},
    {NULL, 0, 0},
};
static const struct flag_row map_flags[] = {
    {"MAP_SHARED", 1, CALL_SHARED},
    {"MAP_SHARED_VALIDATE", 0, CALL_SHARED}, /* bits 1 and 2 together */
    {"MAP_FIXED", 0x10, CALL_FIXED},
    {"MAP_ANONYMOUS", 0x20, CALL_ANONYMOUS},
    {"MAP_ANON", 0, CALL_ANONYMOUS},
    {"MAP_GROWSDOWN", 0x100, CALL_STACK},
    {"MAP_NORESERVE", 0x4000, CALL_NORESERVE},
    {"MAP_STACK", 0x20000, CALL_STACK},
    {NULL, 0, 0},
};
static const struct flag_row remap_flags[] = {
    {"MREMAP_FIXED", 2, CALL_MOVE_FIXED},
    {"MREMAP_DONTUNMAP", 4, CALL_KEEP_OLD},
    {NULL, 0, 0},
};
static const struct flag_row clone_flags[] = {
    {"CLONE_VM", 0x100, CALL_SAME_MEMORY},
    {"CLONE_THREAD", 0x10000, CALL_SAME_PROCESS},
    {NULL, 0, 0},
};

static bool equals(struct text text, const char *with)
{
    return strlen(with) == text.length && memcmp(text.at, with, text.length) == 0;
}

/* True when the name stands in the list between spaces. */
static bool is_listed(const char *list, struct text name)
{
    char word[48] = " ";
    if (name.length == 0 || name.length > sizeof word - 3)
        return false;
    memcpy(word + 1, name.at, name.length);
    word[name.length + 1] = ' ';
    return strstr(list, word) != NULL;
}

static const struct call_row *find_row(struct text name)
{
    for (size_t i = 0; i < sizeof memory_calls / sizeof *memory_calls; i++)
        if (equals(name, memory_calls[i].name))
            return &memory_calls[i];
    return NULL;
}

enum call_kind strace_call_kind(struct text name)
{
    const struct call_row *row = find_row(name);
    if (row)
        return row->kind;
    if (is_listed(hint_calls, name))
        return CALL_HINT;
    return is_listed(other_calls, name) ? CALL_OTHER : CALL_UNKNOWN;
}

/* ---- arguments ---- */

/* Cuts the next argument off, without the spaces around it. */
static bool next_argument(struct text *rest, struct text *argument)
{
    size_t depth = 0, i = 0;
    while (rest->length > 0 && rest->at[0] == ' ') {
        rest->at++;
        rest->length--;
    }
    for (; i < rest->length && (depth > 0 || rest->at[i] != ','); i++) {
        char c = rest->at[i];
        if (strace_path_begins(*rest, i)) {
            i = strace_path_end(*rest, i);
            continue;
        }
        depth += c == '(' || c == '[' || c == '{';
        depth -= depth > 0 && (c == ')' || c == ']' || c == '}');
    }
    *argument = (struct text){rest->at, i};
    size_t taken = i < rest->length ? i + 1 : i;
    rest->at += taken;
    rest->length -= taken;
    while (argument->length > 0 && argument->at[argument->length - 1] == ' ')
        argument->length--;
    return argument->length > 0;
}

/* A number with sign, decimal, hexadecimal or NULL; a comment or a file's name may follow. */
static bool read_number(struct text text, uint64_t *number)
{
    char digits[32];
    size_t length = 0;
    if (text.length >= 4 && memcmp(text.at, "NULL", 4) == 0) {
        *number = 0;
        return text.length == 4 || text.at[4] == ' ';
    }
    while (length < text.length && length < sizeof digits - 1 &&
           strchr("-0123456789abcdefxX", text.at[length]))
        length++;
    memcpy(digits, text.at, length);
    digits[length] = 0;
    bool negative = digits[0] == '-';
    bool decimal = digits[negative] >= '1' && digits[negative] <= '9';
    if (!decimal && digits[negative] != '0')
        return false;
    char *end;
    *number = strtoull(digits, &end, 0);
    return *end == 0 && (length == text.length || strchr(" </*", text.at[length]));
}

static uint32_t meaning_of_bits(const struct flag_row *rows, uint64_t bits)
{
    uint32_t meaning = 0;
    for (; rows->name; rows++)
        if (bits & rows->value)
            meaning |= rows->meaning;
    return meaning;
}

/* Names and numbers joined by '|'; names that mean nothing here are passed over. */
static bool read_flags(struct text text, const struct flag_row *rows, uint32_t *flags)
{
    *flags = 0;
    while (text.length > 0) {
        const char *bar = memchr(text.at, '|', text.length);
        size_t length = bar ? (size_t)(bar - text.at) : text.length;
        struct text word = {text.at, length};
        uint64_t bits;
        if (memmem(word.at, word.length, "<<", 2)) {
            /* "21<<MAP_HUGE_SHIFT": the size of huge pages */
        } else if (read_number(word, &bits)) {
            *flags |= meaning_of_bits(rows, bits);
        } else {
            char first = length ? word.at[0] : 0;
            if (first < 'A' || first > 'Z')
                return false;
            for (const struct flag_row *row = rows; row->name; row++)
                if (equals(word, row->name))
                    *flags |= row->meaning;
        }
        size_t taken = bar ? length + 1 : length;
        text.at += taken;
        text.length -= taken;
        if (memchr(word.at, '/', word.length))
            break; /* "0x22 of a verbose log": the comment repeats the number */
    }
    return true;
}

static bool read_advice(struct text text, uint32_t *flags)
{
    uint64_t number;
    bool discard = equals(text, "MADV_DONTNEED") || equals(text, "MADV_FREE") ||
                   equals(text, "MADV_DONTNEED_LOCKED");
    if (read_number(text, &number))
        discard = number == 4 || number == 8 || number == 24;
    else if (text.length < 5 || memcmp(text.at, "MADV_", 5) != 0)
        return false;
    *flags = discard ? CALL_DISCARD : 0;
    return true;
}

/* Flags wherever "flags=" stands; a clone without them is a fork. */
static bool read_clone(struct text arguments, uint32_t *flags)
{
    const char *at = memmem(arguments.at, arguments.length, "flags=", 6);
    *flags = 0;
    if (!at)
        return true;
    at += 6;
    size_t length = 0, room = (size_t)(arguments.at + arguments.length - at);
    while (length < room && !strchr(",} ", at[length]))
        length++;
    return read_flags((struct text){at, length}, clone_flags, flags);
}

static bool read_argument(char shape, struct text argument, struct memory_call *call)
{
    uint64_t ignored;
    switch (shape) {
    case 'a':
        return read_number(argument, &call->address);
    case 'l':
        return read_number(argument, &call->size);
    case 'n':
        return read_number(argument, &call->new_size);
    case 'A':
        return read_number(argument, &call->new_address);
    case 'i':
        return read_number(argument, &call->id);
    case 'd':
        return read_number(argument, &ignored);
    case 'p':
        return read_flags(argument, protections, &call->prot);
    case 'f':
        return read_flags(argument, map_flags, &call->flags);
    case 'r':
        return read_flags(argument, remap_flags, &call->flags);
    case 'v':
        return read_advice(argument, &call->flags);
    default:
        return true;
    }
}

bool strace_arguments_parse(struct text name, struct text arguments, struct memory_call *call)
{
    const struct call_row *row = find_row(name);
    memset(call, 0, sizeof *call);
    call->kind = row ? row->kind : strace_call_kind(name);
    if (!row || row->shape[0] == '*')
        return true;
    if (row->shape[0] == 'c')
        return read_clone(arguments, &call->flags);
    struct text argument;
    for (const char *shape = row->shape; *shape; shape++) {
        if (!next_argument(&arguments, &argument))
            return *shape == 'A'; /* the last one, and not there */
        if (!read_argument(*shape, argument, call))
            return false;
    }
    return next_argument(&arguments, &argument) == false;
}
