/*
 * yaml_scalar.h -- what a YAML scalar means; for yaml.c only.
 */
#ifndef TIDELOCK_SRC_KUBE_YAML_SCALAR_H
#define TIDELOCK_SRC_KUBE_YAML_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

struct yaml_scalar {
    const char *text;
    size_t len;
    const char *tag; /* "tag:yaml.org,2002:int", "!foo"; NULL: none */
    bool plain;      /* neither quoted nor a block */
};

/* The value as YAML has it: 1e3 is a double, .inf an infinity. -ERR_INVALID
 * when the text is not of the type its tag names. */
int yaml_scalar_resolve(struct arena *a, const struct yaml_scalar *s,
                        struct value **ret, struct err *err);
/* The value as JSON has it: 1e3 becomes 1000, .inf is -ERR_INVALID. */
int yaml_scalar_to_json(struct value *v, struct err *err);
/* The text of a resolved scalar that stands as a key. -ERR_INVALID for null
 * and for what is no scalar. */
int yaml_scalar_to_key(struct arena *a, struct value *v, struct value **ret,
                       struct err *err);

#endif
