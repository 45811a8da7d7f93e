/*
 * rbac_impl.h -- what the files of `rbac` share; private to app.
 */
#ifndef TIDELOCK_APP_RBAC_PRIVATE_H
#define TIDELOCK_APP_RBAC_PRIVATE_H

#include "app/bundle.h"
#include "app/cluster.h"
#include "core/operator.h"

/* In the order in which they are printed. */
enum rbac_verb {
    RBAC_GET = 1 << 0,
    RBAC_LIST = 1 << 1,
    RBAC_WATCH = 1 << 2,
    RBAC_CREATE = 1 << 3,
    RBAC_UPDATE = 1 << 4,
    RBAC_PATCH = 1 << 5,
    RBAC_DELETE = 1 << 6,
};
#define RBAC_VERBS 7
/* The i-th verb: "get", ... */
const char *rbac_verb_name(size_t i);

struct rbac_rule {
    const char *group;    /* "" for core */
    const char *resource; /* "websites", "websites/status" */
    const char *name;     /* the one object, NULL: any */
    bool namespaced;
    unsigned verbs;       /* bits of enum rbac_verb */
    const char **reasons; /* which declarations ask for it */
    size_t reason_count;
};

struct rbac_role {
    const char *ns; /* "": a ClusterRole */
    struct rbac_rule *rules;
    size_t rule_count;
};

/* All in the arena that they were made in. */
struct rbac_rights {
    struct rbac_role *roles; /* the ClusterRole, then by namespace */
    size_t role_count;
    const char **notes; /* what no declaration tells, a line each */
    size_t note_count;
};

struct rbac_input {
    const struct operator_decl *const *decls;
    size_t decl_count;
    const struct restmap *kinds;
    bool offline;   /* for hints */
    const char *ns; /* "": all */
    const char *lease_ns;
    const char *lease;
    bool serves; /* also what pages need that are shown to whom may see them */
};

/* ---- rbac.c ---- */
struct runtime;
/* Their scripts, for what they declare: units of `rt`, to be released. */
int rbac_load_units(struct runtime *rt, const char *const *paths, size_t count,
                    const struct bundle_options *options, struct err *err);
/* In the arena of `rt`; NULL on out of memory. */
const struct operator_decl *const *rbac_decls(struct runtime *rt);

/* ---- rbac_rights.c: pure ---- */
/* The kind of a declaration as the server calls it: -ERR_NO_KIND when it is
 * not known. */
int rbac_find_kind(const struct rbac_input *in, const struct gvk *gvk,
                   const struct resource **ret, struct err *err);
/* A zeroed new element of an array in the arena, which doubles at each power
 * of two. NULL on out of memory. */
void *rbac_push(struct arena *a, void **items, size_t *count, size_t size);
int rbac_rights_make(struct arena *a, const struct rbac_input *in,
                     struct rbac_rights *ret, struct err *err);

/* ---- rbac_notes.c: pure ---- */
/* Lines about rights that depend on what a script does. */
int rbac_notes_make(struct arena *a, const struct rbac_input *in,
                    struct rbac_rights *rights, struct err *err);

/* ---- rbac_print.c: pure ---- */
/* `who` is for the first line: "operator website". */
int rbac_print_yaml(const struct rbac_rights *rights, const char *name,
                    const char *who, struct str *out, struct err *err);
int rbac_print_json(struct arena *a, const struct rbac_rights *rights,
                    const char *name, struct str *out, struct err *err);

/* ---- rbac_check.c ---- */
struct rbac_check;
typedef void (*rbac_check_fn)(void *arg, const struct err *err);
/* Asks the server whether the current user has each of the rights; `done` is
 * called once, from a loop turn. Everything is borrowed until then. NULL on
 * failure. */
struct rbac_check *rbac_check_start(struct cluster *cluster,
                                    const struct rbac_rights *rights,
                                    rbac_check_fn done, void *arg,
                                    struct err *err);
void rbac_check_free(struct rbac_check *c); /* cancels; NULL is fine */
/* After `done`: a line for each right that is missing, and the sum. */
size_t rbac_check_print(const struct rbac_check *c, struct str *out);

#endif
