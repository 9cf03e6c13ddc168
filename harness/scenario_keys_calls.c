/* The table of keys: scripted calls, and the words of Windows they take. See scenario_keys.h. */
#include "harness/scenario_keys.h"

#include "harness/scenario_private.h"
#include "include/mscoree.h"
#include "include/windows.h"

/* ---- words ---- */

#define ROW(name, value) {#name, value, ""},

const struct choice choices_memory_types[] = {
#define ALLOCATION_TYPE ROW
#include "core/win32_words.def"
    {0}};

const struct choice choices_free_types[] = {
#define FREE_TYPE ROW
#include "core/win32_words.def"
    {0}};

const struct choice choices_protections[] = {
#define PROTECTION ROW
#define PROTECT_MODIFIER ROW
#include "core/win32_words.def"
    {0}};

const struct choice choices_call_flags[] = {
#define ALLOCATION_TYPE ROW
#define FREE_TYPE ROW
#define HEAP_FLAG ROW
#include "core/win32_words.def"
    {0}};

#define SAME(name, value) _Static_assert((value) == (name), #name " as Windows has it");
#define PROTECTION SAME
#define PROTECT_MODIFIER SAME
#define ALLOCATION_TYPE SAME
#define FREE_TYPE SAME
#define HEAP_FLAG SAME
#include "core/win32_words.def"

const struct choice choices_states[] = {{"MEM_COMMIT", MEM_COMMIT, ""},
                                        {"MEM_RESERVE", MEM_RESERVE, ""},
                                        {"MEM_FREE", MEM_FREE, ""},
                                        {0}};

const struct choice choices_malloc_types[] = {{"MALLOC_THREADSAFE", MALLOC_THREADSAFE, ""},
                                              {"MALLOC_EXECUTABLE", MALLOC_EXECUTABLE, ""},
                                              {0}};

const struct choice choices_criticality[] = {
    {"task", CRITICALITY_TASK, "a refusal costs the task"},
    {"eTaskCritical", CRITICALITY_TASK, NULL},
    {"app-domain", CRITICALITY_APP_DOMAIN, "a refusal costs the application domain"},
    {"eAppDomainCritical", CRITICALITY_APP_DOMAIN, NULL},
    {"process", CRITICALITY_PROCESS, "a refusal costs the process"},
    {"eProcessCritical", CRITICALITY_PROCESS, NULL},
    {0}};

#define HRESULT_ROW(name)                                                                          \
    {                                                                                              \
#name, (uint32_t)name, ""                                                                  \
    }
const struct choice choices_results[] = {HRESULT_ROW(S_OK),
                                         HRESULT_ROW(S_FALSE),
                                         HRESULT_ROW(E_OUTOFMEMORY),
                                         HRESULT_ROW(E_FAIL),
                                         HRESULT_ROW(E_INVALIDARG),
                                         HRESULT_ROW(E_POINTER),
                                         HRESULT_ROW(E_NOINTERFACE),
                                         HRESULT_ROW(E_NOTIMPL),
                                         HRESULT_ROW(E_UNEXPECTED),
                                         HRESULT_ROW(E_ABORT),
                                         HRESULT_ROW(E_ACCESSDENIED),
                                         HRESULT_ROW(E_HANDLE),
                                         HRESULT_ROW(HOST_E_DEADLOCK),
                                         HRESULT_ROW(HOST_E_INTERRUPTED),
                                         HRESULT_ROW(HOST_E_INVALIDOPERATION),
                                         HRESULT_ROW(HOST_E_CLRNOTAVAILABLE),
                                         HRESULT_ROW(HOST_E_TIMEOUT),
                                         HRESULT_ROW(HOST_E_NOT_OWNER),
                                         HRESULT_ROW(HOST_E_ABANDONED),
                                         HRESULT_ROW(HOST_E_EXITPROCESS_OUTOFMEMORY),
                                         {0}};

static const struct choice objects[] = {{"manager", OBJECT_MANAGER, "IHostMemoryManager"},
                                        {"malloc", OBJECT_MALLOC, "IHostMalloc"},
                                        {"control", OBJECT_CONTROL, "IHostControl"},
                                        {0}};

static const struct choice interfaces[] = {{"IID_IUnknown", 0, ""},
                                           {"IID_IHostMemoryManager", 0, ""},
                                           {"IID_IHostMalloc", 0, ""},
                                           {"IID_IHostControl", 0, ""},
                                           {"IID_ICLRMemoryNotificationCallback", 0, ""},
                                           {0}};

/* ---- keys that several calls have ---- */

#define CALL_AT(member) AT(struct step_call, member)
#define AS                                                                                         \
    {                                                                                              \
        "as", VALUE_NAME, CALL_AT(as), .example = "heap",                                          \
                                       .help = "A name for what it gives; `name#`: one for each "  \
                                               "repetition of the repeat around it"                \
    }
#define ADDRESS(required_, help_)                                                                  \
    {                                                                                              \
        "at", VALUE_ADDRESS, CALL_AT(at), .required = (required_), .example = "heap",              \
                                          .help = help_                                            \
    }
#define SIZE(help_)                                                                                \
    {                                                                                              \
        "size", VALUE_SIZE, CALL_AT(size), 0, UINT64_C(1) << 47, .required = true,                 \
                                                                 .example = "64MiB", .help = help_ \
    }
/* What the host is asked for may be any number, also one that no machine has. */
#define ASKED(help_)                                                                               \
    {                                                                                              \
        "size", VALUE_SIZE, CALL_AT(size), .required = true, .example = "64MiB", .help = help_     \
    }
#define PROTECT(...)                                                                               \
    {                                                                                              \
        "protect", VALUE_BITS, CALL_AT(protect), .choices = choices_protections, __VA_ARGS__       \
    }
#define CRITICALITY                                                                                \
    {                                                                                              \
        "criticality", VALUE_CHOICE, CALL_AT(criticality),                                         \
            .choices = choices_criticality, .standard = "task",                                    \
            .help = "eCriticalLevel: what is at stake"                                             \
    }
#define THREAD                                                                                     \
    {                                                                                              \
        "thread", VALUE_COUNT, CALL_AT(thread), 0, 63, .standard = "0",                            \
                                                       .help = "The simulated thread that calls, " \
                                                               "beside others; 0: the step's own"  \
    }
#define RESULT                                                                                     \
    {                                                                                              \
        "expect", VALUE_RESULT, CALL_AT(expect), .standard = "any", .example = "ok",               \
                                                 .help = "What it must return"                     \
    }
#define WITHIN                                                                                     \
    {                                                                                              \
        "within", VALUE_TIME, CALL_AT(within_ns), 1, UINT64_C(86400000000000),                     \
            .example = "10s", .help = "In what time it must return"                                \
    }
#define ALIGNED                                                                                    \
    {                                                                                              \
        "aligned", VALUE_SIZE, CALL_AT(aligned), 1, UINT64_C(1) << 30,                             \
            .example = "64KiB", .help = "The address that it gives must be a multiple of this"     \
    }
#define ACCESS                                                                                     \
    {                                                                                              \
        "expect", VALUE_RESULT, CALL_AT(expect), .standard = "any", .example = "ok",               \
                                                 .help = "ok: every byte can be accessed; "        \
                                                         "refused: one cannot"                     \
    }
#define OF                                                                                         \
    {                                                                                              \
        "of", VALUE_OF, CALL_AT(of),                                                               \
            .example = "second",                                                                   \
            .help = "The object of a CreateMalloc step; left out: the one the CLR took first"      \
    }
#define OF_BLOCK                                                                                   \
    {                                                                                              \
        "of", VALUE_OF, CALL_AT(of),                                                               \
            .example = "second",                                                                   \
            .help =                                                                                \
                "The object of a CreateMalloc step that is asked to free it; left out: the one "   \
                "that gave the block"                                                              \
    }
#define OBJECT                                                                                     \
    {                                                                                              \
        "of", VALUE_CHOICE, CALL_AT(object), .choices = objects, .standard = "manager",            \
                                             .help = "Which object of the host"                    \
    }

#define MADE(words)                                                                                \
    {                                                                                              \
        "object", VALUE_OF, CALL_AT(of), .example = "second", .help = words                        \
    }

/* ---- IHostMemoryManager ---- */

const struct key keys_call_VirtualAlloc[] = {
    AS,
    ADDRESS(false, "pAddress; left out: anywhere"),
    ASKED("dwSize"),
    {"type", VALUE_BITS, CALL_AT(type), .choices = choices_memory_types, .required = true,
     .example = "MEM_RESERVE|MEM_COMMIT", .help = "flAllocationType"},
    PROTECT(.standard = "PAGE_READWRITE", .help = "flProtect"),
    CRITICALITY,
    THREAD,
    RESULT,
    ALIGNED,
    WITHIN,
    {0}};

const struct key keys_call_VirtualFree[] = {
    ADDRESS(true, "lpAddress"),
    {"size", VALUE_SIZE, CALL_AT(size), .standard = "0", .help = "dwSize; 0: all of it"},
    {"type", VALUE_BITS, CALL_AT(type), .choices = choices_free_types, .standard = "MEM_RELEASE",
     .help = "dwFreeType"},
    THREAD,
    RESULT,
    WITHIN,
    {0}};

const struct key keys_call_VirtualQuery[] = {
    ADDRESS(true, "lpAddress"),
    {"state", VALUE_BITS, CALL_AT(state), .choices = choices_states,
     .help = "The State it must answer"},
    {"is", VALUE_BITS, CALL_AT(is_protect), .choices = choices_protections,
     .example = "PAGE_READWRITE", .help = "The Protect it must answer"},
    THREAD,
    RESULT,
    WITHIN,
    {0}};

const struct key keys_call_VirtualProtect[] = {
    ADDRESS(true, "lpAddress"),
    SIZE("dwSize"),
    PROTECT(.required = true, .example = "PAGE_READONLY", .help = "flNewProtect"),
    {"was", VALUE_BITS, CALL_AT(is_protect), .choices = choices_protections,
     .example = "PAGE_READWRITE", .help = "The old protection it must answer"},
    THREAD,
    RESULT,
    WITHIN,
    {0}};

const struct key keys_call_GetMemoryLoad[] = {
    {"load", VALUE_COMPARE_PERCENT, CALL_AT(load), 0, UINT32_MAX, .example = "\"<= 100\"",
     .help = "What *pMemoryLoad must be"},
    {"available", VALUE_COMPARE_SIZE, CALL_AT(available), .example = "\"> 0\"",
     .help = "What *pAvailableBytes must be"},
    THREAD,
    RESULT,
    WITHIN,
    {0}};

const struct key keys_call_CreateMalloc[] = {
    AS,
    {"type", VALUE_BITS, CALL_AT(type), .choices = choices_malloc_types,
     .standard = "MALLOC_THREADSAFE", .help = "dwMallocType"},
    THREAD,
    RESULT,
    WITHIN,
    {0}};

const struct key keys_call_RegisterMemoryNotificationCallback[] = {THREAD, RESULT, WITHIN, {0}};

const struct key keys_call_NeedsVirtualAddressSpace[] = {
    ADDRESS(false, "startAddress; left out: anywhere"), SIZE("size"), THREAD, RESULT, WITHIN, {0}};

const struct key keys_call_AcquiredVirtualAddressSpace[] = {
    ADDRESS(true, "startAddress"), SIZE("size"), THREAD, WITHIN, {0}};

const struct key keys_call_ReleasedVirtualAddressSpace[] = {
    ADDRESS(true, "startAddress"), THREAD, WITHIN, {0}};

/* ---- IHostMalloc ---- */

const struct key keys_call_Alloc[] = {AS,     ASKED("cbSize"), CRITICALITY, OF, THREAD,
                                      RESULT, ALIGNED,         WITHIN,      {0}};

const struct key keys_call_DebugAlloc[] = {
    AS,
    ASKED("cbSize"),
    CRITICALITY,
    {"file", VALUE_TEXT, CALL_AT(file), 1, 256, .example = "gc.cpp",
     .help = "pszFileName; left out: null"},
    {"line", VALUE_COUNT, CALL_AT(line), 0, INT32_MAX, .standard = "0", .help = "iLineNo"},
    OF,
    THREAD,
    RESULT,
    ALIGNED,
    WITHIN,
    {0}};

const struct key keys_call_Free[] = {
    ADDRESS(true, "pMem; null frees nothing"), OF_BLOCK, THREAD, RESULT, WITHIN, {0}};

/* ---- IUnknown ---- */

const struct key keys_call_QueryInterface[] = {
    OBJECT,
    {"iid", VALUE_WORD, CALL_AT(iid), .choices = interfaces, .required = true, .help = "riid"},
    THREAD,
    RESULT,
    WITHIN,
    {0}};

const struct key keys_call_AddRef[] = {
    OBJECT, MADE("Instead of `of`: the object of a CreateMalloc step"), THREAD, WITHIN, {0}};
const struct key keys_call_Release[] = {
    OBJECT,
    MADE(
        "Instead of `of`: the object of a CreateMalloc step. What AddRef acquired goes first, then "
        "the object; that is kept while blocks of it are held"),
    THREAD,
    WITHIN,
    {0}};

/* ---- what else the CLR does ---- */

const struct key keys_call_read[] = {
    ADDRESS(true, "Where it begins"),
    SIZE("How much"),
    {"zero", VALUE_FLAG, CALL_AT(zero), .standard = "no",
     .help = "Every byte must be zero, and so be there, unless `expect` says otherwise"},
    {"written", VALUE_FLAG, CALL_AT(written), .standard = "no",
     .help = "Instead: each page must hold what `write` left at the same place of it"},
    THREAD,
    ACCESS,
    WITHIN,
    {0}};

const struct key keys_call_write[] = {
    ADDRESS(true, "Where it begins"), SIZE("How much"), THREAD, ACCESS, WITHIN, {0}};

const struct key keys_call_map_view[] = {AS, SIZE("How much of the file"), THREAD, WITHIN, {0}};
const struct key keys_call_unmap_view[] = {ADDRESS(true, "The view"), THREAD, WITHIN, {0}};
