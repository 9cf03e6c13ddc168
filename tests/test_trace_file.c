/* Trace files: what the header keeps of a run comes back word for word, whatever stands in it, and
 * no bytes make the reader do anything but refuse. */
#include "tests/support.h"
#include "tests/cli_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/rng.h"
#include "harness/trace_file.h"

static struct scenario plan;
static struct run_words words;
static struct trace_file file;

static struct run_spec some_run(void)
{
    plan = (struct scenario){.name = "some", .seed = 1};
    words = (struct run_words){.settings_count = 0};
    return (struct run_spec){.scenario = "some",
                             .plan = &plan,
                             .words = &words,
                             .policy = "quota",
                             .policy_path = "/nowhere/quota.so",
                             .seed = 77};
}

/* The header as a file with no records. */
static void write_header(const struct run_spec *spec)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    trace_header_write(out, spec);
    fclose(out);
    assert_int_equal(bytes % 16, 0);
    write_file(cli_path("header.trace"), text, bytes);
    free(text);
}

static void read_back(void)
{
    char message[256];
    if (trace_file_read(cli_path("header.trace"), &file, message, sizeof message) != INPUT_OK)
        fail_msg("%s", message);
}

static void words_come_back_whatever_stands_in_them(void **state)
{
    (void)state;
    static const char *const nasty[] = {"a=b", "a=two words", "a=line\nbreak", "a=back\\slash\\n",
                                        "a=",  " a = ",       "a=\\",          "a=\xff\x01"};
    struct run_spec spec = some_run();
    for (unsigned i = 0; i < 8; i++)
        words.settings[words.settings_count++] = nasty[i];
    words.inject[words.inject_count++] = "VirtualAlloc[commit]#3:x4";
    spec.factory = "control:Make\nIt";
    spec.max_events = 12345;
    write_header(&spec);
    read_back();
    assert_int_equal(file.version, 2);
    assert_int_equal(file.words.settings_count, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_string_equal(file.words.settings[i], nasty[i]);
    assert_string_equal(file.words.inject[0], "VirtualAlloc[commit]#3:x4");
    assert_string_equal(file.factory, spec.factory);
    assert_string_equal(file.policy_path, spec.policy_path);
    assert_int_equal(file.max_events, 12345);
    assert_int_equal(file.seed, 77);
    assert_null(file.text);
    trace_file_free(&file);
}

static void the_scenario_comes_back_byte_for_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "\n",
                                        "name: x\n",
                                        "name: x",
                                        "\n\n\nlowwater trace 1\n\n",
                                        "# seed 5\nseed 9\n    \n\nname: \xe2\x82\xac\n"};
    struct run_spec spec = some_run();
    for (unsigned i = 0; i < 6; i++) {
        plan.text = texts[i];
        plan.text_bytes = strlen(texts[i]);
        write_header(&spec);
        read_back();
        assert_int_equal(file.text_bytes, plan.text_bytes);
        assert_memory_equal(file.text, texts[i], plan.text_bytes);
        assert_int_equal(file.seed, 77); /* not what stands in the text */
        assert_int_equal(file.count, 0);
        trace_file_free(&file);
    }
}

static void a_path_that_does_not_exist_becomes_absolute(void **state)
{
    (void)state;
    char expected[600];
    struct run_spec spec = some_run();
    snprintf(plan.path, sizeof plan.path, "-");
    write_header(&spec);
    read_back();
    snprintf(expected, sizeof expected, "%s/-", cli_root());
    assert_string_equal(file.scenario_path, expected);
    trace_file_free(&file);
}

static void damaged_headers_are_refused_with_a_reason(void **state)
{
    (void)state;
    struct run_spec spec = some_run();
    struct rng rng = rng_keyed(1, (enum rng_purpose)0, 1);
    char message[256];
    size_t bytes;
    plan.text = "name: x\nworkload: []\n";
    plan.text_bytes = strlen(plan.text);
    words.settings[words.settings_count++] = "a=b";
    write_header(&spec);
    char *good = read_whole_file(cli_path("header.trace"), &bytes);
    char *bad = malloc(bytes);
    for (unsigned round = 0; round < 400; round++) {
        memcpy(bad, good, bytes);
        for (uint64_t changes = 1 + rng_below(&rng, 4); changes > 0; changes--)
            bad[rng_below(&rng, bytes)] = (char)rng_below(&rng, 256);
        size_t cut = rng_below(&rng, 2) ? bytes : rng_below(&rng, bytes);
        write_file(cli_path("bad.trace"), bad, cut);
        message[0] = '\0';
        if (trace_file_read(cli_path("bad.trace"), &file, message, sizeof message) == INPUT_OK)
            trace_file_free(&file);
        else
            assert_true(message[0] != '\0');
    }
    free(good);
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_back_whatever_stands_in_them),
        cmocka_unit_test(the_scenario_comes_back_byte_for_byte),
        cmocka_unit_test(a_path_that_does_not_exist_becomes_absolute),
        cmocka_unit_test(damaged_headers_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests_name("trace_file", tests, NULL, NULL);
}
