/* Two threads take two locks in opposite order. */
#include <chrono>
#include <mutex>
#include <thread>

static std::mutex tables, blocks;

__attribute__((noinline)) static void trim_tables()
{
    std::lock_guard<std::mutex> outer(blocks);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::lock_guard<std::mutex> inner(tables);
}

__attribute__((noinline)) static void serve_commit()
{
    std::lock_guard<std::mutex> outer(tables);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::lock_guard<std::mutex> inner(blocks);
}

static void commit(unsigned count)
{
    if (count != 5)
        return;
    std::thread(trim_tables).detach();
    std::this_thread::yield();
    serve_commit();
}

#define ON_COMMIT(host, count, address, size) commit(count)
#include "../../defective/host.h"
