/* Replays a recording through the host's vtable: what the recorded program asked of its operating
 * system is asked of the host, in the CLR's way, at the recorded times.
 *
 * Addresses are mapped: an operation names an object, the object has the address that the host
 * returned. What a refused reservation or commit would have carried is dropped and counted.
 *
 * Rules, where a recording does not say what a CLR would do:
 * - Criticality: eProcessCritical until a second thread performs an operation (the runtime starts
 *   on one thread), eTaskCritical from then on.
 * - VirtualQuery of its base follows every served reservation.
 * - GetMemoryLoad is asked when a collection shows: at the first decommit or reset after a commit,
 *   and after every 64 served commits.
 * - Views go round the host, which is told: AcquiredVirtualAddressSpace and Released...; a view
 *   that finds no place asks NeedsVirtualAddressSpace and, on success, tries once more. */
#ifndef LW_CLR_REPLAY_H
#define LW_CLR_REPLAY_H

#include "clr/host.h"
#include "clr/recording.h"

/* The way of native memory (brk and arenas of the C library). */
enum replay_native {
    REPLAY_NATIVE_MALLOC,  /* IHostMalloc: a block for each growth */
    REPLAY_NATIVE_VIRTUAL, /* IHostMemoryManager, like the runtime's own */
    REPLAY_NATIVE_AROUND,  /* the operating system, past the host */
};

/* All zero: the whole recording at its own times, once. */
struct replay_options {
    enum replay_native native;
    uint64_t start_ns;       /* virtual time at which the window begins, at the earliest */
    uint64_t from_ns, to_ns; /* window of the recording's own time, to_ns excluded; 0: its end */
    uint64_t speed_num, speed_den; /* 2/1: twice as fast; 0/0: as recorded */
    uint64_t repeat;               /* passes, one after the other; 0: one */
};

struct replay;

/* Prepares a replay on a CLR that clr_start has started; the recording must outlive it. Performs
 * nothing yet.
 *
 * What the recorded program did before the window is performed at its beginning, without the
 * touches, so that the objects the window uses exist; the window's own time begins when that is
 * done. A further pass begins when the window's end is due, or later if the pass before it took
 * longer; what that one left is given back first. */
struct replay *replay_create(struct clr *clr, const struct recording *recording,
                             const struct replay_options *options);

#define REPLAY_ENDED UINT64_MAX
/* Virtual time at which the next operation is due, REPLAY_ENDED: there is none. */
uint64_t replay_due(const struct replay *replay);
/* Performs the next operation, then those that can begin at limit_ns or before; sim->now_ns moves
 * to each operation's time, never back, and sim->thread to its thread. Counts operations_recorded,
 * _served, _dependent and _around. Returns replay_due, at least now. Not to be called after the
 * end. */
uint64_t replay_advance(struct replay *replay, uint64_t limit_ns);
/* Gives everything that the recorded program still holds back through the host, what went round it
 * to the operating system: objects in the order of their numbers. These calls count as no
 * operations. */
void replay_give_back(struct replay *replay);
/* Forgets the replay; what it holds stays allocated. */
void replay_destroy(struct replay *replay);

/* All of it in one go. Returns with everything the recorded program kept still allocated. */
void replay_run(struct clr *clr, const struct recording *recording,
                const struct replay_options *options);

#endif
