/* Starts a thread as C++ does, and opens a file as C does. */
#include <cstdio>
#include <thread>

static void reach_out()
{
    std::thread worker([] {});
    worker.join();
    std::fopen("host.log", "w");
}

#define FACTORY_RESULT(host, result) (reach_out(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
