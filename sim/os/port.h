/* I/O completion ports: queues of packets. Jobs post their messages to them, and so can policies.
 */
#ifndef LW_OS_PORT_H
#define LW_OS_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/sched.h"
#include "core/sim.h"

struct packet {
    uint32_t bytes;            /* of a job's message: its number */
    uint64_t key;              /* as the poster was associated */
    uint64_t overlapped;       /* as posted; of a job's message: the process */
    struct race_clock *posted; /* by whom, NULL: the machine; who takes it comes behind */
};

struct port;

/* With one reference: its handle. */
struct port *port_create(struct sim *sim);
void port_keep(struct port *port);
void port_release(struct port *port);
void port_post(struct port *port, const struct packet *packet);
/* Where threads wait for a packet: a post wakes the first of them. */
struct wait_queue *port_queue(struct port *port);
/* The packet posted first. False: there is none. */
bool port_take(struct port *port, struct packet *packet);

#endif
