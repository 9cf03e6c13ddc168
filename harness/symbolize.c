/* Symbols and lines. See symbolize.h.
 *
 * The policy's modules are reported to libdw at the places where the run had them; this program's
 * own functions are recognised by address, because they stand where they are linked. */
#include "harness/symbolize.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/check.h"
#include "harness/elf.h"

/* The functions of libdw that are used, by name. */
struct dw {
    Dwfl *(*begin)(const Dwfl_Callbacks *);
    void (*end)(Dwfl *);
    Dwfl_Module *(*report_elf)(Dwfl *, const char *, const char *, int, GElf_Addr, bool);
    int (*report_end)(Dwfl *, int (*)(Dwfl_Module *, void *, const char *, Dwarf_Addr, void *),
                      void *);
    Dwfl_Module *(*addrmodule)(Dwfl *, Dwarf_Addr);
    const char *(*addrinfo)(Dwfl_Module *, GElf_Addr, GElf_Off *, GElf_Sym *, GElf_Word *, Elf **,
                            Dwarf_Addr *);
    Dwfl_Line *(*getsrc)(Dwfl_Module *, Dwarf_Addr);
    const char *(*lineinfo)(Dwfl_Line *, Dwarf_Addr *, int *, int *, Dwarf_Word *, Dwarf_Word *);
    int (*find_debuginfo)(Dwfl_Module *, void **, const char *, Dwarf_Addr, const char *,
                          const char *, GElf_Word, char **);
    Dwarf_Die *(*nextcu)(Dwfl_Module *, Dwarf_Die *, Dwarf_Addr *);
    int (*haspc)(Dwarf_Die *, Dwarf_Addr);
    Dwarf_Line *(*getsrc_die)(Dwarf_Die *, Dwarf_Addr);
    const char *(*linesrc)(Dwarf_Line *, Dwarf_Word *, Dwarf_Word *);
    int (*lineno)(Dwarf_Line *, int *);
    int (*scopes)(Dwarf_Die *, Dwarf_Addr, Dwarf_Die **);
    int (*scopes_of)(Dwarf_Die *, Dwarf_Die **);
    int (*tag)(Dwarf_Die *);
    Dwarf_Attribute *(*attr)(Dwarf_Die *, unsigned, Dwarf_Attribute *);
    const char *(*formstring)(Dwarf_Attribute *);
    int (*formudata)(Dwarf_Attribute *, Dwarf_Word *);
    int (*files)(Dwarf_Die *, Dwarf_Files **, size_t *);
    const char *(*filesrc)(Dwarf_Files *, size_t, Dwarf_Word *, Dwarf_Word *);
};

struct symbolizer {
    struct dw dw;
    Dwfl_Callbacks callbacks;
    Dwfl *dwfl;
    uint32_t count;
    struct module_info modules[MODULES_MAX];
};

static bool load_functions(struct dw *dw)
{
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    const struct {
        const char *name;
        void *place;
    } wanted[] = {
        {"dwfl_begin", &dw->begin},
        {"dwfl_end", &dw->end},
        {"dwfl_report_elf", &dw->report_elf},
        {"dwfl_report_end", &dw->report_end},
        {"dwfl_addrmodule", &dw->addrmodule},
        {"dwfl_module_addrinfo", &dw->addrinfo},
        {"dwfl_module_getsrc", &dw->getsrc},
        {"dwfl_lineinfo", &dw->lineinfo},
        {"dwfl_standard_find_debuginfo", &dw->find_debuginfo},
        {"dwfl_module_nextcu", &dw->nextcu},
        {"dwarf_haspc", &dw->haspc},
        {"dwarf_getsrc_die", &dw->getsrc_die},
        {"dwarf_linesrc", &dw->linesrc},
        {"dwarf_lineno", &dw->lineno},
        {"dwarf_getscopes", &dw->scopes},
        {"dwarf_getscopes_die", &dw->scopes_of},
        {"dwarf_tag", &dw->tag},
        {"dwarf_attr_integrate", &dw->attr},
        {"dwarf_formstring", &dw->formstring},
        {"dwarf_formudata", &dw->formudata},
        {"dwarf_getsrcfiles", &dw->files},
        {"dwarf_filesrc", &dw->filesrc},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *found = library ? dlsym(library, wanted[i].name) : NULL;
        if (!found)
            return false;
        memcpy(wanted[i].place, &found, sizeof found);
    }
    return true;
}

static int no_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **file,
                  Elf **elf)
{
    (void)module, (void)data, (void)name, (void)base, (void)file, (void)elf;
    return -1; /* every module was reported with its file */
}

struct symbolizer *symbolizer_create(const struct module_info *modules, uint32_t count)
{
    struct symbolizer *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->count = count < MODULES_MAX ? count : MODULES_MAX;
    memcpy(s->modules, modules, s->count * sizeof *modules);
    if (!load_functions(&s->dw)) {
        free(s);
        return NULL;
    }
    s->callbacks.find_elf = no_elf;
    s->callbacks.find_debuginfo = s->dw.find_debuginfo;
    s->dwfl = s->dw.begin(&s->callbacks);
    for (uint32_t i = 0; s->dwfl && i < s->count; i++)
        s->dw.report_elf(s->dwfl, s->modules[i].path, s->modules[i].path, -1, s->modules[i].bias,
                         false);
    if (s->dwfl)
        s->dw.report_end(s->dwfl, NULL, NULL);
    return s;
}

void symbolizer_destroy(struct symbolizer *s)
{
    if (!s)
        return;
    if (s->dwfl)
        s->dw.end(s->dwfl);
    free(s);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void symbol_demangle(const char *symbol, char *text, size_t bytes)
{
    static char *(*demangle)(const char *, char *, size_t *, int *);
    snprintf(text, bytes, "%s", symbol);
    if (strncmp(symbol, "_Z", 2) != 0)
        return;
    if (!demangle) {
        void *library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
        void *found = library ? dlsym(library, "__cxa_demangle") : NULL;
        memcpy(&demangle, &found, sizeof found);
    }
    int status = -1;
    char *plain = demangle ? demangle(symbol, NULL, NULL, &status) : NULL;
    if (plain && status == 0)
        snprintf(text, bytes, "%s", plain);
    free(plain);
}

/* gcc writes a table of address ranges, by which libdw finds the unit at once; clang does not, so
 * every unit is asked. NULL: none has that address. */
static Dwarf_Die *find_unit(const struct dw *dw, Dwfl_Module *module, uint64_t look,
                            Dwarf_Addr *bias)
{
    Dwarf_Die *unit = NULL;
    while ((unit = dw->nextcu(module, unit, bias)) != NULL)
        if (dw->haspc(unit, look - *bias) > 0)
            break;
    return unit;
}

static const char *find_line(const struct dw *dw, Dwfl_Module *module, uint64_t look, int *number)
{
    Dwfl_Line *line = dw->getsrc(module, look);
    if (line)
        return dw->lineinfo(line, NULL, number, NULL, NULL, NULL);
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = find_unit(dw, module, look, &bias);
    Dwarf_Line *found = unit ? dw->getsrc_die(unit, look - bias) : NULL;
    if (!found || dw->lineno(found, number) != 0)
        return NULL;
    return dw->linesrc(found, NULL, NULL);
}

static void set_place(struct frame_text *text, const char *file, int line)
{
    snprintf(text->file, sizeof text->file, "%s", last_part(file));
    text->line = (uint32_t)line;
    /* The Interlocked family is inline here and stands for instructions, wherever it is installed.
     */
    text->in_system = strncmp(file, "/usr/", 5) == 0 || strstr(file, "/lowwater/interlocked.h");
}

/* The module's place in the list; everything but name and line of the frame. */
static Dwfl_Module *find_module(struct symbolizer *s, uint64_t pc, uint64_t look,
                                struct frame_text *text)
{
    *text = (struct frame_text){.line = 0};
    uint32_t module = 0;
    while (module < s->count && (pc < s->modules[module].base || pc >= s->modules[module].end))
        module++;
    text->in_lowwater = module == s->count;
    if (text->in_lowwater)
        return NULL;
    text->in_policy = module == 0;
    snprintf(text->module, sizeof text->module, "%s", last_part(s->modules[module].path));
    return s->dwfl ? s->dw.addrmodule(s->dwfl, look) : NULL;
}

void symbolize(struct symbolizer *s, uint64_t pc, bool innermost, struct frame_text *text)
{
    uint64_t look = innermost ? pc : pc - 1;
    Dwfl_Module *dwfl = find_module(s, pc, look, text);
    if (!dwfl)
        return;
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = s->dw.addrinfo(dwfl, look, &offset, &symbol, NULL, NULL, NULL);
    if (name)
        symbol_demangle(name, text->function, sizeof text->function);
    int number = 0;
    const char *file = find_line(&s->dw, dwfl, look, &number);
    if (file)
        set_place(text, file, number);
}

/* ---- functions inside others ---- */

static const char *text_of(const struct dw *dw, Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    return dw->attr(die, name, &attribute) ? dw->formstring(&attribute) : NULL;
}

static bool number_of(const struct dw *dw, Dwarf_Die *die, unsigned name, Dwarf_Word *number)
{
    Dwarf_Attribute attribute;
    return dw->attr(die, name, &attribute) && dw->formudata(&attribute, number) == 0;
}

/* The scopes round an address, innermost first: blocks, inlined functions, the function itself.
 * libdw's own list leaves the way for the place of the first one's declaration. */
static int find_scopes(const struct dw *dw, Dwarf_Die *unit, Dwarf_Addr address, Dwarf_Die **scopes)
{
    Dwarf_Die *declared = NULL;
    int count = dw->scopes(unit, address, &declared);
    if (count > 0)
        count = dw->scopes_of(&declared[0], scopes);
    free(declared);
    return count;
}

/* frames[0] is the function itself at the innermost line. Each inlined function takes the line and
 * leaves the one of its call to the function around it. */
static uint32_t unfold(const struct dw *dw, Dwarf_Files *files, Dwarf_Die *scopes, int count,
                       struct frame_text *frames, uint32_t room)
{
    uint32_t used = 0;
    struct frame_text outer = frames[0];
    for (int i = 0; i < count && used + 1 < room; i++) {
        Dwarf_Word file, line;
        if (dw->tag(&scopes[i]) != DW_TAG_inlined_subroutine ||
            !number_of(dw, &scopes[i], DW_AT_call_file, &file) ||
            !number_of(dw, &scopes[i], DW_AT_call_line, &line))
            continue;
        const char *symbol = text_of(dw, &scopes[i], DW_AT_linkage_name);
        const char *name = symbol ? symbol : text_of(dw, &scopes[i], DW_AT_name);
        const char *source = dw->filesrc(files, file, NULL, NULL);
        if (!outer.in_system) {
            frames[used] = outer;
            symbol_demangle(name ? name : "", frames[used].function, sizeof outer.function);
            used++;
        }
        if (source)
            set_place(&outer, source, (int)line);
    }
    frames[used++] = outer;
    return used;
}

uint32_t symbolize_all(struct symbolizer *s, uint64_t pc, bool innermost, struct frame_text *frames,
                       uint32_t room)
{
    uint64_t look = innermost ? pc : pc - 1;
    CHECK(room > 0);
    symbolize(s, pc, innermost, &frames[0]);
    struct frame_text place;
    Dwfl_Module *dwfl = find_module(s, pc, look, &place);
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = dwfl ? find_unit(&s->dw, dwfl, look, &bias) : NULL, *scopes = NULL;
    Dwarf_Files *files;
    if (!unit || s->dw.files(unit, &files, NULL) != 0)
        return 1;
    int count = find_scopes(&s->dw, unit, look - bias, &scopes);
    uint32_t used = unfold(&s->dw, files, scopes, count, frames, room);
    free(scopes);
    return used;
}

uint64_t symbolize_data(struct symbolizer *s, uint64_t address, char *text, size_t bytes)
{
    GElf_Off offset = 0;
    GElf_Sym symbol;
    Dwfl_Module *dwfl = s->dwfl ? s->dw.addrmodule(s->dwfl, address) : NULL;
    const char *name =
        dwfl ? s->dw.addrinfo(dwfl, address, &offset, &symbol, NULL, NULL, NULL) : NULL;
    text[0] = '\0';
    if (!name || (symbol.st_size && offset >= symbol.st_size))
        return 0;
    symbol_demangle(name, text, bytes);
    return offset;
}
