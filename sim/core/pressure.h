/* What other consumers of the machine can take from the simulated process. */
#ifndef LW_CORE_PRESSURE_H
#define LW_CORE_PRESSURE_H

/* The numbers stand in records (calls.def, pressure). */
enum pressure_of {
    PRESSURE_MEMORY,        /* another process commits memory and touches it: frames and charge */
    PRESSURE_COMMIT,        /* another process commits and does not touch: charge only */
    PRESSURE_PAGEFILE,      /* the page file is smaller: the commit limit falls */
    PRESSURE_ADDRESS_SPACE, /* regions in the process's own address space */
    PRESSURE_RAM,           /* frames are removed from the machine: the commit limit falls */
    PRESSURES,
    /* Nothing is taken: a figure changes, and has a record of its own. */
    PRESSURE_LATENCY = PRESSURES, /* time to read a page of the page file, ns */
    PRESSURE_JOB_LIMIT,           /* commit limit of the job around the process, bytes */
};

#endif
