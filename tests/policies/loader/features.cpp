/* Whatever C++ code of a host may use without threads and files: each part is checked when the
 * manager is created, and a part that does not work aborts with its line. */
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <unordered_map>
#include <vector>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                           \
            std::abort();                                                                          \
        }                                                                                          \
    } while (0)

namespace
{

/* Constructed before anything else runs, from the simulated heap. */
struct Registry {
    std::map<std::string, std::vector<int>> rows;
    Registry()
    {
        rows["commits"] = {1, 2, 3};
        rows["a name that does not fit into the string object itself"] = {4};
    }
};
Registry registry;

struct Shape {
    virtual ~Shape() = default;
    virtual int sides() const = 0;
};
struct Named {
    virtual ~Named() = default;
    std::string name = "square";
};
struct Square : Shape, Named {
    int sides() const override { return 4; }
};

struct Failure : std::runtime_error {
    int code;
    explicit Failure(int value) : std::runtime_error("failure"), code(value) {}
};

int unwound;
struct Witness {
    ~Witness() { unwound++; }
};

__attribute__((noinline)) void fail_below(int depth)
{
    Witness witness;
    if (depth == 0)
        throw Failure(42);
    fail_below(depth - 1);
}

void exceptions()
{
    unwound = 0;
    try {
        fail_below(5);
        EXPECT(false);
    } catch (const std::exception &error) {
        EXPECT(dynamic_cast<const Failure &>(error).code == 42);
    }
    EXPECT(unwound == 6);
    std::exception_ptr kept;
    try {
        try {
            throw std::string("inner");
        } catch (...) {
            std::throw_with_nested(Failure(7));
        }
    } catch (...) {
        kept = std::current_exception();
    }
    try {
        std::rethrow_exception(kept);
    } catch (const Failure &failure) {
        try {
            std::rethrow_if_nested(failure);
            EXPECT(false);
        } catch (const std::string &text) {
            EXPECT(text == "inner");
        }
    }
    EXPECT(std::uncaught_exceptions() == 0);
    try {
        registry.rows.at("commits").at(99) = 1;
        EXPECT(false);
    } catch (const std::out_of_range &) {
    }
}

void types()
{
    std::unique_ptr<Shape> shape(new Square);
    EXPECT(shape->sides() == 4);
    EXPECT(dynamic_cast<Named *>(shape.get())->name == "square");
    const Shape &object = *shape;
    EXPECT(typeid(object) == typeid(Square));
    EXPECT(std::strstr(typeid(object).name(), "Square") != nullptr);
    std::shared_ptr<Shape> shared(std::move(shape));
    std::weak_ptr<Shape> weak = shared;
    shared.reset();
    EXPECT(weak.expired());
    std::function<int(int)> twice = [](int value) { return value * 2; };
    EXPECT(twice(21) == 42);
}

void containers()
{
    EXPECT(registry.rows.size() == 2 && registry.rows["commits"].back() == 3);
    std::unordered_map<std::string, int> counts;
    for (int i = 0; i < 1000; i++)
        counts["key " + std::to_string(i % 100)]++;
    EXPECT(counts.size() == 100 && counts["key 7"] == 10);
    std::vector<int> values(500);
    std::mt19937 random(1);
    for (int &value : values)
        value = static_cast<int>(random() % 1000);
    std::sort(values.begin(), values.end());
    EXPECT(std::is_sorted(values.begin(), values.end()));
}

void text()
{
    std::ostringstream out;
    out << "commit " << 4096 << ' ' << std::hex << 255 << ' ' << 1.5;
    EXPECT(out.str() == "commit 4096 ff 1.5");
    std::istringstream in("17 2.25 word");
    int number = 0;
    double real = 0;
    std::string word;
    in >> number >> real >> word;
    EXPECT(number == 17 && real == 2.25 && word == "word");
    std::cout << "created" << std::endl;
    EXPECT(std::cout.good());
    EXPECT(std::stoi("-12") == -12 && std::stod("0.5") == 0.5);
    bool thrown = false;
    try {
        std::stoll("99999999999999999999");
    } catch (const std::out_of_range &) {
        thrown = true;
    }
    EXPECT(thrown);
    errno = 0;
    EXPECT(std::strtoul("99999999999999999999", nullptr, 10) == ~0ul && errno == ERANGE);
    errno = 0;
    EXPECT(std::isinf(std::strtod("1e999", nullptr)) && errno == ERANGE);
}

thread_local int plain = 11;
thread_local std::string constructed = "thread-local text that lies on the heap";

Registry &single()
{
    static Registry made;
    return made;
}

std::once_flag flag;
void state()
{
    static int calls = 0;
    std::call_once(flag, [] { calls++; });
    std::call_once(flag, [] { calls++; });
    EXPECT(calls == 1);
    EXPECT(plain++ == 11 && plain == 12);
    EXPECT(constructed.size() == 39);
    EXPECT(&single() == &single() && single().rows.size() == 2);
    std::recursive_mutex mutex;
    std::lock_guard<std::recursive_mutex> outer(mutex), inner(mutex);
    std::atomic<int> count{0};
    EXPECT(count.fetch_add(5) == 0 && count == 5);
    void *raw = ::operator new(100, std::align_val_t(64));
    EXPECT(reinterpret_cast<std::uintptr_t>(raw) % 64 == 0);
    ::operator delete(raw, std::align_val_t(64));
    EXPECT(std::sqrt(2.25) == 1.5 && std::pow(2.0, 10) == 1024);
}

void check_everything()
{
    exceptions();
    types();
    containers();
    text();
    state();
}

} // namespace

#define FACTORY_RESULT(host, result) (check_everything(), *(result) = &(host)->iface, S_OK)
#include "../defective/host.h"
