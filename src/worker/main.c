/*
 * main.c -- tidelock-worker: runs scripts, and can do nothing else.
 *
 * Started by tidelock with a socket as its descriptor 0; see README.md. What
 * goes wrong here ends the process: the main process starts another one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/version.h"
#include "worker/confine.h"
#include "worker/worker.h"

static int compare_bytes(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* Things that make system calls at their first use: the seed of maps asks for
 * random bytes, qsort() for the size of the memory before it takes some. */
static void warm_up(void)
{
    static char zeros[4096];
    static const char nothing[] = "return 0";
    const struct script_file file = {"operator.lua", nothing,
                                     sizeof nothing - 1};
    struct script *s = NULL;
    struct err err = {0};

    hash_seeded("", 0);
    qsort(zeros, sizeof zeros, 1, compare_bytes);
    script_load(&file, 1, NULL, &s, &err);
    script_free(s);
}

static int say_hello(struct worker *w, const struct confinement *c,
                     struct err *err)
{
    char build[128];
    struct frame_hello hello = {
        .protocol = FRAME_PROTOCOL,
        .build = build,
        .descriptors = c->descriptors,
        .seccomp = c->seccomp,
        .landlock = c->landlock,
    };

    snprintf(build, sizeof build, "%s %s", version_text, version_commit);
    return channel_write(&w->channel, FRAME_HELLO, &hello, err);
}

int main(int argc, char **argv)
{
    struct confinement confinement;
    struct worker w;
    struct err err = {0};
    int rc;

    (void)argv;
    if (argc > 1 || isatty(WORKER_FD)) {
        fputs("tidelock-worker is started by tidelock\n", stderr);
        return 3;
    }
    warm_up();
    confine(&confinement);
    if (worker_init(&w, WORKER_FD) < 0)
        return 1;
    rc = say_hello(&w, &confinement, &err);
    while (rc == 0)
        rc = worker_serve(&w, &err);
    worker_release(&w);
    return rc == -ERR_CANCELLED ? 0 : 1;
}
