/* Trees of YAML: what they hold, where each part stands, what is refused; and how diagnostics look.
 */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/yaml.h"

static struct pool *pool;
static struct diagnostics *diagnostics;
static char *shown; /* diagnostics of the last text */

static struct yaml_node *parse_bytes_of(const char *text, size_t bytes)
{
    size_t shown_bytes;
    pool_destroy(pool);
    free(shown);
    pool = pool_create();
    diagnostics = pool_alloc(pool, sizeof *diagnostics);
    const char *copy = pool_text(pool, text, bytes);
    diagnostics_begin(diagnostics, "f.yaml", copy, bytes);
    struct yaml_node *root = yaml_parse(pool, diagnostics, copy, bytes);
    FILE *out = open_memstream(&shown, &shown_bytes);
    diagnostics_print(diagnostics, out);
    fclose(out);
    return root;
}

static struct yaml_node *parse(const char *text)
{
    return parse_bytes_of(text, strlen(text));
}

static void refused(const char *text, const char *fragment)
{
    if (parse(text) || !strstr(shown, fragment))
        fail_msg("expected '%s' of\n%s\ngot: %s", fragment, text, shown);
}

static int tidy_up(void **state)
{
    (void)state;
    pool_destroy(pool);
    free(shown);
    pool = NULL;
    shown = NULL;
    return 0;
}

/* ---- trees ---- */

static void mappings_lists_and_words_become_nodes_with_places(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("a: 1\nbb:\n  - x\n  - {c: 'y z'}\n");
    assert_non_null(root);
    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->count, 2);
    assert_string_equal(yaml_find(root, "a")->text, "1");
    const struct yaml_node *list = yaml_find(root, "bb"), *inner = list->items[1];
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->items[0]->at.line, 3);
    assert_int_equal(list->items[0]->at.column, 5);
    assert_int_equal(inner->at.column, 5);
    assert_string_equal(inner->pairs[0].value->text, "y z");
    assert_int_equal(inner->pairs[0].value->at.length, 5); /* with its quotes */
    assert_false(inner->pairs[0].value->plain);
    assert_null(yaml_find(root, "b"));
    assert_int_equal(root->nodes, 9);
}

static void columns_count_characters_and_not_bytes(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("\xc3\xa4\xc3\xb6: {\xe2\x82\xac: 1}\n");
    const struct yaml_node *inner = root->pairs[0].value;
    assert_int_equal(inner->at.column, 5);
    assert_int_equal(inner->pairs[0].value->at.column, 9);
}

static void nothing_is_told_from_the_quoted_word_null(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("a:\nb: ~\nc: null\nd: 'null'\ne: ''\n");
    assert_true(yaml_is_null(yaml_find(root, "a")));
    assert_true(yaml_is_null(yaml_find(root, "b")));
    assert_true(yaml_is_null(yaml_find(root, "c")));
    assert_false(yaml_is_null(yaml_find(root, "d")));
    assert_false(yaml_is_null(yaml_find(root, "e")));
}

static void an_alias_is_the_node_it_names_and_counts_as_all_of_it(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("a: &x {p: 1, q: 2}\nb: *x\nc: [*x, *x]\n");
    assert_ptr_equal(yaml_find(root, "a"), yaml_find(root, "b"));
    assert_int_equal(root->nodes, 1 + 3 + 5 + 5 + 1 + 10);
}

static void an_anchor_given_twice_means_the_later_one(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("- &x 1\n- &x 2\n- *x\n");
    assert_string_equal(root->items[2]->text, "2");
}

static void the_first_of_two_equal_keys_counts_and_the_second_is_diagnosed(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("a: 1\nb: 2\na: 3\n");
    assert_non_null(root);
    assert_string_equal(yaml_find(root, "a")->text, "1");
    assert_non_null(strstr(shown, "f.yaml:3:1: error: the key 'a' stands here twice"));
}

static void a_byte_order_mark_and_carriage_returns_are_no_trouble(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("\xef\xbb\xbf# c\r\na: 1\r\nb: [\r\n");
    assert_null(root);
    assert_non_null(strstr(shown, "f.yaml:4:1: error"));
    root = parse("\xef\xbb\xbf%YAML 1.1\r\n---\r\na: 1\r\n...\r\n# the end\r\n");
    assert_non_null(root);
    assert_int_equal(yaml_find(root, "a")->at.line, 3);
}

/* ---- refusals ---- */

static void what_is_no_text_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_null(parse_bytes_of("a: 1\nb: \0", 9));
    assert_non_null(strstr(shown, "f.yaml:2:4: error: a NUL"));
    refused("a: \"\\0\"\n", "NUL");
    refused("a: \xff\n", "1:4: error: byte 0xff here is not UTF-8");
    refused("a: \xc0\xaf\n", "not UTF-8");         /* overlong */
    refused("a: \xe0\x80\xaf\n", "not UTF-8");     /* overlong */
    refused("a: \xed\xa0\x80\n", "not UTF-8");     /* surrogate */
    refused("a: \xf4\x90\x80\x80\n", "not UTF-8"); /* beyond Unicode */
    refused("a: \xe2\x82\n", "not UTF-8");         /* cut */
    refused("a: \x07\n", "U+0007");
    refused("a: 1\nb: \xef\xbb\xbf\n", "2:4: error: the character U+FEFF");
}

static void documents_beyond_the_first_and_directives_are_refused(void **state)
{
    (void)state;
    refused("a: 1\n---\nb: 1\n", "2:1: error: a second document");
    refused("a: 1\n...\n---\n", "3:1: error: a second document");
    refused("a: 1\n...\nb: 1\n", "3:1: error: this stands behind");
    refused("{a: 1} {b: 1}\n", "1:8: error: this stands behind");
    refused("%TAG ! tag:x,2000:\n---\na: 1\n", "directives");
    refused("# c\n%FOO bar\n---\na: 1\n", "2:1: error: directives");
    refused("a: 1\n...\n%TAG ! x\n---\nb: 1\n", "this stands behind");
    assert_non_null(parse("---\na: 1\n...\n...\n# c\n"));
}

static void empty_files_are_refused_however_they_are_empty(void **state)
{
    (void)state;
    refused("", "the file is empty");
    refused("# only this\n", "the file is empty");
    refused("---\n", "the file is empty");
    refused("~\n", "the file is empty");
}

static void tags_keys_that_are_no_words_and_bad_aliases_are_refused(void **state)
{
    (void)state;
    refused("a: !!str 1\n", "'!!str'");
    refused("a: !mine [1]\n", "'!mine'");
    refused("!mine {a: 1}\n", "tags are not used");
    refused("? [a, b]\n: 1\n", "a key must be a word");
    refused("- &x [1]\n- {*x : 2}\n", "a key must be a word");
    refused("a: *x\n", "nothing above is called '&x'");
    refused("a: &x [1, *x]\n", "stands inside of what it names");
    refused("a: &x {b: {c: *x}}\n", "stands inside of what it names");
}

static char *repeat_text(const char *before, const char *text, unsigned times, const char *after)
{
    char *whole;
    size_t bytes;
    FILE *out = open_memstream(&whole, &bytes);
    fputs(before, out);
    for (unsigned i = 0; i < times; i++)
        fputs(text, out);
    fputs(after, out);
    fclose(out);
    return whole;
}

static void nesting_ends_at_sixty_four_levels_with_and_without_aliases(void **state)
{
    (void)state;
    char *text = repeat_text("", "[", 64, ""), *closed = repeat_text(text, "]", 64, "");
    assert_non_null(parse(closed));
    free(text);
    free(closed);
    text = repeat_text("", "[", 65, "]");
    refused(text, "nested more than 64 deep");
    free(text);
    text = repeat_text("", "- ", 65, "x\n");
    refused(text, "nested more than 64 deep");
    free(text);
    text = repeat_text("a: &x ", "[", 40, "");
    closed = repeat_text(text, "]", 40, "\nb: ");
    char *opened = repeat_text(closed, "[", 40, "*x");
    refused(opened, "nested more than 64 deep");
    free(text);
    free(closed);
    free(opened);
}

static void ten_thousand_nodes_are_the_most_counting_aliases_in_full(void **state)
{
    (void)state;
    char *text = repeat_text("[x", ", x", 9998, "]");
    assert_int_equal(parse(text)->nodes, 10000);
    free(text);
    text = repeat_text("[x", ", x", 9999, "]");
    refused(text, "more than 10000 values");
    free(text);
    text = repeat_text("- &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", "- *a\n", 1000, "");
    refused(text, "1000:3: error: more than 10000 values");
    free(text);
}

static void keys_and_anchors_have_bounds_that_keep_comparing_cheap(void **state)
{
    (void)state;
    char *text;
    size_t bytes;
    for (unsigned count = 256; count <= 257; count++) {
        FILE *out = open_memstream(&text, &bytes);
        for (unsigned i = 0; i < count; i++)
            fprintf(out, "k%u: 1\n", i);
        fclose(out);
        if (count == 256)
            assert_non_null(parse(text));
        else
            refused(text, "257:1: error: more than 256 keys in one mapping");
        free(text);
    }
    text = repeat_text("", "- &a 1\n", 1001, "");
    refused(text, "1001:3: error: more than 1000 anchors");
    free(text);
}

static void hints_tell_what_needs_quotes_or_spaces(void **state)
{
    (void)state;
    refused("a: > 1\n", "begins with '>' or '|' needs quotes");
    refused("a: != 1\n", "begins with '!' needs quotes");
    refused("a:\n\t- b\n", "not with tabs");
    refused("a: @b\n", "needs quotes");
    refused("a: b: c\n", "a value with ': ' in it needs quotes");
}

/* ---- how diagnostics look ---- */

static void a_diagnostic_shows_its_line_and_marks_all_of_the_place(void **state)
{
    (void)state;
    refused("a: 1\nbcd: !t x\n", "f.yaml:2:6: error: tags are not used here: '!t'\n"
                                 "  2 | bcd: !t x\n"
                                 "    |      ^~~~\n");
}

static const char *shown_at(const char *text, struct place at)
{
    size_t bytes;
    free(shown);
    struct diagnostics *own = calloc(1, sizeof *own);
    diagnostics_begin(own, "f", text, strlen(text));
    diagnose(own, at, "here");
    FILE *out = open_memstream(&shown, &bytes);
    diagnostics_print(own, out);
    fclose(out);
    free(own);
    return shown;
}

static void long_lines_are_windowed_round_the_place(void **state)
{
    (void)state;
    char *text = repeat_text("", "0123456789", 100, "\n");
    shown_at(text, (struct place){1, 501, 3, NULL});
    char *line = strstr(shown, "| "), *mark = strstr(line + 2, "| ");
    assert_int_equal(strncmp(line, "| ...", 5), 0);
    assert_true(strlen(line) - strlen(mark) < 90);
    size_t column = strcspn(mark, "^");
    assert_int_equal(line[column], '0');
    assert_int_equal(strncmp(mark + column, "^~~\n", 4), 0);
    shown_at(text, (struct place){1, 1, 3, NULL});
    assert_non_null(strstr(shown, "| 0123456789"));
    shown_at(text, (struct place){1, 1000, 50, NULL});
    assert_null(strstr(shown, "9..."));
    free(text);
}

static void tabs_and_wide_text_keep_the_mark_below_its_place(void **state)
{
    (void)state;
    shown_at("a:\t\xc3\xa4\xc3\xb6 b\n", (struct place){1, 7, 1, NULL});
    assert_string_equal(shown, "f:1:7: error: here\n"
                               "  1 | a: \xc3\xa4\xc3\xb6 b\n"
                               "    |       ^\n");
}

static void places_beyond_the_text_are_shown_without_harm(void **state)
{
    (void)state;
    assert_string_equal(shown_at("a\n", (struct place){9, 1, 1, NULL}), "f:9:1: error: here\n");
    assert_non_null(strstr(shown_at("a\n", (struct place){1, 9, 9, NULL}), "\n    |  ^\n"));
    assert_string_equal(shown_at("", (struct place){1, 1, 1, NULL}), "f:1:1: error: here\n");
    assert_string_equal(shown_at("\n\n", (struct place){2, 1, 1, NULL}), "f:2:1: error: here\n");
}

static void diagnostics_come_in_the_order_of_their_places_twenty_at_most(void **state)
{
    (void)state;
    size_t bytes;
    struct diagnostics *own = calloc(1, sizeof *own);
    diagnostics_begin(own, "f", "", 0);
    for (uint32_t i = 0; i < 30; i++)
        diagnose(own, (struct place){1 + i * 7 % 30, 1, 1, NULL}, "number %u", i * 7 % 30);
    diagnose(own, (struct place){3, 1, 1, NULL}, "number 2");
    diagnose(own, (struct place){.setting = "a=b"}, "a setting");
    assert_int_equal(own->count, 31); /* the same one twice counts once */
    assert_int_equal(own->in_settings, 1);
    free(shown);
    FILE *out = open_memstream(&shown, &bytes);
    diagnostics_print(own, out);
    fclose(out);
    assert_int_equal(strncmp(shown, "f:1:1: error: number 0\nf:2:1: error: number 1\n", 46), 0);
    assert_non_null(strstr(shown, "f:20:1: error: number 19\nf: 11 more errors\n"));
    free(own);
}

static void settings_are_named_in_place_of_a_line(void **state)
{
    (void)state;
    shown_at("", (struct place){.setting = "machine.ram=x"});
    assert_string_equal(shown, "lowwater: --set machine.ram=x: here\n");
}

static void values_in_messages_are_cut_and_made_printable(void **state)
{
    (void)state;
    char buffer[CLIPPED_BYTES];
    char *text = repeat_text("", "\xe2\x82\xac", 50, "");
    assert_int_equal(strlen(clipped(text, strlen(text), buffer)), 40 * 3 + 3);
    free(text);
    assert_string_equal(clipped("a\nb\x1b[m", 6, buffer), "a b?[m");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mappings_lists_and_words_become_nodes_with_places),
        cmocka_unit_test(columns_count_characters_and_not_bytes),
        cmocka_unit_test(nothing_is_told_from_the_quoted_word_null),
        cmocka_unit_test(an_alias_is_the_node_it_names_and_counts_as_all_of_it),
        cmocka_unit_test(an_anchor_given_twice_means_the_later_one),
        cmocka_unit_test(the_first_of_two_equal_keys_counts_and_the_second_is_diagnosed),
        cmocka_unit_test(a_byte_order_mark_and_carriage_returns_are_no_trouble),
        cmocka_unit_test(what_is_no_text_is_refused_with_its_place),
        cmocka_unit_test(documents_beyond_the_first_and_directives_are_refused),
        cmocka_unit_test(empty_files_are_refused_however_they_are_empty),
        cmocka_unit_test(tags_keys_that_are_no_words_and_bad_aliases_are_refused),
        cmocka_unit_test(nesting_ends_at_sixty_four_levels_with_and_without_aliases),
        cmocka_unit_test(ten_thousand_nodes_are_the_most_counting_aliases_in_full),
        cmocka_unit_test(keys_and_anchors_have_bounds_that_keep_comparing_cheap),
        cmocka_unit_test(hints_tell_what_needs_quotes_or_spaces),
        cmocka_unit_test(a_diagnostic_shows_its_line_and_marks_all_of_the_place),
        cmocka_unit_test(long_lines_are_windowed_round_the_place),
        cmocka_unit_test(tabs_and_wide_text_keep_the_mark_below_its_place),
        cmocka_unit_test(places_beyond_the_text_are_shown_without_harm),
        cmocka_unit_test(diagnostics_come_in_the_order_of_their_places_twenty_at_most),
        cmocka_unit_test(settings_are_named_in_place_of_a_line),
        cmocka_unit_test(values_in_messages_are_cut_and_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, tidy_up);
}
