/* The window and the fault handler. See native.h.
 *
 * The handler runs on an alternate stack, asks the model through machine_open, and returns to the
 * instruction, or ends the run with the exception that Windows would raise. SA_NODEFER, because
 * the handler may touch simulated memory itself (a heap block that it explains). */
#include "os/native.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "core/check.h"
#include "core/fiber.h"
#include "os/machine_private.h"

/* The kernel allows 65,530 mappings by default and each open piece may split two. */
#define PIECES_MAX 30000
#define ALTERNATE_STACK_BYTES (UINT64_C(256) << 10)
#define NO_STACK UINT32_MAX
#ifndef SS_AUTODISARM /* the kernel's, since Linux 4.7; not in every C library's header */
#define SS_AUTODISARM (1u << 31)
#endif
#define EPOCH_MAX ((1u << (32 - PTE_EPOCH_SHIFT)) - 1)

#define EXCEPTION_ACCESS 0xC0000005u
#define EXCEPTION_GUARD 0x80000001u
#define EXCEPTION_STACK 0xC00000FDu

struct native {
    struct sim *sim;
    uint32_t epoch;
    uint64_t pieces; /* runs of pages that are open alike: mappings of the kernel */
    uint64_t flushes;
    pid_t memory_pid; /* whose memory this file is; 0: not tried yet */
    int memory_fd;    /* -1: refused */
    /* Alternate stacks. The kernel disarms the armed one when a signal comes (SS_AUTODISARM) and
     * arms it again when the handler returns. A handler that lets other threads run arms another
     * one first; so there is one for each fault that waits, and one more. */
    uint64_t alternate_bytes; /* of each */
    uint64_t alternates[THREADS_MAX];
    uint64_t alternates_busy[THREADS_MAX / 64];
    uint32_t armed; /* NO_STACK: the running flow stands in a handler */
};

_Static_assert(THREADS_MAX % 64 == 0, "one bit for each alternate stack");

/* ---- the fault handler ---- */

static enum access_kind access_kind_of(const ucontext_t *context)
{
#if defined(__x86_64__)
    uint64_t error = (uint64_t)context->uc_mcontext.gregs[REG_ERR];
    if (error & 16)
        return ACCESS_EXECUTE;
    return error & 2 ? ACCESS_WRITE : ACCESS_READ;
#else
    (void)context;
    return ACCESS_WRITE; /* the signal does not say; the model opens for both where it may */
#endif
}

static const char *access_word(enum access_kind kind)
{
    static const char *const words[] = {"read from", "write to", "execution of"};
    return words[kind];
}

static _Noreturn void stop_in_window(struct sim *sim, uint64_t address, enum access_kind kind,
                                     enum access_result result, const void *context)
{
    struct stop stop = {
        .kind = STOP_EXCEPTION, .access = kind, .address = address, .ucontext = context};
    char where[512];
    machine_explain(machine_current(), address, where, sizeof where);
    bool guard = result == ACCESS_GUARD;
    stop.code = guard ? EXCEPTION_GUARD : EXCEPTION_ACCESS;
    snprintf(stop.text, sizeof stop.text, "%s: %s 0x%llx: %s",
             guard ? "guard page violation" : "access violation", access_word(kind),
             (unsigned long long)(address - WINDOW_BASE), where);
    if (!guard)
        sim_event(sim, EVENT_exception, 0, stop.code, address - WINDOW_BASE, kind, 0);
    sim_stop(sim, &stop);
}

static _Noreturn void stop_outside(struct sim *sim, int signal, const siginfo_t *info,
                                   const ucontext_t *context)
{
    struct stop stop = {.kind = STOP_SIGNAL,
                        .code = (uint32_t)signal,
                        .ucontext = context,
                        .access = access_kind_of(context)};
    bool has_address =
        (signal == SIGSEGV || signal == SIGBUS) && info->si_code > 0 && info->si_code != SI_KERNEL;
    uint64_t address = has_address ? (uint64_t)info->si_addr : 0;
    stop.address = address;
    bool in_stacks = has_address && address - STACKS_BASE < TLS_BASE - STACKS_BASE;
    if (in_stacks && fiber_in_guard(fiber_current(), address)) {
        stop.kind = STOP_EXCEPTION;
        stop.code = EXCEPTION_STACK;
        snprintf(stop.text, sizeof stop.text, "stack overflow: the stack of %llu KiB is used up",
                 (unsigned long long)fiber_stack_bytes(fiber_current()) >> 10);
    } else if (has_address && address < GRANULARITY_BYTES) {
        snprintf(stop.text, sizeof stop.text, "access violation: %s a null pointer%s",
                 access_word(stop.access), address ? " plus an offset" : "");
    } else {
        snprintf(stop.text, sizeof stop.text, "%s%s%s", strsignal(signal), has_address ? ": " : "",
                 has_address ? "the address is outside the simulated address space" : "");
    }
    sim_stop(sim, &stop);
}

/* Whether the handler itself, or the hook that ends the run, was interrupted. */
static bool in_handler(const struct native *native, const ucontext_t *context)
{
#if defined(__x86_64__)
    uint64_t stack_pointer = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    for (uint32_t i = 0; i < THREADS_MAX && native->alternates[i]; i++)
        if (stack_pointer - native->alternates[i] < native->alternate_bytes)
            return true;
#else
    (void)native, (void)context;
#endif
    return false;
}

/* Whether the policy's own code was interrupted. Inside the simulator's functions nobody may be
 * let run: its structures may be half changed. */
static bool in_policy(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP] - IMAGES_BASE < IMAGES_BYTES;
#else
    (void)context;
    return false;
#endif
}

/* ---- instructions that need too much at once ---- */

/* An instruction may touch several pages; on a machine with fewer frames than these each page that
 * comes in drives out another one, and nothing ever happens but faults. */
#define FAULTS_ALIKE_MAX 256

/* Of the registers and of all that has been called so far: as long as it stays, the thread stands
 * before the same instruction. 0: not known on this processor. */
static uint64_t state_of(const struct sim *sim, const ucontext_t *context)
{
#if defined(__x86_64__)
    const uint64_t *words = (const uint64_t *)context->uc_mcontext.gregs;
    size_t count = REG_RIP + 1;
#elif defined(__aarch64__)
    const uint64_t *words = (const uint64_t *)context->uc_mcontext.regs;
    size_t count = 33; /* with stack pointer and program counter behind them */
#else
    const uint64_t *words = NULL;
    size_t count = 0;
#endif
    uint64_t state = count ? sim->progress + 1 : 0;
    for (size_t i = 0; i < count; i++)
        state = (state ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
    (void)context;
    return state;
}

/* After a fault that was served. */
static void stop_when_stuck(struct sim *sim, uint64_t address, const ucontext_t *context)
{
    struct thread *thread = sim->thread;
    uint64_t state = state_of(sim, context);
    if (state != thread->fault_state)
        thread->faults_alike = 0;
    thread->fault_state = state;
    if (state == 0 || thread->faults_alike++ < FAULTS_ALIKE_MAX)
        return;
    struct stop stop = {.kind = STOP_BUDGET, .address = address, .ucontext = context};
    snprintf(stop.text, sizeof stop.text,
             "one instruction needs more pages at once than there are frames for the process: no "
             "progress after %u faults at the same place",
             thread->faults_alike);
    sim_stop(sim, &stop);
}

/* ---- alternate stacks ---- */

static bool is_busy(const struct native *native, uint32_t stack)
{
    return native->alternates_busy[stack / 64] >> stack % 64 & 1;
}

static uint32_t free_stack(struct native *native)
{
    uint32_t stack = 0;
    while (stack < THREADS_MAX && is_busy(native, stack))
        stack++;
    CHECK(stack < THREADS_MAX); /* there are not more threads */
    if (!native->alternates[stack])
        native->alternates[stack] =
            (uint64_t)(uintptr_t)arena_alloc(&native->sim->arena, native->alternate_bytes);
    return stack;
}

static void arm(struct native *native)
{
    uint32_t stack = free_stack(native);
    stack_t place = {.ss_sp = (void *)(uintptr_t)native->alternates[stack],
                     .ss_size = native->alternate_bytes,
                     .ss_flags = (int)SS_AUTODISARM};
    int failed = sigaltstack(&place, NULL);
    CHECK(!failed);
    native->alternates_busy[stack / 64] |= UINT64_C(1) << stack % 64;
    native->armed = stack;
}

/* The running flow gives way in the middle of a fault: the others need a stack for theirs. */
static void fault_parks(struct sim *sim)
{
    struct native *native = machine_current()->native;
    CHECK(native->sim == sim);
    if (native->armed == NO_STACK)
        arm(native);
}

/* Returning from the handler, the kernel arms the stack that it runs on. */
static void leave_handler(struct native *native, uint32_t own)
{
    if (native->armed != NO_STACK)
        native->alternates_busy[native->armed / 64] &= ~(UINT64_C(1) << native->armed % 64);
    native->armed = own;
}

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

static void use_default_handlers(void)
{
    for (size_t i = 0; i < sizeof fault_signals / sizeof *fault_signals; i++)
        signal(fault_signals[i], SIG_DFL);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    struct machine *m = machine_current();
    CHECK(m != NULL);
    struct sim *sim = machine_sim(m);
    uint64_t address = (uint64_t)info->si_addr;
    /* Signals that somebody sent (code 0 and below) and non-canonical addresses (SI_KERNEL) have no
     * address. */
    bool in_window = (signal == SIGSEGV || signal == SIGBUS) && info->si_code > 0 &&
                     info->si_code != SI_KERNEL && address - WINDOW_BASE < WINDOW_BYTES;
    int saved_errno = errno;
    uint32_t own = m->native->armed; /* NO_STACK: the handler itself was interrupted */
    enum fault_place outer = sim->in_fault;
    m->native->armed = NO_STACK;
    sim->in_fault =
        outer == FAULT_NONE && in_policy(context) ? FAULT_IN_POLICY : FAULT_IN_SIMULATOR;
    enum access_kind kind = access_kind_of(context);
    if (in_window && sim->on_native_fault)
        sim->on_native_fault(sim, (address - WINDOW_BASE) >> PAGE_SHIFT);
    enum access_result result =
        in_window ? machine_open(m, address - WINDOW_BASE, kind) : ACCESS_VIOLATION;
    if (result != ACCESS_OK && in_handler(m->native, context)) {
        use_default_handlers(); /* a bug of ours: it shows as itself when the instruction repeats */
        return;
    }
    if (!in_window)
        stop_outside(sim, signal, info, context);
    if (result != ACCESS_OK)
        stop_in_window(sim, address, kind, result, context);
    stop_when_stuck(sim, address, context);
    sim->in_fault = outer;
    leave_handler(m->native, own);
    errno = saved_errno;
}

static void install_handler(struct native *native)
{
    uint64_t bytes = ALTERNATE_STACK_BYTES;
#ifdef AT_MINSIGSTKSZ
    bytes += getauxval(AT_MINSIGSTKSZ);
#endif
    native->alternate_bytes = bytes;
    native->armed = NO_STACK;
    arm(native);
    native->sim->on_fault_parked = fault_parks;
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    action.sa_sigaction = on_fault;
    for (size_t i = 0; i < sizeof fault_signals / sizeof *fault_signals; i++) {
        int failed = sigaction(fault_signals[i], &action, NULL);
        CHECK(!failed);
    }
}

/* ---- the window ---- */

/* The kernel keeps a reverse map (anon_vma) for mappings with contents, and merges only neighbours
 * that share one. Written now, while the window is one mapping, a single one serves all its parts
 * for ever; otherwise every isolated page gets its own, and closed pages stay separate mappings. */
static void share_anon_vma(void *place)
{
    mprotect(place, PAGE_BYTES, PROT_READ | PROT_WRITE); /* logical page 0 is never used */
    *(volatile uint8_t *)place = 0;
    mprotect(place, PAGE_BYTES, PROT_NONE);
}

struct native *native_create(struct sim *sim)
{
    void *place = (void *)WINDOW_BASE;
    void *got = mmap(place, WINDOW_BYTES, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != place)
        sim_stop_text(sim, STOP_LOAD, 0,
                      "64 TiB of address space cannot be reserved at 0x%llx (%s); is there a limit "
                      "on it (ulimit -v)?",
                      (unsigned long long)WINDOW_BASE, strerror(errno));
    madvise(place, WINDOW_BYTES, MADV_NOHUGEPAGE); /* pages open one by one */
    share_anon_vma(place);
    struct native *native = arena_alloc(&sim->arena, sizeof *native);
    native->sim = sim;
    native->epoch = 1;
    install_handler(native);
    return native;
}

void native_destroy(struct native *native)
{
    use_default_handlers();
    stack_t off = {.ss_flags = SS_DISABLE};
    sigaltstack(&off, NULL);
    munmap((void *)WINDOW_BASE, WINDOW_BYTES);
    if (native->memory_pid == getpid() && native->memory_fd >= 0)
        close(native->memory_fd);
}

uint32_t native_epoch(const struct native *native)
{
    return native ? native->epoch : 0;
}

uint64_t native_pieces(const struct native *native)
{
    return native->pieces;
}

uint64_t native_flushes(const struct native *native)
{
    return native->flushes;
}

static void *address_of(uint64_t page)
{
    return (void *)(WINDOW_BASE + (page << PAGE_SHIFT));
}

static void flush(struct native *native)
{
    int failed = mprotect((void *)WINDOW_BASE, WINDOW_BYTES, PROT_NONE);
    CHECK(!failed);
    native->pieces = 0;
    native->flushes++;
    if (++native->epoch == EPOCH_MAX) {
        forget_open_bits(machine_current());
        native->epoch = 1;
    }
}

static void change_pieces(struct native *native, int64_t change)
{
    CHECK(change >= 0 || native->pieces >= (uint64_t)-change);
    native->pieces += (uint64_t)change;
}

void native_open(struct native *native, uint64_t page, bool write, bool execute, int pieces_change)
{
    int protection = PROT_READ | (write ? PROT_WRITE : 0) | (execute ? PROT_EXEC : 0);
    CHECK(pieces_change >= -1 && pieces_change <= 2);
    bool full = native->pieces + 2 > PIECES_MAX;
    if (full || mprotect(address_of(page), PAGE_BYTES, protection) != 0) {
        CHECK(full || errno == ENOMEM); /* the kernel's limit on mappings is lower than ours */
        flush(native);
        pieces_change = 1; /* nothing is open beside it any more */
        int failed = mprotect(address_of(page), PAGE_BYTES, protection);
        CHECK(!failed);
    }
    change_pieces(native, pieces_change);
}

void native_close(struct native *native, uint64_t first_page, uint64_t pages, int64_t pieces_change)
{
    CHECK(pages > 0);
    if (mprotect(address_of(first_page), pages << PAGE_SHIFT, PROT_NONE) != 0) {
        CHECK(errno == ENOMEM); /* closing the middle of a piece needs one mapping more */
        flush(native);
        return;
    }
    change_pieces(native, pieces_change);
}

static int protection_of(uint32_t open)
{
    return (open & PTE_OPEN_READ ? PROT_READ : 0) | (open & PTE_OPEN_WRITE ? PROT_WRITE : 0) |
           (open & PTE_OPEN_EXECUTE ? PROT_EXEC : 0);
}

/* ---- contents of closed pages ---- */

/* The kernel reads and writes any page of a process through this file, closed ones too: a fifth of
 * the time of opening a page and closing it. Sandboxes may refuse it and emulators get the place
 * wrong, so the first page of the window, which nobody uses, is asked. */
static int open_memory(void)
{
    uint8_t *probe = (uint8_t *)WINDOW_BASE;
    int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    bool arrived = fd >= 0 && pwrite(fd, &(uint8_t){1}, 1, (off_t)WINDOW_BASE) == 1;
    if (arrived) {
        int failed = mprotect(probe, PAGE_BYTES, PROT_READ | PROT_WRITE);
        CHECK(!failed);
        arrived = *probe == 1;
        *probe = 0; /* for the next process */
        failed = mprotect(probe, PAGE_BYTES, PROT_NONE);
        CHECK(!failed);
    }
    if (fd < 0 || arrived)
        return fd;
    close(fd);
    return -1;
}

/* A child of this process would write its parent's memory: it opens its own. */
static bool has_memory(struct native *native)
{
    pid_t pid = getpid();
    if (native->memory_pid != pid) {
        if (native->memory_pid && native->memory_fd >= 0)
            close(native->memory_fd);
        native->memory_fd = open_memory();
        native->memory_pid = pid;
    }
    return native->memory_fd >= 0;
}

/* Opens the page for a moment. Returns the bits with which it is to be left: none when everything
 * had to be closed for want of a mapping. */
static uint32_t allow(struct native *native, uint64_t page, int protection, uint32_t open)
{
    if (mprotect(address_of(page), PAGE_BYTES, protection) == 0)
        return open;
    CHECK(errno == ENOMEM);
    flush(native);
    int failed = mprotect(address_of(page), PAGE_BYTES, protection);
    CHECK(!failed);
    return 0;
}

static void restore(uint64_t page, uint32_t open)
{
    int failed = mprotect(address_of(page), PAGE_BYTES, protection_of(open));
    CHECK(!failed);
}

void native_read(struct native *native, uint64_t page, uint64_t offset, void *bytes, uint64_t count,
                 uint32_t open)
{
    CHECK(native != NULL && offset + count <= PAGE_BYTES);
    uint8_t *place = (uint8_t *)address_of(page) + offset;
    if (!open && has_memory(native)) {
        ssize_t got = pread(native->memory_fd, bytes, count, (off_t)(uintptr_t)place);
        CHECK(got == (ssize_t)count);
        return;
    }
    uint32_t after = open ? open : allow(native, page, PROT_READ, 0);
    memcpy(bytes, place, count);
    if (!open)
        restore(page, after);
}

void native_write(struct native *native, uint64_t page, uint64_t offset, const void *bytes,
                  uint64_t count, uint32_t open)
{
    CHECK(native != NULL && offset + count <= PAGE_BYTES);
    uint8_t *place = (uint8_t *)address_of(page) + offset;
    bool writable = open & PTE_OPEN_WRITE;
    if (!writable && has_memory(native)) {
        ssize_t put = pwrite(native->memory_fd, bytes, count, (off_t)(uintptr_t)place);
        CHECK(put == (ssize_t)count);
        return;
    }
    uint32_t after = writable ? open : allow(native, page, PROT_READ | PROT_WRITE, open);
    memcpy(place, bytes, count);
    if (!writable)
        restore(page, after);
}

void native_discard(struct native *native, uint64_t first_page, uint64_t pages)
{
    CHECK(native != NULL);
    int failed = madvise(address_of(first_page), pages << PAGE_SHIFT, MADV_DONTNEED);
    CHECK(!failed);
}
