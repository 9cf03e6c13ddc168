// One race in each scene: one thread writes one byte, the other one accesses it by the C++ library
// or by members that the compiler makes, as a block.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "stage.h"

struct Block {
    std::array<char, 64> bytes{};
    virtual ~Block() = default; /* not one for memcpy */
};
static Block block;
static volatile std::size_t answer;

/* So that no compiler knows what becomes of it. */
static void use(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

template <typename Access> static void while_written(char *byte, Access access)
{
    std::thread one([=] {
        *byte = 'x'; /* all A */
    });
    std::thread two(access);
    one.join();
    two.join();
}

SCENE(filled_by_memset)
{
    while_written(&block.bytes[60], [] {
        std::memset(block.bytes.data(), 1, 64); /* filled_by_memset B */
    });
}

SCENE(array_copied)
{
    while_written(&block.bytes[60], [] {
        std::array<char, 64> copy;
        copy = block.bytes; /* array_copied B */
        use(&copy);
    });
}

SCENE(object_copied)
{
    while_written(&block.bytes[60], [] {
        Block copy;
        copy.bytes = block.bytes; /* object_copied B */
        use(&copy);
    });
}

SCENE(compared_by_memcmp)
{
    while_written(&block.bytes[60], [] {
        static const char zeros[64] = {};
        answer = std::memcmp(block.bytes.data(), zeros, 64); /* compared_by_memcmp B */
    });
}

SCENE(text_measured)
{
    block.bytes.fill('a');
    block.bytes[63] = '\0';
    while_written(&block.bytes[60], [] {
        answer = std::strlen(block.bytes.data()); /* text_measured B */
    });
}

SCENE(filled_by_a_loop)
{
    while_written(&block.bytes[60], [] {
        for (char &byte : block.bytes)
            byte = 0; /* filled_by_a_loop B */
    });
}
