/* A shared object without any factory. */
#include <windows.h>

__attribute__((visibility("default"))) DWORD answer(void)
{
    return GetLastError();
}
