/* Takes every registration for that of a new listener, who has heard nothing. */
#define REGISTER(host, new_callback) ((host)->callback = (new_callback), (host)->low = FALSE, S_OK)
#include "host.h"
