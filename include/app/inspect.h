/*
 * inspect.h -- `queue`: what the operators in a cluster are working on, asked
 *              of the process that leads.
 *
 * It is asked through the API server's proxy, with a token of the package's
 * own reader (app/package.h), so that whoever may create that token may look.
 */
#ifndef TIDELOCK_APP_INSPECT_H
#define TIDELOCK_APP_INSPECT_H

#include <stdbool.h>

#include "app/cluster.h"
#include "base/err.h"

struct inspect_options {
    struct cluster_options cluster;
    const char *operator_name; /* NULL: every one */
    const char *ns;            /* where it runs, NULL: anywhere */
    const char *page;          /* "queue": of /debug/queue */
    const char *port;          /* of the pod; NULL: 8443 */
    bool json;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Prints the page of each process that leads. -ERR_NOT_FOUND when there is
 * none. */
int inspect_run(const struct inspect_options *options, struct err *err);

#endif
