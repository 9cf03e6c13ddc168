/* The bytes of a recording, for its reader (recording.c) and its writer in the harness.
 * docs/recording-format.md describes them for people; everything is little-endian. */
#ifndef LW_CLR_RECORDING_FORMAT_H
#define LW_CLR_RECORDING_FORMAT_H

#include <stdint.h>

/* The line ends and the end-of-file sign show damage by text conversion at once. */
#define RECORDING_MAGIC "LWREC\r\n\x1a"
#define RECORDING_MAGIC_BYTES 8
#define RECORDING_VERSION 1

/* Places in the header. */
enum {
    RECORDING_AT_VERSION = 8,     /* u32 */
    RECORDING_AT_HEADER = 12,     /* u32: bytes of the header, where operations begin */
    RECORDING_AT_FILE = 16,       /* u64: bytes of the file, checksum included */
    RECORDING_AT_OPERATIONS = 24, /* u64 */
    RECORDING_AT_DURATION = 32,   /* u64, nanoseconds */
    RECORDING_AT_OBJECTS = 40,    /* u32 */
    RECORDING_AT_THREADS = 44,    /* u32 */
    RECORDING_AT_ZERO = 48,       /* u64, must be 0 */
    RECORDING_AT_NAME = 56,       /* 64 bytes, NUL-padded */
    RECORDING_AT_STATS = 120,     /* u64 each, RECORDING_FIGURES */
    RECORDING_HEADER_BYTES = 256,
};
/* Members of struct recording_stats in the order of the file. */
#define RECORDING_FIGURES(X)                                                                       \
    X(lines)                                                                                       \
    X(calls)                                                                                       \
    X(failed)                                                                                      \
    X(hints)                                                                                       \
    X(not_understood) X(outside) X(other_process) X(threads) X(faults) X(faults_placed)            \
        X(faults_not_understood) X(peak.reserved) X(peak.committed) X(peak.views)                  \
            X(final.reserved) X(final.committed) X(final.views)
#define RECORDING_CHECKSUM_BYTES 8 /* XXH3-64 of all bytes before it */

/* First byte of an operation: kind, class, and what it shares with the one before. */
#define OPERATION_KIND_MASK 0x0fu
#define OPERATION_CLASS_SHIFT 4
#define OPERATION_CLASS_MASK 0x3u
#define OPERATION_SAME_THREAD 0x40u
#define OPERATION_SAME_OBJECT 0x80u
/* Second byte. */
#define OPERATION_PROTECT_MASK 0x07u
#define OPERATION_WRITE 0x08u
#define OPERATION_SAME_SIZE 0x10u
#define OPERATION_CONTINUES 0x20u /* offset = offset + size of the one before */
#define OPERATION_UNUSED_MASK 0xc0u

/* Longest operation: two bytes and five numbers of at most ten bytes each. */
#define OPERATION_BYTES_MAX 52
/* Offsets and sizes are stored in pages; each stays below this, so that sums of bytes never
 * overflow. */
#define OPERATION_PAGES_MAX (UINT64_C(1) << 50)

/* Indexes of what an operation refers back to (struct recording_cursor, state). */
enum { STATE_TIME, STATE_THREAD, STATE_OBJECT, STATE_OFFSET, STATE_SIZE };

/* A signed distance as a small unsigned number: 0 -1 1 -2 2 ... */
static inline uint64_t zigzag(uint64_t distance)
{
    return (distance << 1) ^ (0 - (distance >> 63));
}

static inline uint64_t unzigzag(uint64_t number)
{
    return (number >> 1) ^ (0 - (number & 1));
}

#endif
