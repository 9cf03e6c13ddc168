/* Conformance vectors: files of operations with the results Windows gives. tests/vectors/README.md
 * has the grammar. */
#ifndef LW_HARNESS_VECTORS_H
#define LW_HARNESS_VECTORS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct vector_totals {
    uint64_t results;    /* compared */
    uint64_t mismatches; /* hard ones */
    uint64_t soft;       /* mismatches on lines whose evidence is only inferred */
};

/* The command: argv[0] is "vectors". Returns the exit code. */
int cmd_vectors(int argc, char **argv);

/* Runs one file on the default machine, in a child process. print: echo operations with this
 * machine's results instead of comparing. Returns an exit code: 0, 1 (mismatch), 6 (the file is
 * malformed), 70. */
int vectors_run_file(const char *path, bool print, struct vector_totals *totals);

/* One operation of a file, executed on the current machine; the result as a line of text.
 * Returns false with a message when the operation cannot be read. */
struct vector_state;
struct vector_state *vector_state_create(void);
void vector_state_reset(struct vector_state *state); /* a new case: everything released */
bool vector_execute(struct vector_state *state, char *operation, char *result, size_t result_bytes,
                    char *message, size_t message_bytes);
/* Whether an expected and a given result say the same: numbers by value, `same` and `moved` and
 * the error behind `null` left out. */
bool vector_results_equal(const char *expected, const char *given);

#endif
