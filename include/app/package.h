/*
 * package.h -- `bundle`: everything that runs operators inside a cluster.
 *
 * One package is one process: its scripts as ConfigMaps, the rights that they
 * declare and no other, a Deployment that the Pod Security Standard
 * `restricted` takes. Made without a cluster, from built-in kinds and
 * definitions in files; the same operators give the same bytes.
 */
#ifndef TIDELOCK_APP_PACKAGE_H
#define TIDELOCK_APP_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/bundle.h"
#include "base/err.h"

enum package_form {
    PACKAGE_MANIFESTS, /* for kubectl apply -f */
    PACKAGE_KUSTOMIZE, /* a base; scripts are files */
    PACKAGE_HELM,      /* a chart; scripts are files */
};

struct package_options {
    const char *const *operators; /* paths */
    size_t operator_count;
    struct bundle_options bundle; /* --set and --overlay go along */
    const char *const *files;     /* -f: definitions of kinds of others */
    size_t file_count;
    const char *const *editors; /* groups that alone may change scripts */
    size_t editor_count;
    enum package_form form;
    const char *dir;   /* a folder, or "-": one stream; only MANIFESTS */
    const char *name;  /* NULL: "tidelock-<operator>", or "tidelock" */
    const char *ns;    /* NULL: the name */
    const char *image; /* NULL: "tidelock:<version>" */
    unsigned replicas; /* at least 1 */
    bool namespaced;   /* watches its own namespace only, which is there */
    bool monitor;      /* with a ServiceMonitor */
    bool skip_crds;
    void (*print)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* A folder is written whole or not at all. One that is there is replaced when
 * it holds nothing but what an earlier call wrote there, unchanged; else
 * -ERR_EXISTS. -ERR_USAGE for options that cannot be, -ERR_CONFIG for
 * operators that cannot be installed so. */
int package_run(const struct package_options *options, struct err *err);

#endif
