/* Opens a file through the C++ library, which lowwater cannot see when it loads the policy. */
#include <fstream>

static void write_log()
{
    std::ofstream log("host.log");
    log << "created";
}

#define FACTORY_RESULT(host, result) (write_log(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
