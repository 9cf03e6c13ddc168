/* Descriptors of policies. See describe.h. Loading happens in a child, like any loading. */
#include "harness/describe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/loader.h"
#include "harness/options.h"
#include "include/lowwater/policy.h"

#define TEXT_BYTES 8192

static void put_value(const struct lw_param *param, uint64_t value, char *text, size_t bytes)
{
    if (param->unit == LW_BYTES)
        bytes_text(value, text, bytes);
    else
        snprintf(text, bytes, "%" PRIu64 "%s", value,
                 param->unit == LW_PERCENT        ? "%"
                 : param->unit == LW_MILLISECONDS ? " ms"
                                                  : "");
}

static void put_descriptor(const struct lw_policy *about, char *text, size_t bytes)
{
    int used = snprintf(text, bytes, "%s\n", about->summary);
    for (const struct lw_param *param = about->params; param && param->name && (size_t)used < bytes;
         param++) {
        char standard[32], least[32], most[32];
        put_value(param, param->standard, standard, sizeof standard);
        put_value(param, param->minimum, least, sizeof least);
        put_value(param, param->maximum, most, sizeof most);
        used += snprintf(text + used, bytes - (size_t)used,
                         "    policy.%s (%s; %s to %s)\n        %s\n", param->name, standard, least,
                         most, param->help);
    }
}

static void leave(struct sim *sim, const struct stop *stop)
{
    (void)sim, (void)stop;
    _exit(1);
}

static _Noreturn void describe_in_child(const char *path, char *text)
{
    struct sim_options options = {.arena_base = ARENA_BASE, .trace = {.fd = -1}};
    struct machine_config config = machine_config_default();
    struct sim *sim = sim_create(&options);
    struct policy *policy;
    char message[1024];
    if (!sim)
        _exit(1);
    sim->on_stop = leave;
    struct machine *machine = machine_create(sim, &config, false);
    if (!policy_load(path, sim, machine, &policy, message, sizeof message))
        _exit(1);
    const struct lw_policy *about = policy_symbol(policy, "lw_policy");
    if (!about || about->version != LW_POLICY_VERSION)
        _exit(1);
    put_descriptor(about, text, TEXT_BYTES);
    _exit(0);
}

bool describe_policy(const char *path, char *text, size_t text_bytes)
{
    int status = 1;
    char *shared =
        mmap(NULL, TEXT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        describe_in_child(path, shared);
    bool fine = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    snprintf(text, text_bytes, "%s", fine ? shared : "");
    munmap(shared, TEXT_BYTES);
    return fine;
}
