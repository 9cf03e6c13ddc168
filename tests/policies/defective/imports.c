/* Uses what would make a run depend on the world outside: refused when it is loaded. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
static void reach_out(void);
#define ON_COMMIT(host, count, address, size)                                                      \
    if ((count) == 50)                                                                             \
    reach_out()
#include "host.h"

static void *worker(void *unused)
{
    return unused;
}

FRAME static void reach_out(void)
{
    pthread_t thread;

    fopen("/tmp/host.log", "w");
    socket(AF_INET, SOCK_STREAM, 0);
    fork();
    dlopen("libhost.so", RTLD_NOW);
    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0);
    pthread_create(&thread, NULL, worker, NULL);
    pthread_cancel(thread);
}
