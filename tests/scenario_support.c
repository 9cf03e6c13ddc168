/* See scenario_support.h. */
#include "tests/support.h"
#include "tests/scenario_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/cli_run.h"

static struct loaded last;
static char *last_err;

void unload(void)
{
    scenario_free(last.scenario);
    free(last_err);
    last_err = NULL;
    memset(&last, 0, sizeof last);
}

/* A recording and a curve of the names that examples use, made once. */
static void put_files_beside(void)
{
    static const char curve[] = "0,64MiB\n1.5,0\n";
    static bool done;
    size_t count;
    char *bytes = done ? NULL : read_whole_file(small_recording(), &count);
    if (done)
        return;
    assert_non_null(bytes);
    write_file(cli_path("webapi-regions.lwt"), bytes, count);
    free(bytes);
    write_file(cli_path("recorded.csv"), curve, sizeof curve - 1);
    done = true;
}

const struct loaded *load_bytes(const char *text, size_t bytes, const char *const *settings)
{
    uint32_t count = 0;
    size_t size = 0;
    unload();
    put_files_beside();
    while (settings && settings[count])
        count++;
    FILE *err = open_memstream(&last_err, &size);
    assert_non_null(err);
    last.result = scenario_parse(cli_path("scenario.yaml"), text, bytes, settings, count, err,
                                 &last.usage, &last.scenario);
    fclose(err);
    last.err = last_err;
    if ((last.result == INPUT_OK) != (last.scenario != NULL) ||
        (last.result == INPUT_OK) != (last_err[0] == '\0'))
        fail_msg("result %d with scenario %p and diagnostics '%s'", last.result,
                 (void *)last.scenario, last_err);
    return &last;
}

const struct loaded *load_with(const char *text, const char *const *settings)
{
    return load_bytes(text, strlen(text), settings);
}

const struct loaded *load(const char *text)
{
    return load_with(text, NULL);
}

const struct scenario *load_fine(const char *text)
{
    char whole[16384];
    snprintf(whole, sizeof whole, "name: t\n%s", text);
    const struct loaded *loaded = load(whole);
    if (loaded->result != INPUT_OK)
        fail_msg("%s\nis refused:\n%s", whole, loaded->err);
    return loaded->scenario;
}

void expect_refused(const char *text, const char *fragment)
{
    const struct loaded *loaded = load(text);
    if (loaded->result != INPUT_INVALID || !strstr(loaded->err, fragment))
        fail_msg("expected '%s' of\n%s\ngot result %d: %s", fragment, text, loaded->result,
                 loaded->err);
}
