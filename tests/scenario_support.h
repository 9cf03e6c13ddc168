/* Loading scenarios from texts, for tests. */
#ifndef LW_TESTS_SCENARIO_SUPPORT_H
#define LW_TESTS_SCENARIO_SUPPORT_H

#include "harness/scenario.h"

struct loaded {
    enum input_result result;
    bool usage;
    struct scenario *scenario; /* NULL unless result is INPUT_OK */
    const char *err;           /* diagnostics */
};

/* Loads a text as the file scenario.yaml of the test's folder, where the recording webapi-regions
 * and the curve recorded.csv lie as well. The result stays valid until the next call. */
const struct loaded *load(const char *text);
/* The same with --set words, ended by NULL. */
const struct loaded *load_with(const char *text, const char *const *settings);
const struct loaded *load_bytes(const char *text, size_t bytes, const char *const *settings);
/* Loads "name: t" with what is given below it; fails the test unless that is fine. */
const struct scenario *load_fine(const char *text);
/* Fails the test unless the text is refused and the diagnostics hold the fragment. */
void expect_refused(const char *text, const char *fragment);
/* Frees what the last call gave. */
void unload(void);

#endif
