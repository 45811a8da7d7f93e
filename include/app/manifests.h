/*
 * manifests.h -- Kubernetes objects from files and folders, as -f takes them.
 */
#ifndef TIDELOCK_APP_MANIFESTS_H
#define TIDELOCK_APP_MANIFESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/* All zero bytes are none. */
struct manifests {
    struct value **items;
    const char **names; /* "site.yaml:3" */
    size_t count, cap;
};

/* Append the objects of a file ("-": standard input) or of the .yaml, .yml and
 * .json files of a folder. Each has apiVersion and kind; its metadata.name, or
 * metadata.generateName where `generated` allows that. */
int manifests_read(struct manifests *m, struct arena *a, const char *path,
                   bool generated, struct err *err);
/* Append one; the object and its name for messages are the caller's. 0 or
 * -ERR_NOMEM. */
int manifests_add(struct manifests *m, struct value *object, const char *name);
/* crd.yaml of an operator's folder, when there is one. */
int manifests_read_own_crd(struct manifests *m, struct arena *a,
                           const char *operator_path, struct err *err);
void manifests_release(struct manifests *m); /* the objects are the arena's */

bool manifest_is_crd(const struct value *object);

#endif
