/* ELF shared objects. See elf.h.
 *
 * Addresses of the dynamic section are translated through the loadable segments' file contents;
 * whatever does not lie there is refused. */
#include "harness/elf.h"

#include <stdio.h>
#include <string.h>
#include "core/layout.h"

struct reader {
    struct elf *elf;
    char *message;
    size_t message_bytes;
};

static bool bad(struct reader *reader, const char *what)
{
    snprintf(reader->message, reader->message_bytes, "%s", what);
    return false;
}

static bool within(const struct elf *elf, uint64_t offset, uint64_t bytes)
{
    return offset <= elf->count && bytes <= elf->count - offset;
}

/* File bytes behind an address range, NULL when no segment's file part holds all of it. */
static const void *at_address(const struct elf *elf, uint64_t address, uint64_t bytes)
{
    for (uint32_t i = 0; i < elf->segments_count; i++) {
        const Elf64_Phdr *s = &elf->segments[i];
        if (s->p_type == PT_LOAD && address >= s->p_vaddr && address - s->p_vaddr <= s->p_filesz &&
            bytes <= s->p_filesz - (address - s->p_vaddr))
            return elf->bytes + s->p_offset + (address - s->p_vaddr);
    }
    return NULL;
}

/* Whether one loadable segment with these permissions holds the whole address range. */
static bool is_loaded_with(const struct elf *elf, uint64_t address, uint64_t bytes, uint32_t flags)
{
    for (uint32_t i = 0; i < elf->segments_count; i++) {
        const Elf64_Phdr *s = &elf->segments[i];
        if (s->p_type == PT_LOAD && (s->p_flags & flags) == flags && address >= s->p_vaddr &&
            address - s->p_vaddr <= s->p_memsz && bytes <= s->p_memsz - (address - s->p_vaddr))
            return true;
    }
    return false;
}

static bool check_header(struct reader *reader)
{
    struct elf *elf = reader->elf;
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)elf->bytes;
    if (elf->count < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return bad(reader, "not an ELF shared object");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64)
        return bad(reader, "not built for x86-64 (64 bits)");
    if (header->e_type != ET_DYN)
        return bad(reader, "not a shared object (build it with -shared -fPIC)");
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff % 8 != 0 ||
        !within(elf, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr)))
        return bad(reader, "damaged: the program headers lie outside the file");
    elf->segments = (const Elf64_Phdr *)(elf->bytes + header->e_phoff);
    elf->segments_count = header->e_phnum;
    return true;
}

static bool check_segment(struct reader *reader, const Elf64_Phdr *s)
{
    struct elf *elf = reader->elf;
    if (s->p_vaddr > IMAGES_BYTES || s->p_memsz > IMAGES_BYTES)
        return bad(reader, "damaged: a segment is larger than can be mapped");
    if (s->p_type == PT_TLS) {
        if (s->p_align > PAGE_BYTES || s->p_memsz > PAGE_BYTES * 64 || s->p_filesz > s->p_memsz)
            return bad(reader, "its thread-local data is too large");
        elf->tls_image = s->p_vaddr;
        elf->tls_file_bytes = s->p_filesz;
        elf->tls_bytes = s->p_memsz;
        elf->tls_align = s->p_align ? s->p_align : 1;
    }
    if (s->p_type == PT_GNU_EH_FRAME && s->p_memsz >= 8)
        elf->eh_frame_header = s->p_vaddr;
    if (s->p_type != PT_LOAD)
        return true;
    if (s->p_filesz > s->p_memsz || !within(elf, s->p_offset, s->p_filesz))
        return bad(reader, "damaged: a segment lies outside the file");
    uint64_t low = s->p_vaddr & ~(PAGE_BYTES - 1);
    uint64_t high = (s->p_vaddr + s->p_memsz + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    /* The order the format prescribes. It also keeps a later segment from replacing pages of an
     * earlier one, which would change what may be read and written there. */
    if (low < elf->high)
        return bad(reader, "damaged: its segments overlap or are out of order");
    elf->low = low < elf->low ? low : elf->low;
    elf->high = high;
    return true;
}

/* The frames that the table of PT_GNU_EH_FRAME belongs to: 32 bits from its second word on. What
 * cannot be read, or is told in another way, counts as no frames at all: nothing unwinds then. */
static void find_frames(struct elf *elf)
{
    const uint8_t *header = elf->eh_frame_header ? at_address(elf, elf->eh_frame_header, 8) : NULL;
    int32_t distance;
    if (!header || !is_loaded_with(elf, elf->eh_frame_header, 8, PF_R)) {
        elf->eh_frame_header = 0;
        return;
    }
    memcpy(&distance, header + 4, sizeof distance);
    uint64_t frames = elf->eh_frame_header + 4 + (uint64_t)(int64_t)distance;
    if (header[0] == 1 && header[1] == 0x1b && is_loaded_with(elf, frames, 4, PF_R))
        elf->frames = frames;
}

static bool check_segments(struct reader *reader)
{
    struct elf *elf = reader->elf;
    elf->low = UINT64_MAX;
    for (uint32_t i = 0; i < elf->segments_count; i++)
        if (!check_segment(reader, &elf->segments[i]))
            return false;
    if (elf->low >= elf->high)
        return bad(reader, "damaged: it has nothing to load");
    if (elf->tls_file_bytes && (!at_address(elf, elf->tls_image, elf->tls_file_bytes) ||
                                !is_loaded_with(elf, elf->tls_image, elf->tls_file_bytes, PF_R)))
        return bad(reader, "damaged: its thread-local data lies outside the file");
    find_frames(elf);
    return true;
}

/* ---- the dynamic section ---- */

struct dynamic {
    uint64_t value[DT_RELRENT + 1]; /* by tag */
    uint64_t gnu_hash, versions;
    uint64_t needed[ELF_NEEDED_MAX];
};

static bool read_dynamic(struct reader *reader, struct dynamic *dynamic)
{
    struct elf *elf = reader->elf;
    const Elf64_Dyn *entries = NULL;
    uint64_t count = 0;
    for (uint32_t i = 0; i < elf->segments_count; i++) {
        const Elf64_Phdr *s = &elf->segments[i];
        if (s->p_type == PT_DYNAMIC && s->p_offset % 8 == 0 &&
            within(elf, s->p_offset, s->p_filesz)) {
            entries = (const Elf64_Dyn *)(elf->bytes + s->p_offset);
            count = s->p_filesz / sizeof *entries;
        }
    }
    if (!entries)
        return bad(reader, "it has no dynamic section");
    for (uint64_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
        uint64_t tag = (uint64_t)entries[i].d_tag;
        if (tag == DT_NEEDED && elf->needed_count < ELF_NEEDED_MAX)
            dynamic->needed[elf->needed_count++] = entries[i].d_un.d_val;
        else if (tag <= DT_RELRENT)
            dynamic->value[tag] = entries[i].d_un.d_val;
        else if (tag == DT_GNU_HASH)
            dynamic->gnu_hash = entries[i].d_un.d_ptr;
        else if (tag == DT_VERSYM)
            dynamic->versions = entries[i].d_un.d_ptr;
    }
    return true;
}

/* The number of symbols is nowhere written: the section headers tell where they exist, otherwise
 * the table is taken to end where the string table begins, as all linkers lay it out. */
static bool find_symbols(struct reader *reader, const struct dynamic *dynamic)
{
    struct elf *elf = reader->elf;
    uint64_t table = dynamic->value[DT_SYMTAB], strings = dynamic->value[DT_STRTAB];
    const uint32_t *hash =
        dynamic->value[DT_HASH] ? at_address(elf, dynamic->value[DT_HASH], 8) : NULL;
    elf->strings_bytes = dynamic->value[DT_STRSZ];
    elf->strings = at_address(elf, strings, elf->strings_bytes);
    uint64_t count = 0;
    if (hash && (uintptr_t)hash % 4 == 0)
        count = hash[1];
    else if (strings > table)
        count = (strings - table) / sizeof(Elf64_Sym);
    elf->symbols = count < UINT32_MAX ? at_address(elf, table, count * sizeof(Elf64_Sym)) : NULL;
    elf->symbols_count = (uint32_t)count;
    if (!elf->strings || !elf->symbols || elf->strings_bytes == 0 ||
        elf->strings[elf->strings_bytes - 1] != '\0' || (uintptr_t)elf->symbols % 8 != 0)
        return bad(reader, "damaged: its symbol or string table lies outside the file");
    elf->versions =
        dynamic->versions ? at_address(elf, dynamic->versions, count * sizeof(Elf64_Half)) : NULL;
    if ((uintptr_t)elf->versions % 2 != 0)
        elf->versions = NULL;
    return true;
}

/* The hash table of names, when all of its parts lie in the file. Layout: number of buckets, first
 * symbol, words of the filter, shift; filter; buckets; chain. */
static void find_gnu_hash(struct elf *elf, uint64_t address)
{
    const uint32_t *table = address ? at_address(elf, address, 16) : NULL;
    if (!table || (uintptr_t)table % 8 != 0 || table[0] == 0 || table[1] > elf->symbols_count)
        return;
    uint64_t words = 4 + (uint64_t)table[2] * 2 + table[0] + (elf->symbols_count - table[1]);
    if (table[2] > elf->count || table[0] > elf->count || !at_address(elf, address, words * 4))
        return;
    elf->gnu_hash = table;
}

static bool find_table(struct reader *reader, uint64_t address, uint64_t bytes, uint64_t entry,
                       const void **table, uint64_t *count)
{
    *count = bytes / entry;
    *table = bytes ? at_address(reader->elf, address, bytes) : NULL;
    if (bytes && (!*table || (uintptr_t)*table % 8 != 0))
        return bad(reader, "damaged: its relocations lie outside the file");
    return true;
}

static bool find_relocations(struct reader *reader, const struct dynamic *dynamic)
{
    struct elf *elf = reader->elf;
    const uint64_t *v = dynamic->value;
    if (v[DT_REL] || (v[DT_PLTRELSZ] && v[DT_PLTREL] != DT_RELA))
        return bad(reader, "it has relocations of an unknown kind");
    return find_table(reader, v[DT_RELA], v[DT_RELASZ], sizeof(Elf64_Rela),
                      (const void **)&elf->relocations, &elf->relocations_count) &&
           find_table(reader, v[DT_JMPREL], v[DT_PLTRELSZ], sizeof(Elf64_Rela),
                      (const void **)&elf->jump_slots, &elf->jump_slots_count) &&
           find_table(reader, v[DT_RELR], v[DT_RELRSZ], 8, (const void **)&elf->relative,
                      &elf->relative_count);
}

static void take_names(struct elf *elf, const struct dynamic *dynamic)
{
    const uint64_t *v = dynamic->value;
    for (uint32_t i = 0; i < elf->needed_count; i++)
        elf->needed[i] = elf_string(elf, dynamic->needed[i]);
    elf->soname = v[DT_SONAME] ? elf_string(elf, v[DT_SONAME]) : "";
    uint64_t runpath = v[DT_RUNPATH] ? v[DT_RUNPATH] : v[DT_RPATH];
    elf->runpath = runpath ? elf_string(elf, runpath) : "";
    elf->init = v[DT_INIT];
    elf->init_array = v[DT_INIT_ARRAY];
    elf->init_array_count = v[DT_INIT_ARRAYSZ] / 8;
    elf->fini = v[DT_FINI];
    elf->fini_array = v[DT_FINI_ARRAY];
    elf->fini_array_count = v[DT_FINI_ARRAYSZ] / 8;
    elf->text_relocations = v[DT_TEXTREL] || (v[DT_FLAGS] & DF_TEXTREL);
    elf->static_tls = (v[DT_FLAGS] & DF_STATIC_TLS) != 0;
}

/* Everything that is later read or called through an address must lie in loaded memory. */
static bool check_addresses(struct reader *reader)
{
    struct elf *elf = reader->elf;
    const uint64_t arrays[][2] = {{elf->init_array, elf->init_array_count},
                                  {elf->fini_array, elf->fini_array_count}};
    for (size_t i = 0; i < 2; i++) {
        uint64_t address = arrays[i][0], count = arrays[i][1];
        if (count && (address % 8 != 0 || !is_loaded_with(elf, address, count * 8, PF_R)))
            return bad(reader, "damaged: its constructors lie outside its segments");
    }
    if ((elf->init && !is_loaded_with(elf, elf->init, 1, PF_X)) ||
        (elf->fini && !is_loaded_with(elf, elf->fini, 1, PF_X)))
        return bad(reader, "damaged: its constructors lie outside its code");
    return true;
}

bool elf_open(struct elf *elf, const uint8_t *bytes, size_t count, char *message,
              size_t message_bytes)
{
    struct reader reader = {elf, message, message_bytes};
    static struct dynamic empty;
    struct dynamic dynamic = empty;
    *elf = (struct elf){.bytes = bytes, .count = count};
    if (!check_header(&reader) || !check_segments(&reader) || !read_dynamic(&reader, &dynamic) ||
        !find_symbols(&reader, &dynamic) || !find_relocations(&reader, &dynamic))
        return false;
    find_gnu_hash(elf, dynamic.gnu_hash);
    take_names(elf, &dynamic);
    return check_addresses(&reader);
}

const char *elf_string(const struct elf *elf, uint64_t offset)
{
    return offset < elf->strings_bytes ? elf->strings + offset : "";
}

/* Versions with the top bit are kept for programs linked long ago; new ones get the other. */
static bool is_definition(const struct elf *elf, const Elf64_Sym *symbol, const char *name)
{
    return symbol->st_shndx != SHN_UNDEF &&
           !(elf->versions && elf->versions[symbol - elf->symbols] & 0x8000) &&
           strcmp(elf_string(elf, symbol->st_name), name) == 0;
}

static const Elf64_Sym *find_hashed(const struct elf *elf, const char *name)
{
    const uint32_t *table = elf->gnu_hash;
    uint32_t hash = 5381, buckets = table[0], first = table[1];
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        hash = hash * 33 + *c;
    const uint32_t *bucket = table + 4 + (uint64_t)table[2] * 2, *chain = bucket + buckets;
    for (uint32_t i = bucket[hash % buckets]; i >= first && i < elf->symbols_count; i++) {
        uint32_t found = chain[i - first];
        if ((found | 1) == (hash | 1) && is_definition(elf, &elf->symbols[i], name))
            return &elf->symbols[i];
        if (found & 1)
            break;
    }
    return NULL;
}

const Elf64_Sym *elf_find(const struct elf *elf, const char *name)
{
    if (elf->gnu_hash)
        return find_hashed(elf, name);
    for (uint32_t i = 1; i < elf->symbols_count; i++)
        if (is_definition(elf, &elf->symbols[i], name))
            return &elf->symbols[i];
    return NULL;
}
