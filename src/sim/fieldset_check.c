/*
 * fieldset_check.c -- does an applied configuration fit its schema?
 *
 * Only what would make merging wrong is looked at: types, fields that nobody
 * declared, items that cannot be told apart. The rest is validation's.
 */
#include "fieldset_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct place {
    const struct place *up;
    const struct field_element *e;
};
struct check {
    struct fields *s;
    struct str *out;
    unsigned faults;
    bool open;   /* below something that keeps unknown fields */
    bool stored; /* not applied: items may be twice, */
    bool custom; /* a type that a definition made */
};

static bool is_custom(struct schema_node n)
{
    return n.table != schema_find(NULL, "v1", "Pod").table;
}

static void put_place(struct check *c, const struct place *at)
{
    if (!at)
        return;
    put_place(c, at->up);
    field_print(at->e, c->out);
}

static void fault(struct check *c, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void fault(struct check *c, const struct place *at, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    str_add(c->out, c->faults++ ? "\n" : "");
    put_place(c, at);
    str_addf(c->out, "%s%s", at ? ": " : "", text);
}

static void check_value(struct check *c, struct schema_node n,
                        const struct value *v, const struct place *at);

static void check_scalar(struct check *c, enum schema_type type,
                         const struct value *v, const struct place *at)
{
    bool composite = v->type == VALUE_OBJECT || v->type == VALUE_ARRAY;
    bool number = v->type == VALUE_INTEGER || v->type == VALUE_DOUBLE;
    const char *got = value_type_name(v);

    if (v->type == VALUE_NULL)
        return;
    if ((type == SCHEMA_INTEGER || type == SCHEMA_NUMBER) && !number)
        fault(c, at, "expected numeric (int or float), got %s", got);
    if ((type == SCHEMA_STRING || type == SCHEMA_BYTES) &&
        v->type != VALUE_STRING)
        fault(c, at, "expected string, got %s", got);
    if (type == SCHEMA_BOOLEAN && v->type != VALUE_BOOL)
        fault(c, at, "expected boolean, got %s", got);
    /* What is a number or a text has no type here: it is refused when it is
     * decoded, after conflicts. */
    if (composite &&
        (type == SCHEMA_TIME || (type == SCHEMA_QUANTITY && !c->custom)))
        fault(c, at, "expected any scalar, got %s", got);
}

static bool is_open(struct schema_node n)
{
    return schema_type(n) == SCHEMA_OBJECT && schema_known(schema_field(n, ""));
}

/* What keeps unknown fields lets everything below it keep them too, but for
 * the metadata of embedded resources. */
static void check_map(struct check *c, struct schema_node n,
                      const struct value *v, const struct place *at)
{
    const bool was_open = c->open, open = was_open || is_open(n);

    if (!value_is(v, VALUE_OBJECT) && !value_is(v, VALUE_NULL)) {
        fault(c, at, "expected map, got %s", value_type_name(v));
        return;
    }
    c->open = open;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];
        struct field_element e = field_named(m);
        struct place here = {at, &e};
        struct schema_node child = schema_fieldn(n, m->key, m->key_len);

        if (!schema_known(child) && schema_known(n) && !c->open) {
            fault(c, &here, "field not declared in schema");
            break;
        }
        c->open = open && !(c->custom && is_declared(n, child) &&
                            strcmp(m->key, "metadata") == 0);
        check_value(c, child, m->value, &here);
        c->open = open;
    }
    c->open = was_open;
}

static void check_items(struct check *c, struct schema_node n,
                        const struct value *v, const struct place *at)
{
    struct field_element *seen =
        arena_alloc(c->s->a, (v->count + 1u) * sizeof(*seen));

    c->s->failed = c->s->failed || !seen;
    for (uint32_t i = 0; seen && i < v->count; i++) {
        struct place here = {at, &seen[i]};
        const char *why = field_of_item(c->s, n, v->as.items[i], &seen[i]);
        bool twice = false;

        if (why) {
            fault(c, at, "element %u: %s", i, why);
            return;
        }
        for (uint32_t k = 0; k < i && !twice && !c->stored; k++)
            twice = field_compare(&seen[k], &seen[i]) == 0;
        if (twice) {
            fault(c, at, "duplicate entries for key ");
            field_print(&seen[i], c->out);
        }
        check_value(c, schema_item(n), v->as.items[i], &here);
    }
}

static void check_list(struct check *c, struct schema_node n,
                       const struct value *v, const struct place *at)
{
    if (!value_is(v, VALUE_ARRAY) && !value_is(v, VALUE_NULL)) {
        fault(c, at, "expected list, got %s", value_type_name(v));
        return;
    }
    if (schema_type(n) == SCHEMA_ARRAY &&
        schema_list(n) != SCHEMA_LIST_ATOMIC) {
        check_items(c, n, v, at);
        return;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        struct field_element e = {.kind = FIELD_INDEX, .as.index = i};
        struct place here = {at, &e};

        check_value(c, schema_item(n), v->as.items[i], &here);
    }
}

static void check_value(struct check *c, struct schema_node n,
                        const struct value *v, const struct place *at)
{
    switch (shape_of(n, v).form) {
    case FORM_MAP:
        check_map(c, n, v, at);
        break;
    case FORM_LIST:
        check_list(c, n, v, at);
        break;
    case FORM_SCALAR:
        check_scalar(c, schema_type(n), v, at);
        break;
    }
}

int fieldset_check(struct fields *s, struct schema_node n,
                   const struct value *v, struct str *out)
{
    struct check c = {.s = s, .out = out, .custom = is_custom(n)};

    check_value(&c, n, v, NULL);
    return s->failed || out->failed ? -ERR_NOMEM : 0;
}

bool fieldset_fits(struct fields *s, struct schema_node n,
                   const struct value *v)
{
    struct str faults;
    struct check c = {.s = s, .out = &faults, .stored = true};

    c.custom = is_custom(n);
    str_init(&faults, 0);
    check_value(&c, n, v, NULL);
    s->failed = s->failed || faults.failed;
    str_release(&faults);
    return c.faults == 0;
}
