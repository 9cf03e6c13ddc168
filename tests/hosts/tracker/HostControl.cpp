// HostControl.cpp : hands the memory manager to the runtime
//
#include "stdafx.h"
#include "HostMemoryManager.h"

class HostControl : public IHostControl
{
public:
	HostControl() : m_cRef(0), m_memory(new HostMemoryManager) {}

	HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **ppvObject) override
	{
		if (riid != IID_IUnknown && riid != IID_IHostControl)
		{
			*ppvObject = nullptr;
			return E_NOINTERFACE;
		}
		*ppvObject = this;
		AddRef();
		return S_OK;
	}

	ULONG STDMETHODCALLTYPE AddRef() override { return InterlockedIncrement(&m_cRef); }

	ULONG STDMETHODCALLTYPE Release() override
	{
		ULONG c = InterlockedDecrement(&m_cRef);
		if (c == 0)
			delete this;
		return c;
	}

	HRESULT STDMETHODCALLTYPE GetHostManager(REFIID riid, void **ppObject) override
	{
		if (riid == __uuidof(IHostMemoryManager))
		{
			*ppObject = m_memory;
			m_memory->AddRef();
			return S_OK;
		}
		*ppObject = nullptr;
		return E_NOINTERFACE;
	}

	HRESULT STDMETHODCALLTYPE SetAppDomainManager(DWORD, IUnknown *) override { return S_OK; }

private:
	ULONG m_cRef;
	HostMemoryManager *m_memory;
};

extern "C" __declspec(dllexport) HRESULT __stdcall CreateHostControl(IHostControl **ppControl)
{
	*ppControl = new HostControl;
	(*ppControl)->AddRef();
	return S_OK;
}
