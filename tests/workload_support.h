/* Short words for workloads written in tests, performed against the noting host. */
#ifndef LW_TESTS_WORKLOAD_SUPPORT_H
#define LW_TESTS_WORKLOAD_SUPPORT_H

#include "tests/fake_host.h"

#include "clr/workload.h"
#include "core/rng.h"

#define NAMES_MAX 8

/* Steps. A call of a slot with members of step_call: CALL(Alloc, .size = 8). */
#define CALL(name, ...)                                                                            \
    {                                                                                              \
        .kind = STEP_CALL, .line = __LINE__, .call = &(struct step_call)                           \
        {                                                                                          \
            .slot = CALL_##name, __VA_ARGS__                                                       \
        }                                                                                          \
    }
#define CALL_AS(name, block, ...) CALL(name, .has_as = true, .as = block, __VA_ARGS__)
#define AT(number) .at = {ADDRESS_BLOCK, number}
#define AT_EACH(number) .at = {ADDRESS_BLOCK, number, true}
#define RESERVE(block, bytes)                                                                      \
    CALL_AS(VirtualAlloc, block, .size = bytes, .type = MEM_RESERVE, .protect = PAGE_READWRITE)
#define RESERVE_EACH(block, bytes)                                                                 \
    CALL_AS(VirtualAlloc, block, .as_indexed = true, .size = bytes, .type = MEM_RESERVE,           \
            .protect = PAGE_READWRITE)
#define RELEASE(block) CALL(VirtualFree, AT(block), .type = MEM_RELEASE)
#define RELEASE_EACH(block) CALL(VirtualFree, AT_EACH(block), .type = MEM_RELEASE)
#define LOAD CALL(GetMemoryLoad)
#define REGISTER CALL(RegisterMemoryNotificationCallback)
#define WAIT(ns)                                                                                   \
    {                                                                                              \
        .kind = STEP_WAIT, .wait_ns = ns                                                           \
    }
#define REPEAT(n, body)                                                                            \
    {                                                                                              \
        .kind = STEP_REPEAT, .times = n, .steps = body,                                            \
        .steps_count = sizeof(body) / sizeof *(body)                                               \
    }
#define TOGETHER(body)                                                                             \
    {                                                                                              \
        .kind = STEP_TOGETHER, .steps = body, .steps_count = sizeof(body) / sizeof *(body)         \
    }
#define STEPS(list) list, sizeof(list) / sizeof *(list)

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_begin, fake_end)

/* What hooks->broken has heard. */
struct broken {
    unsigned count;
    const struct step *step; /* the last one */
    char expected[128], got[128];
};
extern struct broken broken;

/* Starts the CLR, unless it has started, and performs the steps. */
void perform(struct step *steps, uint32_t count);
void perform_and_give_back(struct step *steps, uint32_t count);
void perform_and_release(struct step *steps, uint32_t count);
void perform_under(struct step *steps, uint32_t count, const struct pressure *pressure,
                   uint32_t pressures);
/* The last step told that it was broken, with these words; forgets it. */
void expect_broken(const struct step *step, const char *expected, const char *got);

#endif
