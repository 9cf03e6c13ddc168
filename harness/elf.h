/* Reading ELF shared objects: every offset and count is checked before it is used, because the
 * file may be anything. x86-64, 64 bits, little-endian. */
#ifndef LW_HARNESS_ELF_H
#define LW_HARNESS_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_NEEDED_MAX 32

/* A shared object in memory as its file is; pointers go into the bytes. */
struct elf {
    const uint8_t *bytes;
    size_t count;
    const Elf64_Phdr *segments;
    uint32_t segments_count;
    uint64_t low, high; /* addresses that its segments take, page-rounded */
    const Elf64_Sym *symbols;
    uint32_t symbols_count;
    const char *strings;
    uint64_t strings_bytes;
    const Elf64_Half *versions; /* one per symbol; NULL: none */
    const uint32_t *gnu_hash;   /* NULL: none, or one that cannot be trusted */
    const Elf64_Rela *relocations, *jump_slots;
    uint64_t relocations_count, jump_slots_count;
    const uint64_t *relative; /* DT_RELR */
    uint64_t relative_count;
    uint64_t init, init_array, init_array_count; /* addresses in the file's terms */
    uint64_t fini, fini_array, fini_array_count;
    uint64_t eh_frame_header;                                 /* PT_GNU_EH_FRAME, 0: none */
    uint64_t frames;                                          /* .eh_frame, 0: none */
    uint64_t tls_image, tls_file_bytes, tls_bytes, tls_align; /* PT_TLS; bytes 0: none */
    bool text_relocations;
    bool static_tls;
    const char *soname;
    const char *runpath;
    const char *needed[ELF_NEEDED_MAX];
    uint32_t needed_count;
};

/* Checks and fills in. The bytes must outlive it. False: message says what is wrong. */
bool elf_open(struct elf *elf, const uint8_t *bytes, size_t count, char *message,
              size_t message_bytes);
/* A name of the string table; "" when the offset is bad. */
const char *elf_string(const struct elf *elf, uint64_t offset);
/* The defined symbol of that name, NULL: none. */
const Elf64_Sym *elf_find(const struct elf *elf, const char *name);

#endif
