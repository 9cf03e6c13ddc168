/* What scripted calls hold, and the names of blocks.
 *
 * A name means the block that was bound to it last, or with "#" one block for each repetition. A
 * block whose name came to mean another, or that never had one, stays held until it is freed. */
#ifndef LW_CLR_HOLDINGS_H
#define LW_CLR_HOLDINGS_H

#include "clr/workload_private.h"

enum holding_kind {
    HOLDING_REGION,    /* a reservation of VirtualAlloc */
    HOLDING_BLOCK,     /* of an IHostMalloc */
    HOLDING_VIEW,      /* mapped past the host */
    HOLDING_MALLOC,    /* an object of CreateMalloc */
    HOLDING_REFERENCE, /* of AddRef or QueryInterface */
};

struct holding {
    struct holding *older, *newer;
    enum holding_kind kind;
    uint64_t address;    /* native; of objects their pointer */
    IHostMalloc *object; /* HOLDING_BLOCK: where it goes back */
    uint64_t which;      /* objects: their number in records (host.h) */
    bool leaving;        /* a thread is giving it back */
    /* The name it was bound to. */
    bool has_name, indexed;
    uint32_t name;
    uint64_t index;
};

enum named_state {
    NAME_UNBOUND,
    NAME_REFUSED, /* what it stands for was refused: calls on it are dropped */
    NAME_BOUND,   /* also after the block was freed */
};

struct named {
    enum named_state state;
    uint64_t address;
    struct holding *holding; /* NULL: nothing is held at it any more, or it lies inside a block */
};

struct block_name {
    struct named plain;
    struct named *indexed; /* by repetition */
    uint64_t indexed_room;
};

void names_begin(struct run *run);
/* Forgets names and holdings; what is held stays allocated. */
void names_drop(struct run *run);
/* What a name stands for, to be read. index: of the innermost repeat, used where indexed. */
struct named named_find(const struct run *run, uint32_t name, bool indexed, uint64_t index);
/* A name stands for a holding, for an address inside one (NULL), or for what was refused. */
void name_bind(struct run *run, uint32_t name, bool indexed, uint64_t index, struct named meaning);
/* The native address that a call means in this repetition. False: its block was refused, or is not
 * there yet. */
bool block_resolve(const struct run *run, const struct block_address *at, uint64_t index,
                   uint64_t *native);

struct holding *holding_add(struct run *run, enum holding_kind kind, uint64_t address);
/* The newest of a kind at an address that no thread is giving back, NULL: none. at names the block,
 * as in the call; it only makes finding it fast. */
struct holding *holding_find(const struct run *run, enum holding_kind kind, uint64_t address,
                             const struct block_address *at, uint64_t index);
/* The object of CreateMalloc that a name stands for; NULL: none, or a thread is giving it back. */
struct holding *holding_object(const struct run *run, uint32_t name, bool indexed, uint64_t index);
/* Whether a block of the object is held. */
bool holding_has_blocks(const struct run *run, const struct holding *object);
/* The newest reference to an object that no thread is giving back, NULL: none. */
struct holding *holding_reference(const struct run *run, uint64_t which);
/* It has been given back: no longer held. */
void holding_remove(struct run *run, struct holding *holding);
/* Gives all of it back through the host: regions, blocks and views, the oldest first, then
 * references, then objects. What the host refuses to take is forgotten as well. */
void holdings_give_back(struct run *run);
/* Releases references, then objects, whatever else is held. */
void holdings_release(struct run *run);

#endif
