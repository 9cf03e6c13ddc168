/* Windows' basic types, calling-convention and annotation words, for hosts that compile unchanged.
 *
 * LONG, DWORD, ULONG and BOOL have 32 bits although long has 64 here; DWORD and ULONG are one type
 * because hosts mix them in overrides. wchar_t keeps this platform's 32 bits. */
#ifndef LW_WINDEF_H
#define LW_WINDEF_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#ifndef _WIN32
#define _WIN32 1
#endif
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef WIN32
#define WIN32 1
#endif

/* ---- words without meaning here ---- */

#define WINAPI
#define CALLBACK
#define APIENTRY
#define WINAPIV
#define NTAPI
#define PASCAL
#define WINBASEAPI
#define __stdcall
#define __cdecl
#define _cdecl
#define __fastcall
#define __thiscall
#define CONST const
#define VOID void
#define FAR
#define NEAR
#define far
#define near
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long
#define __forceinline inline __attribute__((always_inline))
#define FORCEINLINE static inline __attribute__((always_inline))
/* Words with a meaning keep it, the rest is empty; a word that is not here (property, say) stops
 * the compiler at its name instead of being lost. */
#define __declspec(word) LW_DECLSPEC_##word
#ifdef __cplusplus
#define LW_DECLSPEC_thread thread_local
#else
#define LW_DECLSPEC_thread _Thread_local
#endif
#define LW_DECLSPEC_align(bytes) __attribute__((aligned(bytes)))
#define LW_DECLSPEC_dllexport __attribute__((visibility("default")))
#define LW_DECLSPEC_noinline __attribute__((noinline))
#define LW_DECLSPEC_noreturn __attribute__((noreturn))
#define LW_DECLSPEC_selectany __attribute__((weak))
#define LW_DECLSPEC_deprecated __attribute__((deprecated))
#define LW_DECLSPEC_allocator
#define LW_DECLSPEC_dllimport
#define LW_DECLSPEC_empty_bases
#define LW_DECLSPEC_noalias
#define LW_DECLSPEC_nothrow
#define LW_DECLSPEC_novtable
#define LW_DECLSPEC_restrict
#define LW_DECLSPEC_safebuffers
#define LW_DECLSPEC_uuid(text)
#define DECLSPEC_NOVTABLE
#define DECLSPEC_SELECTANY __attribute__((weak))
#define DECLSPEC_ALIGN(bytes) __attribute__((aligned(bytes)))
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_IMPORT
#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define C_ASSERT(expression) typedef char lw_c_assert[(expression) ? 1 : -1]

/* Structured exception handling needs Microsoft's compiler: one message, and code around it that
 * parses. libstdc++ has a __try of its own, which must stay. */
#define LW_NO_SEH "structured exception handling (__try) is not available here"
#define __leave ((void)0)
#ifdef __cplusplus
#if __has_include(<bits/exception_defines.h>)
#include <bits/exception_defines.h>
#endif
#define __finally                                                                                  \
    catch (...) { static_assert(sizeof(int) == 0, LW_NO_SEH); }                                    \
    if (false)
#define __except(filter) __finally
#else
#define __try                                                                                      \
    _Static_assert(0, LW_NO_SEH);                                                                  \
    if (1)
#define __finally else
#define __except(filter) else
#endif

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _Inout_
#define _Inout_opt_
#define _Out_
#define _Out_opt_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _COM_Outptr_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Check_return_
#define _Must_inspect_result_
#define _Success_(expression)
#define _When_(expression, annotation)
#define _In_reads_(count)
#define _In_reads_bytes_(count)
#define _In_reads_bytes_opt_(count)
#define _Out_writes_(count)
#define _Out_writes_bytes_(count)
#define _Out_writes_bytes_opt_(count)
#define _Out_writes_bytes_to_(count, valid)
#define _Inout_updates_bytes_(count)
#define _Post_writable_byte_size_(count)
#define _Printf_format_string_
#define _Acquires_lock_(lock)
#define _Releases_lock_(lock)
#define _Guarded_by_(lock)
#define _Interlocked_operand_
#define _Use_decl_annotations_
#define _Frees_ptr_opt_
#define __RPC_FAR
#define __RPC__in
#define __RPC__out
#define __RPC__deref_out
#ifndef __cplusplus /* libstdc++ has parameters of these names */
#define __in
#define __out
#define __inout
#define __in_opt
#define __out_opt
#endif
#define __deref_out
#define __deref_out_opt
#define IN
#define OUT
#define OPTIONAL

/* ---- types ---- */

#ifdef __cplusplus
#define EXTERN_C extern "C"
extern "C" {
#else
#define EXTERN_C extern
#endif

typedef int BOOL, *PBOOL, *LPBOOL;
typedef unsigned char BYTE, *PBYTE, *LPBYTE, UCHAR, *PUCHAR, BOOLEAN, *PBOOLEAN;
typedef unsigned short WORD, *PWORD, *LPWORD, USHORT, *PUSHORT;
typedef unsigned int DWORD, *PDWORD, *LPDWORD, ULONG, *PULONG, UINT, *PUINT, UINT32, *PUINT32;
typedef unsigned int ULONG32, DWORD32;
typedef int LONG, *PLONG, *LPLONG, INT, *PINT, *LPINT, INT32, *PINT32, LONG32;
typedef short SHORT, *PSHORT;
typedef char CHAR, *PCHAR, *LPSTR, *PSTR, CCHAR, INT8;
typedef const char *LPCSTR, *PCSTR;
typedef wchar_t WCHAR, *PWCHAR, *LPWSTR, *PWSTR, *BSTR, OLECHAR, *LPOLESTR;
typedef const wchar_t *LPCWSTR, *PCWSTR, *LPCOLESTR;
typedef long long LONGLONG, *PLONGLONG, LONG64, *PLONG64, INT64, *PINT64;
typedef unsigned long long ULONGLONG, *PULONGLONG, DWORDLONG, *PDWORDLONG, ULONG64, *PULONG64;
typedef unsigned long long DWORD64, *PDWORD64, UINT64, *PUINT64;
typedef intptr_t INT_PTR, *PINT_PTR, LONG_PTR, *PLONG_PTR, SSIZE_T, LPARAM, LRESULT;
typedef uintptr_t UINT_PTR, *PUINT_PTR, ULONG_PTR, *PULONG_PTR, DWORD_PTR, *PDWORD_PTR, WPARAM;
typedef size_t SIZE_T, *PSIZE_T;
typedef void *PVOID, *LPVOID, *HANDLE, **PHANDLE, **LPHANDLE;
typedef PVOID PVOID64;
typedef const void *LPCVOID;
typedef float FLOAT;
typedef HANDLE HMODULE, HINSTANCE, HLOCAL, HGLOBAL, HWND;
typedef LONG HRESULT, NTSTATUS;
typedef BYTE UINT8;
typedef INT_PTR (*FARPROC)(void);

typedef union _LARGE_INTEGER {
    struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SYSTEMTIME {
    WORD wYear, wMonth, wDayOfWeek, wDay, wHour, wMinute, wSecond, wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

typedef struct _GUID {
    DWORD Data1;
    WORD Data2;
    WORD Data3;
    BYTE Data4[8];
} GUID, IID, CLSID, *LPGUID, *LPIID, *LPCLSID;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

#ifdef __cplusplus
}
#endif

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif
#define MAX_PATH 260
#define MAXDWORD 0xffffffffu
#define MAXULONG_PTR (~(ULONG_PTR)0)
#define LOWORD(value) ((WORD)((DWORD_PTR)(value)&0xffff))
#define HIWORD(value) ((WORD)((DWORD_PTR)(value) >> 16))
#define MAKELONG(low, high) ((LONG)((WORD)(low) | (DWORD)(WORD)(high) << 16))
#define ARRAYSIZE(array) (sizeof(array) / sizeof((array)[0]))
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINING_RECORD(address, type, field)                                                    \
    ((type *)((char *)(address)-offsetof(type, field)))
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define TEXT(text) text
#define _T(text) text
typedef char TCHAR, *LPTSTR, *PTSTR;
typedef const char *LPCTSTR, *PCTSTR;

/* min and max of any two types: function templates in C++, so that <algorithm> keeps working. The
 * result is a value: of two equal types, `true ? a : b` alone would be a reference to a parameter. */
#ifdef __cplusplus
#ifndef NOMINMAX
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare" /* the macros of Windows compare like this too */
template <class A, class B> constexpr auto min(A a, B b) -> decltype(true ? A(a) : B(b))
{
    return a < b ? a : b;
}
template <class A, class B> constexpr auto max(A a, B b) -> decltype(true ? A(a) : B(b))
{
    return a < b ? b : a;
}
#pragma GCC diagnostic pop
#endif
#elif !defined(NOMINMAX)
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif

#endif
