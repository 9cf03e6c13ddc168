/* What a policy prints. See output.h. */
#include "core/output.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "core/sim.h"

void crt_output(struct sim *sim, int stream, const char *text, size_t bytes)
{
    CHECK(stream >= OUTPUT_STDOUT && stream <= OUTPUT_DEBUG);
    if (bytes == 0)
        return;
    sim_call(sim, EVENT_output, NULL);
    struct output *output = sim->output;
    if (output) {
        uint64_t room = output->bytes < output->capacity ? output->capacity - output->bytes : 0;
        uint64_t kept = bytes < room ? bytes : room;
        if (kept > 0)
            memcpy(output->buffer + output->bytes, text, kept);
        output->bytes += bytes;
    }
    sim->counters[COUNTER_output_bytes] += bytes;
    sim_event(sim, EVENT_output, 0, bytes, XXH3_64bits(text, bytes), (uint64_t)stream, 0);
}
