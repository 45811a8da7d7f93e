/*
 * system.c -- see system.h. Both questions change nothing in the process.
 */
#include "io/system.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/landlock.h is not on every system that compiles this. */
#define LANDLOCK_CREATE_RULESET_VERSION_FLAG 1u

bool system_has_seccomp(void)
{
    unsigned action = SECCOMP_RET_KILL_PROCESS;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int system_landlock(void)
{
#ifdef SYS_landlock_create_ruleset
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
                           LANDLOCK_CREATE_RULESET_VERSION_FLAG);

    return version > 0 ? (int)version : 0;
#else
    return 0;
#endif
}
