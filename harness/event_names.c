/* Tables of names. See event_names.h. */
#include "harness/event_names.h"

#include <inttypes.h>
#include <stdio.h>
#include "clr/host.h"
#include "core/pressure.h"
#include "core/sim.h"
#include "core/status.h"
#include "harness/run.h"
#include "include/corerror.h"
#include "include/mscoree.h"

struct name {
    uint32_t value; /* of flags: the bits */
    const char *name;
};

#define NAME(symbol)                                                                               \
    {                                                                                              \
        (uint32_t)(symbol), #symbol                                                                \
    }
static const struct name memory_types[] = {
    NAME(MEM_RESERVE),     NAME(MEM_COMMIT),   NAME(MEM_RESET),
    NAME(MEM_RESET_UNDO),  NAME(MEM_TOP_DOWN), NAME(MEM_WRITE_WATCH),
    NAME(MEM_LARGE_PAGES), NAME(MEM_PHYSICAL), {0, NULL}};
static const struct name free_types[] = {NAME(MEM_DECOMMIT), NAME(MEM_RELEASE), {0, NULL}};
static const struct name protections[] = {NAME(PAGE_NOACCESS),
                                          NAME(PAGE_READONLY),
                                          NAME(PAGE_READWRITE),
                                          NAME(PAGE_WRITECOPY),
                                          NAME(PAGE_EXECUTE),
                                          NAME(PAGE_EXECUTE_READ),
                                          NAME(PAGE_EXECUTE_READWRITE),
                                          NAME(PAGE_GUARD),
                                          NAME(PAGE_NOCACHE),
                                          NAME(PAGE_WRITECOMBINE),
                                          {0, NULL}};
static const struct name heap_flags[] = {
    NAME(HEAP_NO_SERIALIZE),          NAME(HEAP_GENERATE_EXCEPTIONS),   NAME(HEAP_ZERO_MEMORY),
    NAME(HEAP_REALLOC_IN_PLACE_ONLY), NAME(HEAP_CREATE_ENABLE_EXECUTE), {0, NULL}};
static const struct name malloc_types[] = {
    NAME(MALLOC_THREADSAFE), NAME(MALLOC_EXECUTABLE), {0, NULL}};
static const struct name criticalities[] = {
    NAME(eTaskCritical), NAME(eAppDomainCritical), NAME(eProcessCritical), {0, NULL}};
static const struct name states[] = {
    NAME(MEM_COMMIT), NAME(MEM_RESERVE), NAME(MEM_FREE), {0, NULL}};
static const struct name availabilities[] = {NAME(eMemoryAvailableLow),
                                             NAME(eMemoryAvailableNeutral),
                                             NAME(eMemoryAvailableHigh),
                                             {0, NULL}};
static const struct name waits[] = {
    NAME(WAIT_OBJECT_0), NAME(WAIT_ABANDONED), NAME(WAIT_TIMEOUT), NAME(WAIT_FAILED), {0, NULL}};
static const struct name objects[] = {{HOST_MALLOC, "IHostMalloc"},
                                      {HOST_MANAGER, "IHostMemoryManager"},
                                      {HOST_CONTROL, "IHostControl"},
                                      {0, NULL}};
static const struct name pressures[] = {{PRESSURE_MEMORY, "memory"},
                                        {PRESSURE_COMMIT, "commit"},
                                        {PRESSURE_PAGEFILE, "page file"},
                                        {PRESSURE_ADDRESS_SPACE, "address space"},
                                        {PRESSURE_RAM, "RAM"},
                                        {0, NULL}};
static const struct name infinite[] = {NAME(INFINITE), {0, NULL}};
static const struct name hresults[] = {NAME(S_OK),
                                       NAME(S_FALSE),
                                       NAME(E_OUTOFMEMORY),
                                       NAME(E_FAIL),
                                       NAME(E_POINTER),
                                       NAME(E_INVALIDARG),
                                       NAME(E_NOTIMPL),
                                       NAME(E_NOINTERFACE),
                                       NAME(E_UNEXPECTED),
                                       NAME(E_ABORT),
                                       NAME(E_ACCESSDENIED),
                                       NAME(E_HANDLE),
                                       NAME(HOST_E_DEADLOCK),
                                       NAME(HOST_E_INTERRUPTED),
                                       NAME(HOST_E_INVALIDOPERATION),
                                       NAME(HOST_E_CLRNOTAVAILABLE),
                                       NAME(HOST_E_TIMEOUT),
                                       NAME(HOST_E_NOT_OWNER),
                                       NAME(HOST_E_ABANDONED),
                                       NAME(HOST_E_EXITPROCESS_OUTOFMEMORY),
                                       {0, NULL}};
static const struct name exceptions[] = {NAME(STATUS_BREAKPOINT),
                                         NAME(STATUS_ACCESS_VIOLATION),
                                         NAME(STATUS_IN_PAGE_ERROR),
                                         NAME(STATUS_INVALID_HANDLE),
                                         NAME(STATUS_ILLEGAL_INSTRUCTION),
                                         NAME(STATUS_NONCONTINUABLE_EXCEPTION),
                                         NAME(STATUS_INTEGER_DIVIDE_BY_ZERO),
                                         NAME(STATUS_STACK_OVERFLOW),
                                         NAME(STATUS_RESOURCE_NOT_OWNED),
                                         NAME(STATUS_HEAP_CORRUPTION),
                                         NAME(STATUS_STACK_BUFFER_OVERRUN),
                                         {0, NULL}};

static const char *name_of(const struct name *names, uint32_t value)
{
    for (; names->name; names++)
        if (names->value == value)
            return names->name;
    return NULL;
}

/* Flags joined by "|", what has no name in hexadecimal. False: none is set. */
static bool put_flags(const struct name *names, uint32_t value, char *text, size_t bytes)
{
    size_t used = 0;
    if (value == 0)
        return false;
    for (; names->name && used < bytes; names++) {
        if ((value & names->value) == 0)
            continue;
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", used ? "|" : "", names->name);
        value &= ~names->value;
    }
    if (value && used < bytes)
        snprintf(text + used, bytes - used, "%s0x%" PRIx32, used ? "|" : "", value);
    return used > 0; /* of unknown bits alone the argument's name says what they were meant for */
}

static bool put_name(const struct name *names, uint64_t value, char *text, size_t bytes)
{
    const char *name = value <= UINT32_MAX ? name_of(names, (uint32_t)value) : NULL;
    if (name)
        snprintf(text, bytes, "%s", name);
    return name != NULL;
}

static bool put_protection_level(uint32_t value, char *text, size_t bytes)
{
    char protection[128], level[32];
    if (!put_flags(protections, value & 0xffff, protection, sizeof protection))
        snprintf(protection, sizeof protection, "flProtect 0x%" PRIx32, value & 0xffff);
    if (!put_name(criticalities, value >> 16, level, sizeof level))
        snprintf(level, sizeof level, "eCriticalLevel %" PRIu32, value >> 16);
    snprintf(text, bytes, "%s, %s", protection, level);
    return true;
}

static bool put_object(uint64_t value, char *text, size_t bytes)
{
    if (value < HOST_MORE_MALLOCS)
        return put_name(objects, value, text, bytes);
    snprintf(text, bytes, "IHostMalloc %" PRIu64, value - HOST_MORE_MALLOCS + 2);
    return true;
}

static bool put_iid(uint64_t value, char *text, size_t bytes)
{
    static const struct {
        const IID *iid;
        const char *name;
    } iids[] = {{&IID_IUnknown, "IID_IUnknown"},
                {&IID_IHostMemoryManager, "IID_IHostMemoryManager"},
                {&IID_IHostMalloc, "IID_IHostMalloc"},
                {&IID_IHostControl, "IID_IHostControl"},
                {&IID_ICLRMemoryNotificationCallback, "IID_ICLRMemoryNotificationCallback"}};
    for (size_t i = 0; i < sizeof iids / sizeof *iids; i++) {
        if (iids[i].iid->Data1 != value)
            continue;
        snprintf(text, bytes, "%s", iids[i].name);
        return true;
    }
    return false;
}

bool named_value(enum field_type type, uint64_t value, char *text, size_t bytes)
{
    switch (type) {
    case FIELD_MEMORY_TYPE:
        return put_flags(memory_types, (uint32_t)value, text, bytes);
    case FIELD_FREE_TYPE:
        return put_flags(free_types, (uint32_t)value, text, bytes);
    case FIELD_PROTECTION:
        return put_flags(protections, (uint32_t)value, text, bytes);
    case FIELD_PROTECTION_LEVEL:
        return put_protection_level((uint32_t)value, text, bytes);
    case FIELD_HEAP_FLAGS:
        return put_flags(heap_flags, (uint32_t)value, text, bytes);
    case FIELD_MALLOC_TYPE:
        return put_flags(malloc_types, (uint32_t)value, text, bytes);
    case FIELD_CRITICALITY:
        return put_name(criticalities, value, text, bytes);
    case FIELD_STATE:
        return put_name(states, value, text, bytes);
    case FIELD_AVAILABILITY:
        return put_name(availabilities, value, text, bytes);
    case FIELD_WAIT:
        return put_name(waits, value, text, bytes);
    case FIELD_MILLISECONDS:
        return value == INFINITE && put_name(infinite, value, text, bytes);
    case FIELD_PRESSURE:
        return put_name(pressures, value, text, bytes);
    case FIELD_CALL:
        snprintf(text, bytes, "%s", value < EVENT_KINDS ? event_shapes[value].name : "?");
        return true;
    case FIELD_OBJECT:
        return put_object(value, text, bytes);
    case FIELD_IID:
        return put_iid(value, text, bytes);
    case FIELD_OUTCOME:
        snprintf(text, bytes, "%s", outcome_name((enum outcome)(value & 7)));
        return true;
    default:
        return false;
    }
}

const char *hresult_name(uint32_t value)
{
    return name_of(hresults, value);
}

const char *windows_error_name(uint32_t value)
{
    const char *name = status_name_of_code(value);
    return name ? name : name_of(exceptions, value);
}
