/* What the narrow and the wide half of stdio share. */
#ifndef LW_CRT_STDIO_H
#define LW_CRT_STDIO_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A stream as policies hold it in a FILE *: standard input, output or error, nothing else. */
struct stream;

/* The output_stream (core/output.h) of a stream; ends the run when it is none that can be written,
 * naming the function. */
int stream_number(const struct stream *stream, const char *function);
/* The streams themselves. */
const struct stream *stream_stdout(void);
const struct stream *stream_stderr(void);
/* Formats and prints as one output; the length of the text, or -1 (EOVERFLOW) above INT_MAX.
 * wide: the format is a wchar_t string. */
int stream_print(int number, bool wide, const void *format, va_list arguments);
/* A length as printf returns it: -1 with errno EOVERFLOW when it does not fit an int. */
int printed_length(size_t length);

#endif
