/* Recordings that a scenario replays: finding and opening them. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "harness/options.h"
#include "harness/places.h"
#include "harness/recording_file.h"

#define BUNDLED_MAX 256

/* Devices and pipes would be read for ever. */
static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Beside the scenario, else bundled; the ending may be left out. */
static bool find_recording(const struct loader *loader, const char *name, char *path,
                           size_t path_bytes)
{
    static const char *const endings[] = {"", ".lwt"};
    const char *slash = strrchr(loader->file, '/');
    int folder = *name == '/' || !slash ? 0 : (int)(slash + 1 - loader->file);
    for (int i = 0; i < 2; i++) {
        int length = snprintf(path, path_bytes, "%.*s%s%s", folder, loader->file, name, endings[i]);
        if (length > 0 && (size_t)length < path_bytes && is_file(path))
            return true;
    }
    return places_recording(name, path, path_bytes);
}

static enum read_result say_missing(struct loader *loader, const struct yaml_node *node)
{
    static char names[BUNDLED_MAX][PLACES_NAME_BYTES];
    const char *pointers[BUNDLED_MAX];
    char word[CLIPPED_BYTES], base[256], hint[700];
    if (!diagnostics_wanted(loader->diagnostics, node->at)) {
        diagnose(loader->diagnostics, node->at, "no such recording");
        return READ_SAID;
    }
    size_t count = places_recordings(names, BUNDLED_MAX);
    for (size_t i = 0; i < count; i++)
        pointers[i] = names[i];
    places_base_name(node->text, base, sizeof base);
    suggestion(base, pointers, count, hint, sizeof hint);
    diagnose(loader->diagnostics, node->at,
             "no recording '%s', neither beside the scenario nor bundled%s",
             clipped(node->text, node->length, word), count ? hint : "");
    return READ_SAID;
}

static struct recording_file *already_open(const struct loader *loader, const char *path)
{
    const struct opened_recording *opened = loader->memory->recordings;
    while (opened && strcmp(opened->path, path) != 0)
        opened = opened->next;
    return opened ? opened->file : NULL;
}

struct recording_file *open_recording(struct loader *loader, const char *path, char *message,
                                      size_t message_bytes, enum input_result *result)
{
    struct recording_file *file = already_open(loader, path);
    *result = INPUT_OK;
    if (file)
        return file;
    file = pool_alloc(loader->pool, sizeof *file);
    *result = recording_file_read(path, file, message, message_bytes);
    if (*result != INPUT_OK)
        return NULL;
    struct opened_recording *opened = pool_alloc(loader->pool, sizeof *opened);
    *opened = (struct opened_recording){loader->memory->recordings,
                                        pool_text(loader->pool, path, strlen(path)), file};
    loader->memory->recordings = opened;
    return file;
}

void close_recordings(struct scenario_memory *memory)
{
    for (struct opened_recording *opened = memory->recordings; opened; opened = opened->next)
        recording_file_free(opened->file);
    memory->recordings = NULL;
}

enum read_result read_recording(struct loader *loader, const struct key *key,
                                const struct yaml_node *node, void *target)
{
    char path[PATH_MAX], message[512], word[CLIPPED_BYTES];
    enum input_result result;
    if (node->length == 0 || !find_recording(loader, node->text, path, sizeof path))
        return say_missing(loader, node);
    struct recording_file *file = open_recording(loader, path, message, sizeof message, &result);
    if (!file) {
        diagnose(loader->diagnostics, node->at, "the recording '%s' cannot be read: %s",
                 clipped(node->text, node->length, word), message);
        return READ_SAID;
    }
    const struct recording *recording = &file->recording;
    memcpy(key_field(key, target), &recording, sizeof recording);
    return READ_FINE;
}
