/* process.h under another spelling: file names have no case on Windows. */
#include "process.h"
