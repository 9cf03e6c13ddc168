/* Locks, events and handles of the simulated machine, for one running thread at a time.
 *
 * In this step threads of a recording take turns at whole host calls, so a wait can only be
 * satisfied by what already happened: one that would block for ever ends the run as a deadlock,
 * one with a timeout advances the clock. Lock numbers (not addresses) go into records, because a
 * lock may live in the policy's image or on its stack. */
#ifndef LW_OS_SYNC_H
#define LW_OS_SYNC_H

#include <stdbool.h>
#include <stdint.h>
#include "core/sim.h"

struct sync;

/* The locks and handles of a run, made on first use. */
struct sync *sync_state(struct sim *sim);

/* ---- handles: multiples of 4 from 0x100, as Windows shows them ---- */

enum object_kind { OBJECT_NONE, OBJECT_EVENT, OBJECT_JOB, OBJECT_PORT };

struct object {
    enum object_kind kind;
    bool manual_reset;
    bool signalled;
    void *data; /* of a job or a port */
};

/* A new handle for an object, 0 when the table (65,536 handles) is full. */
uint32_t handle_open(struct sync *sync, const struct object *object);
/* The object of a handle, NULL: no such handle. */
struct object *handle_object(struct sync *sync, uint64_t handle);
/* False: no such handle. */
bool handle_close(struct sync *sync, uint64_t handle);

/* ---- locks, known by the address of the policy's structure ---- */

struct lock {
    uint64_t address;
    uint32_t number;    /* order of first use, from 1: what records show */
    uint32_t owner;     /* thread id + 1 of the exclusive owner, 0: none */
    uint32_t recursion; /* how often the owner holds it */
    uint32_t shared;    /* shared holders */
    bool initialised;
};

/* The lock at an address, made on first use. */
struct lock *lock_at(struct sync *sync, uint64_t address);
/* Forgets the lock: its memory may become anything else. */
void lock_forget(struct sync *sync, uint64_t address);

#endif
