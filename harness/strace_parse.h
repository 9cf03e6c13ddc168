/* One line of a strace log: what it is, whose, when, and for memory calls the arguments.
 *
 * Reads every shape that strace 4.5 to 6.x prints: with and without process numbers ("123 ",
 * "[pid 123] "), -t, -tt, -ttt, -r or no times, -T, -i, -n, -y and -X raw or verbose. Knows
 * nothing of what calls do: import_*.c does. */
#ifndef LW_HARNESS_STRACE_PARSE_H
#define LW_HARNESS_STRACE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum line_kind {
    LINE_UNKNOWN, /* not a line of strace, or damaged */
    LINE_BLANK,
    LINE_NOTE,       /* a signal, or a word of strace about itself */
    LINE_ATTACHED,   /* "strace: Process N attached": tid is N */
    LINE_EXIT,       /* "+++ exited with ... +++", "+++ killed by ... +++" */
    LINE_CALL,       /* name(arguments) = result */
    LINE_UNFINISHED, /* name(arguments <unfinished ...> */
    LINE_RESUMED,    /* <... name resumed> arguments) = result */
};

enum line_clock {
    CLOCK_NONE,
    CLOCK_OF_DAY,  /* -t and -tt */
    CLOCK_SECONDS, /* -ttt, absolute; -r, since the line before: only the whole log tells */
};

struct text {
    const char *at;
    size_t length;
};

struct strace_line {
    enum line_kind kind;
    enum line_clock clock;
    bool has_tid;
    uint32_t tid;
    uint64_t time_ns;
    struct text name;
    struct text arguments; /* between the parentheses; of split lines, the part that stands here */
    bool returned;         /* "= ?": it did not */
    bool failed;           /* "= -1 ..." */
    uint64_t result;
};

/* Takes a line without its line end apart; what it points to lies in text. */
void strace_line_parse(const char *text, size_t length, struct strace_line *line);

/* What a call is to the importer. */
enum call_kind {
    CALL_UNKNOWN, /* no system call of this name exists */
    CALL_OTHER,   /* nothing to do with memory */
    CALL_HINT,    /* about memory, but without effect on what is mapped or charged */
    CALL_MAP,
    CALL_UNMAP,
    CALL_PROTECT,
    CALL_ADVISE,
    CALL_BREAK,
    CALL_REMAP,
    CALL_SHARED_SIZE, /* shmget: says how large a segment is */
    CALL_ATTACH,      /* shmat */
    CALL_DETACH,      /* shmdt */
    CALL_SHADOW,      /* map_shadow_stack */
    CALL_EXECUTE,
    CALL_CLONE,
    CALL_FORK,
    CALL_VFORK,
};

enum { /* prot */
       CALL_READ = 1,
       CALL_WRITE = 2,
       CALL_EXEC = 4,
};
enum {                        /* flags, of several calls */
       CALL_SHARED = 1u << 0, /* MAP_SHARED, MAP_SHARED_VALIDATE */
       CALL_ANONYMOUS = 1u << 1,
       CALL_FIXED = 1u << 2, /* replaces what is there */
       CALL_NORESERVE = 1u << 3,
       CALL_STACK = 1u << 4,        /* MAP_STACK, MAP_GROWSDOWN */
       CALL_MOVE_FIXED = 1u << 5,   /* MREMAP_FIXED */
       CALL_KEEP_OLD = 1u << 6,     /* MREMAP_DONTUNMAP */
       CALL_DISCARD = 1u << 7,      /* MADV_DONTNEED, MADV_FREE: contents go, charge stays */
       CALL_SAME_MEMORY = 1u << 8,  /* CLONE_VM */
       CALL_SAME_PROCESS = 1u << 9, /* CLONE_THREAD */
};

struct memory_call {
    enum call_kind kind;
    uint64_t address, size; /* size of mremap: the old one */
    uint64_t new_size, new_address;
    uint64_t id; /* of a shared segment */
    uint32_t prot, flags;
};

/* The kind of a call by its name. */
enum call_kind strace_call_kind(struct text name);
/* Reads the arguments of a call of that name. False: they are not what the call takes. */
bool strace_arguments_parse(struct text name, struct text arguments, struct memory_call *call);

/* "3</usr/lib/x, y>" of -y: whether the name of a file begins at text.at[i], and where it ends. */
static inline bool strace_path_begins(struct text text, size_t i)
{
    return text.at[i] == '<' && i > 0 && text.at[i - 1] >= '0' && text.at[i - 1] <= '9' &&
           i + 1 < text.length && text.at[i + 1] != '<';
}

static inline size_t strace_path_end(struct text text, size_t i)
{
    while (i + 1 < text.length && text.at[i] != '>')
        i++;
    return i;
}

#endif
