/* Settings. See setting.h. */
#include "harness/setting.h"

#include <stdio.h>
#include <string.h>
#include "harness/options.h"

struct setting {
    struct scenario *plan;
    const char *key, *value;
    char *message;
    size_t message_bytes;
};

static bool bad(struct setting *s, const char *legal)
{
    snprintf(s->message, s->message_bytes, "%s must be %s, not '%s'", s->key, legal, s->value);
    return false;
}

#define BYTES_MAX (UINT64_C(1) << 46)

static bool set_ram(struct setting *s)
{
    uint64_t bytes;
    if (!parse_bytes(s->value, &bytes) || bytes < PAGE_BYTES || bytes > BYTES_MAX ||
        bytes % PAGE_BYTES)
        return bad(s, "a size from 4KiB to 64TiB in whole pages, like 512MiB");
    s->plan->machine.ram_bytes = bytes;
    return true;
}

static bool set_pagefile(struct setting *s)
{
    uint64_t bytes;
    if (!parse_bytes(s->value, &bytes) || bytes > BYTES_MAX || bytes % PAGE_BYTES)
        return bad(s, "a size from 0 to 64TiB in whole pages, like 1GiB");
    s->plan->machine.pagefile_bytes = bytes;
    return true;
}

static bool set_address_space(struct setting *s)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } layouts[] = {{"2GiB", UINT64_C(2) << 30},
                   {"3GiB", UINT64_C(3) << 30},
                   {"4GiB", UINT64_C(4) << 30},
                   {"8TiB", UINT64_C(8) << 40},
                   {"128TiB", UINT64_C(128) << 40}};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (strcmp(s->value, layouts[i].name) == 0) {
            s->plan->machine.address_space_bytes = layouts[i].bytes;
            return true;
        }
    }
    return bad(s, "one of 2GiB 3GiB 4GiB 8TiB 128TiB");
}

static bool set_processors(struct setting *s)
{
    uint64_t count;
    if (!parse_u64(s->value, &count) || count < 1 || count > 64)
        return bad(s, "from 1 to 64");
    s->plan->machine.processors = (uint32_t)count;
    return true;
}

static bool set_flag(struct setting *s, bool *flag)
{
    if (strcmp(s->value, "yes") != 0 && strcmp(s->value, "no") != 0)
        return bad(s, "yes or no");
    *flag = *s->value == 'y';
    return true;
}

static bool set_large_pages(struct setting *s)
{
    return set_flag(s, &s->plan->machine.lock_memory_privilege);
}

static bool set_guard(struct setting *s)
{
    return set_flag(s, &s->plan->machine.guard_heap_blocks);
}

static bool set_native(struct setting *s)
{
    static const char *const routes[] = {"malloc", "virtual", "around"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(s->value, routes[i]) == 0) {
            s->plan->workload.steps[0].replay->native = (enum replay_native)i;
            return true;
        }
    }
    return bad(s, "malloc, virtual or around");
}

static bool set_shutdown(struct setting *s)
{
    if (strcmp(s->value, "release") != 0 && strcmp(s->value, "none") != 0)
        return bad(s, "release or none");
    s->plan->shutdown_release = strcmp(s->value, "release") == 0;
    return true;
}

static const struct {
    const char *key;
    bool (*set)(struct setting *);
} settings[] = {
    {"machine.ram", set_ram},
    {"machine.pagefile", set_pagefile},
    {"machine.address-space", set_address_space},
    {"machine.processors", set_processors},
    {"machine.large-pages", set_large_pages},
    {"machine.guard-heap-blocks", set_guard},
    {"replay.native", set_native},
    {"shutdown", set_shutdown},
};
#define SETTINGS (sizeof settings / sizeof *settings)

static bool set_parameter(struct setting *s)
{
    struct scenario *plan = s->plan;
    if (plan->params_count == POLICY_PARAMS_MAX) {
        snprintf(s->message, s->message_bytes, "too many policy parameters");
        return false;
    }
    struct policy_param *param = &plan->params[plan->params_count++];
    snprintf(param->key, sizeof param->key, "%s", s->key + strlen("policy."));
    snprintf(param->value, sizeof param->value, "%s", s->value);
    return true;
}

bool setting_apply(struct scenario *plan, const char *text, char *message, size_t message_bytes)
{
    char key[64];
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof key) {
        snprintf(message, message_bytes, "--set needs KEY=VALUE, not '%s'", text);
        return false;
    }
    snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
    struct setting s = {plan, key, equals + 1, message, message_bytes};
    if (strncmp(key, "policy.", 7) == 0 && key[7])
        return set_parameter(&s);
    const char *names[SETTINGS];
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(key, settings[i].key) == 0)
            return settings[i].set(&s);
        names[i] = settings[i].key;
    }
    const char *similar = nearest_word(key, names, SETTINGS);
    int used =
        snprintf(message, message_bytes, "unknown key '%s'%s%s%s; known are", key,
                 similar ? "; did you mean '" : "", similar ? similar : "", similar ? "'?" : "");
    for (size_t i = 0; i < SETTINGS && (size_t)used < message_bytes; i++)
        used += snprintf(message + used, message_bytes - (size_t)used, " %s", names[i]);
    if ((size_t)used < message_bytes)
        snprintf(message + used, message_bytes - (size_t)used, " policy.NAME");
    return false;
}
