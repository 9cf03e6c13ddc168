/* What other consumers of the machine can take from the simulated process. */
#ifndef LW_CORE_PRESSURE_H
#define LW_CORE_PRESSURE_H

/* The numbers stand in records (calls.def, pressure). */
enum pressure_of {
    PRESSURE_MEMORY,        /* another process commits memory and touches it: frames and charge */
    PRESSURE_COMMIT,        /* another process commits and does not touch: charge only */
    PRESSURE_PAGEFILE,      /* the page file is smaller: the commit limit falls */
    PRESSURE_ADDRESS_SPACE, /* regions in the process's own address space */
    PRESSURES
};

#endif
