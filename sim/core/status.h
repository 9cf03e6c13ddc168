/* Results inside the simulator, and the one table that ties them to Windows error codes.
 *
 * Every internal operation returns ST_OK or the reason it refused; the Win32 surface
 * translates the reason with status_code() into GetLastError's number. Names and numbers are
 * those of Microsoft's "System Error Codes" pages; the table also feeds --inject and the docs. */
#ifndef LW_CORE_STATUS_H
#define LW_CORE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* X(symbol, Windows code, Windows name) */
#define STATUS_TABLE(X)                                                                            \
    X(ST_OK, 0, "ERROR_SUCCESS")                                                                   \
    X(ST_ACCESS_DENIED, 5, "ERROR_ACCESS_DENIED")                                                  \
    X(ST_INVALID_HANDLE, 6, "ERROR_INVALID_HANDLE")                                                \
    X(ST_NOT_ENOUGH_MEMORY, 8, "ERROR_NOT_ENOUGH_MEMORY")                                          \
    X(ST_OUTOFMEMORY, 14, "ERROR_OUTOFMEMORY")                                                     \
    X(ST_BAD_LENGTH, 24, "ERROR_BAD_LENGTH")                                                       \
    X(ST_GEN_FAILURE, 31, "ERROR_GEN_FAILURE")                                                     \
    X(ST_NOT_SUPPORTED, 50, "ERROR_NOT_SUPPORTED")                                                 \
    X(ST_INVALID_PARAMETER, 87, "ERROR_INVALID_PARAMETER")                                         \
    X(ST_CALL_NOT_IMPLEMENTED, 120, "ERROR_CALL_NOT_IMPLEMENTED")                                  \
    X(ST_INSUFFICIENT_BUFFER, 122, "ERROR_INSUFFICIENT_BUFFER")                                    \
    X(ST_MOD_NOT_FOUND, 126, "ERROR_MOD_NOT_FOUND")                                                \
    X(ST_PROC_NOT_FOUND, 127, "ERROR_PROC_NOT_FOUND")                                              \
    X(ST_NOT_LOCKED, 158, "ERROR_NOT_LOCKED")                                                      \
    X(ST_ALREADY_EXISTS, 183, "ERROR_ALREADY_EXISTS")                                              \
    X(ST_NOT_OWNER, 288, "ERROR_NOT_OWNER")                                                        \
    X(ST_INVALID_ADDRESS, 487, "ERROR_INVALID_ADDRESS")                                            \
    X(ST_PAGEFILE_QUOTA, 567, "ERROR_PAGEFILE_QUOTA_EXCEEDED")                                     \
    X(ST_NOACCESS, 998, "ERROR_NOACCESS")                                                          \
    X(ST_PRIVILEGE_NOT_HELD, 1314, "ERROR_PRIVILEGE_NOT_HELD")                                     \
    X(ST_NO_SYSTEM_RESOURCES, 1450, "ERROR_NO_SYSTEM_RESOURCES")                                   \
    X(ST_WORKING_SET_QUOTA, 1453, "ERROR_WORKING_SET_QUOTA")                                       \
    X(ST_COMMITMENT_LIMIT, 1455, "ERROR_COMMITMENT_LIMIT")                                         \
    X(ST_TIMEOUT, 1460, "ERROR_TIMEOUT")                                                           \
    X(ST_DYNAMIC_CODE_BLOCKED, 1655, "ERROR_DYNAMIC_CODE_BLOCKED")                                 \
    X(ST_NOT_ENOUGH_QUOTA, 1816, "ERROR_NOT_ENOUGH_QUOTA")                                         \
    X(ST_GUARD_PAGE, 0x80000001u, "STATUS_GUARD_PAGE_VIOLATION")                                   \
    X(ST_NO_MEMORY_EXCEPTION, 0xC0000017u, "STATUS_NO_MEMORY")                                     \
    X(ST_ENOMEM, 12, "ENOMEM")                                                                     \
    X(ST_EAGAIN, 11, "EAGAIN")                                                                     \
    X(ST_TOO_MANY_POSTS, 298, "ERROR_TOO_MANY_POSTS")                                              \
    X(ST_IO_PENDING, 997, "ERROR_IO_PENDING")

#define ST_SYMBOL(symbol, code, name) symbol,
enum status { STATUS_TABLE(ST_SYMBOL) ST_COUNT };
#undef ST_SYMBOL

/* The Windows number of a status: 0, a Win32 error, or an NTSTATUS for exceptions. */
uint32_t status_code(enum status status);
/* "ERROR_COMMITMENT_LIMIT" and the like. */
const char *status_name(enum status status);
/* The name of a Windows number, or NULL when the table has none. */
const char *status_name_of_code(uint32_t code);
/* Reads a name of the table, the same without ERROR_, or a number in it. False: unknown. */
bool status_parse(const char *text, enum status *status);

#endif
