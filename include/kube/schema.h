/*
 * schema.h -- what fields a kind has, of what type, and how they merge.
 *
 * Knows the built-in kinds of Kubernetes (src/kube/schema.data, searched where
 * it lies) and what is added from CustomResourceDefinitions or from a server's
 * OpenAPI v3. A kind that was added wins over the built-in one.
 *
 *     n = schema_find(set, "apps/v1", "Deployment");
 *     n = schema_field(schema_field(n, "spec"), "replicas");
 *
 * A node is a small value without memory of its own. Asking more of a node
 * than it has gives the node that knows nothing, so steps may be chained.
 * Nodes are valid until something is added to their set.
 */
#ifndef TIDELOCK_KUBE_SCHEMA_H
#define TIDELOCK_KUBE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "kube/key.h"
#include "kube/quantity.h"

struct schema_set;
struct schema_table;

enum schema_type {
    SCHEMA_ANY, /* scalars first; BYTES are base64, a TIME is RFC 3339 */
    SCHEMA_STRING,
    SCHEMA_INTEGER,
    SCHEMA_NUMBER,
    SCHEMA_BOOLEAN,
    SCHEMA_BYTES,
    SCHEMA_TIME,
    SCHEMA_QUANTITY,
    SCHEMA_INT_OR_STRING,
    SCHEMA_ARRAY,
    SCHEMA_MAP,    /* any key, all values of one type */
    SCHEMA_OBJECT, /* known fields */
};
/* What a message calls it: "integer or string"; a literal. */
const char *schema_type_name(enum schema_type type);

/* How server-side apply merges an array. */
enum schema_list {
    SCHEMA_LIST_ATOMIC, /* as one value */
    SCHEMA_LIST_SET,    /* scalars, each its own */
    SCHEMA_LIST_MAP,    /* objects, told apart by keys */
};

struct schema_node {
    const struct schema_table *table; /* private, as all of this */
    const char *type;
    const char *attributes; /* of the field; NULL: of no field */
    bool inner; /* an element: the field's merge rules are not its */
};

struct schema_text {
    const char *at; /* not NUL-terminated */
    size_t len;
};

/* ---- sets; NULL where a set is only read means the built-in kinds ---- */
struct schema_set *schema_set_new(void);      /* NULL on out of memory */
void schema_set_free(struct schema_set *set); /* NULL is fine */

/* Every served version of a CustomResourceDefinition. Kinds added before under
 * the same names are replaced. Nothing is borrowed. */
int schema_set_add_crd(struct schema_set *set, const struct value *crd,
                       struct err *err);
/* Every kind of what GET /openapi/v3/apis/G/V gives. */
int schema_set_add_openapi(struct schema_set *set, const struct value *doc,
                           struct err *err);

/* ---- reading ---- */
struct schema_node schema_find(const struct schema_set *set,
                               const char *api_version, const char *kind);
bool schema_known(struct schema_node n);
enum schema_type schema_type(struct schema_node n); /* ANY when not known */
/* A field of an OBJECT, the value under a key of a MAP; unknown where there is
 * none, ANY below ANY and in objects that keep unknown fields. */
struct schema_node schema_field(struct schema_node n, const char *name);
struct schema_node schema_fieldn(struct schema_node n, const char *name,
                                 size_t len);
/* An element of an ARRAY, a value of a MAP. */
struct schema_node schema_item(struct schema_node n);

/* The fields of an OBJECT by name: begin with all zero bytes. */
struct schema_field {
    struct schema_text name;
    struct schema_node node;
};
bool schema_field_next(struct schema_node object, struct schema_field *field);

bool schema_is_required(struct schema_node field);
/* An OBJECT or MAP that is replaced as a whole. */
bool schema_is_atomic(struct schema_node n);
enum schema_list schema_list(struct schema_node array);
/* The i-th key of a SCHEMA_LIST_MAP; false behind the last. */
bool schema_list_key(struct schema_node array, unsigned i,
                     struct schema_text *ret_name);
/* Of a strategic merge patch; empty for scalars; false: it replaces. */
bool schema_patch_key(struct schema_node array, struct schema_text *ret_name);
/* *ret_value is NULL where there is no default. A zero value ("", 0, false) is
 * what the server takes for an absent key of a list map; elsewhere: absent. */
int schema_default(struct schema_node field, struct arena *a,
                   struct value **ret_value, struct err *err);
/* The i-th value of those allowed; false behind the last, and without a list.
 */
bool schema_allowed(struct schema_node n, unsigned i,
                    struct schema_text *ret_value);
unsigned schema_integer_bits(struct schema_node n); /* 32, 64, 0: unknown */
/* How scalar_equal() has to compare two values of the field. */
enum scalar_kind schema_scalar(struct schema_node n);

/* ---- whole objects ---- */
enum schema_problem {
    SCHEMA_WRONG_TYPE,
    SCHEMA_WRONG_EMPTY, /* {} for [] or the reverse; see schema_fix_empty() */
    SCHEMA_WRONG_VALUE, /* right type: not listed, out of range, no quantity */
    SCHEMA_UNKNOWN_FIELD,
    SCHEMA_MISSING_FIELD, /* also where the server would accept its absence */
};

struct schema_issue {
    enum schema_problem problem;
    const char *path;    /* ".spec.ports[0].port"; borrowed for the call */
    const char *message; /* "expected integer, got string (\"2\")"; same */
};
/* Returns false to hear no more. */
typedef bool (*schema_issue_fn)(void *arg, const struct schema_issue *issue);

/* Calls `fn` for each issue, in the order of the object. null is a value of
 * every type; a secret one of strings and bytes. Returns 0, issues or not;
 * -ERR_NO_KIND when the node knows nothing. */
int schema_check_node(struct schema_node n, const struct value *object,
                      schema_issue_fn fn, void *arg, struct err *err);
/* The same for an object of a kind (struct gvk *). */
#define schema_check(set, gvk, object, fn, arg, err)                           \
    schema_check_node(schema_find((set), (gvk)->api_version, (gvk)->kind),     \
                      (object), (fn), (arg), (err))
/* Turns empty objects into empty arrays and the reverse, in place, where the
 * schema wants the other. Scripts cannot tell them apart. */
void schema_fix_empty(const struct schema_set *set, const struct gvk *gvk,
                      struct value *object);

#endif
