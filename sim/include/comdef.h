/* COM support: what hosts use of it are the basic words. */
#ifndef LW_COMDEF_H
#define LW_COMDEF_H

#include "objbase.h"

#endif
