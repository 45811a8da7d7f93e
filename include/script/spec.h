/*
 * spec.h -- a Lua state for specs: all of Lua's libraries, busted by way of
 *           package.path, and one function to ask the host.
 *
 * Specs are the author's own programs: they may read files and print. What
 * they test runs elsewhere, in the sandbox (script.h), and is asked for
 * through the host: questions and answers are trees, so neither side sees the
 * other's state.
 */
#ifndef TIDELOCK_SCRIPT_SPEC_H
#define TIDELOCK_SCRIPT_SPEC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

struct spec_host {
    /* Answer `question` ("plan", "yaml", ...). `given` is an object or NULL;
     * both trees live in `a`, which is cleared after the answer was turned
     * into Lua values. A failure is raised in the spec as an error that has
     * the message and the hint. */
    int (*answer)(void *arg, const char *question, const struct value *given,
                  struct arena *a, struct value **ret, struct err *err);
    void *arg;
};

/* Runs the embedded module tidelock.testing.main: the function it returns is
 * called with `options`, what that returns is an object, copied to `a`.
 * `name` NULL; for tests the name of another embedded module.
 * -ERR_SCRIPT with a traceback in the message when it raised, -ERR_NOMEM. */
int spec_run(const struct spec_host *host, const char *name,
             const struct value *options, struct arena *a, struct value **ret,
             struct err *err);

#endif
