// Prints draws of the reference implementation (Debian's libpcg-cpp-dev): test_rng compares.
#include <cinttypes>
#include <cstdio>
#include <pcg_random.hpp>

int main()
{
    pcg64 wide(pcg_extras::pcg128_t(42), pcg_extras::pcg128_t(54));
    for (int i = 0; i < 1000; i++)
        std::printf("%016" PRIx64 "\n", static_cast<uint64_t>(wide()));
}
