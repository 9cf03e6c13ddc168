/* COM's task memory and initialisation, as far as a host's memory manager may call it. */
#ifndef LW_OBJBASE_H
#define LW_OBJBASE_H

#include "windows.h"

#define COINIT_APARTMENTTHREADED 2
#define COINIT_MULTITHREADED 0

#ifdef __cplusplus
extern "C" {
#endif
LPVOID WINAPI CoTaskMemAlloc(SIZE_T bytes);
LPVOID WINAPI CoTaskMemRealloc(LPVOID block, SIZE_T bytes);
void WINAPI CoTaskMemFree(LPVOID block);
HRESULT WINAPI CoInitialize(LPVOID reserved);
HRESULT WINAPI CoInitializeEx(LPVOID reserved, DWORD model);
void WINAPI CoUninitialize(void);
#ifdef __cplusplus
}
#endif

#endif
