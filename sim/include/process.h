/* Threads of Microsoft's C run-time. */
#ifndef LW_PROCESS_H
#define LW_PROCESS_H

#include "windef.h"

#ifdef __cplusplus
extern "C" {
#endif
typedef unsigned(__stdcall *_beginthreadex_proc_type)(void *argument);
typedef void(__cdecl *_beginthread_proc_type)(void *argument);

uintptr_t _beginthread(_beginthread_proc_type start, unsigned stack_bytes, void *argument);
uintptr_t _beginthreadex(void *security, unsigned stack_bytes, _beginthreadex_proc_type start,
                         void *argument, unsigned flags, unsigned *id);
void _endthread(void);
void _endthreadex(unsigned code);
#ifdef __cplusplus
}
#endif

#endif
