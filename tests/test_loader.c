/* Loading policies: what C and C++ code needs of its run-time works however it was built, what
 * cannot work is refused by name before anything runs, and no file, however damaged, ends the
 * loader (tests/policies/loader). */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/rng.h"
#include "harness/loader.h"

#if defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define SOURCES "tests/policies/loader/"

static bool has_compiler(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/usr/bin/%s", name);
    return access(path, X_OK) == 0;
}

static void use_compilers(const char *c, const char *cxx)
{
    assert_int_equal(setenv("CC", c, 1), 0);
    assert_int_equal(setenv("CXX", cxx, 1), 0);
}

static void use_the_default_compilers(void)
{
    assert_int_equal(unsetenv("CC"), 0);
    assert_int_equal(unsetenv("CXX"), 0);
}

/* Builds a policy with the flags ("" or beginning with a space); its path. */
static const char *build(const char *source, const char *flags)
{
    const char *out = cli_path("built.so");
    cli("cc -o %s%s " SOURCES "%s", out, flags, source);
    expect_exit(0);
    return out;
}

static void build_and_run(const char *source, const char *flags)
{
    const char *policy = build(source, flags);
    const struct cli_result *result = cli("run %s --policy %s", small_recording(), policy);
    if (result->exit_code != 0)
        print_message("%s built with%s:\n", source, flags);
    expect_exit(0);
}

/* ---- what works ---- */

static void c_code_runs_however_it_was_linked(void **state)
{
    (void)state;
    static const char *const flags[] = {"", " -O0 -fno-plt", " -O3 -Wl,-z,now -s",
                                        " -Wl,--hash-style=sysv -Wl,-Bsymbolic",
                                        " -Wl,-z,noseparate-code -fstack-protector-all"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        build_and_run("plain.c", flags[i]);
}

static void relative_relocations_may_be_packed(void **state)
{
    (void)state;
    const char *out = cli_path("packed.so");
    cli("cc -o %s -Wl,-z,pack-relative-relocs " SOURCES "plain.c", out);
    size_t bytes;
    char *file = read_whole_file(out, &bytes);
    if (!file) /* the linker does not know it */
        skip();
    free(file);
    expect_exit(0);
    cli("run %s --policy %s", small_recording(), out);
    expect_exit(0);
}

static void cxx_code_runs_with_a_shared_or_a_static_library(void **state)
{
    (void)state;
    build_and_run("features.cpp", "");
    build_and_run("features.cpp", " -O0");
    build_and_run("features.cpp", " -O1 -static-libstdc++ -static-libgcc");
}

static void code_of_the_other_compiler_runs_as_well(void **state)
{
    (void)state;
    if (!has_compiler("clang") || !has_compiler("clang++"))
        skip();
    use_compilers("clang", "clang++");
    build_and_run("plain.c", "");
    build_and_run("features.cpp", " -O1");
    use_the_default_compilers();
}

/* Checks of objects and functions of C++ are in a part of the sanitizer that C has not. */
#ifdef __clang__
#define SANITIZERS " -fsanitize=address,undefined -fno-sanitize=vptr,function"
#else
#define SANITIZERS " -fsanitize=address,undefined -fno-sanitize=vptr"
#endif

static void sanitized_policies_need_a_sanitized_program(void **state)
{
    (void)state;
#ifdef __clang__
    use_compilers("clang", "clang++");
#endif
    const char *policy = build("features.cpp", " -O1" SANITIZERS);
    cli("run %s --policy %s", small_recording(), policy);
    use_the_default_compilers();
    expect_exit(SANITIZED ? 0 : 6);
    if (!SANITIZED)
        expect_err("built with a sanitizer");
}

static void libraries_are_constructed_after_what_they_need(void **state)
{
    (void)state;
    const char *folder = cli_path("lib");
    mkdir(folder, 0777);
    cli("cc -o %s/libbelow.so " SOURCES "below.c", folder);
    expect_exit(0);
    cli("cc -o %s/libmiddle.so " SOURCES "middle.c -L%s -lbelow", folder, folder);
    expect_exit(0);
    /* The lowest is named first, so loading order is not the order of need. */
    cli("cc -o %s " SOURCES "above.c -L%s -Wl,--no-as-needed -lbelow -lmiddle "
        "-Wl,-rpath,$ORIGIN/lib",
        cli_path("above.so"), folder);
    expect_exit(0);
    cli("run %s --policy %s --check", small_recording(), cli_path("above.so"));
    expect_exit(0);
}

static void a_missing_library_is_named_when_refused(void **state)
{
    (void)state;
    const char *folder = cli_path("lost");
    char library[4096];
    mkdir(folder, 0777);
    snprintf(library, sizeof library, "%s/liblost.so", folder);
    cli("cc -o %s " SOURCES "below.c", library);
    expect_exit(0);
    cli("cc -o %s " SOURCES "plain.c -L%s -Wl,--no-as-needed -llost", cli_path("needs.so"), folder);
    expect_exit(0);
    assert_int_equal(unlink(library), 0);
    cli("run %s --policy %s", small_recording(), cli_path("needs.so"));
    expect_exit(6);
    expect_err("liblost.so");
}

static void a_replaced_operator_new_serves_the_library_too(void **state)
{
    (void)state;
    build_and_run("replaces_new.cpp", "");
}

static void allocations_of_constructors_are_calls_that_can_fail(void **state)
{
    (void)state;
    const char *policy = build("plain.c", "");
    cli("run %s --policy %s --inject malloc#1", small_recording(), policy);
    expect_exit(5);
    expect_err("constructed");
}

/* ---- what is refused ---- */

static void threads_and_files_are_refused_in_one_message(void **state)
{
    (void)state;
    cli("run %s --policy " SOURCES "thread.cpp", small_recording());
    expect_exit(6);
    expect_silent_out();
    expect_err("is not among what simulated threads can do: pthread_spin_init");
    expect_err("needs files: fopen");
}

static void what_the_library_cannot_do_is_named_when_called(void **state)
{
    (void)state;
    cli("run %s --policy " SOURCES "file.cpp", small_recording());
    expect_exit(5);
    expect_err("fopen");
    expect_err("needs files");
    expect_err("write_log");
}

static void other_kinds_of_files_are_refused_with_the_reason(void **state)
{
    (void)state;
    const char *policy = build("plain.c", " -ftls-model=initial-exec");
    cli("run %s --policy %s", small_recording(), policy);
    expect_exit(6);
    expect_err("thread-local");
    cli("run %s --policy %s/lowwater", small_recording(), TEST_BUILD_DIR);
    expect_exit(6);
    expect_err("not a shared object");
    cli("run %s --policy %s", small_recording(), cli_folder());
    expect_exit(6);
    write_file(cli_path("text.so"), "no object at all, but long enough for a header of one\n", 54);
    cli("run %s --policy %s", small_recording(), cli_path("text.so"));
    expect_exit(6);
    expect_err("not an ELF");
}

/* ---- damage ---- */

#define MESSAGE_BYTES 4096
#define FILE_ROOM (4u << 20)
enum { LOADED = 0, REFUSED = 6, SILENT = 7 };

static void leave(struct sim *sim, const struct stop *stop)
{
    (void)sim, (void)stop;
    _exit(9);
}

static _Noreturn void load_in_child(const char *path, char *message)
{
    struct sim_options options = {.arena_base = ARENA_BASE, .trace = {.fd = -1}};
    struct machine_config config = machine_config_default();
    struct sim *sim = sim_create(&options);
    struct policy *policy;
    if (!sim)
        _exit(8);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL); /* not cmocka's, which would go on with the next test */
    sim->on_stop = leave;
    struct machine *machine = machine_create(sim, &config, false);
    bool loaded = policy_load(path, sim, machine, &policy, message, MESSAGE_BYTES);
    if (loaded)
        policy_symbol(policy, "CreateHostMemoryManager");
    _exit(loaded ? LOADED : message[0] ? REFUSED : SILENT);
}

/* Only the loader runs, no code of the file: whatever happens here is the loader's doing. */
static int try_to_load(const char *path)
{
    char *message =
        mmap(NULL, MESSAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    assert_true(message != MAP_FAILED);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        load_in_child(path, message);
    assert_int_equal(waitpid(child, &status, 0), child);
    munmap(message, MESSAGE_BYTES);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int expect_loaded_or_refused(const char *path, const char *what, uint64_t round)
{
    int code = try_to_load(path);
    if (code != LOADED && code != REFUSED)
        fail_msg("%s %llu: code %d, kept as %s", what, (unsigned long long)round, code, path);
    return code;
}

/* Offset and size of what the loader reads: 0 header, 1 program headers, 2 dynamic section,
 * 3 table of frames, else anywhere in the first pages, where symbols and relocations are. */
static void part_of(const uint8_t *file, size_t bytes, uint64_t which, size_t *at, size_t *size)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(file + header->e_phoff);
    uint32_t wanted = which == 2 ? PT_DYNAMIC : PT_GNU_EH_FRAME;
    *at = which == 1 ? header->e_phoff : 0;
    *size = which == 0      ? sizeof *header
            : which == 1    ? header->e_phnum * sizeof *segments
            : bytes < 16384 ? bytes
                            : 16384;
    for (uint32_t i = 0; (which == 2 || which == 3) && i < header->e_phnum; i++) {
        if (segments[i].p_type == wanted) {
            *at = segments[i].p_offset;
            *size = segments[i].p_filesz;
        }
    }
}

/* Overwrites one place: one to eight bytes, by noise, an offset, or a value at a limit. */
static void damage(uint8_t *file, const uint8_t *intact, size_t bytes, struct rng *rng)
{
    static const uint64_t limits[] = {0,          1,          7,          0xff,       0xfff,
                                      0x7fffffff, 0xffffffff, UINT64_MAX, 1ull << 36, 1ull << 63};
    size_t at, size, width = (size_t)1 << rng_below(rng, 4);
    part_of(intact, bytes, rng_below(rng, 5), &at, &size);
    at += rng_below(rng, size) & ~(width - 1);
    uint64_t values[] = {rng_next(rng), rng_below(rng, bytes * 2), limits[rng_below(rng, 10)]};
    uint64_t value = values[rng_below(rng, 3)];
    if (at + width <= bytes)
        memcpy(file + at, &value, width);
}

static void damage_never_ends_the_loader(const char *policy)
{
    char source[256];
    size_t bytes;
    const char *path = cli_path("damaged.so");
    snprintf(source, sizeof source, TEST_BUILD_DIR "/policies/%s.so", policy);
    uint8_t *intact = (uint8_t *)read_whole_file(source, &bytes);
    assert_non_null(intact);
    assert_in_range(bytes, 1, FILE_ROOM);
    assert_int_equal(try_to_load(source), LOADED);
    uint8_t *file = malloc(bytes);
    unsigned refused = 0;
    for (uint64_t round = 0; round < 600; round++) {
        struct rng rng = rng_keyed(1, RNG_PROPERTY_TEST, round);
        memcpy(file, intact, bytes);
        for (uint64_t n = 0; n <= round % 3; n++)
            damage(file, intact, bytes, &rng);
        unlink(path); /* never written over: the page cache of a mapped file is shared */
        write_file(path, file, bytes);
        refused += expect_loaded_or_refused(path, "damaged in round", round) == REFUSED;
    }
    assert_in_range(refused, 100, 599);
    free(file);
    free(intact);
}

static void damaged_objects_are_loaded_or_refused_never_more(void **state)
{
    (void)state;
    damage_never_ends_the_loader("quota");
    damage_never_ends_the_loader("arena");
}

static void objects_cut_off_anywhere_are_refused_or_whole(void **state)
{
    (void)state;
    size_t bytes;
    const char *path = cli_path("cut.so");
    char *intact = read_whole_file(TEST_BUILD_DIR "/policies/arena.so", &bytes);
    assert_non_null(intact);
    for (size_t i = 0; i < 200; i++) {
        size_t kept = i < 100 ? i * 8 : (i - 100) * bytes / 100;
        unlink(path);
        write_file(path, intact, kept);
        int code = expect_loaded_or_refused(path, "cut off after bytes", kept);
        if (kept < bytes / 4)
            assert_int_equal(code, REFUSED);
    }
    free(intact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_code_runs_however_it_was_linked),
        cmocka_unit_test(relative_relocations_may_be_packed),
        cmocka_unit_test(cxx_code_runs_with_a_shared_or_a_static_library),
        cmocka_unit_test(code_of_the_other_compiler_runs_as_well),
        cmocka_unit_test(sanitized_policies_need_a_sanitized_program),
        cmocka_unit_test(libraries_are_constructed_after_what_they_need),
        cmocka_unit_test(a_missing_library_is_named_when_refused),
        cmocka_unit_test(a_replaced_operator_new_serves_the_library_too),
        cmocka_unit_test(allocations_of_constructors_are_calls_that_can_fail),
        cmocka_unit_test(threads_and_files_are_refused_in_one_message),
        cmocka_unit_test(what_the_library_cannot_do_is_named_when_called),
        cmocka_unit_test(other_kinds_of_files_are_refused_with_the_reason),
        cmocka_unit_test(damaged_objects_are_loaded_or_refused_never_more),
        cmocka_unit_test(objects_cut_off_anywhere_are_refused_or_whole),
    };
    return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
