/* Finding policies. See policy_find.h. */
#include "harness/policy_find.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "harness/cc.h"
#include "harness/options.h"
#include "harness/places.h"

#define LIST_MAX 64

static int no_such_policy(const char *word)
{
    static char names[LIST_MAX][PLACES_NAME_BYTES];
    const char *pointers[LIST_MAX];
    size_t count = places_policies(names, LIST_MAX);
    for (size_t i = 0; i < count; i++)
        pointers[i] = names[i];
    const char *similar = nearest_word(word, pointers, count);
    fprintf(stderr, "lowwater: no such policy: %s", word);
    if (similar)
        fprintf(stderr, "; did you mean '%s'?", similar);
    fprintf(stderr, "\n  bundled are:");
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, " %s", names[i]);
    fprintf(stderr, "; or give the path of a .so, .c or .cpp file\n");
    return EXIT_USAGE;
}

int policy_find(const char *word, bool race, char *path, size_t path_bytes, char *name,
                size_t name_bytes)
{
    struct stat about;
    char message[512];
    places_base_name(word, name, name_bytes);
    if ((race && places_race_policy(word, path, path_bytes)) ||
        places_policy(word, path, path_bytes))
        return EXIT_HELD;
    if (stat(word, &about) != 0)
        return no_such_policy(word);
    if (!S_ISREG(about.st_mode)) {
        fprintf(stderr, "lowwater: %s: a policy is a file, not a folder or device\n", word);
        return EXIT_INPUT;
    }
    if (!cc_is_source(word)) {
        snprintf(path, path_bytes, "%s", word);
        return EXIT_HELD;
    }
    if (cc_build_cached(word, race, path, path_bytes, message, sizeof message))
        return EXIT_HELD;
    fprintf(stderr, "lowwater: %s\n", message);
    return EXIT_INPUT;
}
