/* I/O completion ports. See port.h. */
#include "os/port.h"

#include <string.h>
#include "core/check.h"
#include "core/race.h"

#define PACKETS_FIRST 16u

/* A ring that grows. */
struct port {
    struct sim *sim;
    struct packet *packets;
    uint32_t room; /* a power of two */
    uint64_t posted, taken;
    uint32_t references;
    struct wait_queue queue;
};

struct port *port_create(struct sim *sim)
{
    struct port *port = arena_alloc(&sim->arena, sizeof *port);
    port->sim = sim;
    port->references = 1;
    port->room = PACKETS_FIRST;
    CHECK((port->room & (port->room - 1)) == 0);
    port->packets = arena_alloc(&sim->arena, port->room * sizeof *port->packets);
    return port;
}

void port_keep(struct port *port)
{
    CHECK(port->references > 0);
    port->references++;
}

void port_release(struct port *port)
{
    CHECK(port->references > 0);
    if (--port->references > 0)
        return;
    arena_free(&port->sim->arena, port->packets, port->room * sizeof *port->packets);
    arena_free(&port->sim->arena, port, sizeof *port);
}

static void grow(struct port *port)
{
    uint32_t room = port->room * 2;
    CHECK(port->posted - port->taken == port->room);
    struct packet *grown = arena_alloc(&port->sim->arena, room * sizeof *grown);
    for (uint64_t i = port->taken; i < port->posted; i++)
        grown[i & (room - 1)] = port->packets[i & (port->room - 1)];
    arena_free(&port->sim->arena, port->packets, port->room * sizeof *grown);
    port->packets = grown;
    port->room = room;
}

void port_post(struct port *port, const struct packet *packet)
{
    CHECK(port->posted - port->taken <= port->room);
    if (port->posted - port->taken == port->room)
        grow(port);
    port->packets[port->posted++ & (port->room - 1)] = *packet;
    sched_wake_first(port->sim, &port->queue, 0);
}

struct wait_queue *port_queue(struct port *port)
{
    return &port->queue;
}

bool port_take(struct port *port, struct packet *packet)
{
    if (port->taken == port->posted)
        return false;
    CHECK(port->taken < port->posted);
    *packet = port->packets[port->taken++ & (port->room - 1)];
    race_acquire(port->sim, port->sim->thread, packet->posted);
    race_drop(port->sim, &packet->posted);
    return true;
}
