/*
 * types_impl.h -- what the files that write types for editors share; private
 *                 to app.
 *
 * LuaCATS, as lua-language-server reads it: files of nothing but comments, one
 * class for each object with known fields, by the name that messages of the
 * editor will show.
 */
#ifndef TIDELOCK_APP_TYPES_PRIVATE_H
#define TIDELOCK_APP_TYPES_PRIVATE_H

#include "base/arena.h"
#include "base/str.h"
#include "base/value.h"
#include "core/operator.h"
#include "kube/schema.h"

#define TYPES_METADATA "meta.v1.ObjectMeta"

/* What failed in a part failed in the whole. */
static inline void types_join(struct str *whole, const struct str *part)
{
    if (!whole->failed)
        whole->failed = part->failed;
}
/* "name", or ["app.kubernetes.io/name"] where that is no name in Lua. */
void types_add_key(struct str *out, const char *key, size_t len);
/* Lines of a comment before what it is about; NULL is fine. */
void types_add_text(struct str *out, const char *text);
/* A literal type: "\"ClusterIP\"". */
void types_add_literal(struct str *out, const char *text, size_t len);
/* "example_com.v1": a group version as the beginning of a class name. */
void types_add_package(struct str *out, const char *api_version);

/* ---- types_crd.c ---- */
/* Classes of one version of a definition: PACKAGE.Kind and those below it. Of
 * the status the root has the fields in `memory` (NULL-terminated); the class
 * PACKAGE.KindStatus has all of it. */
void types_add_crd(struct str *out, const struct value *crd,
                   const char *version, const char *const *memory);
/* The definition of a kind, NULL when there is none in the list. */
const struct value *types_find_crd(struct value *const *objects, size_t count,
                                   const struct gvk *gvk);

/* ---- types_builtin.c ---- */
struct types_builtin;
struct types_builtin *types_builtin_new(struct arena *a); /* NULL: no memory */
/* The class of a built-in kind: "apps.v1.Deployment", in the arena; it and all
 * that it needs will be printed. NULL when the kind is not built in. */
const char *types_builtin_class(struct types_builtin *t, const struct gvk *gvk);
void types_builtin_print(struct types_builtin *t, struct str *out);

#endif
