/* Encoding of recordings: operations in, the bytes of an uncompressed .lwt out. */
#ifndef LW_HARNESS_RECORDING_WRITE_H
#define LW_HARNESS_RECORDING_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include "clr/recording.h"

/* What is known before the first operation. */
struct recording_head {
    const char *name; /* cut to 63 bytes */
    uint32_t objects; /* 0 counts as 1 */
    uint32_t threads; /* likewise; at most 65,536 */
    uint64_t duration_ns;
    struct recording_stats stats;
};

/* Encodes count operations in the order of their times, none later than duration_ns; offsets and
 * sizes are rounded down and up to pages. Returns bytes for free() and their number; NULL: out of
 * memory. */
uint8_t *recording_encode(const struct recording_head *head, const struct operation *operations,
                          uint64_t count, size_t *bytes_count);

#endif
