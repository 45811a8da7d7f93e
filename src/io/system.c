/*
 * system.c -- see system.h. The questions change nothing in the process.
 */
#include "io/system.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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

/* The leak sanitizer looks into its own process the same way. */
#ifdef __SANITIZE_ADDRESS__
static void hide_memory(void)
{
}
#else
static void hide_memory(void)
{
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
#endif

void system_hide(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    hide_memory();
}
