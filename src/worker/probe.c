/*
 * probe.c -- try what must be refused, and say what came of it.
 *
 * Raw system calls: it is the kernel's answer that counts, not a library's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "worker/confine.h"
#include "worker/worker.h"

#define AF_INET_NUMBER 2
#define SOCK_STREAM_NUMBER 1

static long try_call(enum frame_trial trial)
{
    static const char *const none[] = {NULL};

    switch (trial) {
    case FRAME_TRY_OPEN:
        return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
    case FRAME_TRY_PROC:
        return syscall(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY);
    case FRAME_TRY_SOCKET:
        return syscall(SYS_socket, AF_INET_NUMBER, SOCK_STREAM_NUMBER, 0);
    case FRAME_TRY_EXECVE:
        return syscall(SYS_execve, "/bin/sh", none, none);
    case FRAME_TRY_PTRACE:
        return syscall(SYS_ptrace, PTRACE_TRACEME, 0, NULL, NULL);
    case FRAME_TRY_FORK:
        return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    case FRAME_TRY_KILL:
        return syscall(SYS_kill, 1, 0);
    case FRAME_TRY_MAP_CODE:
        return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    default:
        errno = EINVAL;
        return -1;
    }
}

/* Every page is touched: what counts is memory, not addresses. */
static uint64_t take_memory(void)
{
    enum { PIECE = 1 << 20 };
    uint64_t got = 0;
    char *piece;

    while (got < (UINT64_C(1) << 30) && (piece = mem_alloc(PIECE))) {
        memset(piece, 1, PIECE);
        got += PIECE;
    }
    return got;
}

static void spin(void)
{
    for (volatile unsigned n = 0;; n++)
        ;
}

/* More than the main process may take for one message, then junk. */
static void make_noise(struct worker *w)
{
    static const char junk[4096] = {"\xFF\xFF\xFF\xFF"};

    while (write(w->channel.fd, junk, sizeof(junk)) > 0)
        ;
}

int worker_probe(struct worker *w, const struct frame_probe *probe,
                 struct err *err)
{
    struct frame_probed m = {0};
    volatile int *nowhere = NULL;
    char byte;

    switch (probe->trial) {
    case FRAME_TRY_MEMORY:
        m.bytes = take_memory();
        break;
    case FRAME_TRY_SPIN:
        spin();
        break;
    case FRAME_TRY_SILENCE:
        while (read(w->channel.fd, &byte, 1) > 0)
            ;
        break;
    case FRAME_TRY_NOISE:
        make_noise(w);
        break;
    case FRAME_TRY_CRASH:
        *nowhere = 1;
        break;
    default:
        errno = 0;
        m.error = try_call(probe->trial) < 0 ? (uint32_t)errno : 0;
    }
    return channel_write(&w->channel, FRAME_PROBED, &m, err);
}
