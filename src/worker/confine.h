/*
 * confine.h -- a worker gives up what it will not need, for good.
 */
#ifndef TIDELOCK_WORKER_CONFINE_H
#define TIDELOCK_WORKER_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

/* The only descriptor: the socket to the main process. */
#define WORKER_FD 0

struct confinement {
    uint32_t descriptors; /* that are open */
    bool seccomp, landlock;
};

/* Closes all but WORKER_FD, sets the limits of note 07 B5.3 and note 09, and
 * locks the process down: afterwards it reads and writes WORKER_FD, maps
 * memory that is not executable, looks at clocks and exits; any other system
 * call ends it. Call it when everything that reads files was initialised.
 *
 * Built with AddressSanitizer, which needs more than that, only the cheap
 * half is done: no new privileges, and it dies with its parent. */
void confine(struct confinement *ret);

#endif
