/* Constants and structures of memory, heaps and locks (Microsoft's memory management pages). */
#ifndef LW_WINNT_H
#define LW_WINNT_H

#include <string.h>

#include "windef.h"

#define MEM_COMMIT 0x1000u
#define MEM_RESERVE 0x2000u
#define MEM_REPLACE_PLACEHOLDER 0x4000u
#define MEM_DECOMMIT 0x4000u
#define MEM_RELEASE 0x8000u
#define MEM_FREE 0x10000u
#define MEM_PRIVATE 0x20000u
#define MEM_MAPPED 0x40000u
#define MEM_RESERVE_PLACEHOLDER 0x40000u
#define MEM_RESET 0x80000u
#define MEM_TOP_DOWN 0x100000u
#define MEM_WRITE_WATCH 0x200000u
#define MEM_PHYSICAL 0x400000u
#define MEM_ROTATE 0x800000u
#define MEM_RESET_UNDO 0x1000000u
#define MEM_IMAGE 0x1000000u
#define MEM_LARGE_PAGES 0x20000000u
#define MEM_COALESCE_PLACEHOLDERS 1u
#define MEM_PRESERVE_PLACEHOLDER 2u

#define PAGE_NOACCESS 0x01u
#define PAGE_READONLY 0x02u
#define PAGE_READWRITE 0x04u
#define PAGE_WRITECOPY 0x08u
#define PAGE_EXECUTE 0x10u
#define PAGE_EXECUTE_READ 0x20u
#define PAGE_EXECUTE_READWRITE 0x40u
#define PAGE_EXECUTE_WRITECOPY 0x80u
#define PAGE_GUARD 0x100u
#define PAGE_NOCACHE 0x200u
#define PAGE_WRITECOMBINE 0x400u

#define WRITE_WATCH_FLAG_RESET 1u

#define HEAP_NO_SERIALIZE 0x1u
#define HEAP_GROWABLE 0x2u
#define HEAP_GENERATE_EXCEPTIONS 0x4u
#define HEAP_ZERO_MEMORY 0x8u
#define HEAP_REALLOC_IN_PLACE_ONLY 0x10u
#define HEAP_CREATE_ALIGN_16 0x10000u
#define HEAP_CREATE_ENABLE_EXECUTE 0x40000u

#define STATUS_WAIT_0 0x0u
#define STATUS_ABANDONED_WAIT_0 0x80u
#define STATUS_TIMEOUT 0x102u
#define STATUS_PENDING 0x103u
#define STATUS_GUARD_PAGE_VIOLATION 0x80000001u
#define STATUS_BREAKPOINT 0x80000003u
#define STATUS_ACCESS_VIOLATION 0xC0000005u
#define STATUS_IN_PAGE_ERROR 0xC0000006u
#define STATUS_INVALID_HANDLE 0xC0000008u
#define STATUS_NO_MEMORY 0xC0000017u
#define STATUS_ILLEGAL_INSTRUCTION 0xC000001Du
#define STATUS_NONCONTINUABLE_EXCEPTION 0xC0000025u
#define STATUS_INTEGER_DIVIDE_BY_ZERO 0xC0000094u
#define STATUS_STACK_OVERFLOW 0xC00000FDu
#define STATUS_RESOURCE_NOT_OWNED 0xC0000264u
#define STATUS_HEAP_CORRUPTION 0xC0000374u
#define STATUS_STACK_BUFFER_OVERRUN 0xC0000409u
#define EXCEPTION_ACCESS_VIOLATION STATUS_ACCESS_VIOLATION
#define EXCEPTION_GUARD_PAGE STATUS_GUARD_PAGE_VIOLATION
#define EXCEPTION_NONCONTINUABLE 1u
#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0

#define QUOTA_LIMITS_HARDWS_MIN_ENABLE 1u
#define QUOTA_LIMITS_HARDWS_MIN_DISABLE 2u
#define QUOTA_LIMITS_HARDWS_MAX_ENABLE 4u
#define QUOTA_LIMITS_HARDWS_MAX_DISABLE 8u

#define MINCHAR 0x80
#define MAXLONG 0x7fffffff
#define TLS_OUT_OF_INDEXES 0xffffffffu
#define TLS_MINIMUM_AVAILABLE 64
#define PROCESSOR_ARCHITECTURE_AMD64 9
#define PROCESSOR_ARCHITECTURE_INTEL 0

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    DWORD AllocationProtect;
    WORD PartitionId;
    SIZE_T RegionSize;
    DWORD State;
    DWORD Protect;
    DWORD Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;

typedef struct _RTL_CRITICAL_SECTION {
    PVOID DebugInfo;
    LONG LockCount;
    LONG RecursionCount;
    HANDLE OwningThread;
    HANDLE LockSemaphore;
    ULONG_PTR SpinCount;
} CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION, RTL_CRITICAL_SECTION;

typedef struct _RTL_SRWLOCK {
    PVOID Ptr;
} SRWLOCK, *PSRWLOCK, RTL_SRWLOCK;
#define SRWLOCK_INIT { 0 }

typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} INIT_ONCE, *PINIT_ONCE, *LPINIT_ONCE;
#define INIT_ONCE_STATIC_INIT { 0 }

typedef struct _RTL_CONDITION_VARIABLE {
    PVOID Ptr;
} CONDITION_VARIABLE, *PCONDITION_VARIABLE;
#define CONDITION_VARIABLE_INIT { 0 }

typedef enum _HEAP_INFORMATION_CLASS {
    HeapCompatibilityInformation = 0,
    HeapEnableTerminationOnCorruption = 1,
    HeapOptimizeResources = 3
} HEAP_INFORMATION_CLASS;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink, *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

/* In loops that wait for another thread; that one can run here. */
void YieldProcessor(void);

#ifdef __cplusplus
}
#endif

#define MemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
/* The functions themselves, which tell of what they access where races are looked for. */
#define ZeroMemory(destination, length) memset((destination), 0, (length))
#define RtlZeroMemory(destination, length) memset((destination), 0, (length))
#define SecureZeroMemory(destination, length) memset((destination), 0, (length))
#define CopyMemory(destination, source, length) memcpy((destination), (source), (length))
#define RtlCopyMemory(destination, source, length) memcpy((destination), (source), (length))
#define MoveMemory(destination, source, length) memmove((destination), (source), (length))
#define FillMemory(destination, length, fill) memset((destination), (fill), (length))

#endif
