/* Job objects: limits on the commit charge of the process, one inside the other. See win32_job.c
 * for Windows' names.
 *
 * There is one process, so what a job uses is what the process is charged, large pages left out;
 * memory that was charged before the process came into the job counts. The innermost job has all
 * others as its parents: the tightest limit decides. */
#ifndef LW_OS_JOB_H
#define LW_OS_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include "core/sim.h"

struct port; /* os/port.h */

struct job {
    struct sim *sim;
    struct job *parent; /* the next outer one, set when the process comes in */
    bool has_process;
    uint32_t limit_flags;   /* JOB_OBJECT_LIMIT_ values, as set */
    uint64_t process_limit; /* bytes */
    uint64_t job_limit;
    uint64_t peak_pages; /* since the process came in */
    struct port *port;   /* NULL: nobody is told */
    uint64_t key;        /* of the messages */
    uint32_t references; /* handles, and the process */
};

struct job *job_create(struct sim *sim);
/* A handle is closed. The job lives on while the process is in it, unless it is to take the process
 * along (JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE): then the run ends. */
void job_close(struct job *job);
/* Whether a charge of so many pages is more than some job of the chain (NULL: none) allows. */
bool job_over(const struct job *job, uint64_t pages);
/* A charge was refused: each job whose limit forbids it tells its port. */
void job_report(struct job *job, uint64_t pages);
/* The process is charged so many pages: peaks. */
void job_use(struct job *job, uint64_t pages);
/* The least limit of the chain in bytes, UINT64_MAX: none. */
uint64_t job_limit(const struct job *job);
/* Puts the process that is in `inner` (NULL: in none) into the job, which has no process yet:
 * it becomes the innermost. Posts the message of a new process. */
void job_enter(struct job *job, struct job *inner, uint64_t pages);
/* Whether the process is in it, in the chain from `inner` on. */
bool job_contains(const struct job *job, const struct job *inner);

#endif
