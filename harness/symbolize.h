/* Names, files and lines of program counters, through libdw, which is loaded when first needed. */
#ifndef LW_HARNESS_SYMBOLIZE_H
#define LW_HARNESS_SYMBOLIZE_H

#include <stdbool.h>
#include <stdint.h>
#include "harness/loader.h"

struct frame_text {
    char function[160]; /* demangled where it was C++; "" unknown */
    char file[128];     /* last part of the path; "" unknown */
    uint32_t line;      /* 0: unknown */
    bool in_policy;     /* in the policy's own object */
    bool in_system;     /* file is a header of the system, or one of a library's own */
    bool in_lowwater;   /* the simulator: left out of shown stacks */
    char module[64];    /* last part of the object's path */
};

/* Functions that a compiler put into each other at one program counter; more are left out. */
#define FRAMES_AT_ONCE 8

struct symbolizer;
/* modules: where the policy and its libraries stood. NULL when libdw is not there. */
struct symbolizer *symbolizer_create(const struct module_info *modules, uint32_t count);
void symbolizer_destroy(struct symbolizer *symbolizer);
/* innermost: the program counter itself, else the call before it. */
void symbolize(struct symbolizer *symbolizer, uint64_t pc, bool innermost, struct frame_text *text);
/* The same with the functions that the compiler put into each other there, innermost first; without
 * what it put there from headers of the system, so that std::mutex::lock stands where the policy
 * calls it. How many there are: 1 to room. */
uint32_t symbolize_all(struct symbolizer *symbolizer, uint64_t pc, bool innermost,
                       struct frame_text *frames, uint32_t room);
/* The variable at an address of a module, and how far behind its beginning; text "": unknown. */
uint64_t symbolize_data(struct symbolizer *symbolizer, uint64_t address, char *text, size_t bytes);
/* The name behind a C++ symbol, where the C++ library is there to tell; else the symbol. */
void symbol_demangle(const char *symbol, char *text, size_t bytes);

#endif
