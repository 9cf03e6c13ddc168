/* A static object whose constructor throws. */
#include <stdexcept>
#include "host.h"

struct Settings {
    FRAME Settings() { throw std::runtime_error("no settings"); }
};
static Settings settings;
