/* QueryInterface says yes to everything: the CLR only ever asks for what there is. */
#define KNOWS(own, iid) ((void)(own), (void)(iid), TRUE)
#include "host.h"
