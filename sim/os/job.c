/* Job objects. See job.h. */
#include "include/windows.h"

#include "core/check.h"
#include "os/job.h"
#include "os/port.h"

struct job *job_create(struct sim *sim)
{
    struct job *job = arena_alloc(&sim->arena, sizeof *job);
    job->sim = sim;
    job->references = 1;
    return job;
}

void job_close(struct job *job)
{
    CHECK(job->references > 0);
    job->references--;
    if (job->has_process && job->references == 1 &&
        (job->limit_flags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE))
        sim_stop_text(job->sim, STOP_ABORT, 0,
                      "the job of the process was closed, and it was to take the process along");
    if (job->references > 0)
        return;
    CHECK(!job->has_process);
    if (job->port)
        port_release(job->port);
    arena_free(&job->sim->arena, job, sizeof *job);
}

/* Windows shows it as the process's id; win32_system.c. */
#define PROCESS_ID 0x1000u

static bool over_process(const struct job *job, uint64_t pages)
{
    return (job->limit_flags & JOB_OBJECT_LIMIT_PROCESS_MEMORY) &&
           pages > job->process_limit >> PAGE_SHIFT;
}

static bool over_job(const struct job *job, uint64_t pages)
{
    return (job->limit_flags & JOB_OBJECT_LIMIT_JOB_MEMORY) && pages > job->job_limit >> PAGE_SHIFT;
}

bool job_over(const struct job *job, uint64_t pages)
{
    for (; job; job = job->parent)
        if (over_process(job, pages) || over_job(job, pages))
            return true;
    return false;
}

static void post(struct job *job, uint32_t message)
{
    const struct packet packet = {.bytes = message, .key = job->key, .overlapped = PROCESS_ID};
    if (!job->port)
        return;
    port_post(job->port, &packet);
    sim_event(job->sim, EVENT_job_message, 0, message, job_limit(job), 0, 0);
}

void job_report(struct job *job, uint64_t pages)
{
    for (; job; job = job->parent) {
        if (over_process(job, pages))
            post(job, JOB_OBJECT_MSG_PROCESS_MEMORY_LIMIT);
        if (over_job(job, pages))
            post(job, JOB_OBJECT_MSG_JOB_MEMORY_LIMIT);
    }
}

void job_use(struct job *job, uint64_t pages)
{
    for (; job; job = job->parent)
        if (pages > job->peak_pages)
            job->peak_pages = pages;
}

uint64_t job_limit(const struct job *job)
{
    uint64_t least = UINT64_MAX;
    for (; job; job = job->parent) {
        if ((job->limit_flags & JOB_OBJECT_LIMIT_PROCESS_MEMORY) && job->process_limit < least)
            least = job->process_limit;
        if ((job->limit_flags & JOB_OBJECT_LIMIT_JOB_MEMORY) && job->job_limit < least)
            least = job->job_limit;
    }
    return least;
}

bool job_contains(const struct job *job, const struct job *inner)
{
    for (; inner; inner = inner->parent)
        if (inner == job)
            return true;
    return false;
}

void job_enter(struct job *job, struct job *inner, uint64_t pages)
{
    CHECK(job->references > 0);
    CHECK(!job->has_process && !job_contains(job, inner));
    job->parent = inner;
    job->has_process = true;
    job->references++;
    job_use(job, pages);
    post(job, JOB_OBJECT_MSG_NEW_PROCESS);
}
