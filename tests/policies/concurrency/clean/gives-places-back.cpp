// Lets four requests at a time into Windows, by a semaphore. A guard gives the place back on every
// way out.
#include "../types.h"

struct host {
    struct base base;
    HANDLE places = nullptr;
};

class place
{
  public:
    explicit place(HANDLE places) : places_(places) { WaitForSingleObject(places_, INFINITE); }
    ~place() { ReleaseSemaphore(places_, 1, nullptr); }
    place(const place &) = delete;
    place &operator=(const place &) = delete;

  private:
    HANDLE places_;
};

static HRESULT ask(struct host *host, void *address, SIZE_T size, DWORD type, DWORD protect,
                   void **result)
{
    place taken(host->places);
    *result = VirtualAlloc(address, size, type, protect);
    return *result != nullptr ? S_OK : lw_last_failure();
}

static BOOL start(struct host *host)
{
    host->places = CreateSemaphoreA(nullptr, 4, 4, nullptr);
    return host->places != nullptr;
}

#define START start
#define STOP(host) CloseHandle((host)->places)
#define ASK(host, address, size, type, protect, growth, result)                                    \
    ask(host, address, size, type, protect, result)
#include "../host.h"
