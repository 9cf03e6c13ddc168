/* Functions that a compiler put into their callers, as debug information tells. */
#ifndef LW_HARNESS_INLINED_H
#define LW_HARNESS_INLINED_H

#include <stdint.h>

/* Tells found of every range of program counters (addresses of the file, end not included) where a
 * function of that name stands in another one; names compare as caller.h says. Finds nothing in an
 * object without debug information, or where libdw is not there to read it. */
void inlined_find(const char *path, const char *function,
                  void (*found)(void *context, uint64_t begin, uint64_t end), void *context);

#endif
