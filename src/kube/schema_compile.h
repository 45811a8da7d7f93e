/*
 * schema_compile.h -- JSON of schemas to lines of the table's format, not yet
 *                     sorted. Private to schema_compile.c and schema_set.c.
 */
#ifndef TIDELOCK_SRC_KUBE_SCHEMA_COMPILE_H
#define TIDELOCK_SRC_KUBE_SCHEMA_COMPILE_H

#include "base/map.h"
#include "schema_table.h"

/* An object whose fields are still to be written. */
struct waiting {
    const struct value *schema;
    char *name;
    bool root; /* of a custom resource: has apiVersion, kind and metadata */
};

struct compiler {
    const struct value *definitions; /* of an OpenAPI document, or NULL */
    struct arena arena;              /* names, and nothing else */
    struct str lines;
    struct str line; /* the one being written; a piece of it may fail */
    struct waiting *waiting;
    size_t waiting_count, waiting_cap;
    struct map *referenced; /* definitions that wait or are written */
    unsigned numbered;
    unsigned nesting; /* of the type being written */
    struct err *err;
};

int compiler_init(struct compiler *c, const struct value *definitions,
                  struct err *err);
void compiler_release(struct compiler *c); /* also after a failed init */

/* Append to c->lines; kinds first, then what they lead to. */
int compile_crd(struct compiler *c, const struct value *crd);
int compile_openapi(struct compiler *c); /* every kind of c->definitions */

#endif
