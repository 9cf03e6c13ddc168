/* Symbols and lines. See symbolize.h.
 *
 * The policy's modules are reported to libdw at the places where the run had them; this program's
 * own functions are recognised by address, because they stand where they are linked. */
#include "harness/symbolize.h"

#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
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
 * there every unit has to be asked. */
static const char *find_line(const struct dw *dw, Dwfl_Module *module, uint64_t look, int *number)
{
    Dwfl_Line *line = dw->getsrc(module, look);
    if (line)
        return dw->lineinfo(line, NULL, number, NULL, NULL, NULL);
    Dwarf_Addr bias = 0;
    for (Dwarf_Die *unit = NULL; (unit = dw->nextcu(module, unit, &bias)) != NULL;) {
        if (dw->haspc(unit, look - bias) <= 0)
            continue;
        Dwarf_Line *found = dw->getsrc_die(unit, look - bias);
        if (found && dw->lineno(found, number) == 0)
            return dw->linesrc(found, NULL, NULL);
    }
    return NULL;
}

void symbolize(struct symbolizer *s, uint64_t pc, bool innermost, struct frame_text *text)
{
    uint64_t look = innermost ? pc : pc - 1;
    *text = (struct frame_text){.line = 0};
    uint32_t module = 0;
    while (module < s->count && (pc < s->modules[module].base || pc >= s->modules[module].end))
        module++;
    if (module == s->count) {
        text->in_lowwater = true;
        return;
    }
    text->in_policy = module == 0;
    snprintf(text->module, sizeof text->module, "%s", last_part(s->modules[module].path));
    Dwfl_Module *dwfl = s->dwfl ? s->dw.addrmodule(s->dwfl, look) : NULL;
    if (!dwfl)
        return;
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = s->dw.addrinfo(dwfl, look, &offset, &symbol, NULL, NULL, NULL);
    if (name)
        symbol_demangle(name, text->function, sizeof text->function);
    int number = 0;
    const char *file = find_line(&s->dw, dwfl, look, &number);
    if (file) {
        snprintf(text->file, sizeof text->file, "%s", last_part(file));
        text->line = (uint32_t)number;
    }
}
