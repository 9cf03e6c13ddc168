/* A check that holds at run time, for the programs in this folder: says which failed, exit 1. */
#ifndef LW_TESTS_HEADERS_EXPECT_H
#define LW_TESTS_HEADERS_EXPECT_H

#include <stdio.h>
#include <stdlib.h>

#define EXPECT(...)                                                                                \
    do {                                                                                           \
        if (!(__VA_ARGS__)) {                                                                      \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__);                               \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#ifdef __cplusplus
#define STATIC_EXPECT(condition) static_assert(condition, #condition)
#else
#define STATIC_EXPECT(condition) _Static_assert(condition, #condition)
#endif

#endif
