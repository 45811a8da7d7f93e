/*
 * operator.h -- what an operator script declares, checked (note 01).
 *
 * The declaration is the permission: watches, RBAC and the view of every job
 * come from it and from nothing else. Made by script/operator from the table
 * that `operator.lua` returns; everything lives in the declaration's arena.
 */
#ifndef TIDELOCK_CORE_OPERATOR_H
#define TIDELOCK_CORE_OPERATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/value.h"
#include "kube/key.h"

#define OPERATOR_API 1
#define OPERATOR_MAX_ROWS 100
#define OPERATOR_STEADY "steady" /* the row of a state that no row is for */

struct operator_owned {
    struct gvk gvk;
    bool retired; /* watched and pruned, never applied */
};

enum read_scope {
    READ_OWN,   /* the root's namespace (the default) */
    READ_ALL,   /* every namespace */
    READ_NONE,  /* cluster-scoped kind */
    READ_NAMED, /* one namespace, by name */
};

struct operator_read {
    struct gvk gvk;
    enum read_scope scope;
    const char *ns;     /* READ_NAMED only */
    const char *labels; /* selector text or NULL */
    const char *fields;
    bool by_name;       /* has a names(root) function: only those objects */
    bool has_map;       /* has a map(object) -> roots function */
    bool metadata_only; /* bodies = false */
    const char *kept;   /* of bodies (kube/kept.h); "" for bodies = false, NULL
                         * for all */
};

struct operator_parameter {
    const char *name;
    const char *type; /* "string", "integer", "number", "boolean" */
    const char *description;
    struct value *otherwise; /* the default, NULL: must be set */
};

/* A function of the operator's files, for those who want to read it. */
struct operator_code {
    const char *file; /* "operator.lua"; NULL: there is no such function */
    int first, last;  /* its lines */
};

/*
 * One row of the decision table. Rows are in the order in which they are asked;
 * the last one, OPERATOR_STEADY, is the runtime's: it stands for "no row
 * holds", and only `desired` is declared.
 */
struct operator_row {
    const char *id;          /* a DNS label, unique */
    const char *why;         /* NULL: a function of the state */
    const char *description; /* or NULL */
    const char *place;       /* "operator.lua:31"; NULL: the runtime's row */
    const char *fingerprint; /* what an overlay that changes it names as its
                              * base; NULL: the runtime's row */
    bool hold;               /* nothing is pruned, `desired` is not asked */
    struct operator_code when, plan;
};

/* reconcile, observe, desired or finalize. */
struct operator_hook {
    const char *name;
    const char *fingerprint;
    struct operator_code code;
};
#define OPERATOR_MAX_HOOKS 4

/* A file that changes a declaration that somebody else wrote. */
struct operator_overlay {
    const char *place;         /* "site.lua:3" */
    const char *operator_name; /* which one it changes */
    const char *description;   /* or NULL */
    bool applied;              /* that is this one */
};

struct operator_decl {
    struct arena arena;
    const char *name;
    const char *description; /* what it is for, or NULL */
    struct gvk root;
    struct operator_owned *owns;
    size_t owns_count;
    struct operator_read *reads;
    size_t reads_count;
    struct operator_parameter *parameters;
    size_t parameters_count;
    const char **memory; /* status fields the script sees again */
    size_t memory_count;
    struct operator_row *rows; /* of a decision table; none: reconcile */
    size_t rows_count;
    struct operator_hook *hooks; /* the functions that there are */
    size_t hooks_count;
    struct operator_overlay *overlays; /* in the order of their files */
    size_t overlays_count;
    struct value *overlay_params; /* values of theirs, NULL: none */
    bool has_desired;
    bool has_finalize;
    bool reads_secret_values;
    const char *field_manager; /* "tidelock-<name>" */
    const char *finalizer;     /* "tidelock.dev/<name>" */
};

/* Does a declaration hold what a loaded script's always does? For one that
 * another process made. -ERR_PROTOCOL. */
int operator_check(const struct operator_decl *d, struct err *err);

/* NULL when the kind is not declared there. */
const struct operator_owned *operator_owns(const struct operator_decl *d,
                                           const struct gvk *gvk);

/* The row with that index, as struct plan has it. NULL when there is none. */
const struct operator_row *operator_row(const struct operator_decl *d,
                                        int index);

/* view.params: defaults, then `given` ({"name": text or typed value}) checked
 * and converted by type. Unknown names say which there are. The result lives
 * in `a`. */
int operator_params(const struct operator_decl *d, struct arena *a,
                    const struct value *given, struct value **ret,
                    struct err *err);
/* Only what is given, checked and converted in the same way. */
int operator_params_given(const struct operator_decl *d, struct arena *a,
                          const struct value *given, struct value **ret,
                          struct err *err);

#endif
