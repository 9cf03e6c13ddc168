/* How a policy describes itself to lowwater: name, one line, tunable parameters, factory.
 *
 * Optional. A host without it is found by CreateHostMemoryManager or CreateHostControl and has no
 * parameters. Compiles in C and C++, and with a Windows SDK, where nothing reads it. */
#ifndef LW_POLICY_H
#define LW_POLICY_H

#include <mscoree.h>

#define LW_POLICY_VERSION 1

enum lw_unit {
    LW_BYTES,        /* 512MiB */
    LW_PERCENT,      /* 0 to 100 */
    LW_MILLISECONDS, /* 8192ms, 8s */
    LW_COUNT,        /* a plain number */
    LW_FLAG          /* 0 or 1 */
};

struct lw_param {
    const char *name; /* as in --set policy.NAME=VALUE; NULL ends the table */
    const char *help; /* one line */
    enum lw_unit unit;
    ULONGLONG minimum, maximum; /* both included */
    ULONGLONG standard;         /* the default */
    ULONGLONG *value;           /* filled in before the factory is called */
};

struct lw_policy {
    unsigned version;    /* LW_POLICY_VERSION */
    const char *name;
    const char *summary; /* one line */
    const struct lw_param *params; /* NULL: none */
    HRESULT(STDMETHODCALLTYPE *create)(IHostMemoryManager **ppManager);
};

/* Exported by the policy under this very name:
 *     LW_POLICY_EXPORT const struct lw_policy lw_policy = {...}; */
#ifdef __cplusplus
#define LW_POLICY_C extern "C"
#else
#define LW_POLICY_C
#endif
#if defined(_WIN32) && !defined(LW_WINDOWS_H)
#define LW_POLICY_EXPORT LW_POLICY_C __declspec(dllexport)
#else
#define LW_POLICY_EXPORT LW_POLICY_C __attribute__((visibility("default")))
#endif
EXTERN_C const struct lw_policy lw_policy;

#ifndef ERROR_PAGEFILE_QUOTA_EXCEEDED /* older SDKs know it as a status only */
#define ERROR_PAGEFILE_QUOTA_EXCEEDED 567
#endif

/* The HRESULT of the Win32 call that failed just now, as the hosting interface wants it: whatever
 * kind of memory has run out is E_OUTOFMEMORY. The CLR takes S_OK alone for success, so a failure
 * without an error code must not become HRESULT_FROM_WIN32(0), which is S_OK. */
static inline HRESULT lw_last_failure(void)
{
    DWORD error = GetLastError();

    switch (error) {
    case ERROR_SUCCESS:
        return E_UNEXPECTED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_PAGEFILE_QUOTA_EXCEEDED:
        return E_OUTOFMEMORY;
    case ERROR_INVALID_PARAMETER:
        return E_INVALIDARG;
    default:
        return HRESULT_FROM_WIN32(error);
    }
}

#endif
