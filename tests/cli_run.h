/* Runs the lowwater program as a user does, for the tests of the command line: as a child process
 * with arguments, its two outputs caught, its exit code kept. */
#ifndef LW_TESTS_CLI_RUN_H
#define LW_TESTS_CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>

struct cli_result {
    int exit_code;   /* 128 + n: ended by signal n */
    char *out, *err; /* everything printed, NUL-terminated */
    size_t out_bytes, err_bytes;
};

/* Runs it with the arguments in text, separated by single spaces; printf-like. The result stays
 * valid until the next call. Fails the test when the program cannot be started or takes longer
 * than five minutes. */
const struct cli_result *cli(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same in another current folder. */
const struct cli_result *cli_in(const char *folder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with a file as standard input. */
const struct cli_result *cli_reading(const char *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Checks of the last result; a failure shows the command and both outputs. */
void expect_exit(int code);
void expect_out(const char *fragment);
void expect_err(const char *fragment);
void expect_silent_out(void);

/* The program itself, for tests that need a shell. */
const char *cli_program(void);
/* Folder for files of the tests of this binary, made on first use: absolute, without final slash.
 */
const char *cli_folder(void);
/* A path in it; up to 8 results stay valid. */
const char *cli_path(const char *name);
/* The repository's root, absolute. */
const char *cli_root(void);
void write_file(const char *path, const void *bytes, size_t count);
/* Whole file, NUL-terminated, to be freed; NULL when there is none. */
char *read_whole_file(const char *path, size_t *count);

/* A recording made by `import strace` from a log written here: some 400 commits, decommits,
 * releases, heap growth and touches. Imported on first use. */
const char *small_recording(void);

/* ---- JSON, as far as tests need it ---- */

/* True when the text is one well-formed JSON value. */
bool json_is_valid(const char *text);
/* The text of the value of the n-th "key" (from 0) anywhere in the document, without quotes, in a
 * buffer that the next call reuses; NULL: no such key. */
const char *json_value(const char *text, const char *key, unsigned n);
/* Where the first "key" stands; NULL: nowhere. */
const char *json_find(const char *text, const char *key);
unsigned json_count(const char *text, const char *key);
/* Sets every number after "native_ns" to 0, in place. */
void json_blank_native(char *text);

#endif
