/* Inlined functions, through libdw, which is loaded when first needed. See inlined.h. */
#include "harness/inlined.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/caller.h"

/* Deeper nesting of blocks than compilers produce. */
#define DEPTH_MAX 200

struct search {
    const char *function;
    const char *last; /* part of its name, behind the scopes */
    void (*found)(void *context, uint64_t begin, uint64_t end);
    void *context;
};

/* The functions of libdw that are used, by name. */
struct dw {
    Dwarf *(*begin)(int, Dwarf_Cmd);
    int (*end)(Dwarf *);
    int (*nextcu)(Dwarf *, Dwarf_Off, Dwarf_Off *, size_t *, Dwarf_Off *, uint8_t *, uint8_t *);
    Dwarf_Die *(*offdie)(Dwarf *, Dwarf_Off, Dwarf_Die *);
    int (*tag)(Dwarf_Die *);
    int (*child)(Dwarf_Die *, Dwarf_Die *);
    int (*siblingof)(Dwarf_Die *, Dwarf_Die *);
    Dwarf_Attribute *(*attr)(Dwarf_Die *, unsigned, Dwarf_Attribute *);
    const char *(*formstring)(Dwarf_Attribute *);
    Dwarf_Die *(*formref)(Dwarf_Attribute *, Dwarf_Die *);
    int (*scopes)(Dwarf_Die *, Dwarf_Die **);
    ptrdiff_t (*ranges)(Dwarf_Die *, ptrdiff_t, Dwarf_Addr *, Dwarf_Addr *, Dwarf_Addr *);
};

static bool load_functions(struct dw *dw)
{
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    const struct {
        const char *name;
        void *place;
    } wanted[] = {
        {"dwarf_begin", &dw->begin},
        {"dwarf_end", &dw->end},
        {"dwarf_nextcu", &dw->nextcu},
        {"dwarf_offdie", &dw->offdie},
        {"dwarf_tag", &dw->tag},
        {"dwarf_child", &dw->child},
        {"dwarf_siblingof", &dw->siblingof},
        {"dwarf_attr_integrate", &dw->attr},
        {"dwarf_formstring", &dw->formstring},
        {"dwarf_formref_die", &dw->formref},
        {"dwarf_getscopes_die", &dw->scopes},
        {"dwarf_ranges", &dw->ranges},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *found = library ? dlsym(library, wanted[i].name) : NULL;
        if (!found)
            return false;
        memcpy(wanted[i].place, &found, sizeof found);
    }
    return true;
}

static const char *text_of(const struct dw *dw, Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    return dw->attr(die, name, &attribute) ? dw->formstring(&attribute) : NULL;
}

/* Where the function is declared: in its class, in its namespace. */
static void find_declaration(const struct dw *dw, Dwarf_Die *die)
{
    static const unsigned references[] = {DW_AT_abstract_origin, DW_AT_specification};
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        if (dw->attr(die, references[i], &attribute) && dw->formref(&attribute, &next))
            *die = next;
}

static bool is_named_scope(int tag)
{
    return tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type ||
           tag == DW_TAG_union_type;
}

/* "Arena::grow" from the entries around a declaration; anonymous ones do not show. */
static bool scopes_match(const struct dw *dw, const Dwarf_Die *inlined, const struct search *search)
{
    Dwarf_Die die = *inlined, *scopes = NULL;
    char name[256] = "";
    size_t used = 0;
    find_declaration(dw, &die);
    int count = dw->scopes(&die, &scopes);
    for (int i = count - 1; i > 0; i--) { /* the first one is the function itself */
        const char *part =
            is_named_scope(dw->tag(&scopes[i])) ? text_of(dw, &scopes[i], DW_AT_name) : NULL;
        if (part && used < sizeof name)
            used += (size_t)snprintf(name + used, sizeof name - used, "%s::", part);
    }
    free(scopes);
    if (used < sizeof name)
        snprintf(name + used, sizeof name - used, "%s", search->last);
    return strcmp(name, search->function) == 0;
}

/* Compilers leave the symbol out where nobody outside the file can see it. */
static bool is_wanted(const struct dw *dw, Dwarf_Die *die, const struct search *search)
{
    const char *symbol = text_of(dw, die, DW_AT_linkage_name);
    if (symbol)
        return caller_names(symbol, search->function);
    const char *name = text_of(dw, die, DW_AT_name);
    return name && strcmp(name, search->last) == 0 && scopes_match(dw, die, search);
}

static void look_at(const struct dw *dw, Dwarf_Die *die, const struct search *search)
{
    if (dw->tag(die) != DW_TAG_inlined_subroutine || !is_wanted(dw, die, search))
        return;
    Dwarf_Addr base, begin, end;
    ptrdiff_t at = 0;
    while ((at = dw->ranges(die, at, &base, &begin, &end)) > 0)
        search->found(search->context, begin, end);
}

/* The entry and everything below it. */
static void walk(const struct dw *dw, const Dwarf_Die *top, const struct search *search)
{
    Dwarf_Die path[DEPTH_MAX];
    unsigned depth = 0;
    path[0] = *top;
    look_at(dw, &path[0], search);
    for (;;) {
        if (depth + 1 < DEPTH_MAX && dw->child(&path[depth], &path[depth + 1]) == 0) {
            depth++;
        } else {
            while (depth > 0 && dw->siblingof(&path[depth], &path[depth]) != 0)
                depth--;
            if (depth == 0)
                return;
        }
        look_at(dw, &path[depth], search);
    }
}

/* Behind the last "::" that is not inside a template's arguments. */
static const char *last_part(const char *function)
{
    const char *last = function;
    int depth = 0;
    for (const char *at = function; *at; at++) {
        depth += (*at == '<') - (*at == '>');
        if (depth == 0 && at[0] == ':' && at[1] == ':')
            last = at + 2;
    }
    return last;
}

void inlined_find(const char *path, const char *function,
                  void (*found)(void *context, uint64_t begin, uint64_t end), void *context)
{
    const struct search search = {function, last_part(function), found, context};
    struct dw dw;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Dwarf *dwarf = fd >= 0 && load_functions(&dw) ? dw.begin(fd, DWARF_C_READ) : NULL;
    Dwarf_Off at = 0, next;
    size_t header_bytes;
    while (dwarf && dw.nextcu(dwarf, at, &next, &header_bytes, NULL, NULL, NULL) == 0) {
        Dwarf_Die die;
        if (dw.offdie(dwarf, at + header_bytes, &die))
            walk(&dw, &die, &search);
        at = next;
    }
    if (dwarf)
        dw.end(dwarf);
    if (fd >= 0)
        close(fd);
}
