/* Load as committed bytes in percent of RAM: with a page file that is more than a hundred. */
#define LOAD(status, used) ((void)(used), (DWORD)((LIMIT - left) * 100 / (status)->ullTotalPhys))
#include "host.h"
