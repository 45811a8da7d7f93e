/*
 * config_file.h -- the configuration of a process as a file:
 *
 *     apiVersion: tidelock.dev/v1alpha1
 *     kind: Configuration
 *     operators: [ operators/website ]
 *     logFormat: json
 *     set: { image: nginx:1.27 }
 *
 * Which keys there are is not known here: they are the flags of a command.
 */
#ifndef TIDELOCK_APP_CONFIG_FILE_H
#define TIDELOCK_APP_CONFIG_FILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* A key, as a flag would give its values: a list has one for each item, an
 * object "name=value" for each member. */
struct config_entry {
    const char *key;
    const char **values;
    size_t count;
    unsigned line; /* from 1 */
};

struct config_file {
    const char *path;
    struct config_entry *items; /* without apiVersion and kind */
    size_t count;
};

/* All of it lives in `a`. -ERR_IO, -ERR_CONFIG: "FILE:3:1: ...", or what the
 * YAML reader says. */
int config_read(struct arena *a, const char *path, struct config_file *ret,
                struct err *err);

#endif
