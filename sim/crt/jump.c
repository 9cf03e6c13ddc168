/* setjmp and longjmp of the policy.
 *
 * The C library's know neither the simulated threads nor the CLR: a jump back into a call that the
 * CLR has long got its answer to would go on in frames of the simulator. Here the buffer also says
 * in which call of the CLR, and on which thread, it was filled, and a jump to anywhere else ends
 * the run. A jump within one call, over whatever stands between, is the policy's own affair.
 *
 * Only where the calling convention is known; elsewhere no policies are loaded. */
#include <stddef.h>
#include "core/binding.h"
#include "core/fiber.h"
#include "crt/crt.h"

#if defined(__SANITIZE_ADDRESS__)
#define LW_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LW_ASAN 1
#endif
#endif
#ifdef LW_ASAN
#include <sanitizer/asan_interface.h>
#endif

#if defined(__x86_64__)

/* Lies in the policy's jmp_buf, which has room for 25 words. */
struct place {
    uint64_t registers[6]; /* rbx, rbp, r12 to r15 */
    uint64_t stack_pointer, instruction;
    uint64_t mark;
    uint64_t thread, entries;
};
#define FILLED UINT64_C(0x706d6a746573776c)
#define JMP_BUF_BYTES 200
_Static_assert(sizeof(struct place) <= JMP_BUF_BYTES, "it fits into every jmp_buf");
_Static_assert(offsetof(struct place, stack_pointer) == 48, "the code below says so");
_Static_assert(offsetof(struct place, instruction) == 56, "the code below says so");

int jump_place(void *policy_buffer);
_Noreturn void jump_go(const struct place *place, int value);
int jump_note(struct place *place);

__asm__(".text\n"
        ".globl jump_place\n"
        ".hidden jump_place\n"
        ".type jump_place,@function\n"
        "jump_place:\n"
        "    .cfi_startproc\n"
        "    mov %rbx, (%rdi)\n    mov %rbp, 8(%rdi)\n    mov %r12, 16(%rdi)\n"
        "    mov %r13, 24(%rdi)\n    mov %r14, 32(%rdi)\n    mov %r15, 40(%rdi)\n"
        "    lea 8(%rsp), %rax\n    mov %rax, 48(%rdi)\n" /* as it is after the return */
        "    mov (%rsp), %rax\n    mov %rax, 56(%rdi)\n"
        "    jmp jump_note\n"
        "    .cfi_endproc\n"
        ".size jump_place,.-jump_place\n"
        ".globl jump_go\n"
        ".hidden jump_go\n"
        ".type jump_go,@function\n"
        "jump_go:\n"
        "    mov %esi, %eax\n"
        "    mov (%rdi), %rbx\n    mov 8(%rdi), %rbp\n    mov 16(%rdi), %r12\n"
        "    mov 24(%rdi), %r13\n    mov 32(%rdi), %r14\n    mov 40(%rdi), %r15\n"
        "    mov 48(%rdi), %rsp\n"
        "    jmp *56(%rdi)\n"
        ".size jump_go,.-jump_go\n");

/* The rest of setjmp, and its answer. */
__attribute__((used, visibility("hidden"))) int jump_note(struct place *place)
{
    const struct thread *thread = crt_sim()->thread;
    place->mark = FILLED;
    place->thread = thread->id;
    place->entries = thread->entries;
    return 0;
}

/* Why there is nothing to go back to, or NULL. here: where the stack stands now. */
static const char *why_not(const struct sim *sim, const struct place *place, uint64_t here)
{
    const struct fiber *fiber = fiber_current();
    const struct thread *owner;
    uint64_t base = fiber_stack_base(fiber), bytes = fiber_stack_bytes(fiber);
    if (place->mark != FILLED)
        return "setjmp has not filled the buffer";
    owner = place->thread < THREADS_MAX ? sim->threads[place->thread] : NULL;
    if (!owner || owner->entries != place->entries)
        return "the call of the CLR in which setjmp was called is over";
    if (owner != sim->thread)
        return "setjmp was called by another thread";
    if (place->stack_pointer - base < bytes && here - base < bytes && place->stack_pointer < here)
        return "the function that called setjmp has returned";
    return NULL;
}

static _Noreturn void jump(const struct place *place, int value)
{
    struct sim *sim = crt_sim();
    const char *why = why_not(sim, place, (uint64_t)(uintptr_t)__builtin_frame_address(0));
    if (why)
        sim_stop_text(sim, STOP_ABORT, 0, "longjmp to where nobody is any more: %s", why);
#ifdef LW_ASAN
    __asan_handle_no_return(); /* frames of the simulator may lie between */
#endif
    jump_go(place, value ? value : 1);
}

const struct binding crt_jump_bindings[] = {
    {"setjmp", jump_place},    {"_setjmp", jump_place}, {"__sigsetjmp", jump_place},
    {"sigsetjmp", jump_place}, {"longjmp", jump},       {"_longjmp", jump},
    {"siglongjmp", jump},      {"__longjmp_chk", jump}, {NULL, NULL}};

#else
const struct binding crt_jump_bindings[] = {{NULL, NULL}};
#endif
