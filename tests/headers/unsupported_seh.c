/* Must not compile: structured exception handling. */
#include <windows.h>

int guarded(volatile int *p)
{
    __try {
        return *p;
    }
    __except (EXCEPTION_EXECUTE_HANDLER) {
        return 0;
    }
}
