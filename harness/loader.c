/* Loading a policy. See loader.h.
 *
 * Modules stand one behind the other from IMAGES_BASE in the order they are needed: the policy,
 * then the libraries that are not the host's own. Files are mapped privately, so loading touches
 * only what relocation and the run touch. */
#include "harness/loader_private.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/check.h"
#include "crt/crt.h"
#include "include/winnt.h"

#define IMAGE_GAP (UINT64_C(1) << 20)
#define FILE_BYTES_MAX (UINT64_C(1) << 30)

static bool fail(struct policy *policy, const char *path, const char *what)
{
    if (policy->message[0] == '\0')
        snprintf(policy->message, policy->message_bytes, "%s: %s", path, what);
    return false;
}

/* ---- mapping ---- */

static bool map_file(struct policy *policy, struct module *module)
{
    struct stat about;
    int fd = open(module->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        if (fd >= 0)
            close(fd);
        return fail(policy, module->path, strerror(errno));
    }
    bool fine =
        S_ISREG(about.st_mode) && about.st_size > 0 && (uint64_t)about.st_size <= FILE_BYTES_MAX;
    if (fine) {
        module->file_bytes = (size_t)about.st_size;
        module->file = mmap(NULL, module->file_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        fine = module->file != MAP_FAILED;
    }
    close(fd);
    return fine || fail(policy, module->path, "not a regular file, empty, or too large");
}

static int protection_of(const Elf64_Phdr *s)
{
    return (s->p_flags & PF_R ? PROT_READ : 0) | (s->p_flags & PF_W ? PROT_WRITE : 0) |
           (s->p_flags & PF_X ? PROT_EXEC : 0);
}

static uint64_t page_down(uint64_t address)
{
    return address & ~(PAGE_BYTES - 1);
}
static uint64_t page_up(uint64_t address)
{
    return page_down(address + PAGE_BYTES - 1);
}

static bool map_segment(struct module *module, const Elf64_Phdr *s, int fd)
{
    uint64_t begin = page_down(module->bias + s->p_vaddr);
    uint64_t end = page_up(module->bias + s->p_vaddr + s->p_memsz);
    uint64_t file_end = module->bias + s->p_vaddr + s->p_filesz;
    uint64_t offset = s->p_offset - (s->p_vaddr & (PAGE_BYTES - 1));
    if (end == begin)
        return true;
    if ((s->p_offset ^ s->p_vaddr) & (PAGE_BYTES - 1))
        return false;
    int protection = protection_of(s);
    if (s->p_filesz && mmap((void *)begin, page_up(file_end) - begin, protection,
                            MAP_PRIVATE | MAP_FIXED, fd, (off_t)offset) == MAP_FAILED)
        return false;
    uint64_t anonymous = s->p_filesz ? page_up(file_end) : begin;
    if (end > anonymous && mmap((void *)anonymous, end - anonymous, protection,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        return false;
    /* What the file has behind the segment on its last page must read as zero. */
    if (s->p_filesz && (protection & PROT_WRITE) && s->p_memsz > s->p_filesz)
        memset((void *)file_end, 0, page_up(file_end) - file_end);
    return true;
}

static bool map_image(struct policy *policy, struct module *module)
{
    const struct elf *elf = &module->elf;
    uint64_t bytes = elf->high - elf->low;
    module->base = policy->next_base;
    module->bias = module->base - elf->low;
    if (bytes > IMAGES_BASE + IMAGES_BYTES - IMAGE_GAP - module->base)
        return fail(policy, module->path, "it is too large to load");
    void *place = mmap((void *)module->base, bytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if ((uint64_t)place != module->base)
        return fail(policy, module->path, "its place in the address space is taken");
    int fd = open(module->path, O_RDONLY | O_CLOEXEC);
    bool fine = fd >= 0;
    for (uint32_t i = 0; fine && i < elf->segments_count; i++)
        if (elf->segments[i].p_type == PT_LOAD)
            fine = map_segment(module, &elf->segments[i], fd);
    if (fd >= 0)
        close(fd);
    policy->next_base = (module->base + bytes + IMAGE_GAP) & ~(IMAGE_GAP - 1);
    return fine || fail(policy, module->path, "its segments cannot be mapped");
}

/* ---- what it needs ---- */

static bool is_hosts_own(const char *name)
{
    static const char *const own[] = {"libc.so",     "libm.so",     "libpthread.so", "libdl.so",
                                      "librt.so",    "libgcc_s.so", "ld-linux",      "libasan.so",
                                      "libubsan.so", "libtsan.so",  "libclang_rt"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strncmp(name, own[i], strlen(own[i])) == 0)
            return true;
    return false;
}

static bool is_cxx_library(const char *name)
{
    return strncmp(name, "libstdc++.so", 12) == 0 || strncmp(name, "libc++", 6) == 0 ||
           strncmp(name, "libunwind", 9) == 0;
}

static bool try_folder(const char *folder, size_t length, const char *name, char *path,
                       size_t path_bytes)
{
    int used = snprintf(path, path_bytes, "%.*s/%s", (int)length, folder, name);
    return used > 0 && (size_t)used < path_bytes && access(path, R_OK) == 0;
}

/* One entry of a run path: absolute, or $ORIGIN for the folder of the object that has it. */
static bool try_run_path(const char *entry, size_t length, const char *own, size_t own_length,
                         const char *name, char *path, size_t path_bytes)
{
    static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
    for (size_t i = 0; i < 2; i++) {
        size_t origin = strlen(origins[i]);
        if (length < origin || strncmp(entry, origins[i], origin) != 0)
            continue;
        int used = snprintf(path, path_bytes, "%.*s%.*s/%s", (int)own_length, own,
                            (int)(length - origin), entry + origin, name);
        return used > 0 && (size_t)used < path_bytes && access(path, R_OK) == 0;
    }
    return length && *entry == '/' && try_folder(entry, length, name, path, path_bytes);
}

/* Next to the policy, in its run path, then where the system keeps libraries. */
static bool find_library(const struct module *by, const char *name, char *path, size_t path_bytes)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu",
                                          "/lib/x86_64-linux-gnu",
                                          "/usr/lib64",
                                          "/lib64",
                                          "/usr/lib",
                                          "/lib",
                                          "/usr/local/lib"};
    const char *slash = strrchr(by->path, '/');
    const char *folder = slash ? by->path : ".";
    size_t own = slash ? (size_t)(slash - by->path) : 1;
    if (try_folder(folder, own, name, path, path_bytes))
        return true;
    for (const char *at = by->elf.runpath; *at;) {
        size_t length = strcspn(at, ":");
        if (try_run_path(at, length, folder, own, name, path, path_bytes))
            return true;
        at += length + (at[length] == ':');
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (try_folder(folders[i], strlen(folders[i]), name, path, path_bytes))
            return true;
    return false;
}

/* The number of the module that is known by that name; policy->count: none yet. */
static uint32_t find_module(const struct policy *policy, const char *name)
{
    uint32_t i = 0;
    while (i < policy->count && strcmp(policy->modules[i].name, name) != 0 &&
           strcmp(policy->modules[i].elf.soname, name) != 0)
        i++;
    return i;
}

static bool place_thread_local(struct policy *policy, struct module *module)
{
    struct tls_layout *tls = &policy->sim->tls;
    const struct elf *elf = &module->elf;
    CHECK(tls->count < TLS_MODULES_MAX);
    module->index = ++tls->count;
    uint64_t align = elf->tls_align > 16 ? elf->tls_align : 16;
    uint64_t offset = (tls->bytes + align - 1) / align * align;
    if (offset + elf->tls_bytes > TLS_STRIDE)
        return fail(policy, module->path, "its thread-local data is too large");
    tls->modules[module->index - 1].offset = offset;
    tls->modules[module->index - 1].image = module->bias + elf->tls_image;
    tls->modules[module->index - 1].file_bytes = elf->tls_file_bytes;
    tls->bytes = offset + elf->tls_bytes;
    return true;
}

static bool load_module(struct policy *policy, const char *path, bool is_library)
{
    if (policy->count == MODULES_MAX)
        return fail(policy, path, "too many libraries");
    if (strlen(path) >= MODULE_PATH_BYTES)
        return fail(policy, path, "its path is too long");
    struct module *module = &policy->modules[policy->count];
    char message[256], *kept = arena_alloc(&policy->sim->arena, strlen(path) + 1);
    memcpy(kept, path, strlen(path) + 1);
    module->path = kept;
    const char *slash = strrchr(module->path, '/');
    module->name = slash ? slash + 1 : module->path;
    module->is_library = is_library;
    if (!map_file(policy, module))
        return false;
    if (!elf_open(&module->elf, module->file, module->file_bytes, message, sizeof message))
        return fail(policy, path, message);
    module->has_cxx_inside = !is_library && elf_find(&module->elf, "__cxa_throw") != NULL;
    if (!map_image(policy, module) || !place_thread_local(policy, module))
        return false;
    policy->count++;
    return true;
}

/* Loads everything that the modules need, level by level. */
static bool load_needed(struct policy *policy)
{
    for (uint32_t i = 0; i < policy->count; i++) {
        for (uint32_t n = 0; n < policy->modules[i].elf.needed_count; n++) {
            const char *name = policy->modules[i].elf.needed[n];
            char path[PATH_MAX];
            if (is_hosts_own(name) || find_module(policy, name) < policy->count)
                continue;
            if (!find_library(&policy->modules[i], name, path, sizeof path)) {
                snprintf(policy->message, policy->message_bytes,
                         "%s: it needs the library %s, which is nowhere to be found",
                         policy->modules[i].name, name);
                return false;
            }
            if (!load_module(policy, path, is_cxx_library(name)))
                return false;
        }
    }
    return true;
}

/* Appends the module to the order of construction, behind all that it needs. Of libraries that
 * need each other the one met first comes last, as with the system's linker. */
static void put_in_order(struct policy *policy, uint32_t index)
{
    struct module *module = &policy->modules[index];
    if (module->in_order)
        return;
    module->in_order = true;
    for (uint32_t n = 0; n < module->elf.needed_count; n++) {
        uint32_t needed = find_module(policy, module->elf.needed[n]);
        if (needed < policy->count)
            put_in_order(policy, needed);
    }
    CHECK(policy->ordered < policy->count);
    policy->order[policy->ordered++] = index;
}

/* ---- after relocation ---- */

static void protect_relro(const struct module *module)
{
    for (uint32_t i = 0; i < module->elf.segments_count; i++) {
        const Elf64_Phdr *s = &module->elf.segments[i];
        uint64_t begin = page_down(module->bias + s->p_vaddr);
        uint64_t end = page_down(module->bias + s->p_vaddr + s->p_memsz);
        bool inside = s->p_vaddr >= module->elf.low && s->p_vaddr + s->p_memsz <= module->elf.high;
        if (s->p_type == PT_GNU_RELRO && inside && end > begin)
            mprotect((void *)begin, end - begin, PROT_READ);
    }
}

static void note_segments(struct policy *policy, const struct module *module)
{
    for (uint32_t i = 0; i < module->elf.segments_count; i++) {
        const Elf64_Phdr *s = &module->elf.segments[i];
        uint64_t begin = page_down(module->bias + s->p_vaddr);
        uint64_t end = page_up(module->bias + s->p_vaddr + s->p_memsz);
        if (s->p_type != PT_LOAD || end == begin)
            continue;
        uint32_t protect = s->p_flags & PF_X   ? PAGE_EXECUTE_READ
                           : s->p_flags & PF_W ? PAGE_READWRITE
                                               : PAGE_READONLY;
        machine_note_native(policy->machine, begin, end - begin, protect, MEM_IMAGE);
    }
}

void policy_register_frames(struct policy *policy)
{
    void (*register_frame)(void *, void *);
    if (!policy->libgcc)
        policy->libgcc = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
    if (!policy->libgcc || policy->frames_registered)
        return;
    policy->frames_registered = true;
    *(void **)&register_frame = dlsym(policy->libgcc, "__register_frame_info");
    for (uint32_t i = 0; register_frame && i < policy->count; i++) {
        const struct elf *elf = &policy->modules[i].elf;
        if (!elf->frames)
            continue;
        /* libgcc keeps its record of the table in memory that the caller gives. */
        void *record = arena_alloc(&policy->sim->arena, 64);
        register_frame((void *)(uintptr_t)(policy->modules[i].bias + elf->frames), record);
    }
}

static bool report_refusals(struct policy *policy, const char *path)
{
    if (policy->refused_count == 0)
        return true;
    size_t used =
        (size_t)snprintf(policy->message, policy->message_bytes,
                         "%s: it imports what cannot work on the simulated machine:", path);
    for (uint32_t i = 0; i < policy->refused_count && used < policy->message_bytes; i++) {
        bool first = true;
        for (uint32_t j = 0; j < i; j++)
            first = first && strcmp(policy->refused_why[i], policy->refused_why[j]) != 0;
        if (first)
            used += (size_t)snprintf(policy->message + used, policy->message_bytes - used,
                                     "\n  %s:", policy->refused_why[i]);
        for (uint32_t j = i; first && j < policy->refused_count && used < policy->message_bytes;
             j++)
            if (strcmp(policy->refused_why[i], policy->refused_why[j]) == 0)
                used += (size_t)snprintf(policy->message + used, policy->message_bytes - used,
                                         " %s", policy->refused[j]);
    }
    return false;
}

static void *find_for_run_time(void *context, const char *name)
{
    return (void *)(uintptr_t)find_definition(context, name);
}

static bool map_traps(struct policy *policy)
{
    policy->trap_base = IMAGES_BASE;
    void *place = mmap((void *)policy->trap_base, TRAP_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    policy->next_base = IMAGES_BASE + IMAGE_GAP;
    return (uint64_t)place == policy->trap_base;
}

bool policy_load(const char *path, struct sim *sim, struct machine *machine, struct policy **result,
                 char *message, size_t message_bytes)
{
    struct policy *policy = arena_alloc(&sim->arena, sizeof *policy);
    message[0] = '\0';
    policy->sim = sim;
    policy->machine = machine;
    policy->message = message;
    policy->message_bytes = message_bytes;
    *result = policy;
    if (!map_traps(policy))
        return fail(policy, path, "the place of policies in the address space is taken");
    if (!load_module(policy, path, false) || !load_needed(policy))
        return false;
    put_in_order(policy, 0);
    CHECK(policy->ordered == policy->count);
    for (uint32_t i = policy->count; i-- > 0;)
        if (!relocate(policy, &policy->modules[i]))
            return false;
    if (!report_refusals(policy, path))
        return false;
    mprotect((void *)policy->trap_base, TRAP_BYTES, PROT_READ | PROT_EXEC);
    bool has_library = false;
    for (uint32_t i = 0; i < policy->count; i++) {
        protect_relro(&policy->modules[i]);
        note_segments(policy, &policy->modules[i]);
        has_library = has_library || policy->modules[i].is_library;
    }
    if (has_library || policy->libgcc) /* it may throw */
        policy_register_frames(policy);
    sim->symbols = (struct symbol_lookup){find_for_run_time, policy};
    return true;
}

/* ---- running its code ---- */

static void construct(const struct module *module)
{
    const struct elf *elf = &module->elf;
    if (elf->init)
        ((void (*)(void))(uintptr_t)(module->bias + elf->init))();
    const uint64_t *functions = (const uint64_t *)(uintptr_t)(module->bias + elf->init_array);
    for (uint64_t i = 0; i < elf->init_array_count; i++)
        if (functions[i] != 0 && functions[i] != UINT64_MAX)
            ((void (*)(int, char **, char **))(uintptr_t)functions[i])(0, NULL, NULL);
}

void policy_construct(struct policy *policy)
{
    for (uint32_t i = 0; i < policy->ordered; i++)
        construct(&policy->modules[policy->order[i]]);
}

void policy_destruct(struct policy *policy)
{
    crt_run_exit_functions(policy->sim);
    for (uint32_t m = policy->ordered; m-- > 0;) {
        const struct module *module = &policy->modules[policy->order[m]];
        const struct elf *elf = &module->elf;
        const uint64_t *functions = (const uint64_t *)(uintptr_t)(module->bias + elf->fini_array);
        for (uint64_t i = elf->fini_array_count; i-- > 0;)
            if (functions[i] != 0 && functions[i] != UINT64_MAX)
                ((void (*)(void))(uintptr_t)functions[i])();
        if (elf->fini)
            ((void (*)(void))(uintptr_t)(module->bias + elf->fini))();
    }
}

bool policy_is_instrumented(const struct policy *policy)
{
    return policy->instrumented;
}

void *policy_symbol(const struct policy *policy, const char *name)
{
    const struct module *module = &policy->modules[0];
    const Elf64_Sym *symbol = elf_find(&module->elf, name);
    if (!symbol || ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ||
        symbol->st_value >= module->elf.high)
        return NULL;
    return (void *)(uintptr_t)(module->bias + symbol->st_value);
}

uint32_t policy_modules(const struct policy *policy, struct module_info *modules, uint32_t max)
{
    uint32_t count = policy->count < max ? policy->count : max;
    for (uint32_t i = 0; i < count; i++) {
        const struct module *module = &policy->modules[i];
        snprintf(modules[i].path, sizeof modules[i].path, "%s", module->path);
        modules[i].base = module->base;
        modules[i].end = module->base + (module->elf.high - module->elf.low);
        modules[i].bias = module->bias;
    }
    return count;
}
