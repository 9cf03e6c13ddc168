/* Job objects: limits on the memory of a process, and of several (Microsoft's job object pages).
 * One process exists here; a job limits its commit charge. Of the limit flags only the two of
 * memory act; those that cannot matter to one process are accepted, others are refused. */
#ifndef LW_JOBAPI2_H
#define LW_JOBAPI2_H

#include "windef.h"
#include "winbase.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JOB_OBJECT_LIMIT_WORKINGSET 0x1u
#define JOB_OBJECT_LIMIT_ACTIVE_PROCESS 0x8u
#define JOB_OBJECT_LIMIT_PROCESS_MEMORY 0x100u
#define JOB_OBJECT_LIMIT_JOB_MEMORY 0x200u
#define JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION 0x400u
#define JOB_OBJECT_LIMIT_BREAKAWAY_OK 0x800u
#define JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK 0x1000u
#define JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE 0x2000u

#define JOB_OBJECT_MSG_NEW_PROCESS 6u
#define JOB_OBJECT_MSG_PROCESS_MEMORY_LIMIT 9u
#define JOB_OBJECT_MSG_JOB_MEMORY_LIMIT 10u

typedef enum _JOBOBJECTINFOCLASS {
    JobObjectBasicLimitInformation = 2,
    JobObjectAssociateCompletionPortInformation = 7,
    JobObjectExtendedLimitInformation = 9
} JOBOBJECTINFOCLASS;

typedef struct _JOBOBJECT_BASIC_LIMIT_INFORMATION {
    LARGE_INTEGER PerProcessUserTimeLimit;
    LARGE_INTEGER PerJobUserTimeLimit;
    DWORD LimitFlags;
    SIZE_T MinimumWorkingSetSize;
    SIZE_T MaximumWorkingSetSize;
    DWORD ActiveProcessLimit;
    ULONG_PTR Affinity;
    DWORD PriorityClass;
    DWORD SchedulingClass;
} JOBOBJECT_BASIC_LIMIT_INFORMATION, *PJOBOBJECT_BASIC_LIMIT_INFORMATION;

typedef struct _IO_COUNTERS {
    ULONGLONG ReadOperationCount;
    ULONGLONG WriteOperationCount;
    ULONGLONG OtherOperationCount;
    ULONGLONG ReadTransferCount;
    ULONGLONG WriteTransferCount;
    ULONGLONG OtherTransferCount;
} IO_COUNTERS, *PIO_COUNTERS;

typedef struct _JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
    JOBOBJECT_BASIC_LIMIT_INFORMATION BasicLimitInformation;
    IO_COUNTERS IoInfo;
    SIZE_T ProcessMemoryLimit;
    SIZE_T JobMemoryLimit;
    SIZE_T PeakProcessMemoryUsed;
    SIZE_T PeakJobMemoryUsed;
} JOBOBJECT_EXTENDED_LIMIT_INFORMATION, *PJOBOBJECT_EXTENDED_LIMIT_INFORMATION;

typedef struct _JOBOBJECT_ASSOCIATE_COMPLETION_PORT {
    PVOID CompletionKey;
    HANDLE CompletionPort;
} JOBOBJECT_ASSOCIATE_COMPLETION_PORT, *PJOBOBJECT_ASSOCIATE_COMPLETION_PORT;

HANDLE WINAPI CreateJobObjectA(LPSECURITY_ATTRIBUTES security, LPCSTR name);
HANDLE WINAPI CreateJobObjectW(LPSECURITY_ATTRIBUTES security, LPCWSTR name);
BOOL WINAPI SetInformationJobObject(HANDLE job, JOBOBJECTINFOCLASS about, LPVOID info,
                                    DWORD length);
BOOL WINAPI QueryInformationJobObject(HANDLE job, JOBOBJECTINFOCLASS about, LPVOID info,
                                      DWORD length, LPDWORD needed);
BOOL WINAPI AssignProcessToJobObject(HANDLE job, HANDLE process);
BOOL WINAPI IsProcessInJob(HANDLE process, HANDLE job, PBOOL result);
BOOL WINAPI TerminateJobObject(HANDLE job, UINT code);

#ifdef __cplusplus
}
static inline HANDLE CreateJobObject(LPSECURITY_ATTRIBUTES security, LPCSTR name)
{
    return CreateJobObjectA(security, name);
}
template <class Wide>
auto CreateJobObject(LPSECURITY_ATTRIBUTES security, const Wide *name)
    -> decltype(CreateJobObjectW(security, name))
{
    return CreateJobObjectW(security, name);
}
#elif defined(UNICODE)
static inline HANDLE CreateJobObject(LPSECURITY_ATTRIBUTES security, LPCWSTR name)
{
    return CreateJobObjectW(security, name);
}
#else
static inline HANDLE CreateJobObject(LPSECURITY_ATTRIBUTES security, LPCSTR name)
{
    return CreateJobObjectA(security, name);
}
#endif

#endif
