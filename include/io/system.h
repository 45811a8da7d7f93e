/*
 * system.h -- what the kernel underneath can do for us.
 */
#ifndef TIDELOCK_IO_SYSTEM_H
#define TIDELOCK_IO_SYSTEM_H

#include <stdbool.h>

/* May a process give up system calls by a filter (seccomp mode 2)? */
bool system_has_seccomp(void);
/* Version of Landlock's interface, 0 where the kernel has none. */
int system_landlock(void);
/* No core file of this process from now on, and no other process of the same
 * user may look into it (S6). */
void system_hide(void);

#endif
