/*
 * schema_builtin.h -- the table of built-in kinds as a whole: what `plan
 *                     --offline` has in place of a server's discovery.
 */
#ifndef TIDELOCK_KUBE_SCHEMA_BUILTIN_H
#define TIDELOCK_KUBE_SCHEMA_BUILTIN_H

#include "kube/schema.h"

struct schema_text schema_builtin_version(void); /* "v1.36.3" */
/* What discovery says of each built-in kind that has a URL, in `a`. */
int schema_builtin_resources(struct arena *a, struct resource **ret,
                             size_t *ret_count, struct err *err);
/* An attribute of a kind as the table has it ("verbs=" gives "get,list"); false
 * where there is none. */
bool schema_builtin_attribute(const char *api_version, const char *kind,
                              const char *name, struct schema_text *ret);

/* ---- for who writes the table in another form ---- */
/* The type as the table writes it: "[]@core.v1.Container". */
struct schema_text schema_type_text(struct schema_node n);
/* An attribute of a field as the table writes it ("patch=" gives "merge:name");
 * false where there is none. */
bool schema_attribute(struct schema_node field, const char *name,
                      struct schema_text *ret_value);

#endif
