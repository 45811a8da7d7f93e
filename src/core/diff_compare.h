/*
 * diff_compare.h -- the comparisons that core/diff is built on: is there a
 *                   difference that must be written, and which ones does a
 *                   person see?
 */
#ifndef TIDELOCK_CORE_DIFF_COMPARE_H
#define TIDELOCK_CORE_DIFF_COMPARE_H

#include "core/diff.h"
#include "kube/schema.h"

struct diff_work;
struct diff_step;

/* ---- diff_compare.c ---- */
struct diff_comparison {
    const struct value *declared, *live;
    const struct value *owned; /* node of FieldsV1, NULL: nothing is ours */
    struct schema_node node;
    bool same_hash; /* the declaration is the one applied last */
    bool fresh;     /* it is not: order and empty lists count */
    bool secret;    /* .data and .stringData are sensitive */
};
struct diff_drift {
    bool in_sync;
    bool foreign; /* another writer took a field that we had applied */
    struct change_field *fields; /* sorted by path */
    size_t field_count;
};
int diff_walk(struct diff_work *w, const struct diff_comparison *in,
              struct diff_drift *ret);

/* ---- diff_drift.c ---- */
struct diff_declared {
    const char *memo;   /* its hash for the memo, NULL: do not remember */
    const char *hash;   /* its hash for the annotation */
    struct value *body; /* what would be sent */
};
/* A child as it would be sent against what is there (note 12). */
int diff_compare(struct diff_work *w, const struct diff_step *s,
                 const struct diff_declared *d, const struct value *live,
                 struct diff_drift *ret);
/* An apply without a hash: a patch of a foreign object. */
int diff_compare_apply(struct diff_work *w, const struct diff_step *s,
                       const struct change *change, const struct value *live,
                       struct diff_drift *ret);
/* The root's status as it would be sent. */
int diff_compare_status(struct diff_work *w, const struct value *status,
                        struct diff_drift *ret);

/* ---- diff_fields.c ---- */
struct diff_fields_input {
    struct schema_node node;
    const struct value *before, *after;
    bool secret; /* .data and .stringData are sensitive */
};
/* As diff_fields(), of any part of an object. */
int diff_fields_below(const struct diff_fields_input *in, struct arena *a,
                      struct change_field **ret, size_t *ret_count,
                      struct err *err);
/* Append ".name", or "[\"name\"]" where the name is not a plain word. */
void diff_path_name(struct str *path, const char *name, size_t len);

#endif
