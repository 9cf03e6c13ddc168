/* The host without a defect: the control that holds everywhere. */
#include "host.h"
