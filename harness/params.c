/* Parameters of policies. See params.h. */
#include "harness/params.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "harness/options.h"

#define NAMES_MAX 64

static bool parse_value(const struct lw_param *param, const char *text, uint64_t *value)
{
    switch (param->unit) {
    case LW_BYTES:
        return parse_bytes(text, value);
    case LW_MILLISECONDS:
        if (!parse_duration_ns(text, value))
            return false;
        *value /= 1000000;
        return true;
    case LW_PERCENT: {
        char number[32];
        size_t length = strcspn(text, "%");
        if (length >= sizeof number || (text[length] && text[length + 1]))
            return false;
        memcpy(number, text, length);
        number[length] = '\0';
        return parse_u64(number, value);
    }
    default:
        return parse_u64(text, value);
    }
}

static const char *form_of(enum lw_unit unit)
{
    static const char *const forms[] = {[LW_BYTES] = "a size like 512MiB",
                                        [LW_PERCENT] = "a percentage like 25%",
                                        [LW_MILLISECONDS] = "a time like 8192ms",
                                        [LW_COUNT] = "a whole number",
                                        [LW_FLAG] = "0 or 1"};
    return forms[unit <= LW_FLAG ? unit : LW_COUNT];
}

static const struct lw_param *find(const struct lw_param *params, const char *name)
{
    for (const struct lw_param *param = params; param && param->name; param++)
        if (strcmp(param->name, name) == 0)
            return param;
    return NULL;
}

static void explain_unknown(const struct lw_param *params, const char *key, char *message,
                            size_t message_bytes)
{
    const char *names[NAMES_MAX] = {NULL};
    size_t count = 0;
    for (const struct lw_param *param = params; param && param->name && count < NAMES_MAX; param++)
        names[count++] = param->name;
    const char *similar = nearest_word(key, names, count);
    int used =
        snprintf(message, message_bytes, "unknown parameter '%s'%s%s%s; it has:", key,
                 similar ? "; did you mean '" : "", similar ? similar : "", similar ? "'?" : "");
    for (size_t i = 0; i < count && (size_t)used < message_bytes; i++)
        used += snprintf(message + used, message_bytes - (size_t)used, " %s", names[i]);
    if (count == 0 && (size_t)used < message_bytes)
        snprintf(message + used, message_bytes - (size_t)used, " none");
}

bool params_apply(const struct lw_param *params, const struct policy_param *given, uint32_t count,
                  char *message, size_t message_bytes)
{
    for (const struct lw_param *param = params; param && param->name; param++)
        *param->value = param->standard;
    for (uint32_t i = 0; i < count; i++) {
        const char *key = given[i].key, *text = given[i].value;
        const struct lw_param *param = find(params, key);
        uint64_t value;
        if (!param) {
            explain_unknown(params, key, message, message_bytes);
            return false;
        }
        if (!parse_value(param, text, &value)) {
            snprintf(message, message_bytes, "policy.%s must be %s, not '%s'", key,
                     form_of(param->unit), text);
            return false;
        }
        if (value < param->minimum || value > param->maximum) {
            snprintf(message, message_bytes,
                     "policy.%s must be from %" PRIu64 " to %" PRIu64 ", not %s", key,
                     (uint64_t)param->minimum, (uint64_t)param->maximum, text);
            return false;
        }
        *param->value = value;
    }
    return true;
}
