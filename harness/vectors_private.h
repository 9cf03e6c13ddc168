/* What the executor's files share: words, numbers and addresses of an operation. */
#ifndef LW_HARNESS_VECTORS_PRIVATE_H
#define LW_HARNESS_VECTORS_PRIVATE_H

#include "core/status.h"
#include "harness/vectors.h"

#define HANDLES_ROOM 128
#define NAME_BYTES 32
#define WORDS_MAX 10

struct handle {
    char name[NAME_BYTES];
    bool bound, is_arena, is_heap_block;
    uint64_t value; /* logical address; native for heaps and their blocks */
    uint64_t size;  /* of an arena */
};

struct vector_state {
    struct handle handles[HANDLES_ROOM];
    unsigned count;
    uint64_t next_arena;
};

struct words {
    char *word[WORDS_MAX];
    unsigned count;
    char *message;
    size_t message_bytes;
    bool skip; /* an address used a handle that is not bound */
};

/* An address expression: what it means, and relative to which handle results are shown. */
struct address {
    uint64_t value;
    struct handle *handle; /* NULL: 0 or absolute */
    bool absolute;
};

/* Always false: notes the message. */
bool malformed(struct words *w, const char *what, const char *detail);
bool parse_plain(const char *text, uint64_t *value);
/* The number or the names joined by '|' in word `at`. */
bool parse_number(struct words *w, unsigned at, uint64_t *value);
struct handle *find_handle(struct vector_state *state, const char *name, size_t length);
struct handle *make_handle(struct vector_state *state, struct words *w, const char *name);
/* Sets w->skip when the handle is not bound. */
bool parse_address(struct vector_state *state, struct words *w, unsigned at,
                   struct address *address);
/* "H+0x10", "@0x10000": how results show an address. */
void show_address(const struct address *relative, uint64_t value, char *text, size_t bytes);
/* "ok" or "fail N"; always true. */
bool show_status(enum status status, char *result, size_t bytes);

/* One kind of operation; false: it cannot be read. */
typedef bool vector_operation(struct vector_state *state, struct words *w, char *result,
                              size_t bytes);
vector_operation do_hcreate, do_hdestroy, do_halloc, do_hrealloc, do_hfree, do_hsize;

#endif
