/* quota under a CLR that exchanges its callbacks while memory is low, and asked for what Windows
 * finds wrong; then a few thousand random calls, of which some may fail, against a model that knows
 * every committed page: the charge must be exact after each. */
#include "rename.h"
#include "../../../policies/quota.c"
#include "drive.h"

#define MIB ((SIZE_T)1 << 20)

static HRESULT ask(IHostMemoryManager *manager, void *at, SIZE_T size, DWORD type, DWORD protect,
                   void **result)
{
    HRESULT answer =
        IHostMemoryManager_VirtualAlloc(manager, at, size, type, protect, eTaskCritical, result);
    EXPECT((answer == S_OK) == (*result != NULL));
    return answer;
}

/* Charged for a moment, while Windows is asked: that is no shortage. */
static void a_wrong_request_is_no_low_memory(void)
{
    struct listener clr = LISTENER;
    IHostMemoryManager *manager = new_manager();
    void *memory;

    listen_with(manager, &clr);
    EXPECT(ask(manager, NULL, 470 * MIB, MEM_RESERVE | MEM_COMMIT, PAGE_WRITECOPY, &memory) !=
           S_OK);
    EXPECT(clr.lows == 0 && ((struct quota *)manager)->charged == 0);
    EXPECT(IHostMemoryManager_Release(manager) == 0);
}

/* ---- the charge ---- */

#define REGIONS 8
#define PAGES 64 /* of each; four granules */

struct model {
    IHostMemoryManager *manager;
    IHostMalloc *heap;
    char *base[REGIONS]; /* NULL: not reserved */
    BYTE committed[REGIONS][PAGES];
    void *block[REGIONS];
    SIZE_T block_bytes[REGIONS];
    ULONGLONG state; /* of the draws */
    unsigned refused;
};

static unsigned draw(struct model *model, unsigned below)
{
    model->state = model->state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(model->state >> 33) % below;
}

static void mark(struct model *model, unsigned r, unsigned from, unsigned pages, BYTE committed)
{
    while (pages-- > 0)
        model->committed[r][from++] = committed;
}

static void expect_exact_charge(const struct model *model)
{
    ULONGLONG bytes = 0;
    unsigned r, page;

    for (r = 0; r < REGIONS; r++) {
        for (page = 0; page < PAGES; page++)
            bytes += model->committed[r][page] * (ULONGLONG)4096;
        bytes += model->block_bytes[r];
    }
    EXPECT(((struct quota *)model->manager)->charged == bytes);
}

static void reserve(struct model *model, unsigned r)
{
    DWORD commit = draw(model, 2) != 0 ? MEM_COMMIT : 0;
    void *memory;

    if (ask(model->manager, NULL, PAGES * 4096, MEM_RESERVE | commit, PAGE_READWRITE, &memory) !=
        S_OK) {
        model->refused++;
        return;
    }
    model->base[r] = memory;
    mark(model, r, 0, PAGES, commit != 0);
}

/* Of some pages, or of all by size 0. A free of which nothing is known must change nothing. */
static void change(struct model *model, unsigned r)
{
    unsigned from = draw(model, PAGES), pages = 1 + draw(model, PAGES - from),
             kind = draw(model, 9);
    char *at = model->base[r] + from * 4096;
    HRESULT answer;
    void *memory;

    if (kind < 4) {
        answer = ask(model->manager, at, pages * 4096, MEM_COMMIT, PAGE_READWRITE, &memory);
    } else if (kind < 7) {
        answer = IHostMemoryManager_VirtualFree(model->manager, at, pages * 4096, MEM_DECOMMIT);
    } else {
        at = model->base[r] + draw(model, 4096); /* anywhere in the first page */
        answer = IHostMemoryManager_VirtualFree(model->manager, at, 0,
                                                kind == 7 ? MEM_DECOMMIT : MEM_RELEASE);
        from = 0, pages = PAGES;
    }
    if (answer != S_OK) {
        model->refused++;
        return;
    }
    mark(model, r, from, pages, kind < 4);
    if (kind == 8)
        model->base[r] = NULL;
}

static void change_block(struct model *model, unsigned r)
{
    SIZE_T size = draw(model, 100000);

    if (model->block[r] != NULL) {
        EXPECT(IHostMalloc_Free(model->heap, model->block[r]) == S_OK);
        model->block[r] = NULL;
        model->block_bytes[r] = 0;
    } else if (IHostMalloc_Alloc(model->heap, size, eTaskCritical, &model->block[r]) == S_OK) {
        model->block_bytes[r] = size;
    } else {
        model->refused++;
    }
}

static void random_calls_are_charged_exactly(void)
{
    static struct model model;
    unsigned i, r;

    model.manager = new_manager();
    while (IHostMemoryManager_CreateMalloc(model.manager, MALLOC_THREADSAFE, &model.heap) != S_OK)
        ;
    for (i = 0; i < 4000; i++) {
        r = draw(&model, REGIONS);
        if (draw(&model, 4) == 0)
            change_block(&model, r);
        else if (model.base[r] == NULL)
            reserve(&model, r);
        else
            change(&model, r);
        expect_exact_charge(&model);
    }
    EXPECT(model.refused < 3500);
    for (r = 0; r < REGIONS; r++) {
        while (model.base[r] != NULL && /* Windows may refuse */
               IHostMemoryManager_VirtualFree(model.manager, model.base[r], 0, MEM_RELEASE) != S_OK)
            ;
        mark(&model, r, 0, PAGES, 0);
    }
    expect_exact_charge(&model);
    EXPECT(IHostMalloc_Release(model.heap) == 0); /* with the blocks */
    EXPECT(((struct quota *)model.manager)->charged == 0);
    EXPECT(IHostMemoryManager_Release(model.manager) == 0);
}

static IHostMemoryManager *drive(void)
{
    registered_again_is_not_told_again();
    a_wrong_request_is_no_low_memory();
    random_calls_are_charged_exactly();
    return new_manager();
}
