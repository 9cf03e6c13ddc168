/* Building policies. See cc.h.
 * Results are cached by what went into them. */
#include "harness/cc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "harness/places.h"
#include "harness/spelling.h"

static bool has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

bool cc_is_cxx(const char *path)
{
    return has_ending(path, ".cpp") || has_ending(path, ".cc") || has_ending(path, ".cxx");
}

bool cc_is_source(const char *path)
{
    return has_ending(path, ".c") || cc_is_cxx(path);
}

static void add(struct cc_line *line, const char *word)
{
    if (line->count + 1 < CC_WORDS_MAX)
        line->words[line->count++] = word;
}

void cc_flags(struct cc_line *line, bool cxx, bool race)
{
    unsigned compiler_words = line->count;
    static char include[PATH_MAX + 8];
    static const char *const common[] = {"-shared",
                                         "-fPIC",
                                         "-g",
                                         "-O2",
                                         "-fno-stack-protector",
                                         "-fcf-protection=none",
                                         "-fno-optimize-sibling-calls",
                                         "-Wno-unknown-pragmas",
                                         "-Wno-attributes"};
    snprintf(include, sizeof include, "-I%s", places_include());
    add(line, cxx ? "-std=gnu++17" : "-std=gnu11");
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        add(line, common[i]);
    add(line, include);
    if (race)
        cc_race_flags(line, compiler_words);
}

static const char *compiler(bool cxx)
{
    const char *wanted = getenv(cxx ? "CXX" : "CC");
    if (wanted && wanted[strspn(wanted, " ")])
        return wanted;
    static const char *const folders[] = {"/usr/bin/", "/usr/local/bin/", "/bin/"};
    static const char *const names[2][2] = {{"gcc", "clang"}, {"g++", "clang++"}};
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned f = 0; f < 3; f++) {
            char path[64];
            snprintf(path, sizeof path, "%s%s", folders[f], names[cxx][n]);
            if (access(path, X_OK) == 0)
                return names[cxx][n];
        }
    }
    return cxx ? "c++" : "cc";
}

/* CC may have words of its own: "ccache gcc", "gcc -m64". */
static void add_compiler(struct cc_line *line, bool cxx)
{
    static char words[2][1024];
    char *rest = NULL;
    snprintf(words[cxx], sizeof words[cxx], "%s", compiler(cxx));
    for (char *word = strtok_r(words[cxx], " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        add(line, word);
}

void cc_flags_only(struct cc_line *line, bool race)
{
    struct cc_line whole = {.count = 0};
    add_compiler(&whole, false);
    unsigned skip = whole.count + 1; /* the standard differs between C and C++ */
    cc_flags(&whole, false, race);
    *line = (struct cc_line){.count = whole.count - skip};
    memcpy(line->words, whole.words + skip, line->count * sizeof *line->words);
}

bool cc_make_line(struct cc_line *line, const char *const *words, unsigned count, const char *out,
                  bool race)
{
    bool cxx = false;
    for (unsigned i = 0; i < count; i++)
        cxx = cxx || (words[i][0] != '-' && cc_is_cxx(words[i]));
    *line = (struct cc_line){.count = 0};
    add_compiler(line, cxx);
    cc_flags(line, cxx, race);
    for (unsigned i = 0; i < count; i++)
        add(line, words[i]);
    add(line, "-o");
    add(line, out);
    line->words[line->count] = NULL;
    return line->count + 1 < CC_WORDS_MAX;
}

int cc_run(const struct cc_line *line)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        execvp(line->words[0], (char *const *)line->words);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
        return -1;
    return WEXITSTATUS(status);
}

/* ---- the cache ---- */

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
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *tmp = getenv("TMPDIR");
    char base[PATH_MAX];
    if (cache && *cache == '/')
        snprintf(base, sizeof base, "%s", cache);
    else
        snprintf(base, sizeof base, "%s/.cache", home ? home : "");
    mkdir(base, 0700);
    int used = snprintf(path, bytes, "%s/lowwater", base);
    if (used > 0 && (size_t)used < bytes && private_folder(path))
        return true;
    used = snprintf(path, bytes, "%s/lowwater-%u", tmp && *tmp == '/' ? tmp : "/tmp",
                    (unsigned)geteuid());
    return used > 0 && (size_t)used < bytes && private_folder(path);
}

static void hash_file(XXH3_state_t *hash, const char *path)
{
    char buffer[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got; fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0;)
        XXH3_128bits_update(hash, buffer, (size_t)got);
    if (fd >= 0)
        close(fd);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every source and header of a folder, by name and contents: more than the policy may use, never
 * less than it does. */
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

static void cache_key(const struct cc_line *line, const char *source, char key[33])
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
    XXH128_hash_t digest = XXH3_128bits_digest(hash);
    snprintf(key, 33, "%016llx%016llx", (unsigned long long)digest.high64,
             (unsigned long long)digest.low64);
    XXH3_freeState(hash);
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

bool cc_build_cached(const char *source, bool race, char *out_path, size_t out_bytes, char *message,
                     size_t message_bytes)
{
    char cache[PATH_MAX], key[33], links[PATH_MAX + 64], folder[PATH_MAX], name[96];
    char include[PATH_MAX + 80], temporary[PATH_MAX + 96];
    const char *words[] = {source, include};
    struct cc_line line;
    if (!cache_folder(cache, sizeof cache)) {
        snprintf(message, message_bytes, "there is no folder for built policies (HOME, TMPDIR)");
        return false;
    }
    source_folder(source, folder, sizeof folder);
    places_base_name(source, name, sizeof name);
    snprintf(include, sizeof include, "-I%s", folder);
    cc_make_line(&line, words, 2, "out.so", race);
    cache_key(&line, source, key);
    snprintf(out_path, out_bytes, "%s/%s-%s.so", cache, name, key);
    if (access(out_path, R_OK) == 0)
        return true;
    cc_offer_spellings(&source, 1, links, sizeof links);
    if (links[0])
        snprintf(include, sizeof include, "-I%s", links);
    snprintf(temporary, sizeof temporary, "%s/%s.%d.so", cache, key, (int)getpid());
    cc_make_line(&line, words, 2, temporary, race);
    int code = cc_run(&line);
    if (code == 0 && rename(temporary, out_path) == 0)
        return true;
    unlink(temporary);
    snprintf(message, message_bytes,
             code < 0 ? "%s: the compiler '%s' cannot be started"
                      : "%s: it does not compile with %s",
             source, line.words[0]);
    return false;
}
