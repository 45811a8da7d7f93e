/*
 * runbook.h -- `tidelock runbook`: what an operator does, for whoever is woken
 *              by it. Markdown, from the declaration alone: the same script,
 *              the same bytes.
 */
#ifndef TIDELOCK_APP_RUNBOOK_H
#define TIDELOCK_APP_RUNBOOK_H

#include "app/bundle.h"
#include "base/err.h"

struct runbook_options {
    const char *operator_path;
    struct bundle_options bundle;
    void (*print)(void *arg, const char *text, size_t len);
    void *arg;
};

/* Returns the exit code; `err` says why it is not EXIT_OK. */
int runbook_run(const struct runbook_options *options, struct err *err);

#endif
