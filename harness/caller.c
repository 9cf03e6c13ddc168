/* The caller filter of fault rules. See caller.h.
 *
 * Which program counters belong to a named function is found out once, from the policy's symbols
 * and its debug information; then a call costs one walk up the stack, and only when every other
 * filter of the rule holds. */
#include "harness/caller.h"

#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/grow.h"
#include "harness/inlined.h"
#include "harness/symbolize.h"

#define SYMBOL_BYTES 1024

struct range {
    uint64_t begin, end; /* native addresses */
    uint32_t function;
};

struct callers {
    struct child *child;
    const char *functions[FAULT_RULES]; /* that rules name, each once */
    uint32_t functions_count;
    struct range *ranges;
    size_t ranges_count, ranges_room;
    uint64_t bias;     /* of the policy: add to addresses of the file */
    uint32_t searched; /* function that is looked for */
    bool found;
};

/* ---- names ---- */

/* Cuts "Arena::grow(int) const" behind the name. */
static void cut_parameters(char *text)
{
    char *close = strrchr(text, ')');
    unsigned depth = 0;
    for (char *at = close; at && at >= text; at--) {
        depth += *at == ')';
        depth -= *at == '(';
        if (depth == 0) {
            *at = '\0';
            return;
        }
    }
}

static void remove_all(char *text, const char *part)
{
    size_t length = strlen(part);
    for (char *at; (at = strstr(text, part)) != NULL;)
        memmove(at, at + length, strlen(at + length) + 1);
}

/* Whether a mangled symbol can be the function at all: most do not even contain the word, and
 * need not be demangled. */
static bool may_be(const char *symbol, const char *function)
{
    char word[64];
    const char *last = strrchr(function, ':');
    last = last ? last + 1 : function;
    last += *last == '~';
    size_t length = 0;
    while (length + 1 < sizeof word &&
           (isalnum((unsigned char)last[length]) || last[length] == '_'))
        length++;
    snprintf(word, sizeof word, "%.*s", (int)length, last);
    return strstr(function, "operator") || strstr(symbol, word);
}

bool caller_names(const char *symbol, const char *function)
{
    char base[SYMBOL_BYTES], plain[SYMBOL_BYTES];
    if (strncmp(symbol, "_Z", 2) == 0 && strcmp(symbol, function) != 0 && !may_be(symbol, function))
        return false;
    snprintf(base, sizeof base, "%s", symbol);
    base[strcspn(base, ".")] = '\0'; /* .cold, .constprop.0: made from the function */
    if (strcmp(base, function) == 0)
        return true;
    symbol_demangle(base, plain, sizeof plain);
    if (strcmp(base, plain) == 0)
        return false;
    cut_parameters(plain);
    remove_all(plain, "(anonymous namespace)::");
    if (strcmp(plain, function) == 0)
        return true;
    /* Templates show their result first: "void grow<int>". */
    size_t length = strlen(plain), wanted = strlen(function);
    return length > wanted && plain[length - wanted - 1] == ' ' &&
           strcmp(plain + length - wanted, function) == 0;
}

/* ---- ranges ---- */

static void add_range(struct callers *callers, uint64_t begin, uint64_t end)
{
    if (begin >= end)
        return;
    callers->ranges = grow_array(callers->ranges, callers->ranges_count, &callers->ranges_room,
                                 sizeof *callers->ranges);
    callers->ranges[callers->ranges_count++] =
        (struct range){callers->bias + begin, callers->bias + end, callers->searched};
}

static void found_inlined(void *context, uint64_t begin, uint64_t end)
{
    add_range(context, begin, end);
}

static void add_symbols(struct callers *callers, const Elf64_Sym *symbols, uint64_t count,
                        const char *strings, uint64_t strings_bytes)
{
    for (uint64_t i = 0; i < count; i++) {
        const Elf64_Sym *symbol = &symbols[i];
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
            symbol->st_name >= strings_bytes)
            continue;
        if (caller_names(strings + symbol->st_name, callers->functions[callers->searched]))
            add_range(callers, symbol->st_value, symbol->st_value + symbol->st_size);
    }
}

/* A table of sections inside the file, or NULL. */
static const Elf64_Shdr *sections_of(const uint8_t *bytes, uint64_t count, uint32_t *sections)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
    if (count < sizeof *header || header->e_shentsize != sizeof(Elf64_Shdr) ||
        header->e_shoff % 8 != 0 || header->e_shoff > count ||
        header->e_shnum > (count - header->e_shoff) / sizeof(Elf64_Shdr))
        return NULL;
    *sections = header->e_shnum;
    return (const Elf64_Shdr *)(bytes + header->e_shoff);
}

static bool is_inside(const Elf64_Shdr *section, uint64_t count)
{
    return section->sh_offset <= count && section->sh_size <= count - section->sh_offset;
}

/* The full symbol table, where the file was not stripped; otherwise what it exports. */
static void add_table(struct callers *callers, const uint8_t *bytes, uint64_t count)
{
    uint32_t sections = 0;
    const Elf64_Shdr *table = NULL, *all = sections_of(bytes, count, &sections);
    for (uint32_t i = 0; i < sections; i++)
        if (all[i].sh_type == SHT_SYMTAB || (!table && all[i].sh_type == SHT_DYNSYM))
            table = &all[i];
    if (!table || table->sh_link >= sections || table->sh_offset % 8 != 0)
        return;
    const Elf64_Shdr *strings = &all[table->sh_link];
    if (!is_inside(table, count) || !is_inside(strings, count) || strings->sh_size == 0)
        return;
    const char *text = (const char *)bytes + strings->sh_offset;
    if (text[strings->sh_size - 1] != '\0')
        return;
    add_symbols(callers, (const Elf64_Sym *)(bytes + table->sh_offset),
                table->sh_size / sizeof(Elf64_Sym), text, strings->sh_size);
}

static void find_ranges(struct callers *callers, const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size <= 0)
        return;
    uint64_t count = (uint64_t)info.st_size;
    const uint8_t *bytes = mmap(NULL, count, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED)
        return;
    for (callers->searched = 0; callers->searched < callers->functions_count; callers->searched++) {
        add_table(callers, bytes, count);
        inlined_find(path, callers->functions[callers->searched], found_inlined, callers);
    }
    munmap((void *)bytes, count);
}

/* ---- asking ---- */

/* A frame of the policy is never the innermost one: its call stands just before the counter. */
static bool look_at_frame(void *context, uint64_t ip)
{
    struct callers *callers = context;
    for (size_t i = 0; i < callers->ranges_count; i++) {
        const struct range *range = &callers->ranges[i];
        if (range->function == callers->searched &&
            ip - 1 - range->begin < range->end - range->begin) {
            callers->found = true;
            return false;
        }
    }
    return true;
}

static bool called_from(void *context, const char *function)
{
    struct callers *callers = context;
    callers->searched = 0;
    while (callers->searched < callers->functions_count &&
           strcmp(callers->functions[callers->searched], function) != 0)
        callers->searched++;
    callers->found = false;
    if (callers->ranges_count > 0)
        walk_stack(callers->child, look_at_frame, callers);
    return callers->found;
}

void caller_prepare(struct child *child)
{
    struct fault_plan *plan = &child->sim->faults;
    struct callers *callers = NULL;
    for (uint32_t i = 0; i < plan->rules_count; i++) {
        const char *function = plan->rules[i].caller;
        if (!function[0])
            continue;
        if (!callers)
            callers = calloc(1, sizeof *callers);
        CHECK(callers != NULL);
        bool known = false;
        for (uint32_t j = 0; j < callers->functions_count; j++)
            known = known || strcmp(callers->functions[j], function) == 0;
        if (!known)
            callers->functions[callers->functions_count++] = function;
    }
    struct module_info policy;
    if (!callers || policy_modules(child->policy, &policy, 1) != 1)
        return;
    callers->child = child;
    callers->bias = policy.bias;
    find_ranges(callers, policy.path);
    child->callers = callers;
    child->sim->called_from = called_from;
    child->sim->called_from_context = callers;
}
