/* Hosts include it for the start-up interfaces of version 4; the memory manager needs mscoree.h. */
#ifndef LW_METAHOST_H
#define LW_METAHOST_H

#include "mscoree.h"

#endif
