/*
 * child.h -- a child process that is talked to over one socket pair, and that
 *            has nothing else from us.
 *
 * The socket is its descriptor 0; 1 is /dev/null, 2 our standard error until
 * it closes it. Its environment is empty, and it leads a session of its own.
 *
 * It is over when it has exited and was reaped: only then `on_end` is called,
 * so whoever starts another one for each that ended leaves no zombie behind.
 *
 * A child belongs to its loop: it frees itself in the turn after on_end, or
 * after the exit that follows child_stop(), so its owner must forget it in
 * on_end and after child_stop(). The loop outlives it; loop_free() waits for
 * those that were stopped. The events' `arg` is borrowed until either.
 */
#ifndef TIDELOCK_IO_CHILD_H
#define TIDELOCK_IO_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/loop.h"

struct child;

struct child_end {
    int exit_code; /* 0..255, or -1 when a signal ended it */
    int signal;    /* that signal, else 0 */
};

/* Called from loop turns. `data` is borrowed during the call. Either may call
 * child_stop(). */
struct child_events {
    void (*on_data)(void *arg, const char *data, size_t len);
    void (*on_end)(void *arg, const struct child_end *end);
    void *arg;
};

/* NULL: not started; -ERR_NOT_FOUND when there is no such program, -ERR_IO or
 * -ERR_NOMEM otherwise. `program` is a path. */
struct child *child_start(struct loop *loop, const char *program,
                          const struct child_events *events, struct err *err);
/* Kill it; no event comes any more, it is reaped and freed by itself. NULL is
 * fine. */
void child_stop(struct child *c);
/* Kill it; on_end comes. */
void child_kill(struct child *c);

/* Copies. More than `CHILD_MAX_PENDING` bytes that it does not read are
 * -ERR_LIMIT. */
#define CHILD_MAX_PENDING ((size_t)32 << 20)
int child_send(struct child *c, const char *data, size_t len, struct err *err);

int child_pid(const struct child *c);
/* CPU time that it has used; 0 when that cannot be told. */
uint64_t child_cpu_ms(const struct child *c);
/* From now on it may use about that much CPU time more (whole seconds, rounded
 * up), then the kernel ends it. */
void child_limit_cpu(const struct child *c, uint64_t ms);

#endif
