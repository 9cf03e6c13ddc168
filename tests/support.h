/* What every test file includes: cmocka with the headers it wants before it. */
#ifndef LW_TESTS_SUPPORT_H
#define LW_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif
