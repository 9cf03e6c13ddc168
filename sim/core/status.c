/* The table of results: numbers and names. See status.h. */
#include "core/status.h"

#include <stdlib.h>
#include <string.h>
#include "core/check.h"

static const struct {
    uint32_t code;
    const char *name;
} statuses[ST_COUNT] = {
#define ROW(symbol, code, name) [symbol] = {code, name},
    STATUS_TABLE(ROW)
#undef ROW
};

uint32_t status_code(enum status status)
{
    CHECK((unsigned)status < ST_COUNT);
    return statuses[status].code;
}

const char *status_name(enum status status)
{
    CHECK((unsigned)status < ST_COUNT);
    return statuses[status].name;
}

const char *status_name_of_code(uint32_t code)
{
    for (int i = 0; i < ST_COUNT; i++)
        if (statuses[i].code == code)
            return statuses[i].name;
    return NULL;
}

static bool parse_number(const char *text, enum status *status)
{
    char *end;
    unsigned long long code = strtoull(text, &end, 0);
    if (*end != '\0')
        return false;
    for (int i = 1; i < ST_COUNT; i++) {
        if (statuses[i].code == code) {
            *status = (enum status)i;
            return true;
        }
    }
    return false;
}

bool status_parse(const char *text, enum status *status)
{
    static const char prefix[] = "ERROR_";
    if (*text >= '0' && *text <= '9')
        return parse_number(text, status);
    for (int i = 1; i < ST_COUNT; i++) {
        const char *name = statuses[i].name;
        bool prefixed = strncmp(name, prefix, sizeof prefix - 1) == 0;
        if (strcmp(text, name) == 0 || (prefixed && strcmp(text, name + sizeof prefix - 1) == 0)) {
            *status = (enum status)i;
            return true;
        }
    }
    return false;
}
