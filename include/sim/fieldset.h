/*
 * fieldset.h -- sets of field paths, and what values and schemas say about
 *               them (sigs.k8s.io/structured-merge-diff v6; FieldsV1).
 *
 * A set never changes once it is made, so sets share their parts. The empty
 * set is NULL. Functions that make sets return NULL on out of memory too and
 * then set `failed`: ask once, at the end.
 */
#ifndef TIDELOCK_SIM_FIELDSET_H
#define TIDELOCK_SIM_FIELDSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/value.h"
#include "kube/schema.h"

struct fieldset;

/* Where sets live, and what went wrong while they were made. */
struct fields {
    struct arena *a;
    bool failed; /* out of memory */
    bool bad;    /* a value does not fit its schema: a list item has no key */
};

/* ---- one step of a path ---- */
enum field_kind { FIELD_NAME, FIELD_KEY, FIELD_VALUE, FIELD_INDEX };
struct field_key {
    const char *name;
    uint32_t len;
    const struct value *value;
};
struct field_element {
    uint8_t kind;   /* enum field_kind */
    uint32_t count; /* NAME: bytes; KEY: keys */
    union {
        const char *name;
        const struct field_key *keys; /* by name */
        const struct value *value;
        int64_t index;
    } as;
};
/* Names, keys, values, indices; each in its order. -1, 0, 1 */
int field_compare(const struct field_element *x, const struct field_element *y);
/* ".spec", "[name="web"]" */
int field_print(const struct field_element *e, struct str *out);
/* Of an item of a list that is no atomic one; `item` is borrowed. NULL, or why
 * it has none. */
const char *field_of_item(struct fields *s, struct schema_node list,
                          const struct value *item, struct field_element *ret);

/* ---- sets ---- */
struct fieldset_entry {
    struct field_element e;
    bool member;
    const struct fieldset *children; /* below it */
};
struct fieldset {
    uint32_t count;
    const struct fieldset_entry *entries; /* sorted */
};

const struct fieldset *fieldset_union(struct fields *s,
                                      const struct fieldset *x,
                                      const struct fieldset *y);
const struct fieldset *fieldset_intersection(struct fields *s,
                                             const struct fieldset *x,
                                             const struct fieldset *y);
/* Without what is in y: a member leaves, what is below it stays. */
const struct fieldset *fieldset_difference(struct fields *s,
                                           const struct fieldset *x,
                                           const struct fieldset *y);
/* With what is below it. */
const struct fieldset *fieldset_difference_below(struct fields *s,
                                                 const struct fieldset *x,
                                                 const struct fieldset *y);
/* Members that nothing is below of. */
const struct fieldset *fieldset_leaves(struct fields *s,
                                       const struct fieldset *x);
/* Fields that the schema names become members with what is below them. */
const struct fieldset *fieldset_named(struct fields *s,
                                      const struct fieldset *x,
                                      struct schema_node n);
/* Owners of parts own the whole where a schema has become atomic since. */
const struct fieldset *fieldset_reconcile(struct fields *s,
                                          const struct fieldset *x,
                                          struct schema_node n);
bool fieldset_equal(const struct fieldset *x, const struct fieldset *y);
/* NULL when it is not there. */
const struct fieldset_entry *fieldset_find(const struct fieldset *x,
                                           const struct field_element *e);
/* With the fields along these dotted paths; the list ends with NULL. */
const struct fieldset *fieldset_of_paths(struct fields *s,
                                         const char *const *paths);
/* Calls for each member: the path as conflicts name it. */
typedef int (*fieldset_fn)(void *arg, const struct field_element *const *path,
                           unsigned depth);
#define FIELDSET_DEPTH 128 /* what is deeper is not visited */
int fieldset_each(const struct fieldset *x, fieldset_fn fn, void *arg);
/* Is a path in it? */
bool fieldset_has(const struct fieldset *x,
                  const struct field_element *const *path, unsigned depth);

/* ---- FieldsV1 ---- */
/* -ERR_INVALID when it is none; parts of `v` are borrowed. */
int fieldset_parse(struct fields *s, const struct value *v,
                   const struct fieldset **ret);
/* Members in the order of the set; texts are borrowed from it. */
struct value *fieldset_value(struct fields *s, const struct fieldset *x);
/* The same bytes as the API server's. */
int fieldset_print(const struct fieldset *x, struct str *out);

/* Its keys are in the same order as texts: not where 80 is before 443. */
bool fieldset_sorts_as_text(const struct fieldset *x);

/* ---- values by schema; values are borrowed ---- */
const struct fieldset *fieldset_of_value(struct fields *s, struct schema_node n,
                                         const struct value *v);

struct fieldset_changes {
    const struct fieldset *added, *modified, *removed;
};
/* From `before` to `after`. */
void fieldset_compare(struct fields *s, struct schema_node n,
                      const struct value *before, const struct value *after,
                      struct fieldset_changes *ret);
/* `v` without the items and fields of a set; the rest is shared. */
const struct value *fieldset_remove(struct fields *s, struct schema_node n,
                                    const struct value *v,
                                    const struct fieldset *x);
/* Only what is in the set. */
const struct value *fieldset_extract(struct fields *s, struct schema_node n,
                                     const struct value *v,
                                     const struct fieldset *x);
/* What server-side apply makes of the two: new objects and arrays where both
 * have something, shared otherwise. `config` was checked. */
const struct value *fieldset_merge(struct fields *s, struct schema_node n,
                                   const struct value *live,
                                   const struct value *config);
/* Does a value fit, with no item of a set or map twice? Appends a line for
 * each fault to `out`: ".spec.x: field not declared in schema". */
int fieldset_check(struct fields *s, struct schema_node n,
                   const struct value *v, struct str *out);
/* Does what is stored fit? Items may be there twice. */
bool fieldset_fits(struct fields *s, struct schema_node, const struct value *);

#endif
