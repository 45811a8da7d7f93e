/*
 * crd_impl.h -- a prepared definition from within. Private to crd*.c.
 */
#ifndef TIDELOCK_SRC_SIM_CRD_IMPL_H
#define TIDELOCK_SRC_SIM_CRD_IMPL_H

#include "base/str.h"
#include "sim/crd.h"

struct crd {
    struct arena arena;
    struct value *definition;
};

/* The entry of spec.versions; NULL: none of that name. */
const struct value *crd_version(const struct crd *c, const char *version);

/* "spec" and ".name" behind each other, cut back when the walk returns. */
size_t crd_path_key(struct str *path, const char *key);
size_t crd_path_index(struct str *path, size_t index);
void crd_path_cut(struct str *path, size_t len);

/* Schema of a property or of an additional one; NULL: not known. */
const struct value *crd_property(const struct value *schema, const char *name);
bool crd_flag(const struct value *schema, const char *name);
/* apiVersion, kind, metadata: not for a schema to say. */
bool crd_is_meta(const char *key);

/* JSON of a value for a message; "" when there is no memory. */
const char *crd_text(struct arena *a, const struct value *v);

/* One value, whose path begins with `prefix`. */
int crd_check_value(const struct value *schema, const struct value *value,
                    const char *prefix, struct failure *f);
/* In place; *ret_changed: there was something to prune. */
int crd_prune_default(const struct value *schema, struct value *value,
                      bool *ret_changed, struct failure *f);

/* ---- crd_lists.c: what is judged beside the schema proper ---- */
/* Embedded resources, unique items of sets and maps, the scale subresource. */
int crd_check_lists(const struct crd *c, const char *version,
                    const struct value *object, const struct value *old,
                    struct failure *f);
int crd_check_scale(const struct crd *c, const char *version,
                    const struct value *object, bool only_status,
                    struct failure *f);

#endif
