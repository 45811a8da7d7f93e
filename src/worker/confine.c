/*
 * confine.c -- see confine.h for the contract.
 *
 * DESIGN
 *
 * Three layers, each enough by itself against what a script can reach, in case
 * another one is missing on this kernel (src/worker/README.md has the table):
 *
 *   limits     no descriptor can be opened, nothing written, nothing forked
 *   Landlock   an empty rule set: no path, no TCP port, no abstract socket
 *   seccomp    the system calls below, with their arguments looked at
 *
 * The filter is written here: it is a list of a dozen numbers, and the library
 * that would make it costs a worker more memory than its Lua.
 *
 * A worker that is asked to die with its parent may be too late for that: the
 * parent can be gone before prctl() was called. Then its socket is closed, and
 * the first read ends it.
 */
#include "worker/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORY_MAX ((rlim_t)128 << 20)
/* Until the main process raises it for a job. */
#define CPU_SECONDS 5
#define DESCRIPTORS_LOOKED_AT 1024

static void limit(int which, rlim_t most)
{
    struct rlimit l = {most, most};

    setrlimit((__rlimit_resource_t)which, &l);
}

/* What the CPU limit may be raised to by the main process is left open: no
 * process can raise its own hard limit back. */
static void set_limits(void)
{
    struct rlimit cpu = {CPU_SECONDS, RLIM_INFINITY};

    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, MEMORY_MAX);
    limit(RLIMIT_NOFILE, WORKER_FD + 1);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_MSGQUEUE, 0);
    setrlimit(RLIMIT_CPU, &cpu);
}

static uint32_t count_descriptors(void)
{
    uint32_t n = 0;

    for (int fd = 0; fd < DESCRIPTORS_LOOKED_AT; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* ---- Landlock ---- */

/* Newer than the headers of some build machines. */
struct landlock_rules {
    uint64_t files, net, scoped;
};
#define NET_ALL 3u    /* bind and connect TCP; version 4 */
#define SCOPED_ALL 3u /* abstract sockets, signals; version 6 */

/* Access rights to files of each version: 13 bits, then one more each. */
static uint64_t file_rights(long version)
{
    unsigned bits = version >= 5   ? 16
                    : version >= 3 ? 15
                    : version == 2 ? 14
                                   : 13;

    return (UINT64_C(1) << bits) - 1;
}

static bool landlock(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
                           LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_rules rules = {0};
    size_t size = sizeof(rules.files);
    long fd;
    bool done;

    if (version < 1)
        return false;
    rules.files = file_rights(version);
    if (version >= 4) {
        rules.net = NET_ALL;
        size += sizeof(rules.net);
    }
    if (version >= 6) {
        rules.scoped = SCOPED_ALL;
        size += sizeof(rules.scoped);
    }
    fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return false;
    done = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close((int)fd);
    return done;
}

/* ---- seccomp ---- */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000u
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define FIELD(name) (uint32_t) offsetof(struct seccomp_data, name)
/* The low half; what is looked at fits in it, on both little endian machines.
 */
#define ARG(n) (uint32_t) offsetof(struct seccomp_data, args[n])
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define IF_EQUAL(value, yes, no)                                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define IF_SET(bits, yes, no)                                                  \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, no)

#define ALLOW(call) IF_EQUAL(call, 0, 1), RETURN(SECCOMP_RET_ALLOW)
/* Only on the one descriptor. */
#define ALLOW_ON_FD(call)                                                      \
    IF_EQUAL(call, 0, 4), LOAD(ARG(0)), IF_EQUAL(WORKER_FD, 0, 1),             \
        RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_KILL_PROCESS)
/* Memory that is not executable. */
#define ALLOW_DATA(call)                                                       \
    IF_EQUAL(call, 0, 4), LOAD(ARG(2)), IF_SET(PROT_EXEC, 1, 0),               \
        RETURN(SECCOMP_RET_ALLOW), RETURN(SECCOMP_RET_KILL_PROCESS)

#ifdef ARCH
static bool seccomp(void)
{
    static struct sock_filter filter[] = {
        LOAD(FIELD(arch)),
        IF_EQUAL(ARCH, 1, 0),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(FIELD(nr)),
#ifdef X32_BIT
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
#endif
        ALLOW_ON_FD(SYS_read),
        ALLOW_ON_FD(SYS_write),
        ALLOW(SYS_clock_gettime),
        ALLOW(SYS_brk),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mremap),
        ALLOW(SYS_madvise),
        ALLOW(SYS_futex),
        ALLOW_DATA(SYS_mmap),
        ALLOW_DATA(SYS_mprotect),
        ALLOW(SYS_restart_syscall),
        ALLOW(SYS_rt_sigreturn),
        ALLOW(SYS_exit_group),
        ALLOW(SYS_exit),
        RETURN(SECCOMP_RET_KILL_PROCESS),
    };
    static const struct sock_fprog program = {
        sizeof(filter) / sizeof(filter[0]), filter};

    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#else
static bool seccomp(void)
{
    return false;
}
#endif

/* ---- all of it ---- */

void confine(struct confinement *ret)
{
    *ret = (struct confinement){0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__
    close_range(WORKER_FD + 1, ~0U, 0);
    prctl(PR_SET_DUMPABLE, 0);
    ret->landlock = landlock();
    ret->descriptors = count_descriptors();
    set_limits();
    ret->seccomp = seccomp();
#else
    (void)landlock;
    (void)seccomp;
    (void)set_limits;
    ret->descriptors = count_descriptors();
#endif
}
