/*
 * leave.h -- `uninstall`: an operator goes, and nothing of it is left stuck.
 *
 * Works without its script, which may be what is broken: labels, owner
 * references, finalizers and the Lease say what is its own. Where the script
 * is at hand, so are the kinds that it declares.
 */
#ifndef TIDELOCK_APP_LEAVE_H
#define TIDELOCK_APP_LEAVE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/cluster.h"
#include "base/err.h"

struct leave_options {
    const char *operator_name; /* a path, or the name of one */
    struct cluster_options cluster;
    const char *ns;   /* only what is there, and not what is the cluster's */
    bool children_go; /* --delete; else they stay, and nobody's */
    bool dry_run;
    bool force; /* although it is running */
    /* Asked once, after it was printed what there is; NULL: go on. */
    bool (*confirm)(void *arg, const char *name);
    void *confirm_arg;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* The exit code: EXIT_ERROR with `err` NONE when something is left, which was
 * printed. -ERR_CONFLICT in `err` when the operator is running. */
int leave_run(const struct leave_options *options, struct err *err);

#endif
