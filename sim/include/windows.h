/* What a host that includes <windows.h> needs of it here: memory, heaps, locks, time, errors, COM's
 * basics. Nothing graphical. Every name is a real function, because hosts have methods of the same
 * names. Real names behind it: windef.h, winnt.h, winerror.h, winbase.h, unknwn.h. */
#ifndef LW_WINDOWS_H
#define LW_WINDOWS_H
#define _WINDOWS_ 1
#define _INC_WINDOWS 1

#include "windef.h"
#include "winnt.h"
#include "winerror.h"
#include "lowwater/interlocked.h"
#include "winbase.h"
#include "jobapi2.h"
#include "ioapiset.h"
#include "unknwn.h"

#endif
