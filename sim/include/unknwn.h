/* COM: the words that declare interfaces, IUnknown, and GUID comparison, for C and C++. */
#ifndef LW_UNKNWN_H
#define LW_UNKNWN_H

#include "winerror.h"

#define STDMETHODCALLTYPE
#define STDMETHODVCALLTYPE
#define STDAPICALLTYPE
#define STDMETHODIMP HRESULT STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#define STDAPI EXTERN_C HRESULT STDAPICALLTYPE
#define STDAPI_(type) EXTERN_C type STDAPICALLTYPE
#define BEGIN_INTERFACE
#define END_INTERFACE
#define CONST_VTBL const
#define interface struct
#define DECLSPEC_UUID(text)

#if defined(__cplusplus) && !defined(CINTERFACE)
#define MIDL_INTERFACE(uuid) struct
#define DECLARE_INTERFACE(name) struct name
#define DECLARE_INTERFACE_(name, base) struct name : public base
#define PURE = 0
#define THIS_
#define THIS void
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#else
#define DECLARE_INTERFACE(name)                                                                    \
    typedef struct name##Vtbl name##Vtbl;                                                          \
    typedef struct name {                                                                          \
        CONST_VTBL struct name##Vtbl *lpVtbl;                                                      \
    } name;                                                                                        \
    struct name##Vtbl
#define DECLARE_INTERFACE_(name, base) DECLARE_INTERFACE(name)
#define PURE
#define THIS_ INTERFACE *This,
#define THIS INTERFACE *This
#define STDMETHOD(method) HRESULT(STDMETHODCALLTYPE *method)
#define STDMETHOD_(type, method) type(STDMETHODCALLTYPE *method)
#endif

/* An object with one definition, however many files include this. */
#define DEFINE_GUID(name, a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                 \
    EXTERN_C const GUID name DECLSPEC_SELECTANY;                                                   \
    const GUID name = {a, b, c, {d0, d1, d2, d3, d4, d5, d6, d7}}

#ifdef __cplusplus
typedef const GUID &REFGUID;
typedef const IID &REFIID;
typedef const CLSID &REFCLSID;

static inline bool operator==(const GUID &a, const GUID &b)
{
    return __builtin_memcmp(&a, &b, sizeof(GUID)) == 0;
}
static inline bool operator!=(const GUID &a, const GUID &b) { return !(a == b); }
static inline BOOL IsEqualGUID(REFGUID a, REFGUID b) { return a == b; }
static inline BOOL IsEqualIID(REFIID a, REFIID b) { return a == b; }
static inline BOOL IsEqualCLSID(REFCLSID a, REFCLSID b) { return a == b; }
static inline BOOL InlineIsEqualGUID(REFGUID a, REFGUID b) { return a == b; }

/* __uuidof(T): the identifier of an interface type, of an object or of a pointer to it. */
template <typename T> struct lw_uuid;
template <typename T> struct lw_uuid<T *> : lw_uuid<T> {};
template <typename T> struct lw_uuid<const T> : lw_uuid<T> {};
template <typename T> struct lw_uuid<T &> : lw_uuid<T> {};
#define __uuidof(type) (lw_uuid<__typeof__(type)>::value())
#define LW_UUID_OF(type)                                                                           \
    struct type;                                                                                   \
    template <> struct lw_uuid<type> {                                                             \
        static const IID &value() { return IID_##type; }                                           \
    };
template <typename T> inline void **IID_PPV_ARGS_Helper(T **object)
{
    return reinterpret_cast<void **>(object);
}
#define IID_PPV_ARGS(object) __uuidof(**(object)), IID_PPV_ARGS_Helper(object)
#else
typedef const GUID *REFGUID;
typedef const IID *REFIID;
typedef const CLSID *REFCLSID;

static inline BOOL IsEqualGUID(REFGUID a, REFGUID b)
{
    return __builtin_memcmp(a, b, sizeof(GUID)) == 0;
}
static inline BOOL IsEqualIID(REFIID a, REFIID b) { return IsEqualGUID(a, b); }
static inline BOOL IsEqualCLSID(REFCLSID a, REFCLSID b) { return IsEqualGUID(a, b); }
#define LW_UUID_OF(type)
#endif

DEFINE_GUID(GUID_NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
#define IID_NULL GUID_NULL
DEFINE_GUID(IID_IUnknown, 0x00000000, 0x0000, 0x0000, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x46);
LW_UUID_OF(IUnknown)

#if defined(__cplusplus) && !defined(CINTERFACE)
/* No virtual destructor: the table has exactly the slots of COM. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
struct IUnknown {
    virtual HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppvObject) = 0;
    virtual ULONG STDMETHODCALLTYPE AddRef() = 0;
    virtual ULONG STDMETHODCALLTYPE Release() = 0;
};
#pragma GCC diagnostic pop
#else
typedef struct IUnknown IUnknown;
typedef struct IUnknownVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IUnknown *This, REFIID riid, void **ppvObject);
    ULONG(STDMETHODCALLTYPE *AddRef)(IUnknown *This);
    ULONG(STDMETHODCALLTYPE *Release)(IUnknown *This);
} IUnknownVtbl;
struct IUnknown {
    const IUnknownVtbl *lpVtbl;
};
#ifdef COBJMACROS
#define IUnknown_QueryInterface(This, riid, ppv) ((This)->lpVtbl->QueryInterface(This, riid, ppv))
#define IUnknown_AddRef(This) ((This)->lpVtbl->AddRef(This))
#define IUnknown_Release(This) ((This)->lpVtbl->Release(This))
#endif
#endif
typedef IUnknown *LPUNKNOWN;

#endif
