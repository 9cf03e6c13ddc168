/* Reading the words of a fault: the call, the error, how often. See scenario_private.h. */
#include "harness/scenario_private.h"

#include <string.h>
#include "harness/options.h"

enum read_result read_call(struct loader *loader, const struct key *key,
                           const struct yaml_node *node, void *target)
{
    const char *names[EVENT_KINDS];
    char word[CLIPPED_BYTES];
    size_t count = 0;
    uint16_t call = fault_find_call(node->text);
    if (call < EVENT_KINDS && event_shapes[call].failure != ST_OK) {
        store_number(key, target, call);
        return READ_FINE;
    }
    for (int i = 0; i < EVENT_KINDS; i++)
        if (event_shapes[i].failure != ST_OK)
            names[count++] = event_shapes[i].name;
    clipped(node->text, node->length, word);
    const char *similar =
        diagnostics_wanted(loader->diagnostics, node->at) ? nearest_word(word, names, count) : NULL;
    if (call < EVENT_KINDS)
        diagnose(loader->diagnostics, node->at, "'%s' has no failure to inject", word);
    else if (similar)
        diagnose(loader->diagnostics, node->at, "no failure point '%s'; did you mean '%s'?", word,
                 similar);
    else
        diagnose(loader->diagnostics, node->at,
                 "no failure point '%s': lowwater list faults names them", word);
    return READ_SAID;
}

/* Whether the call can fail so is found out when all of the fault is known. */
enum read_result read_error(struct loader *loader, const struct key *key,
                            const struct yaml_node *node, void *target)
{
    enum status error;
    (void)loader;
    if (!status_parse(node->text, &error))
        error = ST_COUNT;
    store_number(key, target, error);
    return READ_FINE;
}

enum read_result read_how_often(struct loader *loader, const struct key *key,
                                const struct yaml_node *node, void *target)
{
    uint64_t times = 1;
    (void)loader;
    if (strcmp(node->text, "forever") == 0)
        times = UINT64_MAX;
    else if (strcmp(node->text, "once") != 0 && (!read_count(node->text, &times) || times == 0))
        return READ_WRONG;
    store_number(key, target, times);
    return READ_FINE;
}
