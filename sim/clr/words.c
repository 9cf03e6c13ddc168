/* Names of Windows values. See words.h. */
#define CINTERFACE
#include "clr/words.h"

#include <stdio.h>
#include <string.h>
#include "core/check.h"
#include "core/status.h"

struct name {
    uint32_t value;
    const char *text;
};

#define NAME(value)                                                                                \
    {                                                                                              \
        (uint32_t)(value), #value                                                                  \
    }
#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *find(const struct name *names, size_t count, uint32_t value)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].value == value)
            return names[i].text;
    return NULL;
}

void words_hresult(HRESULT hr, char *text, size_t bytes)
{
    static const struct name names[] = {NAME(S_OK),
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
                                        NAME(HOST_E_DEADLOCK),
                                        NAME(E_HANDLE),
                                        NAME(HOST_E_TIMEOUT),
                                        NAME(HOST_E_INTERRUPTED),
                                        NAME(HOST_E_NOT_OWNER),
                                        NAME(HOST_E_ABANDONED),
                                        NAME(HOST_E_INVALIDOPERATION),
                                        NAME(HOST_E_CLRNOTAVAILABLE)};
    const char *name = find(names, COUNT(names), (uint32_t)hr);
    const char *win32 = ((uint32_t)hr & 0xffff0000u) == 0x80070000u
                            ? status_name_of_code((uint32_t)hr & 0xffff)
                            : NULL;
    CHECK(bytes > 0);
    if (!name && win32)
        snprintf(text, bytes, "HRESULT_FROM_WIN32(%s)", win32);
    else if (!name)
        snprintf(text, bytes, "0x%08x", (uint32_t)hr);
    else if (FAILED(hr))
        snprintf(text, bytes, "%s (0x%08x)", name, (uint32_t)hr);
    else
        snprintf(text, bytes, "%s", name);
}

void words_state(uint32_t state, char *text, size_t bytes)
{
    static const struct name names[] = {NAME(MEM_COMMIT), NAME(MEM_RESERVE), NAME(MEM_FREE)};
    const char *name = find(names, COUNT(names), state);
    CHECK(bytes > 0);
    if (name)
        snprintf(text, bytes, "%s", name);
    else
        snprintf(text, bytes, "state 0x%x", state);
}

void words_protection(uint32_t protect, char *text, size_t bytes)
{
    static const struct name names[] = {NAME(PAGE_NOACCESS),          NAME(PAGE_READONLY),
                                        NAME(PAGE_READWRITE),         NAME(PAGE_WRITECOPY),
                                        NAME(PAGE_EXECUTE),           NAME(PAGE_EXECUTE_READ),
                                        NAME(PAGE_EXECUTE_READWRITE), NAME(PAGE_EXECUTE_WRITECOPY)};
    static const struct name modifiers[] = {NAME(PAGE_GUARD), NAME(PAGE_NOCACHE),
                                            NAME(PAGE_WRITECOMBINE)};
    uint32_t base = protect & 0xff, rest = protect & ~UINT32_C(0xff);
    const char *name = find(names, COUNT(names), base);
    CHECK(bytes > 0);
    size_t used = name ? (size_t)snprintf(text, bytes, "%s", name)
                       : (size_t)snprintf(text, bytes, "0x%x", base);
    for (size_t i = 0; i < COUNT(modifiers); i++) {
        if (!(rest & modifiers[i].value))
            continue;
        rest &= ~modifiers[i].value;
        if (used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "|%s", modifiers[i].text);
    }
    if (rest && used < bytes)
        snprintf(text + used, bytes - used, "|0x%x", rest);
}

const IID *words_interface(const char *name)
{
    static const struct {
        const char *name;
        const IID *iid;
    } interfaces[] = {
        {"IID_IUnknown", &IID_IUnknown},
        {"IID_IHostMemoryManager", &IID_IHostMemoryManager},
        {"IID_IHostMalloc", &IID_IHostMalloc},
        {"IID_IHostControl", &IID_IHostControl},
        {"IID_ICLRMemoryNotificationCallback", &IID_ICLRMemoryNotificationCallback},
    };
    for (size_t i = 0; i < COUNT(interfaces); i++)
        if (strcmp(interfaces[i].name, name) == 0)
            return interfaces[i].iid;
    return NULL;
}
