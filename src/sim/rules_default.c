/*
 * rules_default.c -- defaults that the table can say, and the walk that also
 *                    calls the named ones (rules_default_*.c).
 */
#include "kube/schema_zero.h"
#include "rules_impl.h"
#include "sim/crd.h"

static int walk(const struct rules_call *c, struct schema_node n,
                struct value *v, struct failure *f);

static int set_from_table(const struct rules_call *c, struct schema_node n,
                          struct value *object, struct failure *f)
{
    struct schema_field field = {0};

    while (schema_set_next(n, &field)) {
        const struct value *is =
            value_getn(object, field.name.at, field.name.len);
        enum schema_zero zero = schema_zero(field.node);
        bool pointer = zero == SCHEMA_ZERO_KEPT || zero == SCHEMA_ZERO_NULL;
        struct value *item;

        if (pointer ? is && is->type != VALUE_NULL : !rules_is_zero(is))
            continue;
        if (schema_set_value(field.node, c->a, &item, NULL) < 0 ||
            value_setn(c->a, object, field.name.at, field.name.len, item) < 0)
            return failure_nomem(f);
    }
    return 0;
}

static int walk_members(const struct rules_call *c, struct schema_node n,
                        struct value *v, struct failure *f)
{
    for (uint32_t i = 0; i < v->count; i++) {
        struct value_member *m = &v->as.members[i];

        if (m->value->type < VALUE_ARRAY)
            continue;
        if (walk(c, schema_fieldn(n, m->key, m->key_len), m->value, f) < 0)
            return -1;
    }
    return 0;
}

static int walk_object(const struct rules_call *c, struct schema_node n,
                       struct value *v, struct failure *f)
{
    rules_default_fn hook = rules_default_hook(schema_definition(n));

    if ((hook && hook(c, v, f) < 0) || set_from_table(c, n, v, f) < 0)
        return -1;
    return walk_members(c, n, v, f);
}

static int walk(const struct rules_call *c, struct schema_node n,
                struct value *v, struct failure *f)
{
    enum schema_type type = schema_type(n);

    if (type == SCHEMA_OBJECT && v->type == VALUE_OBJECT)
        return walk_object(c, n, v, f);
    if (type != SCHEMA_ARRAY || v->type != VALUE_ARRAY)
        return 0;
    n = schema_item(n);
    for (uint32_t i = 0; i < v->count; i++)
        if (walk(c, n, v->as.items[i], f) < 0)
            return -1;
    return 0;
}

int rules_default(const struct rules_call *c, struct value *object,
                  struct failure *f)
{
    if (c->kind->crd)
        return crd_default_object(c->kind->crd, c->kind->r.version, c->a,
                                  object, f);
    if (rules_is(c->kind, "apiextensions.k8s.io", "CustomResourceDefinition"))
        return crd_default(c->a, object, f);
    return walk(c, c->kind->schema, object, f);
}
