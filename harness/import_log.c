/* A strace log as calls in the order in which they take effect. See import_private.h.
 *
 * A munmap takes effect where it begins (its addresses may be mapped again by another thread
 * before it returns), every other call where it returns. So an unfinished munmap gets its place at
 * once and its result later. */
#include <string.h>

#include "harness/grow.h"
#include "harness/import_private.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_DAY (UINT64_C(86400) * 1000000000)
#define TIDS ((UINT64_C(1) << 22) + 1)
/* Times relative to the line before go down at every second line or so; those of a clock never
 * do, but for a few lines that were written late. */
#define RELATIVE_SHARE 8
#define RELATIVE_NS_MAX (UINT64_C(1000000) * 1000000000)

void import_note_line(struct import_lines *lines, uint64_t line)
{
    if (lines->count < IMPORT_LINES_NAMED)
        lines->first[lines->count] = line + 1;
    lines->count++;
}

bool next_line(struct text *rest, struct text *line)
{
    if (rest->length == 0)
        return false;
    const char *end = memchr(rest->at, '\n', rest->length);
    size_t length = end ? (size_t)(end - rest->at) : rest->length;
    *line = (struct text){rest->at, length};
    size_t taken = end ? length + 1 : length;
    rest->at += taken;
    rest->length -= taken;
    return true;
}

/* ---- threads ---- */

static uint32_t add_thread(struct log *log, uint32_t tid)
{
    log->threads =
        grow_array(log->threads, log->threads_count, &log->threads_room, sizeof *log->threads);
    log->threads[log->threads_count] =
        (struct log_thread){.tid = tid, .number = NO_OBJECT, .parent = NO_OBJECT};
    log->by_tid[tid] = (uint32_t)++log->threads_count;
    return (uint32_t)log->threads_count - 1;
}

/* Lines without a number belong to the first thread, until strace has more than one to tell
 * apart: then the first number that was never announced is that thread's. */
static uint32_t find_or_add(struct log *log, uint32_t tid)
{
    if (log->by_tid[tid])
        return log->by_tid[tid] - 1;
    if (tid != 0 && log->by_tid[0] && log->threads[log->by_tid[0] - 1].tid == 0) {
        uint32_t index = log->by_tid[0] - 1;
        log->threads[index].tid = tid;
        log->by_tid[tid] = index + 1;
        return index;
    }
    return add_thread(log, tid);
}

uint32_t log_thread_of(struct log *log, uint32_t tid)
{
    CHECK(tid < TIDS);
    return find_or_add(log, tid);
}

/* A line of this thread. A number that has ended and comes again is a new thread. */
static uint32_t running_thread(struct log *log, uint32_t tid)
{
    uint32_t index = find_or_add(log, tid);
    if (log->threads[index].ended)
        index = add_thread(log, tid);
    log->by_line += !log->threads[index].seen;
    log->threads[index].seen = true;
    return index;
}

/* clone, fork or vfork returned: the child may have had lines before that. */
static void note_birth(struct log *log, const struct log_call *call, uint64_t begin_line)
{
    const struct memory_call *memory = &call->call;
    if (call->result == 0 || call->result >= TIDS)
        return;
    uint32_t tid = (uint32_t)call->result;
    uint32_t child = log->by_tid[tid] ? log->by_tid[tid] - 1 : add_thread(log, tid);
    if (log->threads[child].ended && log->threads[child].end_line < begin_line)
        child = add_thread(log, tid);
    if (child == call->thread)
        return;
    log->threads[child].parent = call->thread;
    log->threads[child].birth = BORN_FORKED;
    if (memory->kind == CALL_CLONE && (memory->flags & CALL_SAME_PROCESS))
        log->threads[child].birth = BORN_THREAD;
    else if (memory->kind == CALL_VFORK || (memory->flags & CALL_SAME_MEMORY))
        log->threads[child].birth = BORN_SHARING;
}

/* ---- calls ---- */

static size_t add_call(struct log *log, const struct log_call *call)
{
    log->calls = grow_array(log->calls, log->count, &log->room, sizeof *log->calls);
    log->calls[log->count] = *call;
    return log->count++;
}

static void finish_call(struct log *log, const struct log_call *call, uint64_t begin_line,
                        size_t slot)
{
    if (call->call.kind == CALL_UNMAP && slot != SIZE_MAX) {
        uint64_t line = log->calls[slot].line;
        log->calls[slot] = *call;
        log->calls[slot].line = line;
    } else {
        add_call(log, call);
    }
    bool births = call->call.kind == CALL_CLONE || call->call.kind == CALL_FORK ||
                  call->call.kind == CALL_VFORK;
    log->births = log->births || births;
    log->executes = log->executes || call->call.kind == CALL_EXECUTE;
    if (births && call->returned && !call->failed)
        note_birth(log, call, begin_line);
}

static bool read_whole(struct log *log, const struct strace_line *line, struct text arguments,
                       uint64_t begin_line, size_t slot)
{
    struct log_call call = {.thread = running_thread(log, line->tid),
                            .returned = line->returned,
                            .failed = line->failed,
                            .result = line->result,
                            .line = log->lines};
    if (!strace_arguments_parse(line->name, arguments, &call.call) ||
        call.call.kind == CALL_UNKNOWN)
        return false;
    if (call.call.kind == CALL_SHARED_SIZE)
        call.call.id = line->result;
    finish_call(log, &call, begin_line, slot);
    return true;
}

static bool read_unfinished(struct log *log, const struct strace_line *line)
{
    uint32_t index = running_thread(log, line->tid);
    struct log_thread *thread = &log->threads[index];
    enum call_kind kind = strace_call_kind(line->name);
    thread->pending = true;
    thread->name = line->name;
    thread->arguments = line->arguments;
    thread->begin_line = log->lines;
    thread->slot = SIZE_MAX;
    if (kind == CALL_UNMAP) {
        struct log_call place = {.call.kind = CALL_UNMAP, .thread = index, .line = log->lines};
        thread->slot = add_call(log, &place);
    }
    return kind != CALL_UNKNOWN;
}

static bool read_resumed(struct log *log, struct strace_line *line)
{
    uint32_t index = running_thread(log, line->tid); /* may move the threads */
    struct log_thread *thread = &log->threads[index];
    enum call_kind kind = strace_call_kind(line->name);
    bool matches = thread->pending && thread->name.length == line->name.length &&
                   memcmp(thread->name.at, line->name.at, line->name.length) == 0;
    char arguments[4096];
    size_t first = matches ? thread->arguments.length : 0, second = line->arguments.length;
    thread->pending = false;
    if (!matches) /* began before the log did: harmless unless it is about memory */
        return kind == CALL_OTHER || kind == CALL_HINT;
    if (first + second > sizeof arguments)
        return kind == CALL_OTHER || kind == CALL_HINT || kind == CALL_EXECUTE;
    memcpy(arguments, thread->arguments.at, first);
    memcpy(arguments + first, line->arguments.at, second);
    return read_whole(log, line, (struct text){arguments, first + second}, thread->begin_line,
                      thread->slot);
}

static void read_exit(struct log *log, const struct strace_line *line)
{
    uint32_t index = find_or_add(log, line->tid);
    struct log_thread *thread = &log->threads[index];
    thread->seen = true;
    thread->ended = true;
    thread->pending = false;
    thread->end_line = log->lines;
}

static bool read_line(struct log *log, struct strace_line *line)
{
    switch (line->kind) {
    case LINE_BLANK:
    case LINE_NOTE:
        return true;
    case LINE_ATTACHED:
        if (!log->by_tid[line->tid])
            add_thread(log, line->tid);
        log->threads[log->by_tid[line->tid] - 1].announced = true;
        return true;
    case LINE_EXIT:
        read_exit(log, line);
        return true;
    case LINE_CALL:
        return read_whole(log, line, line->arguments, log->lines, SIZE_MAX);
    case LINE_UNFINISHED:
        return read_unfinished(log, line);
    case LINE_RESUMED:
        return read_resumed(log, line);
    default:
        return false;
    }
}

/* ---- times ---- */

struct clock_count {
    uint64_t seconds, of_day, downward, largest;
};

static bool is_relative(const struct clock_count *count)
{
    return count->seconds > 1 && count->largest < RELATIVE_NS_MAX &&
           count->downward * RELATIVE_SHARE > count->seconds;
}

/* Makes the times of all lines absolute and ascending. */
static void settle_times(struct log *log, const struct clock_count *count)
{
    bool none = count->seconds + count->of_day == 0, relative = is_relative(count);
    uint64_t before = 0, days = 0, raw_before = 0;
    for (size_t i = 0; i < log->lines; i++) {
        uint64_t raw = log->times[i], time = raw;
        if (none)
            time = i * NS_PER_US;
        else if (relative)
            time = before + raw;
        else if (count->of_day > count->seconds && raw + NS_PER_DAY / 2 < raw_before)
            days++; /* past midnight */
        raw_before = raw;
        if (!none && !relative)
            time += days * NS_PER_DAY;
        if (time < before)
            time = before;
        log->times[i] = before = time;
    }
    log->absolute = count->seconds > count->of_day && !relative;
}

static void note_time(struct log *log, const struct strace_line *line, struct clock_count *count)
{
    uint64_t before = log->lines ? log->times[log->lines - 1] : 0;
    bool timed = line->clock != CLOCK_NONE && line->time_ns < UINT64_MAX / 2;
    uint64_t time = timed ? line->time_ns : before;
    log->times = grow_array(log->times, log->lines, &log->times_room, sizeof *log->times);
    log->times[log->lines] = time;
    if (!timed)
        return;
    count->seconds += line->clock == CLOCK_SECONDS;
    count->of_day += line->clock == CLOCK_OF_DAY;
    count->downward += time < before;
    if (time > count->largest)
        count->largest = time;
}

void log_read(struct log *log, const char *text, size_t bytes)
{
    struct text rest = {text, bytes}, line;
    struct strace_line parsed;
    struct clock_count clocks = {0};
    memset(log, 0, sizeof *log);
    log->by_tid = calloc(TIDS, sizeof *log->by_tid);
    CHECK(log->by_tid != NULL);
    for (; next_line(&rest, &line); log->lines++) {
        strace_line_parse(line.at, line.length, &parsed);
        note_time(log, &parsed, &clocks);
        if (!read_line(log, &parsed))
            import_note_line(&log->bad, log->lines);
    }
    settle_times(log, &clocks);
}

void log_free(struct log *log)
{
    free(log->calls);
    free(log->threads);
    free(log->times);
    free(log->by_tid);
    memset(log, 0, sizeof *log);
}
