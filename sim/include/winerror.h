/* Error codes and HRESULTs (Microsoft's "System Error Codes" and winerror documentation). */
#ifndef LW_WINERROR_H
#define LW_WINERROR_H

#include "windef.h"

#define ERROR_SUCCESS 0u
#define NO_ERROR 0u
#define ERROR_INVALID_FUNCTION 1u
#define ERROR_FILE_NOT_FOUND 2u
#define ERROR_ACCESS_DENIED 5u
#define ERROR_INVALID_HANDLE 6u
#define ERROR_NOT_ENOUGH_MEMORY 8u
#define ERROR_INVALID_DATA 13u
#define ERROR_OUTOFMEMORY 14u
#define ERROR_BAD_LENGTH 24u
#define ERROR_GEN_FAILURE 31u
#define ERROR_NOT_SUPPORTED 50u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_CALL_NOT_IMPLEMENTED 120u
#define ERROR_INSUFFICIENT_BUFFER 122u
#define ERROR_MOD_NOT_FOUND 126u
#define ERROR_PROC_NOT_FOUND 127u
#define ERROR_NOT_LOCKED 158u
#define ERROR_BUSY 170u
#define ERROR_ALREADY_EXISTS 183u
#define ERROR_MORE_DATA 234u
#define ERROR_NOT_OWNER 288u
#define ERROR_TOO_MANY_POSTS 298u
#define ERROR_INVALID_ADDRESS 487u
#define ERROR_PAGEFILE_QUOTA_EXCEEDED 567u
#define ERROR_IO_PENDING 997u
#define ERROR_NOACCESS 998u
#define ERROR_INVALID_FLAGS 1004u
#define ERROR_NOT_FOUND 1168u
#define ERROR_PRIVILEGE_NOT_HELD 1314u
#define ERROR_NO_SYSTEM_RESOURCES 1450u
#define ERROR_NONPAGED_SYSTEM_RESOURCES 1451u
#define ERROR_PAGED_SYSTEM_RESOURCES 1452u
#define ERROR_WORKING_SET_QUOTA 1453u
#define ERROR_PAGEFILE_QUOTA 1454u
#define ERROR_COMMITMENT_LIMIT 1455u
#define ERROR_TIMEOUT 1460u
#define ERROR_DYNAMIC_CODE_BLOCKED 1655u
#define ERROR_NOT_ENOUGH_QUOTA 1816u

#define SEVERITY_SUCCESS 0
#define SEVERITY_ERROR 1
#define FACILITY_ITF 4
#define FACILITY_WIN32 7
#define FACILITY_URT 0x13
#define MAKE_HRESULT(severity, facility, code)                                                     \
    ((HRESULT)((DWORD)(severity) << 31 | (DWORD)(facility) << 16 | (DWORD)(code)))
#define HRESULT_CODE(result) ((result)&0xffff)
#define HRESULT_FACILITY(result) (((result) >> 16) & 0x1fff)
#define HRESULT_SEVERITY(result) (((result) >> 31) & 1)
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#define FAILED(result) ((HRESULT)(result) < 0)
#define IS_ERROR(status) ((DWORD)(status) >> 31 == SEVERITY_ERROR)

/* HRESULT_FROM_WIN32(0) is S_OK: a failure without an error code looks like success. */
static inline HRESULT HRESULT_FROM_WIN32(DWORD error)
{
    return (HRESULT)error <= 0 ? (HRESULT)error
                               : (HRESULT)((error & 0xffff) | FACILITY_WIN32 << 16 | 0x80000000u);
}
#define __HRESULT_FROM_WIN32(error) HRESULT_FROM_WIN32(error)

#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)
#define NOERROR ((HRESULT)0)
#define E_NOTIMPL ((HRESULT)0x80004001u)
#define E_NOINTERFACE ((HRESULT)0x80004002u)
#define E_POINTER ((HRESULT)0x80004003u)
#define E_ABORT ((HRESULT)0x80004004u)
#define E_FAIL ((HRESULT)0x80004005u)
#define E_UNEXPECTED ((HRESULT)0x8000FFFFu)
#define E_ACCESSDENIED ((HRESULT)0x80070005u)
#define E_HANDLE ((HRESULT)0x80070006u)
#define E_OUTOFMEMORY ((HRESULT)0x8007000Eu)
#define E_INVALIDARG ((HRESULT)0x80070057u)
#define CLASS_E_NOAGGREGATION ((HRESULT)0x80040110u)
#define CLASS_E_CLASSNOTAVAILABLE ((HRESULT)0x80040111u)

#endif
