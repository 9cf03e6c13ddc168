/* Generic-text names, without UNICODE. */
#ifndef LW_TCHAR_H
#define LW_TCHAR_H

#include "windows.h"
#include <stdio.h>
#include <string.h>

#define _tprintf printf
#define _tcslen strlen
#define _tcscmp strcmp
#define _ttoi atoi
#define _tmain main

#endif
