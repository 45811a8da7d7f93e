/*
 * types_builtin.c -- types of built-in kinds, from the table of kube/schema:
 *                    those that are asked for, and all that they need.
 *
 * Definitions refer to each other, some to themselves. So they stand in a list,
 * each once, and the list is printed while it grows.
 */
#include <string.h>

#include "types_impl.h"

#include "kube/schema_builtin.h"

struct builtin_class {
    const char *name; /* "core.v1.Container" */
    struct schema_node node;
    const char *api_version, *kind; /* of a whole object, else NULL */
};

struct types_builtin {
    struct arena *a;
    struct builtin_class *items;
    size_t count, cap;
    bool failed;
};

struct types_builtin *types_builtin_new(struct arena *a)
{
    struct types_builtin *t = arena_calloc(a, 1, sizeof(*t));

    if (t)
        t->a = a;
    return t;
}

static struct builtin_class *add(struct types_builtin *t,
                                 struct schema_text name,
                                 struct schema_node node)
{
    for (size_t i = 0; i < t->count; i++)
        if (strlen(t->items[i].name) == name.len &&
            memcmp(t->items[i].name, name.at, name.len) == 0)
            return &t->items[i];
    if (t->count == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 64;
        struct builtin_class *items = arena_calloc(t->a, cap, sizeof(*items));

        if (!items)
            return NULL;
        if (t->count)
            memcpy(items, t->items, t->count * sizeof(*items));
        t->items = items;
        t->cap = cap;
    }
    t->items[t->count].name = arena_strndup(t->a, name.at, name.len);
    t->items[t->count].node = node;
    return t->items[t->count].name ? &t->items[t->count++] : NULL;
}

/* "@core.v1.Container" without its sign. */
static struct schema_text class_of(struct schema_node n)
{
    struct schema_text text = schema_type_text(n);
    const char *sign = memchr(text.at, '@', text.len);

    if (!sign)
        return (struct schema_text){"", 0};
    text.len -= (size_t)(sign + 1 - text.at);
    text.at = sign + 1;
    return text;
}

static void add_type(struct types_builtin *t, struct schema_node n,
                     struct str *out);

static bool add_allowed(struct schema_node n, struct str *out)
{
    struct schema_text one;
    unsigned i;

    for (i = 0; schema_allowed(n, i, &one); i++) {
        str_add(out, i ? "|" : "");
        types_add_literal(out, one.at, one.len);
    }
    return i > 0;
}

static void add_array(struct types_builtin *t, struct schema_node n,
                      struct str *out)
{
    struct str item = {0};

    add_type(t, schema_item(n), &item);
    str_addf(out, strchr(str_text(&item), '|') ? "(%s)[]" : "%s[]",
             str_text(&item));
    types_join(out, &item);
    str_release(&item);
}

static void add_object(struct types_builtin *t, struct schema_node n,
                       struct str *out)
{
    struct schema_text name = class_of(n);

    if (name.len == 0) {
        str_add(out, "table<string, any>");
        return;
    }
    t->failed |= !add(t, name, n);
    str_addn(out, name.at, name.len);
}

static void add_type(struct types_builtin *t, struct schema_node n,
                     struct str *out)
{
    switch (schema_type(n)) {
    case SCHEMA_ANY:
        str_add(out, "any");
        break;
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
    case SCHEMA_TIME:
        if (!add_allowed(n, out))
            str_add(out, "string");
        break;
    case SCHEMA_QUANTITY:
        str_add(out, "string|number");
        break;
    case SCHEMA_INT_OR_STRING:
        str_add(out, "integer|string");
        break;
    case SCHEMA_ARRAY:
        add_array(t, n, out);
        break;
    case SCHEMA_MAP:
        str_add(out, "table<string, ");
        add_type(t, schema_item(n), out);
        str_addc(out, '>');
        break;
    case SCHEMA_OBJECT:
        add_object(t, n, out);
        break;
    default:
        str_add(out, schema_type_name(schema_type(n)));
    }
}

const char *types_builtin_class(struct types_builtin *t, const struct gvk *gvk)
{
    struct schema_node n = schema_find(NULL, gvk->api_version, gvk->kind);
    struct schema_text name = class_of(n);
    struct builtin_class *c;

    if (!schema_known(n) || name.len == 0)
        return NULL;
    c = add(t, name, n);
    if (!c) {
        t->failed = true;
        return NULL;
    }
    c->api_version = gvk->api_version;
    c->kind = gvk->kind;
    return c->name;
}

static void print_class(struct types_builtin *t, size_t i, struct str *out)
{
    struct builtin_class c = t->items[i]; /* the list moves when it grows */
    struct schema_field field = {0};

    str_addf(out, "---@class (exact) %s\n", c.name);
    while (schema_field_next(c.node, &field)) {
        bool version = field.name.len == 10 &&
                       memcmp(field.name.at, "apiVersion", 10) == 0;
        bool kind =
            field.name.len == 4 && memcmp(field.name.at, "kind", 4) == 0;

        str_add(out, "---@field ");
        types_add_key(out, field.name.at, field.name.len);
        if (c.kind && (version || kind)) {
            str_addf(out, " \"%s\"\n", version ? c.api_version : c.kind);
            continue;
        }
        /* the server fills in what has a default, though it be required */
        str_add(out, schema_is_required(field.node) ? " " : "? ");
        add_type(t, field.node, out);
        str_addc(out, '\n');
    }
    str_addc(out, '\n');
}

void types_builtin_print(struct types_builtin *t, struct str *out)
{
    for (size_t i = 0; i < t->count; i++)
        print_class(t, i, out);
    if (t->failed && !out->failed)
        out->failed = ERR_NOMEM;
}
