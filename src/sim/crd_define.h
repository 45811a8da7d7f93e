/*
 * crd_define.h -- parts of crd_validate(). Private to crd_define*.c and
 *                 crd_structural.c.
 */
#ifndef TIDELOCK_SRC_SIM_CRD_DEFINE_H
#define TIDELOCK_SRC_SIM_CRD_DEFINE_H

#include "crd_impl.h"

struct definer {
    struct failure *f;
    struct arena *a;
    struct str path; /* of what is being judged */
    bool failed;
};

/* A cause for the field `child` ("": the path itself). */
void define_tell(struct definer *d, const char *reason, const char *child,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* "properties[spec]"; cut back with crd_path_cut(). */
size_t define_path_key(struct definer *d, const char *child, const char *key);
size_t define_path_nth(struct definer *d, const char *child, size_t i);
const char *define_text(const struct value *v, const char *key); /* or "" */

/* The schema of a version, or of all. `status`: the status subresource is
 * enabled. The path is the schema's. */
void define_schema(struct definer *d, const struct value *schema, bool status);
/* ---- crd_structural.c ---- */
/* True when it is structural. */
bool define_structural(struct definer *d, const struct value *schema);
/* Does the field count (the API server drops empty ones)? */
bool define_has(const struct value *schema, const char *key);

#endif
