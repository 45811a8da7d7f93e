/*
 * specs.h -- `tidelock test`: an operator's specs on the production path.
 *
 * The specs run in a Lua state of their own (script/spec.h). What they ask for
 * is done by the same controller, sandbox, checks and diff as `run` has, with
 * files or the embedded cluster as the source, and a sink that keeps or plays
 * the changes.
 */
#ifndef TIDELOCK_APP_SPECS_H
#define TIDELOCK_APP_SPECS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/bundle.h"
#include "base/err.h"

struct specs_options {
    const char *const *operators; /* paths */
    size_t operator_count;
    struct bundle_options bundle; /* --overlay */
    const char *filter; /* only tests whose name contains it; NULL: all */
    const char *format; /* "text", "junit", "tap", "json" */
    bool update;        /* write snapshots that differ */
    bool coverage;      /* which lines of the scripts ran */
    bool watch;         /* again after each change of a file, until a signal */
    bool color;
    bool verbose; /* text: a line for each test */
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Runs the specs of all operators and returns the exit code: EXIT_OK when all
 * passed, EXIT_ERROR when one failed or could not be run; then `err` has the
 * reason, or nothing when the report has said it. */
int specs_run(const struct specs_options *options, struct err *err);

#endif
