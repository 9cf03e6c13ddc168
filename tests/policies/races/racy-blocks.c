/* One race in each scene: one thread writes one byte of the block, the other one accesses it by a
 * function of C or as part of a structure, of which compilers make instructions of their own. */
#include <stdio.h>
#include <string.h>

#include "stage.h"

#define LETTERS_60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct block {
    char bytes[64];
} block;
static const struct block letters = {LETTERS_60 "abc"};

/* So that no compiler knows what becomes of it. */
static void use(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

THREAD(write_a_byte)
{
    (void)argument;
    block.bytes[60] = 'x'; /* all A */
    return 0;
}

/* The scene of that name: what follows is done by one thread, while another one writes the byte. */
#define SCENE_WITH_WRITER(name)                                                                    \
    static DWORD WINAPI name##_thread(LPVOID argument);                                            \
    SCENE(name)                                                                                    \
    {                                                                                              \
        block = letters;                                                                           \
        both(write_a_byte, name##_thread, NULL);                                                   \
    }                                                                                              \
    THREAD(name##_thread)

/* ---- memory ---- */

SCENE_WITH_WRITER(filled)
{
    (void)argument;
    memset(block.bytes, 1, 64); /* filled B */
    return 0;
}

SCENE_WITH_WRITER(filled_in_part)
{
    (void)argument;
    memset(block.bytes + 59, 1, 3); /* filled_in_part B */
    return 0;
}

SCENE_WITH_WRITER(zeroed)
{
    (void)argument;
    ZeroMemory(&block, sizeof block); /* zeroed B */
    return 0;
}

SCENE_WITH_WRITER(copied_out)
{
    struct block copy;
    (void)argument;
    memcpy(&copy, &block, sizeof copy); /* copied_out B */
    use(&copy);
    return 0;
}

SCENE_WITH_WRITER(copied_in)
{
    (void)argument;
    CopyMemory(&block, &letters, sizeof block); /* copied_in B */
    return 0;
}

SCENE_WITH_WRITER(moved)
{
    (void)argument;
    memmove(block.bytes + 40, block.bytes, 22); /* moved B */
    return 0;
}

SCENE_WITH_WRITER(compared)
{
    (void)argument;
    return memcmp(&block, &letters, sizeof block) == 0; /* compared B */
}

SCENE_WITH_WRITER(compared_as_a_word)
{
    (void)argument;
    return memcmp(block.bytes + 57, "aaaa", 4) == 0; /* compared_as_a_word B */
}

/* ---- texts ---- */

SCENE_WITH_WRITER(measured)
{
    (void)argument;
    return (DWORD)strlen(block.bytes); /* measured B */
}

SCENE_WITH_WRITER(text_copied)
{
    (void)argument;
    strcpy(block.bytes, LETTERS_60 "bc"); /* text_copied B */
    return 0;
}

SCENE_WITH_WRITER(text_copied_with_padding)
{
    (void)argument;
    strncpy(block.bytes, "short", sizeof block.bytes); /* text_copied_with_padding B */
    return 0;
}

SCENE_WITH_WRITER(text_appended)
{
    (void)argument;
    block.bytes[50] = '\0';
    strcat(block.bytes, "0123456789"); /* text_appended B */
    return 0;
}

SCENE_WITH_WRITER(text_appended_in_part)
{
    (void)argument;
    block.bytes[58] = '\0';
    strncat(block.bytes, "0123456789", 2); /* text_appended_in_part B */
    return 0;
}

SCENE_WITH_WRITER(text_compared)
{
    (void)argument;
    return strcmp(block.bytes, LETTERS_60 "abc") == 0; /* text_compared B */
}

SCENE_WITH_WRITER(text_printed)
{
    (void)argument;
    sprintf(block.bytes, LETTERS_60); /* text_printed B */
    return 0;
}

SCENE_WITH_WRITER(text_printed_within)
{
    (void)argument;
    snprintf(block.bytes, sizeof block, "%s", LETTERS_60); /* text_printed_within B */
    return 0;
}

/* ---- structures and loops ---- */

SCENE_WITH_WRITER(structure_read)
{
    struct block copy;
    (void)argument;
    copy = block; /* structure_read B */
    use(&copy);
    return 0;
}

SCENE_WITH_WRITER(structure_written)
{
    (void)argument;
    block = letters; /* structure_written B */
    return 0;
}

SCENE_WITH_WRITER(structure_made)
{
    (void)argument;
    block = (struct block){{0}}; /* structure_made B */
    return 0;
}

SCENE_WITH_WRITER(filled_by_a_loop)
{
    (void)argument;
    for (int i = 0; i < 64; i++)
        block.bytes[i] = 0; /* filled_by_a_loop B */
    return 0;
}

SCENE_WITH_WRITER(copied_by_a_loop)
{
    struct block copy;
    (void)argument;
    for (int i = 0; i < 64; i++)
        copy.bytes[i] = block.bytes[i]; /* copied_by_a_loop B */
    use(&copy);
    return 0;
}
