/* Links for other spellings. See spelling.h. */
#include "harness/spelling.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 512

struct follow {
    const char *links;
    char root[PATH_MAX];    /* folder of the source: the compiler looks there as well */
    char *files[FILES_MAX]; /* seen, so that circles end */
    unsigned count;
};

static void folder_of(const char *path, char *folder, size_t bytes)
{
    const char *slash = strrchr(path, '/');
    snprintf(folder, bytes, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

/* The entry of a folder that has the name in any case; the exact one where it exists. */
static bool find_entry(const char *folder, const char *name, char *found, size_t bytes)
{
    bool hit = false;
    snprintf(found, bytes, "%s/%s", folder, name);
    if (access(found, R_OK) == 0)
        return true;
    DIR *entries = opendir(folder);
    for (struct dirent *entry = entries ? readdir(entries) : NULL; entry && !hit;
         entry = readdir(entries)) {
        hit = strcasecmp(entry->d_name, name) == 0;
        if (hit)
            snprintf(found, bytes, "%s/%s", folder, entry->d_name);
    }
    if (entries)
        closedir(entries);
    return hit;
}

/* The file that a name means, seen from a folder; false: none in any spelling. */
static bool find_file(const char *folder, const char *name, char *real, size_t bytes)
{
    char at[PATH_MAX], next[PATH_MAX + NAME_MAX + 2], parts[512], resolved[PATH_MAX];
    snprintf(at, sizeof at, "%s", folder);
    snprintf(parts, sizeof parts, "%s", name);
    char *rest = parts;
    for (char *part = strsep(&rest, "/\\"); part; part = strsep(&rest, "/\\")) {
        if (*part == '\0')
            continue;
        if (!find_entry(at, part, next, sizeof next))
            return false;
        snprintf(at, sizeof at, "%.*s", PATH_MAX - 1, next);
    }
    struct stat about;
    if (!realpath(at, resolved) || stat(resolved, &about) != 0 || !S_ISREG(about.st_mode))
        return false;
    snprintf(real, bytes, "%s", resolved);
    return true;
}

/* A link of exactly this name. A name with real slashes needs folders in front of it; one that
 * leads out of the folder cannot be offered. */
static void make_link(const char *links, const char *name, const char *real)
{
    char path[PATH_MAX + 600];
    if (strncmp(name, "../", 3) == 0 || *name == '/' || strstr(name, "/../"))
        return;
    mkdir(links, 0700);
    snprintf(path, sizeof path, "%s/%s", links, name);
    for (char *slash = strchr(path + strlen(links) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    unlink(path);
    if (symlink(real, path) != 0)
        return; /* the compiler will say that the file is missing */
}

static bool seen(struct follow *follow, const char *path)
{
    for (unsigned i = 0; i < follow->count; i++)
        if (strcmp(follow->files[i], path) == 0)
            return true;
    if (follow->count == FILES_MAX)
        return true;
    follow->files[follow->count++] = strdup(path);
    return false;
}

static void follow_file(struct follow *follow, const char *path)
{
    char line[1024], name[512], folder[PATH_MAX], written[PATH_MAX + 520], real[PATH_MAX];
    if (seen(follow, path))
        return;
    folder_of(path, folder, sizeof folder);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        const char *at = line + strspn(line, " \t\xef\xbb\xbf");
        if (*at != '#' || sscanf(at, "# include \"%511[^\"]\"", name) != 1)
            continue;
        if (!find_file(folder, name, real, sizeof real) &&
            !find_file(follow->root, name, real, sizeof real))
            continue;
        snprintf(written, sizeof written, "%s/%s", folder, name);
        if (access(written, R_OK) != 0)
            make_link(follow->links, name, real);
        follow_file(follow, real);
    }
    if (file)
        fclose(file);
}

void spelling_offer(const char *source, const char *links)
{
    struct follow *follow = calloc(1, sizeof *follow);
    char real[PATH_MAX];
    if (follow && realpath(source, real)) {
        follow->links = links;
        folder_of(real, follow->root, sizeof follow->root);
        follow_file(follow, real);
    }
    for (unsigned i = 0; follow && i < follow->count; i++)
        free(follow->files[i]);
    free(follow);
}
