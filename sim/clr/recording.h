/* A recording: the memory operations of one real program, per thread, in the order they happened.
 *
 * The file (.lwt) is versioned, little-endian, checksummed and may be compressed with zstd as a
 * whole; this header is the decoded form. docs/recording-format.md describes the bytes. Decoding
 * works on memory; reading files and decompressing is the harness's. */
#ifndef LW_CLR_RECORDING_H
#define LW_CLR_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum operation_kind {
    OP_RESERVE,  /* object = new object, size; protect */
    OP_COMMIT,   /* object, offset, size, protect */
    OP_DECOMMIT, /* object, offset, size */
    OP_PROTECT,  /* object, offset, size, protect */
    OP_RESET,    /* object, offset, size: contents discarded, charge kept */
    OP_RELEASE,  /* object */
    OP_GROW,     /* brk and C library arenas: object grows by size at offset */
    OP_SHRINK,   /* ... and gives back its last size bytes, offset = new end */
    OP_TOUCH,    /* object, offset of the page; write */
    OP_FAILED,   /* a call that failed when recorded: size; never replayed */
    OPERATION_KINDS
};

/* Whose memory an object is: decides the way a replay takes. */
enum object_class {
    OBJECT_RUNTIME, /* segments, regions, code heaps: IHostMemoryManager::VirtualAlloc */
    OBJECT_NATIVE,  /* brk and arenas of the C library: IHostMalloc or the process heap */
    OBJECT_STACK,   /* thread stacks: round the policy */
    OBJECT_VIEW,    /* file or shared mappings: round the policy, with Acquired/Released */
    OBJECT_CLASSES
};

/* Protection in Windows terms where it matters. */
enum operation_protect {
    PROTECT_NONE,
    PROTECT_READ,
    PROTECT_WRITE,
    PROTECT_EXECUTE,
    PROTECT_EXECUTE_WRITE
};

struct operation {
    uint64_t time_ns;     /* since the recording began */
    uint32_t object;      /* 0 .. objects-1 */
    uint16_t thread;      /* 0 .. threads-1, in order of first appearance */
    uint8_t kind;         /* enum operation_kind */
    uint8_t object_class; /* enum object_class */
    uint8_t protect;      /* enum operation_protect */
    uint8_t write;        /* OP_TOUCH */
    uint64_t offset;      /* bytes from the object's beginning */
    uint64_t size;        /* bytes, page-rounded */
};

struct recording_peak {
    uint64_t reserved, committed, views;
};

/* What the import saw: stored in the file, shown by `trace stat`. */
struct recording_stats {
    uint64_t lines, calls, failed, hints, not_understood, outside, other_process, threads;
    uint64_t faults, faults_placed;
    uint64_t faults_not_understood; /* lines of the fault log */
    struct recording_peak peak, final;
};

struct recording {
    char name[64];
    struct recording_stats stats;
    uint32_t objects;
    uint32_t threads;
    uint64_t operations;
    uint64_t duration_ns;
    /* private: encoded bytes */
    const uint8_t *bytes;
    size_t bytes_count;
};

/* Checks header, version and checksum of an uncompressed .lwt and fills in the header. The bytes
 * must outlive the recording. False: message says what is wrong and at which byte. */
bool recording_open(struct recording *recording, const uint8_t *bytes, size_t count, char *message,
                    size_t message_bytes);

struct recording_cursor {
    const struct recording *recording;
    size_t at;
    uint64_t index;
    uint64_t state[8];
};
void recording_begin(const struct recording *recording, struct recording_cursor *cursor);
/* The next operation; false at the end. The checksum was verified, so decoding cannot fail. */
bool recording_next(struct recording_cursor *cursor, struct operation *operation);

#endif
