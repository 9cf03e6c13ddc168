/* What the files of the C run-time share. See crt.h. */
#include "crt/crt.h"

struct sim *crt_sim(void)
{
    struct machine *machine = machine_current();
    CHECK(machine != NULL);
    return machine_sim(machine);
}

struct crt *crt_state(struct sim *sim)
{
    if (!sim->crt)
        sim->crt = arena_alloc(&sim->arena, sizeof *sim->crt);
    return sim->crt;
}

void crt_set_errno(int value)
{
    crt_sim()->thread->crt_errno = value;
}

_Noreturn void crt_overflow(const char *function)
{
    sim_stop_text(crt_sim(), STOP_ABORT, 0, "%s: the target is too small (buffer overflow)",
                  function);
}
