/*
 * telemetry_impl.h -- what the files of the telemetry share; private to app.
 */
#ifndef TIDELOCK_APP_TELEMETRY_PRIVATE_H
#define TIDELOCK_APP_TELEMETRY_PRIVATE_H

#include "app/telemetry.h"

#define TELEMETRY_OWN 48
#define TELEMETRY_CLUSTER 24
#define SET(...) ((const char *const[]){__VA_ARGS__})

struct telemetry {
    struct metrics *all;
    struct metric *m[TELEMETRY_OWN];     /* telemetry.c */
    struct metric *c[TELEMETRY_CLUSTER]; /* telemetry_cluster.c */
};

/* ---- telemetry_cluster.c ---- */
bool telemetry_add_cluster(struct telemetry *t); /* false: out of memory */

#endif
