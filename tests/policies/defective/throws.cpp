/* Lets a C++ exception leave through the vtable: the CLR's side cannot catch it. */
#include <stdexcept>
static void insist_on_room(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    insist_on_room()
#include "host.h"

FRAME static void insist_on_room(void)
{
    throw std::runtime_error("no room for another region");
}
