/*
 * rbac.h -- `rbac`: the rights that operators need, from their declarations.
 *
 * One process is one identity, so the operators that it runs share their
 * roles: a ClusterRole for what is asked of the whole cluster, a Role for each
 * namespace that something is asked of alone. Bindings are not ours to make.
 */
#ifndef TIDELOCK_APP_RBAC_H
#define TIDELOCK_APP_RBAC_H

#include <stdbool.h>
#include <stddef.h>

#include "app/bundle.h"
#include "app/cluster.h"
#include "base/err.h"

struct rbac_options {
    const char *const *operators; /* paths */
    size_t operator_count;
    struct bundle_options bundle; /* --overlay */
    const char *const *files;     /* -f: definitions of kinds, for `offline` */
    size_t file_count;
    struct cluster_options cluster;
    const char *ns;       /* --namespace as for run, NULL: all */
    const char *lease;    /* --lease-name as for run, NULL: "tidelock" */
    const char *lease_ns; /* NULL: the connection's, offline "default" */
    const char *name;     /* of the roles, NULL: "tidelock-<operator>", or
                           * "tidelock" for several operators */
    bool offline;         /* kinds from the built-in table and crd.yaml */
    bool check;           /* ask the server instead of printing roles */
    bool json;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Prints the roles, or what of them the current user lacks; returns the exit
 * code: with `check` EXIT_ERROR when something is missing (`err` is NONE
 * then). `err` says why nothing could be said. */
int rbac_run(const struct rbac_options *options, struct err *err);

#endif
