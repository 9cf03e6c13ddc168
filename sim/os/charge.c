/* The commit charge: what the process and others have been promised, and the limits of that: RAM
 * and page file, which may grow, and jobs. */
#include "include/windows.h"

#include "core/check.h"
#include "os/job.h"
#include "os/machine_private.h"

/* The page file grows by this, or by what is wanted if that is more, and it takes its time. */
#define GROWTH_BYTES (UINT64_C(16) << 20)

uint64_t machine_commit_bytes(const struct machine *m)
{
    return m->commit_pages << PAGE_SHIFT;
}

static uint64_t limit_pages(const struct machine *m)
{
    return m->phys.total + (m->config.pagefile_bytes >> PAGE_SHIFT) - m->others.pagefile_pages;
}

uint64_t machine_commit_limit(const struct machine *m)
{
    return limit_pages(m) << PAGE_SHIFT;
}

uint64_t machine_commit_total_bytes(const struct machine *m)
{
    return charged_total(m) << PAGE_SHIFT;
}

static uint64_t growth_left(const struct machine *m)
{
    uint64_t now = m->config.pagefile_bytes >> PAGE_SHIFT;
    uint64_t most = m->config.pagefile_max_bytes >> PAGE_SHIFT;
    return most > now ? most - now : 0;
}

uint64_t charge_left(const struct machine *m)
{
    CHECK(charged_total(m) <= limit_pages(m));
    return limit_pages(m) - charged_total(m) + growth_left(m);
}

/* Large pages are not subject to jobs. */
static uint64_t pages_of_jobs(const struct machine *m)
{
    CHECK(m->phys.large <= m->commit_pages);
    return m->commit_pages - m->phys.large;
}

/* Who needs nothing more gets it, even above a limit that was lowered: pages that are committed
 * can be committed again to change their protection, and views are not charged at all. */
enum status charge_possible(const struct machine *m, uint64_t pages, bool large)
{
    if (pages == 0)
        return ST_OK;
    if (pages > charge_left(m))
        return ST_COMMITMENT_LIMIT;
    return large || !job_over(m->job, pages_of_jobs(m) + pages) ? ST_OK : ST_COMMITMENT_LIMIT;
}

void charge_refused(struct machine *m, uint64_t pages, bool large)
{
    CHECK(pages > 0);
    if (!large)
        job_report(m->job, pages_of_jobs(m) + pages);
}

/* The commit that needs more than there is waits until the file has grown. */
static void grow_pagefile(struct machine *m, uint64_t missing_pages)
{
    uint64_t step = GROWTH_BYTES >> PAGE_SHIFT, left = growth_left(m);
    uint64_t steps = (missing_pages + step - 1) / step, pages = steps * step;
    CHECK(missing_pages <= left);
    CHECK(missing_pages > 0);
    uint64_t before = m->config.pagefile_bytes;
    m->config.pagefile_bytes += (pages < left ? pages : left) << PAGE_SHIFT;
    /* Nobody else may take the room meanwhile. */
    sim_charge(m->sim, steps * m->sim->costs_ns[EVENT_pagefile_grows]);
    sim_event(m->sim, EVENT_pagefile_grows, 0, before, m->config.pagefile_bytes, 0, 0);
}

void note_peaks(struct machine *m)
{
    uint64_t *counters = m->sim->counters;
    uint64_t commit = m->commit_pages << PAGE_SHIFT;
    /* Islands are not of the process's making. */
    CHECK(space_reserved_pages(m->space) >= m->others.island_pages);
    uint64_t reserved = (space_reserved_pages(m->space) - m->others.island_pages) << PAGE_SHIFT;
    counters[COUNTER_commit_bytes] = commit;
    counters[COUNTER_reserve_bytes] = reserved;
    if (commit > counters[COUNTER_commit_peak_bytes])
        counters[COUNTER_commit_peak_bytes] = commit;
    if (reserved > counters[COUNTER_reserve_peak_bytes])
        counters[COUNTER_reserve_peak_bytes] = reserved;
    if (charged_total(m) > m->commit_peak_pages)
        m->commit_peak_pages = charged_total(m);
    if (m->job)
        job_use(m->job, pages_of_jobs(m));
}

void charge_follow(struct machine *m)
{
    uint64_t total = charged_total(m), limit = limit_pages(m);
    if (total > limit)
        grow_pagefile(m, total - limit);
    CHECK(charged_total(m) <= limit_pages(m));
    note_peaks(m);
}

void charge_change(struct machine *m, int64_t pages, bool large)
{
    CHECK(pages >= 0 || m->commit_pages >= (uint64_t)-pages);
    /* Room first: while the file grows, the promise is not made yet. */
    uint64_t total = charged_total(m) + (uint64_t)pages, limit = limit_pages(m);
    if (pages > 0 && total > limit)
        grow_pagefile(m, total - limit);
    m->commit_pages += (uint64_t)pages;
    CHECK(charged_total(m) <= limit_pages(m));
    if (large && pages > 0)
        physical_large_take(m, (uint64_t)pages);
    else if (large)
        physical_large_give(m, (uint64_t)-pages);
    charge_follow(m);
}

/* ---- jobs ---- */

void machine_enter_job(struct machine *m, struct job *job)
{
    job_enter(job, m->job, pages_of_jobs(m));
    m->job = job;
    CHECK(!m->outer_job || job_contains(m->outer_job, m->job));
}

void machine_job_limit(struct machine *m, uint64_t bytes)
{
    if (!m->outer_job) {
        struct job *outermost = m->job;
        while (outermost && outermost->parent)
            outermost = outermost->parent;
        m->outer_job = job_create(m->sim);
        job_enter(m->outer_job, NULL, pages_of_jobs(m));
        if (outermost)
            outermost->parent = m->outer_job;
        else
            m->job = m->outer_job;
    }
    CHECK(job_contains(m->outer_job, m->job));
    m->outer_job->limit_flags = bytes == UINT64_MAX ? 0 : JOB_OBJECT_LIMIT_JOB_MEMORY;
    m->outer_job->job_limit = bytes;
    sim_event(m->sim, EVENT_job_limit, 0, bytes, pages_of_jobs(m) << PAGE_SHIFT, 0, 0);
}

uint64_t process_commit_left(const struct machine *m)
{
    uint64_t total = charged_total(m), limit = limit_pages(m), left = limit - total;
    CHECK(total <= limit);
    uint64_t job = job_limit(m->job) >> PAGE_SHIFT, used = pages_of_jobs(m);
    uint64_t of_job = job > used ? job - used : 0;
    return of_job < left ? of_job : left;
}
