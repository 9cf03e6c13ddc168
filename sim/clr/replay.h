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

struct replay_options {
    enum replay_native native;
};

/* Replays all of it on a CLR that clr_start has started; sim->now_ns moves to each operation's
 * time, never back. Counts operations_recorded, _served, _dependent and _around. Returns with
 * everything the recorded program kept still allocated. */
void replay_run(struct clr *clr, const struct recording *recording,
                const struct replay_options *options);

#endif
