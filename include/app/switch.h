/*
 * switch.h -- `pause` and `resume`: the annotation tidelock.dev/mode of one
 *             object, set by hand.
 */
#ifndef TIDELOCK_APP_SWITCH_H
#define TIDELOCK_APP_SWITCH_H

#include "app/cluster.h"
#include "base/err.h"

struct switch_options {
    struct cluster_options cluster;
    const char *kind; /* "websites", "Website", "website.example.com" */
    const char *name;
    const char *ns;   /* NULL: the connection's */
    const char *mode; /* "pause", "plan"; NULL: takes the annotation off */
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Prints what it did, as kubectl does. -ERR_NO_KIND, -ERR_NOT_FOUND and what
 * else the API server says. */
int switch_run(const struct switch_options *options, struct err *err);

#endif
