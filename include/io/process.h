/*
 * process.h -- run one program to its end on the loop: no shell, bounded
 *              output, a deadline.
 *
 * For short helpers (credential plugins). The program gets our environment and
 * what the caller adds to it; it inherits no file but the three standard ones.
 */
#ifndef TIDELOCK_IO_PROCESS_H
#define TIDELOCK_IO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "io/loop.h"

struct process; /* freed by itself after `done`, or by process_stop() */

/* Everything is copied by process_start(). */
struct process_spec {
    const char *program;     /* a path, or a name that PATH is searched for */
    const char *const *args; /* behind the program; NULL-terminated or NULL */
    const char *const *env;  /* NAME=VALUE, replacing ours; as args */
    bool interactive;        /* standard input and error are ours, the terminal
                              * keeps its say; else nothing to read, and errors
                              * are collected */
    size_t max_output;       /* bytes of standard output, 0 = 1 MiB */
    unsigned timeout_ms;     /* 0 = none */
};

/* Borrowed during the callback. */
struct process_result {
    int exit_code;   /* 0..255, or -1 when a signal ended it */
    int signal;      /* that signal, else 0 */
    const char *out; /* NUL-terminated behind out_len */
    size_t out_len;
    const char *errors; /* the first 8 KiB of standard error */
    size_t errors_len;
};

/* Called once from a loop turn. err->code is NONE when the program ran to its
 * end, whatever its exit code; TIMEOUT when it was ended for its deadline,
 * LIMIT for its output, NOMEM: the program is gone then too. */
typedef void (*process_done_fn)(void *arg, const struct process_result *r,
                                const struct err *err);

/* NULL: not started, `done` will not be called; err->code is NOT_FOUND when
 * there is no such program, IO or NOMEM otherwise. */
struct process *process_start(struct loop *loop,
                              const struct process_spec *spec,
                              process_done_fn done, void *arg, struct err *err);
/* Kill it; `done` will not be called. NULL is fine. */
void process_stop(struct process *p);

#endif
