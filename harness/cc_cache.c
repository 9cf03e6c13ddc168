/* Building policies: shared objects are kept and found again by all that went into them. See cc.h.
 *
 * What is known before the compiler runs (its line, the source, the headers beside it and
 * lowwater's own) is hashed to the name of a list: all files that the compiler read when it last
 * had just that before it. They and their contents are hashed to the name of the shared object. So
 * a header counts wherever it is, and a shared object is never written twice.
 *
 * What is not noticed: another compiler under the same name, other headers of the system. */
#include "harness/cc.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "harness/places.h"
#include "harness/spelling.h"

#define KEY_BYTES 33
#define LIST_TARGET "policy" /* what the compiler's list says is made of the files */

/* Made when missing; an existing folder of somebody else is not used. */
static bool private_folder(const char *path)
{
    struct stat about;
    mkdir(path, 0700);
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid() &&
           access(path, W_OK | X_OK) == 0;
}

static bool cache_folder(char *path, size_t bytes)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char base[PATH_MAX];
    if (cache && *cache == '/')
        snprintf(base, sizeof base, "%s", cache);
    else
        snprintf(base, sizeof base, "%s/.cache", home ? home : "");
    mkdir(base, 0700);
    int used = snprintf(path, bytes, "%s/lowwater", base);
    if (used > 0 && (size_t)used < bytes && private_folder(path))
        return true;
    used = snprintf(path, bytes, "%s/lowwater-%u", places_temporary(), (unsigned)geteuid());
    return used > 0 && (size_t)used < bytes && private_folder(path);
}

/* False: it cannot be read to its end. */
static bool hash_file(XXH3_state_t *hash, const char *path)
{
    char buffer[65536];
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0)
        XXH3_128bits_update(hash, buffer, (size_t)got);
    if (fd >= 0)
        close(fd);
    return got == 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every header of a folder, by name and contents: a new one may take the place of another. */
static void hash_folder(XXH3_state_t *hash, const char *folder)
{
    char *names[512];
    size_t count = 0;
    DIR *entries = opendir(folder);
    for (struct dirent *entry = entries ? readdir(entries) : NULL; entry && count < 512;
         entry = readdir(entries))
        if (strpbrk(entry->d_name, ".") && strcasestr(entry->d_name, ".h"))
            names[count++] = strdup(entry->d_name);
    if (entries)
        closedir(entries);
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_MAX + 300];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        XXH3_128bits_update(hash, names[i], strlen(names[i]));
        hash_file(hash, path);
        free(names[i]);
    }
}

static void source_folder(const char *source, char *folder, size_t bytes)
{
    const char *slash = strrchr(source, '/');
    snprintf(folder, bytes, "%.*s", slash ? (int)(slash - source) : 1, slash ? source : ".");
}

static void key_text(XXH3_state_t *hash, char key[KEY_BYTES])
{
    XXH128_hash_t digest = XXH3_128bits_digest(hash);
    snprintf(key, KEY_BYTES, "%016llx%016llx", (unsigned long long)digest.high64,
             (unsigned long long)digest.low64);
    XXH3_freeState(hash);
}

/* Of what is known before the compiler has run. */
static void key_before(const struct cc_line *line, const char *source, char key[KEY_BYTES])
{
    XXH3_state_t *hash = XXH3_createState();
    char folder[PATH_MAX], nested[PATH_MAX + 16];
    XXH3_128bits_reset(hash);
    for (unsigned i = 0; i < line->count; i++)
        XXH3_128bits_update(hash, line->words[i], strlen(line->words[i]) + 1);
    hash_file(hash, source);
    source_folder(source, folder, sizeof folder);
    hash_folder(hash, folder);
    hash_folder(hash, places_include());
    snprintf(nested, sizeof nested, "%s/lowwater", places_include());
    hash_folder(hash, nested);
    key_text(hash, key);
}

/* The next name of a list that the compiler wrote for make, where a blank in a name is written
 * "\\ ", a dollar "$$" and the end of a line may be hidden. False: there is none. */
static bool next_name(FILE *list, char *name, size_t bytes)
{
    size_t used = 0;
    for (int c = getc(list); c != EOF && used + 1 < bytes; c = getc(list)) {
        if (c == '\\' || c == '$') {
            int next = getc(list);
            bool stands = c == '$' ? next == '$' : next == ' ' || next == '#';
            if (stands || next == '\n')
                c = next;
            else
                ungetc(next, list);
            if (stands) {
                name[used++] = (char)c;
                continue;
            }
        }
        if (c != ' ' && c != '\n')
            name[used++] = (char)c;
        else if (used > 0)
            break;
    }
    name[used] = '\0';
    return used > 0;
}

/* Of all that the compiler has read, by its list. False: there is no list, or a file of it is gone.
 */
static bool key_after(const char *before, const char *list_path, char key[KEY_BYTES])
{
    XXH3_state_t *hash = XXH3_createState();
    FILE *list = fopen(list_path, "re");
    char name[PATH_MAX];
    bool whole = list && next_name(list, name, sizeof name) && strcmp(name, LIST_TARGET ":") == 0;
    XXH3_128bits_reset(hash);
    XXH3_128bits_update(hash, before, strlen(before));
    while (whole && next_name(list, name, sizeof name)) {
        XXH3_128bits_update(hash, name, strlen(name) + 1);
        whole = hash_file(hash, name);
    }
    if (list)
        fclose(list);
    key_text(hash, key);
    return whole;
}

void cc_offer_spellings(const char *const *sources, unsigned count, char *links, size_t bytes)
{
    char cache[PATH_MAX], real[PATH_MAX];
    links[0] = '\0';
    if (count == 0 || !realpath(sources[0], real) || !cache_folder(cache, sizeof cache))
        return;
    snprintf(links, bytes, "%s/%016llx.links", cache,
             (unsigned long long)XXH3_64bits(real, strlen(real)));
    for (unsigned i = 0; i < count; i++)
        spelling_offer(sources[i], links);
    if (access(links, R_OK) != 0)
        links[0] = '\0';
}

/* A policy in the cache. */
struct build {
    char cache[PATH_MAX], name[96], key[KEY_BYTES]; /* the key before the compiler runs */
    char list[PATH_MAX + 160], object[PATH_MAX + 160];
};

/* Whether the shared object that the list stands for is there. */
static bool find_object(struct build *build, const char *list)
{
    char key[KEY_BYTES];
    bool known = key_after(build->key, list, key);
    snprintf(build->object, sizeof build->object, "%s/%s-%s.so", build->cache, build->name, key);
    return known && access(build->object, R_OK) == 0;
}

/* The exit code of the compiler, as of cc_run. Others may build the same at the same time: what
 * they see is whole. */
static int build_anew(struct build *build, const char *source, const char *include, bool race)
{
    char links[PATH_MAX + 64], other_include[PATH_MAX + 80];
    char list[PATH_MAX + 64], object[PATH_MAX + 64];
    cc_offer_spellings(&source, 1, links, sizeof links);
    snprintf(other_include, sizeof other_include, "-I%s", links);
    snprintf(list, sizeof list, "%s/%s.%d.d", build->cache, build->key, (int)getpid());
    snprintf(object, sizeof object, "%s/%s.%d.so", build->cache, build->key, (int)getpid());
    const char *words[] = {
        source, links[0] ? other_include : include, "-MMD", "-MT", LIST_TARGET, "-MF", list};
    struct cc_line line;
    cc_make_line(&line, words, sizeof words / sizeof *words, object, race);
    int code = cc_run(&line);
    find_object(build, list);
    if (code == 0 && (rename(object, build->object) != 0 || rename(list, build->list) != 0))
        code = EXIT_FAILURE;
    unlink(object);
    unlink(list);
    return code;
}

bool cc_build_cached(const char *source, bool race, char *out_path, size_t out_bytes, char *message,
                     size_t message_bytes)
{
    char folder[PATH_MAX], include[PATH_MAX + 80];
    const char *words[] = {source, include};
    struct cc_line line;
    struct build build;
    if (!cache_folder(build.cache, sizeof build.cache)) {
        snprintf(message, message_bytes, "there is no folder for built policies (HOME, TMPDIR)");
        return false;
    }
    source_folder(source, folder, sizeof folder);
    places_base_name(source, build.name, sizeof build.name);
    snprintf(include, sizeof include, "-I%s", folder);
    cc_make_line(&line, words, 2, "out.so", race);
    key_before(&line, source, build.key);
    snprintf(build.list, sizeof build.list, "%s/%s-%s.d", build.cache, build.name, build.key);
    bool found = find_object(&build, build.list);
    int code = found ? 0 : build_anew(&build, source, include, race);
    snprintf(out_path, out_bytes, "%s", build.object);
    if (code != 0)
        snprintf(message, message_bytes,
                 code < 0
                     ? "%s: the compiler '%s' cannot be started"
                     : "%s: it does not compile with %s\n"
                       "  (with other options, like -std=c++20: lowwater cc OPTIONS -o HOST.so "
                       "FILE...)",
                 source, line.words[0]);
    return code == 0;
}
