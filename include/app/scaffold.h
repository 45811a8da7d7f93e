/*
 * scaffold.h -- `tidelock new`: a folder with an operator that works, to be
 *               made into another one.
 */
#ifndef TIDELOCK_APP_SCAFFOLD_H
#define TIDELOCK_APP_SCAFFOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct scaffold_options {
    const char *name;  /* "redis-cache" */
    const char *kind;  /* NULL: "RedisCache" */
    const char *group; /* NULL: "example.com" */
    const char *dir;   /* NULL: the name, in the working folder */
    bool table;        /* a decision table instead of reconcile */
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Writes the files and prints what there is and what to do next. Nothing is
 * written when a name cannot be used (-ERR_USAGE, with what would do) or when
 * the folder holds something already (-ERR_EXISTS). */
int scaffold_run(const struct scaffold_options *options, struct err *err);

#endif
