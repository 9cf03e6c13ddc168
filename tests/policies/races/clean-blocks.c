/* Blocks that are filled, copied and compared as a whole, in order: no schedule may show a race. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

#define TURNS 4

struct block {
    char bytes[64];
};
static struct block block, second_block;
static atomic_int ready;
static SRWLOCK srw = SRWLOCK_INIT;

/* So that no compiler knows what becomes of it. */
static void use(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

THREAD(read_block)
{
    struct block copy = block, again;
    (void)argument;
    use(&copy);
    memcpy(&again, &block, sizeof again);
    use(&again);
    return (DWORD)memcmp(&copy, &again, sizeof again) + (DWORD)strlen(block.bytes);
}

SCENE(filled_before_threads)
{
    memset(&block, 'a', sizeof block);
    block.bytes[63] = '\0';
    memcpy(&second_block, &block, sizeof block);
    both(read_block, read_block, NULL);
    memset(&block, 0, sizeof block); /* they have ended */
    block = second_block;
    both(read_block, read_block, NULL);
    ZeroMemory(&block, sizeof block);
}

THREAD(fill_and_release)
{
    (void)argument;
    memset(&block, 1, sizeof block);
    block = (struct block){{2}};
    strcpy(second_block.bytes, "a text of some length");
    strcat(second_block.bytes, ", and more of it");
    atomic_store_explicit(&ready, 1, memory_order_release);
    return 0;
}

THREAD(acquire_and_copy)
{
    struct block copy;
    (void)argument;
    while (!atomic_load_explicit(&ready, memory_order_acquire))
        SwitchToThread();
    memmove(&copy, &block, sizeof copy);
    use(&copy);
    copy = second_block;
    use(&copy);
    memset(&block, 0, sizeof block);
    return strcmp(copy.bytes, second_block.bytes) == 0;
}

SCENE(filled_before_release)
{
    both(fill_and_release, acquire_and_copy, NULL);
}

THREAD(fill_in_lock)
{
    char text[16];
    (void)argument;
    for (int i = 0; i < TURNS; i++) {
        AcquireSRWLockExclusive(&srw);
        memset(&block, i, sizeof block);
        FillMemory(&second_block, sizeof second_block, i);
        memcpy(&second_block, &block, sizeof block);
        block = second_block;
        if (memcmp(&block, &second_block, 8) != 0)
            abort();
        sprintf(block.bytes, "a text");
        strncpy(second_block.bytes, block.bytes, sizeof second_block);
        strncat(block.bytes, "and another", 3);
        ReleaseSRWLockExclusive(&srw);
        memcpy(text, "my own", 7);
        use(text);
    }
    return 0;
}

SCENE(blocks_in_a_lock)
{
    both(fill_in_lock, fill_in_lock, NULL);
    if (strcmp(block.bytes, "a textand") != 0)
        abort();
}

/* Three bytes and five of the same word are different memory. */
THREAD(fill_three)
{
    (void)argument;
    memset(block.bytes + 8, 1, 3);
    memcpy(block.bytes + 24, "ab", 3);
    return strlen(second_block.bytes) == 2; /* reads the third byte, not the fourth */
}

THREAD(fill_five)
{
    (void)argument;
    memset(block.bytes + 11, 2, 5);
    strcpy(block.bytes + 27, "cdef");
    memset(second_block.bytes + 3, 'x', 20);
    return 0;
}

SCENE(blocks_side_by_side)
{
    strcpy(second_block.bytes, "ab");
    both(fill_three, fill_five, NULL);
    if (block.bytes[10] != 1 || block.bytes[11] != 2)
        abort();
}
