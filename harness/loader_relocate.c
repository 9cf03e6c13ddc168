/* Relocations of a mapped module. See loader_private.h. All are applied before any code runs, so
 * there is no lazy binding and nothing of the host's dynamic linker takes part. */
#include "harness/loader_private.h"

#include <stdio.h>
#include <string.h>
#include "core/check.h"

static bool bad(struct policy *policy, const struct module *module, const char *what)
{
    snprintf(policy->message, policy->message_bytes, "%s: %s", module->name, what);
    return false;
}

/* The word at an address of a writable segment; NULL when there is none. */
static uint64_t *word_at(const struct module *module, uint64_t address)
{
    const struct elf *elf = &module->elf;
    for (uint32_t i = 0; i < elf->segments_count; i++) {
        const Elf64_Phdr *s = &elf->segments[i];
        if (s->p_type == PT_LOAD && (s->p_flags & PF_W) && address >= s->p_vaddr &&
            s->p_memsz >= 8 && address - s->p_vaddr <= s->p_memsz - 8)
            return (uint64_t *)(uintptr_t)(module->bias + address);
    }
    return NULL;
}

static void store(uint64_t *word, uint64_t value)
{
    memcpy(word, &value, sizeof value);
}

/* The module and offset of a thread-local symbol. */
static bool find_thread_local(struct policy *policy, struct module *module, const Elf64_Sym *symbol,
                              struct module **owner, uint64_t *offset)
{
    *owner = module;
    *offset = symbol->st_value;
    /* Symbol 0 means the module's own data. */
    if (symbol->st_shndx != SHN_UNDEF || symbol == module->elf.symbols)
        return true;
    const char *name = elf_string(&module->elf, symbol->st_name);
    for (uint32_t i = 0; i < policy->count; i++) {
        const Elf64_Sym *found = elf_find(&policy->modules[i].elf, name);
        if (found && ELF64_ST_TYPE(found->st_info) == STT_TLS) {
            *owner = &policy->modules[i];
            *offset = found->st_value;
            return true;
        }
    }
    return false;
}

static bool relocate_thread_local(struct policy *policy, struct module *module,
                                  const Elf64_Rela *relocation, const Elf64_Sym *symbol,
                                  uint64_t *word)
{
    struct module *owner;
    uint64_t offset;
    if (!find_thread_local(policy, module, symbol, &owner, &offset))
        return bad(policy, module, "a thread-local variable it needs is nowhere defined");
    bool is_module = ELF64_R_TYPE(relocation->r_info) == R_X86_64_DTPMOD64;
    store(word, is_module ? owner->index : offset + (uint64_t)relocation->r_addend);
    return true;
}

static bool relocate_one(struct policy *policy, struct module *module, const Elf64_Rela *relocation)
{
    uint64_t *word = word_at(module, relocation->r_offset);
    uint64_t addend = (uint64_t)relocation->r_addend;
    uint32_t index = ELF64_R_SYM(relocation->r_info);
    if (!word || index >= module->elf.symbols_count)
        return bad(policy, module, "damaged: a relocation points outside");
    const Elf64_Sym *symbol = &module->elf.symbols[index];
    switch (ELF64_R_TYPE(relocation->r_info)) {
    case R_X86_64_NONE:
        return true;
    case R_X86_64_RELATIVE:
        store(word, module->bias + addend);
        return true;
    case R_X86_64_64:
        store(word, resolve(policy, module, symbol) + addend);
        return true;
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT:
        store(word, resolve(policy, module, symbol));
        return true;
    case R_X86_64_DTPMOD64:
    case R_X86_64_DTPOFF64:
        return relocate_thread_local(policy, module, relocation, symbol, word);
    case R_X86_64_TPOFF64:
    case R_X86_64_TLSDESC:
        return bad(policy, module,
                   "its thread-local data uses a model that cannot work here (build without "
                   "-ftls-model=initial-exec and -mtls-dialect=gnu2)");
    case R_X86_64_IRELATIVE:
        return bad(policy, module, "it has indirect functions (ifunc), which cannot work here");
    default:
        return bad(policy, module, "it has relocations of an unknown kind (build with -fPIC)");
    }
}

/* DT_RELR: an address, then bitmaps for the 63 words behind the last one. */
static bool relocate_relative(struct policy *policy, struct module *module)
{
    uint64_t next = 0;
    for (uint64_t i = 0; i < module->elf.relative_count; i++) {
        uint64_t entry = module->elf.relative[i];
        uint64_t bits = entry & 1 ? entry >> 1 : 1;
        uint64_t at = entry & 1 ? next : entry;
        for (uint64_t b = 0; bits >> b; b++) {
            if (!(bits >> b & 1))
                continue;
            uint64_t *word = word_at(module, at + b * 8), value;
            if (!word)
                return bad(policy, module, "damaged: a relocation points outside");
            memcpy(&value, word, 8);
            store(word, value + module->bias);
        }
        next = entry & 1 ? next + 63 * 8 : entry + 8;
    }
    return true;
}

bool relocate(struct policy *policy, struct module *module)
{
    const struct elf *elf = &module->elf;
    if (elf->text_relocations)
        return bad(policy, module, "it has text relocations (build with -fPIC)");
    if (!relocate_relative(policy, module))
        return false;
    for (uint64_t i = 0; i < elf->relocations_count; i++)
        if (!relocate_one(policy, module, &elf->relocations[i]))
            return false;
    for (uint64_t i = 0; i < elf->jump_slots_count; i++)
        if (!relocate_one(policy, module, &elf->jump_slots[i]))
            return false;
    return true;
}
