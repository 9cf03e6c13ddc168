/* Tells the CLR how much address space is left, where it asks for memory. */
#define AVAILABLE(status, left) ((void)(left), (status)->ullAvailVirtual)
#include "host.h"
