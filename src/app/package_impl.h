/*
 * package_impl.h -- what the files of `bundle` share; private to app.
 */
#ifndef TIDELOCK_APP_PACKAGE_PRIVATE_H
#define TIDELOCK_APP_PACKAGE_PRIVATE_H

#include "app/package.h"
#include "rbac_impl.h"
#include "runtime_impl.h"

/* One file of an operator, and what it is called on the way. */
struct package_file {
    const char *path; /* where the process finds it, below its folder */
    const char *key;  /* in the ConfigMap */
    const char *kept; /* in the package: "files/website/operator.lua" */
    const char *text;
    size_t len;
};

/* The files of one folder in the pod; each ConfigMap has a run of them. */
struct package_set {
    const char *name;  /* of the volume: "website" */
    const char *mount; /* "/operators/website" */
    const char *base;  /* of its ConfigMaps: "website-scripts" */
    struct package_file *files;
    size_t count;
    size_t *ends; /* behind the last file of each ConfigMap */
    size_t map_count;
};

/* A file of the package. */
struct package_out {
    const char *path; /* "50-deployment.yaml" */
    const char *text;
    size_t len;
};

struct package {
    const struct package_options *options;
    struct runtime_options files; /* what reading -f looks at */
    struct runtime rt;
    struct rbac_rights rights;
    const char *name, *ns, *image;
    struct package_set *sets; /* of each operator, then of the overlays */
    size_t set_count;
    struct package_out *outs;
    size_t out_count;
};

/* ---- package_files.c ---- */
int package_collect(struct package *p, struct err *err);
/* A link may lead anywhere, and what it leads to would be in the cluster, for
 * everybody who may read ConfigMaps. (Scripts were looked at when they were
 * read.) */
int package_check_place(const char *path, const char *folder, struct err *err);
/* "website-scripts", "website-scripts-2"; NULL on out of memory. */
const char *package_map_name(struct package *p, const struct package_set *set,
                             size_t i);
/* The first file of the i-th ConfigMap. */
size_t package_map_start(const struct package_set *set, size_t i);

/* ---- package_text.c: templates ---- */
struct package_var {
    const char *word; /* "@name@" stands for it */
    const char *text;
};
/* Appends the template of that name. `more` ends with a NULL word and may be
 * NULL; the words that every template has are filled in anyway. */
int package_fill(struct package *p, const char *name,
                 const struct package_var *more, struct str *out,
                 struct err *err);
/* As JSON, which YAML reads; whoever's text it is, Helm finds nothing in it. */
void package_add_text(const struct package *p, struct str *out,
                      const char *text, size_t len);
/* The texts of the Deployment that depend on scripts and options. */
int package_add_deployment(struct package *p, struct str *out, struct err *err);
int package_add_roles(struct package *p, struct str *out, struct err *err);
int package_add_map(struct package *p, const struct package_set *set, size_t i,
                    struct str *out, struct err *err);
int package_add_kustomization(struct package *p, struct str *out,
                              struct err *err);
int package_add_values(struct package *p, struct str *out, struct err *err);

/* ---- package_write.c ---- */
int package_write(struct package *p, struct err *err);

#endif
