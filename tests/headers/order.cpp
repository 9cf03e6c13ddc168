// Compiles when the C++ library can come before and after the headers of Windows, with and without
// their min and max.
#ifdef LIBRARY_FIRST
#include <algorithm>
#include <memory>
#include <string>
#endif
#include <mscoree.h>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

int smallest(const std::vector<int> &all)
{
    auto found = std::minmax_element(all.begin(), all.end());
    return std::min(*found.first, std::max(1, *found.second)) + std::numeric_limits<int>::max();
}
