/*
 * replay.h -- recorded passes again, with the script as it is now.
 *
 * Each fixture is a world of its own: `plan --offline` with its objects, its
 * time and its parameters. What comes out is compared with the plan that was
 * recorded, or with that of another revision on the same fixture.
 */
#ifndef TIDELOCK_APP_REPLAY_H
#define TIDELOCK_APP_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "app/report.h"
#include "base/err.h"

struct replay_options {
    const char *const *fixtures; /* files, or folders of .yaml files */
    size_t fixture_count;
    const char *operator_path; /* NULL: where each fixture was recorded */
    const char *against;       /* an operator; NULL: the recorded plan */
    const char *const *sets;
    size_t set_count;
    enum report_format format;
    bool color;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* The exit code: EXIT_OK when nothing differs, EXIT_CHANGES, or EXIT_ERROR when
 * a plan fails that did not fail before; with `err` set when there was nothing
 * to compare. */
int replay_run(const struct replay_options *options, struct err *err);

#endif
