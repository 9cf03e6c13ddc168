/* The window: the simulated address space as real memory of this process.
 *
 * All of it is inaccessible until the model allows a page to native code. Open pages are a cache
 * of the model's decisions, limited in pieces because the kernel limits mappings; when it is full
 * everything closes at once, which costs no virtual time and writes no record, and pages open
 * again on demand. Contents survive closing and vanish when discarded. */
#ifndef LW_OS_NATIVE_H
#define LW_OS_NATIVE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/sim.h"

struct native;

/* Maps the window and installs the fault handler. Ends the run as STOP_LOAD with a clear text
 * when the address space is taken or limited. */
struct native *native_create(struct sim *sim);
void native_destroy(struct native *native);
/* Changes when all pages were closed: open bits of an older epoch mean nothing. */
uint32_t native_epoch(const struct native *native);
/* Opens one page for reading, and for writing and execution as asked. pieces_change: by how much
 * the number of open pieces changes; the caller knows the neighbours. */
void native_open(struct native *native, uint64_t page, bool write, bool execute, int pieces_change);
/* Closes pages that were open, one call for the run. */
void native_close(struct native *native, uint64_t first_page, uint64_t pages,
                  int64_t pieces_change);
/* Drops contents: the pages read as zero when opened again. */
void native_discard(struct native *native, uint64_t first_page, uint64_t pages);
/* Copies bytes of one page, and into one. open: the bits (PTE_OPEN) with which it is open now; it
 * is so afterwards. */
void native_read(struct native *native, uint64_t page, uint64_t offset, void *bytes, uint64_t count,
                 uint32_t open);
void native_write(struct native *native, uint64_t page, uint64_t offset, const void *bytes,
                  uint64_t count, uint32_t open);
uint64_t native_pieces(const struct native *native);
uint64_t native_flushes(const struct native *native);

#endif
