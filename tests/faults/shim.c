/*
 * shim.c -- fails one call of one function of the C library, for LD_PRELOAD.
 *
 *     SHIM_CALL=recv SHIM_AT=3 SHIM_ERRNO=104    the third recv() fails, once
 *     SHIM_COUNT=file                            how many calls there were, at
 *                                                the end: "recv 17" and so on
 *
 * Only in the program SHIM_PROGRAM: what it starts is left alone. Compiled by
 * test_system_calls.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum call {
    SOCKET,
    CONNECT,
    ACCEPT4,
    SOCKETPAIR,
    SEND,
    RECV,
    SENDMSG,
    RECVMSG,
    READ,
    WRITE,
    OPEN,
    PIPE2,
    EPOLL_WAIT,
    FORK,
    SETSOCKOPT,
    GETSOCKOPT,
    GETADDRINFO,
    CALLS
};

static const char *const names[CALLS] = {
    "socket",     "connect", "accept4",    "socketpair", "send",       "recv",
    "sendmsg",    "recvmsg", "read",       "write",      "open",       "pipe2",
    "epoll_wait", "fork",    "setsockopt", "getsockopt", "getaddrinfo"};

static atomic_int counts[CALLS];
static int chosen = -1, at, failure;

__attribute__((constructor)) static void begin(void)
{
    const char *call = getenv("SHIM_CALL"), *program = getenv("SHIM_PROGRAM");

    if (!call || !program || strcmp(program, program_invocation_short_name))
        return;
    at = atoi(getenv("SHIM_AT"));
    failure = atoi(getenv("SHIM_ERRNO"));
    for (int i = 0; i < CALLS; i++)
        if (strcmp(names[i], call) == 0)
            chosen = i;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("SHIM_COUNT"), *program = getenv("SHIM_PROGRAM");
    FILE *file;

    if (!path || !program || strcmp(program, program_invocation_short_name))
        return;
    file = fopen(path, "w");
    for (int i = 0; file && i < CALLS; i++)
        fprintf(file, "%s %d\n", names[i], atomic_load(&counts[i]));
    if (file)
        fclose(file);
}

static int fails(enum call call)
{
    int number = atomic_fetch_add(&counts[call], 1) + 1;

    if ((int)call != chosen || number != at)
        return 0;
    errno = failure;
    return 1;
}

/* A connection that failed is one: what comes after it fails as well. */
static int breaks(enum call call, int fd)
{
    if (!fails(call))
        return 0;
    shutdown(fd, SHUT_RDWR);
    errno = failure;
    return 1;
}

/* Pipes and eventfds are how libuv talks to itself: it aborts when that fails.
 */
static int io_fails(enum call call, int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 &&
           (S_ISSOCK(file.st_mode) || S_ISREG(file.st_mode)) &&
           breaks(call, fd);
}

/* type name(parameters) that hands on (arguments), unless it is to fail. */
#define WRAP(fails, type, name, parameters, arguments)                         \
    type name parameters                                                       \
    {                                                                          \
        static type(*real) parameters;                                         \
                                                                               \
        if (!real)                                                             \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                         \
        return fails ? (type)-1 : real arguments;                              \
    }

WRAP(fails(SOCKET), int, socket, (int a, int b, int c), (a, b, c))
WRAP(fails(CONNECT), int, connect,
     (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
WRAP(fails(ACCEPT4), int, accept4,
     (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))
WRAP(fails(SOCKETPAIR), int, socketpair, (int a, int b, int c, int d[2]),
     (a, b, c, d))
WRAP(breaks(SEND, a), ssize_t, send, (int a, const void *b, size_t c, int d),
     (a, b, c, d))
WRAP(breaks(RECV, a), ssize_t, recv, (int a, void *b, size_t c, int d),
     (a, b, c, d))
WRAP(breaks(SENDMSG, a), ssize_t, sendmsg,
     (int a, const struct msghdr *b, int c), (a, b, c))
WRAP(breaks(RECVMSG, a), ssize_t, recvmsg, (int a, struct msghdr *b, int c),
     (a, b, c))
WRAP(io_fails(READ, a), ssize_t, read, (int a, void *b, size_t c), (a, b, c))
WRAP(io_fails(WRITE, a), ssize_t, write, (int a, const void *b, size_t c),
     (a, b, c))
WRAP(fails(PIPE2), int, pipe2, (int a[2], int b), (a, b))
WRAP(fails(FORK), pid_t, fork, (void), ())
WRAP(fails(SETSOCKOPT), int, setsockopt,
     (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
WRAP(fails(GETSOCKOPT), int, getsockopt,
     (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))
WRAP(fails(EPOLL_WAIT), int, epoll_wait,
     (int a, struct epoll_event *b, int c, int d), (a, b, c, d))

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    va_list list;
    mode_t mode;

    va_start(list, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "open");
    return fails(OPEN) ? -1 : real(path, flags, mode);
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **ret)
{
    static int (*real)(const char *, const char *, const struct addrinfo *,
                       struct addrinfo **);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return fails(GETADDRINFO) ? EAI_AGAIN : real(node, service, hints, ret);
}
