/*
 * config_impl.h -- reading the fields of one kubeconfig entry; shared by
 *                  config.c (contexts, clusters) and config_user.c.
 */
#ifndef TIDELOCK_SRC_KUBE_CONFIG_IMPL_H
#define TIDELOCK_SRC_KUBE_CONFIG_IMPL_H

#include "kube/config.h"

/* One named cluster, user or context, and where it is from. */
struct config_entry {
    const char *section; /* "cluster", "user", "context" */
    const char *name;
    const struct value *body; /* an object */
    const char *path;         /* of the file */
};

/* What the getters need. */
struct config_scope {
    struct arena *arena;
    const struct config_entry *entry;
    struct err *err;
};

/* "kubeconfig 'path': user 'admin': <message>". Returns -ERR_CONFIG. */
int config_fail(const struct config_scope *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* All leave *ret alone when the field is absent, null or empty, and return
 * -ERR_CONFIG when it is of another type. */
int config_text(const struct config_scope *s, const char *key,
                const char **ret);
/* `v`, which the message calls `what`, as a text; numbers and truth values
 * have one. */
int config_as_text(const struct config_scope *s, const struct value *v,
                   const char *what, const char **ret);
int config_bool(const struct config_scope *s, const char *key, bool *ret);
/* A path, joined to the folder of the kubeconfig when it is relative. */
int config_file(const struct config_scope *s, const char *key,
                const char **ret);
/* Base64 of PEM. */
int config_pem(const struct config_scope *s, const char *key, const char **ret,
               size_t *ret_len);
/* An array of strings, NULL-terminated. */
int config_texts(const struct config_scope *s, const struct value *array,
                 const char *key, const char ***ret);

/* "folder of path / file", or `file` when it is absolute; NULL: no memory. */
const char *config_join(struct arena *a, const char *path, const char *file);

/* ---- config_user.c ---- */
/* The fields of a user entry into `ret`, checked. */
int config_read_user(const struct config_scope *s, struct kubeconfig *ret);

#endif
