/* Ends Low where it begins: one mark for both, so that every swing around it is news. */
#define ENOUGH(status, left) ((void)(status), (left) >= LIMIT / 16)
#include "host.h"
