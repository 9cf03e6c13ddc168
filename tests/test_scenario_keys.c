/* The table of a scenario's keys, walked: every key loads with its example and refuses a wrong
 * value, the schema agrees with the loader, the page in docs/ is what the table prints. */
#include "tests/support.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/scenario_keys.h"
#include "harness/scenario_schema.h"
#include "tests/cli_run.h"
#include "tests/scenario_support.h"
#include "tests/schema_check.h"

static struct schema *schema;

/* ---- documents with one key in question ---- */

static const char *pressure_companion(const char *name)
{
    static const struct {
        const char *key, *needs;
    } rows[] = {{"pieces", "take: 1GiB, of: address-space, "},
                {"of", "take: 1GiB, "},
                {"over", "take: 1GiB, "},
                {"at", "take: 1GiB, "},
                {"for", "take: 1GiB, "},
                {"wave", "take: 1GiB, period: 1s, "},
                {"period", "take: 1GiB, wave: square, "},
                {"duty", "take: 1GiB, wave: sawtooth, period: 1s, "},
                {"times", "take: 1GiB, wave: square, period: 1s, "},
                {"until", "take: 1GiB, wave: square, period: 1s, "},
                {"scale", "curve: recorded.csv, "},
                {"speed", "curve: recorded.csv, "}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].key, name) == 0)
            return rows[i].needs;
    return "";
}

/* What a key needs beside it to make sense. */
static const char *companion(enum section_id id, const char *name)
{
    switch (id) {
    case SECTION_MACHINE:
        return strcmp(name, "pagefile-max") == 0 ? "pagefile: 0, " : "";
    case SECTION_PRESSURE:
        return pressure_companion(name);
    case SECTION_PHASE:
        return strcmp(name, "for") == 0        ? "allocate: {count: 1}, "
               : strcmp(name, "allocate") == 0 ? "for: 1s, "
                                               : "for: 1s, allocate: {count: 1}, ";
    case SECTION_TOUCH:
        return strncmp(name, "hot", 3) == 0 ? "order: hot-cold, " : "";
    case SECTION_ALLOCATE:
    case SECTION_PHASE_TOUCH:
    case SECTION_PHASE_PROTECT:
    case SECTION_PHASE_FREE:
        return strcmp(name, "count") == 0 ? "" : "count: 1, ";
    default:
        return "";
    }
}

/* Some types' examples need others inside: sections are tried with what they require. */
static const char *example_of(const struct key *key)
{
    if (key->type == VALUE_SECTION) {
        bool action = key->section >= SECTION_ALLOCATE && key->section <= SECTION_PHASE_FREE;
        return key->section == SECTION_PHASE_PROTECT ? "{count: 1, to: PAGE_READONLY}"
               : action                              ? "{count: 1}"
                                                     : "{}";
    }
    return key_example(key);
}

/* "{required: example, ..., name: value}" */
static void put_mapping(FILE *out, enum section_id id, const struct key *key, const char *value)
{
    fputs("{", out);
    for (const struct key *row = sections[id].keys; row->name; row++)
        if (row->required && row != key)
            fprintf(out, "%s: %s, ", row->name, example_of(row));
    fprintf(out, "%s%s: %s}", companion(id, key->name), key->name, value);
}

static const char *call_to_filter(const char *filter)
{
    bool of_free = strcmp(filter, "decommit") == 0 || strcmp(filter, "release") == 0;
    return of_free ? "VirtualFree" : "VirtualAlloc";
}

static void put_workload(FILE *out, enum section_id id, const struct key *key, const char *value)
{
    const char *name = sections[id].name;
    fputs("name: t\nworkload:\n"
          "- VirtualAlloc: {as: heap, size: 64MiB, type: MEM_RESERVE}\n"
          "- CreateMalloc: {as: second}\n- ",
          out);
    if (id >= SECTION_ALLOCATE && id <= SECTION_PHASE_FREE)
        fprintf(out, "{phase: x, for: 1s, %s: ", name);
    else if (sections[id].is_nested)
        fprintf(out, "%s: ", name);
    put_mapping(out, id, key, value);
    fputs(id >= SECTION_ALLOCATE && id <= SECTION_PHASE_FREE ? "}\n" : "\n", out);
}

/* The smallest scenario in which the key has that value. */
static char *document(enum section_id id, const struct key *key, const char *value)
{
    char *text;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (id >= SECTION_REPLAY) {
        put_workload(out, id, key, value);
        fclose(out);
        return text;
    }
    if (id == SECTION_TOP) {
        put_mapping(out, id, key, value);
        fclose(out);
        return text;
    }
    fputs("name: t\nworkload: [wait: 1ms]\n", out);
    if (id == SECTION_WHEN)
        fprintf(out, "faults: [{on: %s, when: ", call_to_filter(key->name));
    else
        fprintf(out, "%s: ", sections[id].name);
    bool listed = id == SECTION_PRESSURE || id == SECTION_FAULT || id == SECTION_EXPECT;
    fputs(listed ? "[" : "", out);
    put_mapping(out, id, key, value);
    fputs(listed ? "]\n" : id == SECTION_WHEN ? "}]\n" : "\n", out);
    fclose(out);
    return text;
}

static bool fits_schema(const char *text, char *message, size_t message_bytes)
{
    struct pool *pool = pool_create();
    struct diagnostics *diagnostics = pool_alloc(pool, sizeof *diagnostics);
    diagnostics_begin(diagnostics, "t", text, strlen(text));
    struct yaml_node *root = yaml_parse(pool, diagnostics, text, strlen(text));
    assert_non_null(root);
    bool fine = schema_fits(schema, root, message, message_bytes);
    pool_destroy(pool);
    return fine;
}

/* ---- walking ---- */

typedef void visit(enum section_id id, const struct key *key);

static unsigned walk(visit *each)
{
    unsigned count = 0;
    for (int id = 0; id < SECTIONS; id++) {
        for (const struct key *key = sections[id].keys; key->name; key++, count++)
            each((enum section_id)id, key);
        assert_true(count > 0);
    }
    return count;
}

static void try_example(enum section_id id, const struct key *key)
{
    char message[1024];
    char *text = document(id, key, example_of(key));
    const struct loaded *loaded = load(text);
    if (loaded->result != INPUT_OK)
        fail_msg("%s\nis refused:\n%s", text, loaded->err);
    if (!fits_schema(text, message, sizeof message))
        fail_msg("%s\nloads, but does not fit the schema: %s", text, message);
    free(text);
}

static void every_key_loads_with_its_example_and_fits_the_schema(void **state)
{
    (void)state;
    assert_true(walk(try_example) > 150);
}

static void try_wrong(enum section_id id, const struct key *key)
{
    static const enum value_type own_words[] = {VALUE_CALL, VALUE_ERROR, VALUE_RECORDING,
                                                VALUE_CURVE};
    char message[1024], name[64];
    const char *wrong = value_kinds[key_type(key)].wrong;
    assert_non_null(wrong);
    char *text = document(id, key, wrong);
    const struct loaded *loaded = load(text);
    char first[512];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(loaded->err, "\n"), loaded->err);
    bool own = false;
    for (size_t i = 0; i < sizeof own_words / sizeof *own_words; i++)
        own = own || key->type == own_words[i];
    if (loaded->result != INPUT_INVALID)
        fail_msg("%s\nloads", text);
    if (!own && !strstr(first, key_shown(id, key, name, sizeof name)))
        fail_msg("%s\nis refused without naming the key: %s", text, first);
    if (fits_schema(text, message, sizeof message) && key->type != VALUE_ERROR &&
        key->type != VALUE_RECORDING && key->type != VALUE_CURVE && key->type != VALUE_BITS &&
        key->type != VALUE_CHANCE && key->type != VALUE_SPEED && key->type != VALUE_HOW_OFTEN)
        fail_msg("%s\nis refused, but fits the schema", text);
    free(text);
}

static void every_key_refuses_a_wrong_value_by_its_name(void **state)
{
    (void)state;
    walk(try_wrong);
}

static bool loads(enum section_id id, const struct key *key, uint64_t number, char *err,
                  size_t err_bytes)
{
    char value[64];
    if (key->type == VALUE_TIME)
        time_word(number, value, sizeof value);
    else
        snprintf(value, sizeof value, "%llu%s", (unsigned long long)number,
                 key->type == VALUE_PERCENT ? "%" : "");
    char *text = document(id, key, value);
    const struct loaded *loaded = load(text);
    snprintf(err, err_bytes, "%s\n%s", text, loaded->err);
    free(text);
    return loaded->result == INPUT_OK;
}

static void try_bounds(enum section_id id, const struct key *key)
{
    char err[4096];
    uint64_t step = key->step ? key->step : 1;
    bool bounded = key->type == VALUE_COUNT || key->type == VALUE_SIZE || key->type == VALUE_TIME ||
                   key->type == VALUE_PERCENT;
    if (!bounded || key->choices || (key->least == 0 && key->most == 0))
        return;
    /* What keys say together is checked elsewhere: begin behind end, endless bodies. */
    if (id == SECTION_FAULT || id == SECTION_REPLAY)
        return;
    if (id == SECTION_PRESSURE && strcmp(key->name, "until") == 0)
        return;
    if (!loads(id, key, key->least, err, sizeof err) || !loads(id, key, key->most, err, sizeof err))
        fail_msg("a bound is refused: %s", err);
    if (key->most + step > key->most && loads(id, key, key->most + step, err, sizeof err))
        fail_msg("more than the most loads: %s", err);
    if (key->least >= step && loads(id, key, key->least - step, err, sizeof err))
        fail_msg("less than the least loads: %s", err);
}

static void every_bound_of_the_table_is_the_last_that_loads(void **state)
{
    (void)state;
    walk(try_bounds);
}

static void try_row(enum section_id id, const struct key *key)
{
    char legal[512];
    size_t help = key->help ? strlen(key->help) : 0;
    if (help < 2 || key->help[help - 1] == '.')
        fail_msg("%s.%s needs a help text without a full stop", sections[id].name, key->name);
    if (key->required && key->standard)
        fail_msg("%s.%s is required and has a default", sections[id].name, key->name);
    assert_true(strlen(key_legal(key, legal, sizeof legal)) > 1);
    assert_ptr_equal(key_find(id, key->name), key);
}

static void every_row_has_help_and_is_found_by_its_name(void **state)
{
    (void)state;
    walk(try_row);
}

/* ---- what is printed from the table ---- */

static void the_page_of_keys_is_what_the_table_prints(void **state)
{
    char *printed, *page;
    size_t bytes;
    (void)state;
    FILE *out = open_memstream(&printed, &bytes);
    scenario_keys_markdown(out);
    fclose(out);
    page = read_whole_file("docs/scenario-keys.md", NULL);
    if (!page || strcmp(page, printed) != 0)
        fail_msg("docs/scenario-keys.md has parted from the table:\n"
                 "  build/lowwater list keys --markdown > docs/scenario-keys.md");
    free(printed);
    free(page);
}

static void the_command_line_prints_schema_and_keys(void **state)
{
    (void)state;
    const struct cli_result *result = cli("schema");
    expect_exit(0);
    assert_true(json_is_valid(result->out));
    expect_out("\"address-space\"");
    cli("list keys");
    expect_exit(0);
    expect_out("guard-heap-blocks");
    cli("list keys --markdown");
    expect_exit(0);
    expect_out("| `ram` |");
    cli("schema of what");
    expect_exit(2);
}

/* ---- scenarios that are there ---- */

static void check_bundled(const char *path)
{
    char message[1024];
    char *text = read_whole_file(path, NULL);
    assert_non_null(text);
    if (!fits_schema(text, message, sizeof message))
        fail_msg("%s does not fit the schema: %s", path, message);
    cli("validate %s", path);
    expect_exit(0);
    free(text);
}

static void every_bundled_scenario_loads_and_fits_the_schema(void **state)
{
    glob_t found;
    (void)state;
    if (glob("scenarios/*.yaml", 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_bundled(found.gl_pathv[i]);
    globfree(&found);
}

/* The fenced blocks of a page. */
static unsigned load_examples(const char *path)
{
    unsigned count = 0;
    char *text = read_whole_file(path, NULL);
    assert_non_null(text);
    for (char *at = strstr(text, "```yaml\n"); at; at = strstr(at + 1, "```yaml\n"), count++) {
        char *start = at + strlen("```yaml\n"), *end = strstr(start, "```");
        assert_non_null(end);
        at = end;
        *end = '\0';
        const struct loaded *loaded = load(start);
        if (loaded->result != INPUT_OK)
            fail_msg("an example in %s is refused:\n%s", path, loaded->err);
    }
    free(text);
    return count;
}

static void the_examples_of_the_language_page_load(void **state)
{
    (void)state;
    assert_true(load_examples("docs/scenarios.md") >= 1);
    assert_true(load_examples("docs/scenario-keys.md") == 0);
}

static int read_schema(void **state)
{
    char *text;
    size_t bytes;
    (void)state;
    FILE *out = open_memstream(&text, &bytes);
    scenario_schema(out);
    fclose(out);
    schema = schema_read(text);
    free(text);
    return 0;
}

static int forget_schema(void **state)
{
    (void)state;
    schema_free(schema);
    unload();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_loads_with_its_example_and_fits_the_schema),
        cmocka_unit_test(every_key_refuses_a_wrong_value_by_its_name),
        cmocka_unit_test(every_bound_of_the_table_is_the_last_that_loads),
        cmocka_unit_test(every_row_has_help_and_is_found_by_its_name),
        cmocka_unit_test(the_page_of_keys_is_what_the_table_prints),
        cmocka_unit_test(the_examples_of_the_language_page_load),
        cmocka_unit_test(the_command_line_prints_schema_and_keys),
        cmocka_unit_test(every_bundled_scenario_loads_and_fits_the_schema),
    };
    return cmocka_run_group_tests(tests, read_schema, forget_schema);
}
