/*
 * check.h -- `check`: what can be found out about operators before they run.
 *
 * CHECK_MAP is the only list of findings: their levels, the codes that
 * `tidelock explain` knows, and the test that each has a text expand from it.
 */
#ifndef TIDELOCK_APP_CHECK_H
#define TIDELOCK_APP_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "app/bundle.h"
#include "base/err.h"

/*  XX(code, level): errors go wrong when they are reached */
#define CHECK_MAP(XX)                                                          \
    XX("syntax", ERROR)                                                        \
    XX("load-error", ERROR)                                                    \
    XX("script-error", ERROR)                                                  \
    XX("over-budget", ERROR)                                                   \
    XX("plan-refused", ERROR)                                                  \
    XX("empty-plan", ERROR)                                                    \
    XX("unknown-kind", ERROR)                                                  \
    XX("undeclared-read", ERROR)                                               \
    XX("undeclared-child", ERROR)                                              \
    XX("retired-child", ERROR)                                                 \
    XX("unknown-field", ERROR)                                                 \
    XX("wrong-type", ERROR)                                                    \
    XX("wrong-value", ERROR)                                                   \
    XX("missing-field", WARNING)                                               \
    XX("unknown-root-field", ERROR)                                            \
    XX("unknown-status-field", ERROR)                                          \
    XX("status-as-input", ERROR)                                               \
    XX("status-assignment", ERROR)                                             \
    XX("unknown-parameter", ERROR)                                             \
    XX("unknown-verb", ERROR)                                                  \
    XX("unknown-function", ERROR)                                              \
    XX("unknown-global", ERROR)                                                \
    XX("not-in-sandbox", ERROR)                                                \
    XX("generated-name", ERROR)                                                \
    XX("time-in-name", ERROR)                                                  \
    XX("never-assigned", ERROR)                                                \
    XX("duplicate-field", ERROR)                                               \
    XX("bare-suppression", ERROR)                                              \
    XX("time-dependent", WARNING)                                              \
    XX("text-of-table", WARNING)                                               \
    XX("global-assignment", WARNING)                                           \
    XX("library-change", WARNING)                                              \
    XX("unused-child", WARNING)                                                \
    XX("unused-read", WARNING)                                                 \
    XX("unused-parameter", WARNING)                                            \
    XX("unused-variable", WARNING)                                             \
    XX("unused-value", WARNING)                                                \
    XX("unused-suppression", WARNING)                                          \
    XX("shadowing", WARNING)                                                   \
    XX("unreachable-code", WARNING)                                            \
    XX("unreachable-row", WARNING)                                             \
    XX("loop-runs-once", WARNING)                                              \
    XX("loop-never-runs", WARNING)                                             \
    XX("negated-comparison", WARNING)                                          \
    XX("unbalanced-assignment", WARNING)                                       \
    XX("empty-block", WARNING)                                                 \
    XX("no-definition", WARNING)                                               \
    XX("no-example", WARNING)                                                  \
    XX("missing-parameter", WARNING)

enum check_level { CHECK_ERROR, CHECK_WARNING };

/* The i-th code, NULL behind the last. */
const char *check_code(size_t i, enum check_level *ret_level);

struct check_options {
    const char *const *operators; /* paths */
    size_t operator_count;
    struct bundle_options bundle; /* --set, --overlay */
    const char *const *files;     /* -f: more definitions and objects */
    size_t file_count;
    bool strict; /* warnings fail too */
    bool json;
    bool color;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Prints what is found; returns the exit code: EXIT_ERROR with findings.
 * `err` says why an operator could not be looked at. */
int check_run(const struct check_options *options, struct err *err);

#endif
