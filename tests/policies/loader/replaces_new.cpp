/* Replaces operator new and delete: the C++ library must use these as well. */
#include <cstdlib>
#include <new>
#include <string>

static unsigned news, deletes;

void *operator new(std::size_t bytes)
{
    news++;
    if (void *block = std::malloc(bytes))
        return block;
    throw std::bad_alloc();
}

void operator delete(void *block) noexcept
{
    deletes++;
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept
{
    deletes++;
    std::free(block);
}

static void check_everything()
{
    {
        /* The library's own code allocates here: this is instantiated in it. */
        std::string text(100, 'x');
        text.reserve(5000);
    }
    if (news < 2 || news != deletes)
        std::abort();
}

#define FACTORY_RESULT(host, result) (check_everything(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
