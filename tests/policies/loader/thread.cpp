/* Spins on a lock that simulated threads do not have, and opens a file as C does. */
#include <cstdio>
#include <pthread.h>
#include <thread>

static void reach_out()
{
    std::thread worker([] {});
    worker.join();
    pthread_spinlock_t lock;
    pthread_spin_init(&lock, 0);
    std::fopen("host.log", "w");
}

#define FACTORY_RESULT(host, result) (reach_out(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
