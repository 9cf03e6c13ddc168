/* Scenarios: from a file to plain data. See scenario.h.
 *
 * The text becomes a tree (yaml.c), settings change the tree (scenario_set.c), the tree is bound by
 * the table of keys (scenario_bind.c, scenario_keys.c), each mapping is checked as a whole
 * (scenario_check.c). */
#include "harness/scenario.h"

#include <stdlib.h>
#include <string.h>
#include "harness/places.h"
#include "harness/recording_file.h"
#include "harness/scenario_private.h"

/* ---- making ---- */

static struct loader begin(const struct scenario_source *source)
{
    struct pool *pool = pool_create();
    const char *path = source->text ? source->path : "";
    struct loader loader = {.pool = pool, .source = source, .file = path, .repeats = 1};
    loader.diagnostics = pool_alloc(pool, sizeof *loader.diagnostics);
    loader.memory = pool_alloc(pool, sizeof *loader.memory);
    loader.memory->pool = pool;
    loader.draft = pool_alloc(pool, sizeof *loader.draft);
    struct scenario *scenario = &loader.draft->scenario;
    scenario->machine = machine_config_default();
    costs_default(scenario->costs_ns);
    scenario->memory = loader.memory;
    snprintf(scenario->path, sizeof scenario->path, "%s", path);
    return loader;
}

/* Insertion sort: stable, and the lists are short. */
static void sort_pressure(struct pressure *list, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct pressure one = list[i];
        uint32_t at = i;
        for (; at > 0 && list[at - 1].at_ns > one.at_ns; at--)
            list[at] = list[at - 1];
        list[at] = one;
    }
}

static void finish(struct loader *loader)
{
    struct workload *workload = &loader->draft->scenario.workload;
    const char **names = pool_alloc(loader->pool, loader->names_count * sizeof *names);
    for (size_t i = 0; i < loader->names_count; i++)
        names[i] = loader->names[i].text;
    workload->names = names;
    workload->names_count = (uint32_t)loader->names_count;
    workload->release = loader->draft->scenario.shutdown_release;
    sort_pressure((struct pressure *)workload->pressure, workload->pressure_count);
}

static void bind_root(struct loader *loader, struct yaml_node *root)
{
    apply_settings(loader, &root, loader->source->settings, loader->source->settings_count);
    const struct yaml_node *workload = root->kind == YAML_MAP ? yaml_find(root, "workload") : NULL;
    if (workload)
        collect_names(loader, workload);
    bind_section(loader, SECTION_TOP, root, loader->draft);
}

/* Hands the scenario over, or the diagnostics to err: its own, then those of files it names. */
static enum input_result end(struct loader *loader, FILE *err, bool *usage,
                             struct scenario **scenario)
{
    const struct diagnostics *own = loader->diagnostics;
    uint32_t in_files = 0;
    for (const struct opened_curve *curve = loader->curves; curve; curve = curve->next)
        in_files += curve->diagnostics->count;
    *usage = false;
    *scenario = NULL;
    if (own->count + in_files == 0) {
        finish(loader);
        *scenario = &loader->draft->scenario;
        return INPUT_OK;
    }
    diagnostics_print(own, err);
    for (const struct opened_curve *curve = loader->curves; curve; curve = curve->next)
        diagnostics_print(curve->diagnostics, err);
    *usage = own->count + in_files == own->in_settings;
    scenario_free(&loader->draft->scenario);
    return INPUT_INVALID;
}

void scenario_free(struct scenario *scenario)
{
    struct scenario_memory *memory = scenario ? scenario->memory : NULL;
    if (!memory)
        return;
    close_recordings(memory);
    pool_destroy(memory->pool);
}

/* ---- the first comment ---- */

/* Adds a line of the comment to the paragraph; what does not fit is cut after a word. */
static void add_line(char *about, size_t about_bytes, const char *line, size_t length)
{
    size_t used = strlen(about), room = about_bytes - used;
    while (length && (*line == '#' || *line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    if (length == 0 || room < 2)
        return;
    if (length + 2 > room) {
        length = room - 2;
        while (length && line[length] != ' ')
            length--;
    }
    snprintf(about + used, room, "%s%.*s", used ? " " : "", (int)length, line);
}

/* The block of comment lines that the file begins with, without the line that editors read. */
static void find_about(struct scenario *scenario)
{
    uint32_t line = 1;
    for (bool begun = false;; line++) {
        size_t length;
        const char *text = text_line(scenario->text, scenario->text_bytes, line, &length);
        size_t blank = strspn(text, " \t");
        bool comment = blank < length && text[blank] == '#';
        bool skipped = length == 0 || strncmp(text, "---", 3) == 0 ||
                       (comment && memmem(text, length, "yaml-language-server:", 21));
        if (text == scenario->text + scenario->text_bytes || (!comment && (begun || !skipped)))
            return;
        if (skipped)
            continue;
        begun = true;
        add_line(scenario->about, sizeof scenario->about, text, length);
    }
}

/* ---- the ways ---- */

static enum input_result from_text(const struct scenario_source *source, FILE *err, bool *usage,
                                   struct scenario **scenario)
{
    struct loader loader = begin(source);
    struct scenario *made = &loader.draft->scenario;
    made->text = pool_text(loader.pool, source->text, source->bytes);
    made->text_bytes = source->bytes;
    diagnostics_begin(loader.diagnostics, source->path, made->text, source->bytes);
    struct yaml_node *root = yaml_parse(loader.pool, loader.diagnostics, made->text, source->bytes);
    if (root) {
        bind_root(&loader, root);
        find_about(made);
    }
    return end(&loader, err, usage, scenario);
}

/* {name: NAME, workload: [{replay: PATH}]}, which settings can change like any other. */
static struct yaml_node *recording_tree(struct pool *pool, const char *name, const char *path)
{
    static const struct place nowhere = {1, 1, 1, NULL};
    struct yaml_node *nodes = pool_alloc(pool, 3 * sizeof *nodes);
    struct yaml_node *root = &nodes[0], *list = &nodes[1], *step = &nodes[2];
    struct yaml_pair *pairs = pool_alloc(pool, 3 * sizeof *pairs);
    struct yaml_node **items = pool_alloc(pool, sizeof *items);
    pairs[0] = (struct yaml_pair){yaml_word(pool, "name", nowhere), yaml_word(pool, name, nowhere)};
    pairs[1] = (struct yaml_pair){yaml_word(pool, "workload", nowhere), list};
    pairs[2] =
        (struct yaml_pair){yaml_word(pool, "replay", nowhere), yaml_word(pool, path, nowhere)};
    items[0] = step;
    *root = (struct yaml_node){.kind = YAML_MAP, .at = nowhere, .count = 2, .pairs = pairs};
    *list = (struct yaml_node){.kind = YAML_LIST, .at = nowhere, .count = 1, .items = items};
    *step = (struct yaml_node){.kind = YAML_MAP, .at = nowhere, .count = 1, .pairs = &pairs[2]};
    return root;
}

static enum input_result from_recording(const struct scenario_source *source, FILE *err,
                                        bool *usage, struct scenario **scenario)
{
    struct loader loader = begin(source);
    struct scenario *made = &loader.draft->scenario;
    const char *path = source->path;
    char message[512], name[64];
    enum input_result result;
    *usage = false;
    *scenario = NULL;
    if (!open_recording(&loader, path, message, sizeof message, &result)) {
        fprintf(err, "lowwater: %s: %s\n", path, message);
        scenario_free(made);
        return result;
    }
    snprintf(made->path, sizeof made->path, "%s", path);
    places_base_name(path, name, sizeof name);
    diagnostics_begin(loader.diagnostics, made->path, "", 0);
    bind_root(&loader, recording_tree(loader.pool, name, path));
    return end(&loader, err, usage, scenario);
}

enum input_result scenario_from(const struct scenario_source *source, FILE *err, bool *usage,
                                struct scenario **scenario)
{
    return (source->text ? from_text : from_recording)(source, err, usage, scenario);
}

enum input_result scenario_parse(const char *path, const char *text, size_t bytes,
                                 const char *const *settings, uint32_t settings_count, FILE *err,
                                 bool *usage, struct scenario **scenario)
{
    const struct scenario_source source = {path, text, bytes, settings, settings_count, NULL, 0};
    return scenario_from(&source, err, usage, scenario);
}

enum input_result scenario_of_recording(const char *path, const char *const *settings,
                                        uint32_t settings_count, FILE *err, bool *usage,
                                        struct scenario **scenario)
{
    const struct scenario_source source = {path, NULL, 0, settings, settings_count, NULL, 0};
    return scenario_from(&source, err, usage, scenario);
}

enum input_result scenario_read(const char *path, const char *const *settings,
                                uint32_t settings_count, FILE *err, bool *usage,
                                struct scenario **scenario)
{
    struct input_file file;
    char message[256];
    enum input_result result = input_read(path, SCENARIO_BYTES_MAX, &file, message, sizeof message);
    *usage = false;
    *scenario = NULL;
    if (result != INPUT_OK) {
        if (strcmp(message, "larger than the limit") == 0)
            snprintf(message, sizeof message, YAML_TOO_LARGE);
        fprintf(err, result == INPUT_NO_FILE ? "lowwater: %s: %s\n" : "%s:1:1: error: %s\n", path,
                message);
        return result;
    }
    result = scenario_parse(path, (const char *)file.bytes, file.count, settings, settings_count,
                            err, usage, scenario);
    input_free(&file);
    return result;
}
