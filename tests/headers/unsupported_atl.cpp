// Must not compile: the Active Template Library.
#include <windows.h>
#include <atlbase.h>
