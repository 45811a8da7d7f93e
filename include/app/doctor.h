/*
 * doctor.h -- `doctor`: is everything there that tidelock, and the given
 *             operators, need? Looks, asks, and writes nothing.
 */
#ifndef TIDELOCK_APP_DOCTOR_H
#define TIDELOCK_APP_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "app/cluster.h"
#include "base/err.h"

struct doctor_options {
    const char *const *operators; /* paths, may be none */
    size_t operator_count;
    struct cluster_options cluster;
    const char *ns;    /* --namespace as for run, NULL: all */
    const char *lease; /* --lease-name as for run, NULL: "tidelock" */
    bool json;
    bool color;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Prints a row for each thing that was looked at: EXIT_ERROR when one of them
 * failed, EXIT_OK with warnings. `err` says why nothing could be said. */
int doctor_run(const struct doctor_options *options, struct err *err);

#endif
