/*
 * cgroup.h -- how much memory the container may use, and does.
 */
#ifndef TIDELOCK_IO_CGROUP_H
#define TIDELOCK_IO_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup_memory {
    uint64_t limit; /* bytes: the tightest of this process's groups */
    uint64_t used;  /* of that group, without file pages that can be dropped */
};
/* Control groups of version 2 or 1, below `root` ("" but in tests). False: none
 * of them has a limit, or it cannot be read. */
bool cgroup_memory(const char *root, struct cgroup_memory *ret);

/* What this process has in RAM; 0 when that cannot be read. */
uint64_t cgroup_resident(void);

#endif
