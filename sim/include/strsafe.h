/* The bounded string functions of strsafe.h that hosts use for messages. */
#ifndef LW_STRSAFE_H
#define LW_STRSAFE_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "windows.h"

#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007Au)
#define STRSAFE_MAX_CCH 2147483647

/* The result of a formatting function that wants `needed` characters where `room` are. */
static inline HRESULT lw_strsafe(int needed, size_t room)
{
    return needed >= 0 && (size_t)needed < room ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}
static inline HRESULT StringCchPrintfA(LPSTR to, size_t room, LPCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(to, room, format, arguments);
    va_end(arguments);
    return lw_strsafe(needed, room);
}
static inline HRESULT StringCchPrintfW(LPWSTR to, size_t room, LPCWSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int needed = vswprintf(to, room, format, arguments);
    va_end(arguments);
    return lw_strsafe(needed, room);
}
static inline HRESULT StringCchCopyA(LPSTR to, size_t room, LPCSTR from)
{
    return lw_strsafe(snprintf(to, room, "%s", from), room);
}
static inline HRESULT StringCchCopyW(LPWSTR to, size_t room, LPCWSTR from)
{
    return StringCchPrintfW(to, room, L"%ls", from);
}
static inline HRESULT StringCchCatA(LPSTR to, size_t room, LPCSTR from)
{
    size_t used = strlen(to);
    return used < room ? StringCchCopyA(to + used, room - used, from) : STRSAFE_E_INSUFFICIENT_BUFFER;
}
#define StringCbPrintfA(to, bytes, ...) StringCchPrintfA(to, bytes, __VA_ARGS__)
#define StringCbPrintfW(to, bytes, ...) StringCchPrintfW(to, (bytes) / sizeof(WCHAR), __VA_ARGS__)

#endif
