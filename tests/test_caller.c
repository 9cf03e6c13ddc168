/* The caller filter of fault rules: names of functions, and the same calls hit however a policy was
 * compiled. */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/caller.h"
#include "harness/trace_file.h"
#include "tests/cli_run.h"

static void symbols_are_named_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *symbol, *function;
    } same[] = {
        {"commit", "commit"},
        {"commit.part.0", "commit"},
        {"commit.constprop.1.cold", "commit"},
        {"_ZN5Arena12VirtualAllocEPvmjj", "_ZN5Arena12VirtualAllocEPvmjj"},
        {"_ZN5Arena12VirtualAllocEPvmjj", "Arena::VirtualAlloc"},
        {"_ZN12_GLOBAL__N_15Arena12VirtualAllocEPvmjj", "Arena::VirtualAlloc"},
        {"_ZNK5Arena4growEi.cold", "Arena::grow"},
        {"_ZN5ArenaC1Ev", "Arena::Arena"},
        {"_ZN5ArenaD2Ev", "Arena::~Arena"},
        {"_ZN5ArenanwEm", "Arena::operator new"},
        {"_ZN5ArenaclEj", "Arena::operator()"},
        {"_ZN5Arena4growIiEEvT_", "Arena::grow<int>"},
    };
    static const struct {
        const char *symbol, *function;
    } different[] = {
        {"commit", "comm"},
        {"recommit", "commit"},
        {"_ZN5Arena12VirtualAllocEPvmjj", "VirtualAlloc"},
        {"_ZN5Arena12VirtualAllocEPvmjj", "Arena"},
        {"_ZN5Arena12VirtualAllocEPvmjj", "Arena::VirtualAlloc(void*"},
        {"_ZN6Arenas4growEv", "Arena::grow"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (!caller_names(same[i].symbol, same[i].function))
            fail_msg("%s is not %s", same[i].symbol, same[i].function);
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        if (caller_names(different[i].symbol, different[i].function))
            fail_msg("%s is %s", different[i].symbol, different[i].function);
}

/* ---- in a policy ---- */

static const char *build(const char *compiler, const char *flags)
{
    static char out[512];
    snprintf(out, sizeof out, "%s/callers.so", cli_folder());
    char cxx[64];
    snprintf(cxx, sizeof cxx, "/usr/bin/%s", compiler);
    if (access(cxx, X_OK) != 0)
        return NULL;
    setenv("CXX", compiler, 1);
    cli("cc -o %s%s tests/policies/callers.cpp", out, flags);
    expect_exit(0);
    unsetenv("CXX");
    return out;
}

/* Fails the third HeapAlloc of the function and says how many bytes that call wanted; 0: none. The
 * digest of the run in its first bytes. */
static uint64_t failed_size(const char *policy, const char *function, uint64_t *digest)
{
    const char *trace = cli_path("callers.trace");
    struct trace_file file;
    char message[256];
    uint64_t size = 0;
    cli("run %s --policy %s --trace %s --inject HeapAlloc[caller=%s]#3", small_recording(), policy,
        trace, function);
    expect_exit(0);
    assert_int_equal(trace_file_read(trace, &file, message, sizeof message), INPUT_OK);
    for (uint64_t i = 0; i + 1 < file.count; i++)
        if (file.events[i].kind == EVENT_fault_injected)
            size = file.events[i + 1].arg[2]; /* dwBytes of the HeapAlloc that follows */
    memcpy(digest, file.digest, sizeof *digest);
    trace_file_free(&file);
    return size;
}

static const struct {
    const char *function;
    uint64_t size;
} functions[] = {
    {"plain_inlined", 16}, {"exported", 32},           {"Ledger::note", 48},
    {"Ledger::grow", 64},  {"Ledger::typed<int>", 80}, {"Ledger::operator()", 96},
};

static void a_function_is_found_however_its_policy_was_compiled(void **state)
{
    (void)state;
    static const char *const compilers[] = {"g++", "g++", "clang++", "clang++"};
    static const char *const flags[] = {" -O0", " -O2", " -O0", " -O2"};
    uint64_t first[4][6] = {{0}}, digest;
    for (size_t c = 0; c < 4; c++) {
        const char *policy = build(compilers[c], flags[c]);
        for (size_t i = 0; policy && i < 6; i++) {
            assert_int_equal(failed_size(policy, functions[i].function, &digest),
                             functions[i].size);
            first[c][i] = digest;
            if (c % 2 == 1) /* the compilers' libraries may differ, what they optimise may not */
                assert_int_equal(digest, first[c - 1][i]);
        }
    }
}

static void callers_of_callers_match_and_strangers_do_not(void **state)
{
    (void)state;
    const char *policy = build("g++", " -O2");
    uint64_t digest;
    assert_int_equal(failed_size(policy, "outer", &digest), 48); /* the third of its calls */
    assert_int_equal(failed_size(policy, "inner", &digest), 0);
    assert_int_equal(failed_size(policy, "replay_run", &digest), 0); /* lowwater's own */
}

static void a_stripped_policy_has_only_the_functions_it_exports(void **state)
{
    (void)state;
    const char *policy = build("g++", " -O2 -s");
    uint64_t digest;
    assert_int_equal(failed_size(policy, "exported", &digest), 32);
    assert_int_equal(failed_size(policy, "Ledger::grow", &digest), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_are_named_as_people_write_them),
        cmocka_unit_test(a_function_is_found_however_its_policy_was_compiled),
        cmocka_unit_test(callers_of_callers_match_and_strangers_do_not),
        cmocka_unit_test(a_stripped_policy_has_only_the_functions_it_exports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
