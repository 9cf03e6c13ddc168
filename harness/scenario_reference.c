/* The table of keys as text and as a page. See scenario_schema.h. */
#include "harness/scenario_schema.h"

#include <string.h>
#include "harness/report.h"
#include "harness/scenario_keys.h"

/* ---- words that both have ---- */

static const char *title(enum section_id id, char *text, size_t text_bytes)
{
    const struct section *section = &sections[id];
    const char *owner = id >= SECTION_ALLOCATE && id <= SECTION_PHASE_FREE ? "phase: "
                        : id == SECTION_WHEN                               ? "faults: "
                                                                           : "";
    if (id == SECTION_TOP)
        snprintf(text, text_bytes, "top");
    else
        snprintf(text, text_bytes, "%s%s%s", section->is_step ? "- " : owner, section->name,
                 section->is_step || *owner ? ":" : "");
    return text;
}

static const char *left_out(const struct key *key)
{
    return key->required ? "required" : key->standard ? key->standard : "";
}

/* "malloc (IHostMalloc), virtual (...)": what the choices mean, where that is not their name. */
static const char *meanings(const struct key *key, char *text, size_t text_bytes)
{
    size_t used = 0;
    *text = '\0';
    for (const struct choice *choice = key->choices; choice && choice->name; choice++)
        if (choice->help && *choice->help && used < text_bytes)
            used += (size_t)snprintf(text + used, text_bytes - used, "%s %s: %s", used ? ";" : ".",
                                     choice->name, choice->help);
    return text;
}

/* Kinds of value in words: a choice is told with its key. */
static bool is_told(int type)
{
    return value_kinds[type].example && type != VALUE_CHARACTERS && type != VALUE_ADDRESS_KEPT &&
           type < VALUE_PARAMS && type != VALUE_LEVELS;
}

/* ---- text ---- */

static void put_key(enum section_id id, const struct key *key, FILE *out)
{
    char legal[512], name[64], meaning[768], text[1400];
    key_shown(id, key, name, sizeof name);
    if (id == SECTION_COSTS) { /* all of a kind, and many */
        fprintf(out, "  %-60s %s\n", name, key->standard);
        return;
    }
    fprintf(out, *left_out(key) ? "  %-22s %s\n" : "  %s\n", name, left_out(key));
    key_legal(key, legal, sizeof legal);
    snprintf(text, sizeof text, "%s%s. Takes %s", key->help, meanings(key, meaning, sizeof meaning),
             legal);
    put_wrapped(text, 6, out);
}

void scenario_keys_text(FILE *out)
{
    for (int id = 0; id < SECTIONS; id++) {
        char text[96], line[256];
        snprintf(line, sizeof line, "%s  (%s)", title((enum section_id)id, text, sizeof text),
                 sections[id].help);
        fputs(id ? "\n" : "", out);
        put_wrapped(line, 0, out);
        for (const struct key *key = sections[id].keys; key->name; key++)
            put_key((enum section_id)id, key, out);
    }
}

/* ---- markdown ---- */

/* A cell of a table, where '|' would end it. */
static void put_cell(const char *text, FILE *out)
{
    fputs(*text ? " " : "", out);
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputs(" |", out);
}

static void put_row(enum section_id id, const struct key *key, FILE *out)
{
    char legal[512], name[64], meaning[768], text[1400];
    key_legal(key, legal, sizeof legal);
    snprintf(text, sizeof text, "%s%s", key->help, meanings(key, meaning, sizeof meaning));
    fprintf(out, "| `%s` |", key_shown(id, key, name, sizeof name));
    put_cell(legal, out);
    put_cell(left_out(key), out);
    put_cell(text, out);
    fputc('\n', out);
}

static void put_section(enum section_id id, FILE *out)
{
    char text[96];
    fprintf(out, "\n## `%s`\n\n%s.\n\n", title(id, text, sizeof text), sections[id].help);
    fputs("| key | takes | left out | meaning |\n|---|---|---|---|\n", out);
    for (const struct key *key = sections[id].keys; key->name; key++)
        put_row(id, key, out);
}

static void put_kinds(FILE *out)
{
    fputs("\n## Values\n\n| value | takes | for example |\n|---|---|---|\n", out);
    for (int type = 0; type < VALUE_TYPES; type++) {
        const struct value_kind *kind = &value_kinds[type];
        if (!is_told(type))
            continue;
        fprintf(out, "| %s |", kind->name);
        put_cell(kind->legal, out);
        fputs(" `", out);
        for (const char *at = kind->example; *at; at++)
            fprintf(out, "%s%c", *at == '|' ? "\\" : "", *at);
        fputs("` |\n", out);
    }
}

void scenario_keys_markdown(FILE *out)
{
    fputs("# The keys of a scenario\n\n"
          "Printed by `lowwater list keys --markdown` from the table that the loader binds by; "
          "a test\ncompares the two. `lowwater schema` prints the same for editors.\n\n"
          "Sizes are whole numbers with B, KiB, MiB, GiB, TiB (K, M, G, T mean the same), powers "
          "of 1024;\na bare number is bytes. Times have ns, us, ms, s or min; only 0 needs none. "
          "A comparison that\nbegins with `>` or `!` needs quotes, or YAML reads it otherwise. "
          "Flags are joined with `|` or\nmake a list, in any case, with or without `MEM_` or "
          "`PAGE_`; a number does as well.\n",
          out);
    put_kinds(out);
    for (int id = 0; id < SECTIONS; id++)
        put_section((enum section_id)id, out);
}
