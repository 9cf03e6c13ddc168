/* What every page of a recorded process is: free, reserved, committed, or part of a mapped view.
 *
 * Pieces are sorted runs of like pages in one array; a process has at most some 65,000 of them
 * (the kernel's limit), and most changes strike near the last one. Knows no system calls. */
#ifndef LW_HARNESS_ADDRESS_MAP_H
#define LW_HARNESS_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clr/recording.h"

#define NO_OBJECT UINT32_MAX

struct piece {
    uint64_t start, end; /* page-aligned */
    uint32_t object;     /* the reservation that has the range, or NO_OBJECT */
    uint32_t view;       /* the view that covers it, or NO_OBJECT */
    uint8_t prot;        /* CALL_READ, CALL_WRITE, CALL_EXEC */
    bool committed;      /* of a reservation, not under a view */
};

struct address_map {
    struct piece *pieces;
    size_t count, room;
    struct recording_peak now; /* bytes: kept up to date by every change */
};

/* Gives the range start .. end to the piece, whatever was there. At least one page. */
void address_map_set(struct address_map *map, struct piece piece);
void address_map_clear(struct address_map *map, uint64_t start, uint64_t end);
/* The piece that contains the address, or NULL. Valid until the next change. */
const struct piece *address_map_find(const struct address_map *map, uint64_t address);
/* Index of the first piece that ends behind the address. */
size_t address_map_first(const struct address_map *map, uint64_t address);
void address_map_verify(const struct address_map *map);
void address_map_free(struct address_map *map);

#endif
