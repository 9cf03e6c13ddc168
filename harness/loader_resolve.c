/* Finding what a module imports. See loader_private.h.
 *
 * The order: a definition that must stay the policy's own (operator new and delete it replaces,
 * and names of the C++ library), then the simulator's bindings, then definitions in the loaded
 * modules, then harmless functions of the host. What is left is refused for the policy and
 * becomes a trap for the C++ library, which may never call it. */
#include "harness/loader_private.h"

#include <dlfcn.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "core/check.h"
#include "crt/race_call.h"

/* ---- the simulator's names ---- */

static const struct binding *const *binding_tables(size_t *count)
{
    static const struct binding *const tables[] = {
        win32_memory_bindings,   win32_heap_bindings, win32_sync_bindings,
        win32_system_bindings,   win32_job_bindings,  crt_memory_bindings,
        crt_string_bindings,     crt_wide_bindings,   crt_time_bindings,
        crt_wide_stdio_bindings, crt_stdio_bindings,  crt_system_bindings,
        crt_cxx_bindings,        errno_bindings,      crt_posix_thread_bindings,
        crt_posix_lock_bindings, crt_c11_bindings,    win32_lock_bindings,
        win32_thread_bindings,   crt_race_bindings,   crt_race_atomic_bindings,
        crt_jump_bindings,
    };
    *count = sizeof tables / sizeof *tables;
    return tables;
}

/* All bindings by name; built when the first policy of the process is loaded. */
static struct hsearch_data *bindings_by_name(void)
{
    static struct hsearch_data names;
    static bool built;
    if (built)
        return &names;
    size_t tables_count, total = 0;
    const struct binding *const *tables = binding_tables(&tables_count);
    for (size_t t = 0; t < tables_count; t++)
        for (const struct binding *b = tables[t]; b->name; b++)
            total++;
    CHECK(hcreate_r(2 * total, &names) != 0);
    for (size_t t = 0; t < tables_count; t++)
        for (const struct binding *b = tables[t]; b->name; b++) {
            ENTRY *kept, entry = {(char *)b->name, (void *)b->address};
            CHECK(hsearch_r(entry, ENTER, &kept, &names) != 0);
        }
    built = true;
    return &names;
}

static uint64_t find_binding(const char *name)
{
    ENTRY *found, key = {.key = (char *)name};
    return hsearch_r(key, FIND, &found, bindings_by_name()) ? (uint64_t)(uintptr_t)found->data : 0;
}

/* ---- definitions in loaded modules ---- */

static uint64_t defined_in(const struct module *module, const char *name)
{
    const Elf64_Sym *symbol = elf_find(&module->elf, name);
    if (!symbol || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ||
        ELF64_ST_TYPE(symbol->st_info) == STT_TLS)
        return 0;
    return symbol->st_shndx == SHN_ABS ? symbol->st_value : module->bias + symbol->st_value;
}

uint64_t find_definition(const struct policy *policy, const char *name)
{
    for (uint32_t i = 0; i < policy->count; i++) {
        uint64_t address = defined_in(&policy->modules[i], name);
        if (address)
            return address;
    }
    return 0;
}

/* ---- names nobody has ---- */

static void refuse(struct policy *policy, const char *name, const char *why)
{
    for (uint32_t i = 0; i < policy->refused_count; i++)
        if (strcmp(policy->refused[i], name) == 0)
            return;
    if (policy->refused_count == REFUSED_MAX)
        return;
    policy->refused[policy->refused_count] = name;
    policy->refused_why[policy->refused_count++] = why;
}

static _Noreturn void trapped(const char *name)
{
    sim_stop_text(machine_sim(machine_current()), STOP_UNSUPPORTED, 0,
                  "the C++ library called %s, which %s", name, name_refusal(name));
}

/* Code with two numbers to be filled in, at 2 and at 12. */
static uint64_t make_stub(struct policy *policy, uint8_t code[STUB_BYTES], uint64_t first,
                          uint64_t second)
{
    memcpy(code + 2, &first, 8);
    memcpy(code + 12, &second, 8);
    CHECK(policy->trap_used + STUB_BYTES <= TRAP_BYTES);
    uint64_t address = policy->trap_base + policy->trap_used;
    memcpy((void *)(uintptr_t)address, code, STUB_BYTES);
    policy->trap_used += STUB_BYTES;
    return address;
}

/* A stub that loads the name's address and goes to trapped(): movabs rdi, name; movabs rax,
 * trapped; jmp rax. */
static uint64_t make_trap(struct policy *policy, const char *name)
{
    uint8_t code[STUB_BYTES] = {0x48, 0xbf, 0, 0, 0, 0, 0, 0, 0,    0,    0x48, 0xb8,
                                0,    0,    0, 0, 0, 0, 0, 0, 0xff, 0xe0, 0xcc, 0xcc};
    return make_stub(policy, code, (uint64_t)(uintptr_t)name, (uint64_t)(uintptr_t)trapped);
}

/* With races to look for: a stub that says which function is called and goes on to the entry that
 * tells what it accesses. movabs r11, stub; movabs r10, entry; jmp r10. */
static uint64_t tell_accesses(struct policy *policy, const char *name, uint64_t function)
{
    const struct race_called *called = policy->sim->race ? race_called_find(name) : NULL;
    if (!called || !function)
        return function;
    struct race_stub *stub = arena_alloc(&policy->sim->arena, sizeof *stub);
    *stub = (struct race_stub){function, called};
    uint8_t code[STUB_BYTES] = {0x49, 0xbb, 0, 0, 0, 0, 0, 0, 0,    0,    0x49, 0xba,
                                0,    0,    0, 0, 0, 0, 0, 0, 0x41, 0xff, 0xe2, 0xcc};
    return make_stub(policy, code, (uint64_t)(uintptr_t)stub, (uint64_t)(uintptr_t)race_entry);
}

/* ---- the host's own functions ---- */

static void *host_symbol(struct policy *policy, const char *name)
{
    if (!policy->libm)
        policy->libm = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
    if (strncmp(name, "_Unwind_", 8) == 0 || name_is_harmless(name)) {
        if (!policy->libgcc)
            policy->libgcc = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
        void *found = dlsym(RTLD_DEFAULT, name);
        return found ? found : policy->libgcc ? dlsym(policy->libgcc, name) : NULL;
    }
    /* All of libm depends on its arguments alone. Its handle also finds libc's names, so the
     * function must really stand there. */
    void *found = policy->libm ? dlsym(policy->libm, name) : NULL;
    Dl_info info;
    return found && dladdr(found, &info) && strstr(info.dli_fname, "libm.") ? found : NULL;
}

/* glibc's answer to "which object holds this address, and where are its frames": an unwinder that
 * is linked into the policy (-static-libgcc) asks it, and must be told of our modules. */
struct found_object {
    unsigned long long flags;
    void *begin, *end;
    void *link_map;
    void *eh_frame_header;
    unsigned long long reserved[7];
};

static int find_object(void *address, struct found_object *result)
{
    const struct policy *policy = machine_sim(machine_current())->symbols.context;
    uint64_t at = (uint64_t)(uintptr_t)address;
    for (uint32_t i = 0; policy && i < policy->count; i++) {
        const struct module *module = &policy->modules[i];
        uint64_t end = module->base + (module->elf.high - module->elf.low);
        if (at < module->base || at >= end || !module->elf.eh_frame_header)
            continue;
        *result = (struct found_object){.begin = (void *)(uintptr_t)module->base,
                                        .end = (void *)(uintptr_t)end};
        result->eh_frame_header = (void *)(uintptr_t)(module->bias + module->elf.eh_frame_header);
        return 0;
    }
    /* Frames of lowwater itself, which an exception may have to pass through. */
    int (*host)(void *, struct found_object *);
    *(void **)&host = dlsym(RTLD_DEFAULT, "_dl_find_object");
    return host ? host(address, result) : -1;
}

static bool is_linker_name(const char *name)
{
    static const char *const names[] = {"__gmon_start__", "_ITM_deregisterTMCloneTable",
                                        "_ITM_registerTMCloneTable", "__cxa_finalize_ranges"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

uint64_t resolve(struct policy *policy, struct module *module, const Elf64_Sym *symbol)
{
    const char *name = elf_string(&module->elf, symbol->st_name);
    bool weak = ELF64_ST_BIND(symbol->st_info) == STB_WEAK;
    bool local = ELF64_ST_BIND(symbol->st_info) == STB_LOCAL;
    bool own_symbol = symbol->st_shndx != SHN_UNDEF;
    if (local || (own_symbol && ELF64_ST_VISIBILITY(symbol->st_other) != STV_DEFAULT))
        return module->bias + symbol->st_value;
    if (is_linker_name(name))
        return 0;
    if (strcmp(name, "_dl_find_object") == 0)
        return (uint64_t)(uintptr_t)find_object;
    /* What the policy itself defines is its own, also against a binding: a replaced operator new
     * must win everywhere. Later modules (libraries) yield to bindings. */
    policy->instrumented = policy->instrumented || strncmp(name, "__tsan_", 7) == 0;
    uint64_t address = defined_in(&policy->modules[0], name);
    if (!address)
        address = tell_accesses(policy, name, find_binding(name));
    if (!address)
        address = tell_accesses(policy, name, find_definition(policy, name));
    if (!address)
        address = (uint64_t)(uintptr_t)host_symbol(policy, name);
    if (address || weak)
        return address;
    if (module->is_library || (module->has_cxx_inside && name_is_of_cxx_library(name)))
        return make_trap(policy, name);
    refuse(policy, name, name_refusal(name));
    return 0;
}
