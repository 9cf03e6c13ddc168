/* Waits for a state that nobody will bring about: polls an event that is never set. */
static void wait_for_room(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    wait_for_room()
#include "host.h"

FRAME static void wait_for_room(void)
{
    HANDLE room = CreateEventW(NULL, TRUE, FALSE, NULL);

    while (WaitForSingleObject(room, 0) != WAIT_OBJECT_0)
        Sleep(1);
}
