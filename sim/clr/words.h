/* Values of Windows in words, for what a scripted call expected and got. */
#ifndef LW_CLR_WORDS_H
#define LW_CLR_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include "include/mscoree.h"

/* "E_OUTOFMEMORY (0x8007000e)", "S_OK", "0x80001234". */
void words_hresult(HRESULT hr, char *text, size_t bytes);
/* "MEM_COMMIT"; an unknown one in hexadecimal. */
void words_state(uint32_t state, char *text, size_t bytes);
/* "PAGE_READWRITE|PAGE_GUARD"; what has no name in hexadecimal. */
void words_protection(uint32_t protect, char *text, size_t bytes);
/* The interface with this name ("IID_IHostMalloc"), NULL: none of those a host meets. */
const IID *words_interface(const char *name);

#endif
