/*
 * rules_convert.c -- between versions that share one storage; see rules.h.
 */
#include <string.h>

#include "rules_impl.h"

int rules_convert(struct arena *a, const struct kind *to,
                  const struct value *object, struct value **ret,
                  struct failure *f)
{
    struct value *copy = value_copy(a, object);

    if (!copy ||
        value_set(a, copy, "apiVersion", value_string(a, to->r.api_version)) <
            0 ||
        value_set(a, copy, "kind", value_string(a, to->r.kind)) < 0)
        return failure_nomem(f);
    *ret = copy;
    return 0;
}
