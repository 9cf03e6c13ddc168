/* Finding bundled things. See places.h.
 *
 * A build tree has build[/CONFIG]/lowwater beside policies/, and sim/include and scenarios some
 * folders up; an installed prefix has bin/lowwater, lib/lowwater/policies and share/lowwater.
 */
#include "harness/places.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder of the executable, without a slash at its end. */
static const char *own_folder(void)
{
    static char folder[PATH_MAX];
    if (folder[0] == '\0') {
        ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
        folder[length > 0 ? length : 0] = '\0';
        char *slash = strrchr(folder, '/');
        if (slash)
            *slash = '\0';
    }
    return folder;
}

/* The first of the candidate folders that exists, relative to the executable's. */
static const char *first_folder(const char *const *candidates, char *path, size_t bytes)
{
    for (; *candidates; candidates++) {
        int used = snprintf(path, bytes, "%s/%s", own_folder(), *candidates);
        if (used > 0 && (size_t)used < bytes && access(path, R_OK | X_OK) == 0)
            return path;
    }
    snprintf(path, bytes, "%s", own_folder());
    return path;
}

const char *places_temporary(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && folder[0] == '/' ? folder : "/tmp";
}

const char *places_include(void)
{
    static char path[PATH_MAX];
    static const char *const candidates[] = {"../sim/include", "../../sim/include",
                                             "../share/lowwater/include", NULL};
    char found[PATH_MAX];
    /* Without detours: kept builds of policies are good for all builds of one source tree. */
    if (!path[0] && !realpath(first_folder(candidates, found, sizeof found), path))
        snprintf(path, sizeof path, "%s", found);
    return path;
}

static const char *policies_folder(void)
{
    static char path[PATH_MAX];
    static const char *const candidates[] = {"policies", "../lib/lowwater/policies", NULL};
    return path[0] ? path : first_folder(candidates, path, sizeof path);
}

static const char *recordings_folder(void)
{
    static char path[PATH_MAX];
    static const char *const candidates[] = {"../scenarios/traces", "../../scenarios/traces",
                                             "../share/lowwater/scenarios/traces", NULL};
    return path[0] ? path : first_folder(candidates, path, sizeof path);
}

static const char *scenarios_folder(void)
{
    static char path[PATH_MAX];
    static const char *const candidates[] = {"../scenarios", "../../scenarios",
                                             "../share/lowwater/scenarios", NULL};
    return path[0] ? path : first_folder(candidates, path, sizeof path);
}

static bool named(const char *folder, const char *name, const char *ending, char *path,
                  size_t bytes)
{
    if (strchr(name, '/'))
        return false;
    size_t length = strlen(name), tail = strlen(ending);
    bool has = length > tail && strcmp(name + length - tail, ending) == 0;
    int used = snprintf(path, bytes, "%s/%s%s", folder, name, has ? "" : ending);
    return used > 0 && (size_t)used < bytes && access(path, R_OK) == 0;
}

bool places_policy(const char *name, char *path, size_t path_bytes)
{
    return named(policies_folder(), name, ".so", path, path_bytes);
}

bool places_race_policy(const char *name, char *path, size_t path_bytes)
{
    char folder[PATH_MAX];
    int used = snprintf(folder, sizeof folder, "%s/race", policies_folder());
    return used > 0 && (size_t)used < sizeof folder && named(folder, name, ".so", path, path_bytes);
}

bool places_recording(const char *name, char *path, size_t path_bytes)
{
    return named(recordings_folder(), name, ".lwt", path, path_bytes);
}

bool places_scenario(const char *name, char *path, size_t path_bytes)
{
    return named(scenarios_folder(), name, ".yaml", path, path_bytes);
}

const char *places_shown(const char *path, char *text, size_t text_bytes)
{
    char whole[PATH_MAX], folder[PATH_MAX];
    const char *shown = realpath(path, whole) ? whole : path;
    size_t length = shown == whole && getcwd(folder, sizeof folder) ? strlen(folder) : 0;
    if (length > 1 && strncmp(whole, folder, length) == 0 && whole[length] == '/')
        shown = whole + length + 1;
    snprintf(text, text_bytes, "%s", shown);
    return text;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static size_t list(const char *folder, const char *ending, char names[][PLACES_NAME_BYTES],
                   size_t max)
{
    size_t count = 0, tail = strlen(ending);
    DIR *entries = opendir(folder);
    for (struct dirent *entry = entries ? readdir(entries) : NULL; entry && count < max;
         entry = readdir(entries)) {
        size_t length = strlen(entry->d_name);
        if (length <= tail || length >= PLACES_NAME_BYTES ||
            strcmp(entry->d_name + length - tail, ending) != 0)
            continue;
        snprintf(names[count++], PLACES_NAME_BYTES, "%.*s", (int)(length - tail), entry->d_name);
    }
    if (entries)
        closedir(entries);
    qsort(names, count, PLACES_NAME_BYTES, by_text);
    return count;
}

size_t places_policies(char names[][PLACES_NAME_BYTES], size_t max)
{
    return list(policies_folder(), ".so", names, max);
}

size_t places_recordings(char names[][PLACES_NAME_BYTES], size_t max)
{
    return list(recordings_folder(), ".lwt", names, max);
}

size_t places_scenarios(char names[][PLACES_NAME_BYTES], size_t max)
{
    return list(scenarios_folder(), ".yaml", names, max);
}

void places_base_name(const char *path, char *name, size_t name_bytes)
{
    const char *slash = strrchr(path, '/');
    snprintf(name, name_bytes, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name)
        *dot = '\0';
}
