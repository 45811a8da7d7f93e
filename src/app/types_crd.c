/*
 * types_crd.c -- types of a custom kind, from its own schema: the compact one
 *                of kube/schema has no descriptions.
 *
 * A class is printed when it is complete, so those below come before it; the
 * name is the way to it: WebsiteSpecPorts.
 */
#include <ctype.h>
#include <string.h>

#include "types_impl.h"

#define DEPTH_MAX 32

struct crd_types {
    struct str *out;
    struct str name; /* of the class that is made now */
    unsigned depth;
};

static void add_schema(struct crd_types *t, const struct value *schema,
                       struct str *type);

static bool is_flag(const struct value *schema, const char *name)
{
    return value_is(value_get(schema, name), VALUE_BOOL) &&
           value_get(schema, name)->as.boolean;
}

static bool is_type(const struct value *schema, const char *type)
{
    return text_equal(value_text(value_get(schema, "type")), type);
}

static bool lists(const struct value *list, const char *word)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), word))
            return true;
    return false;
}

/* ---- types ---- */

static bool add_enum(const struct value *schema, struct str *type)
{
    const struct value *list = value_get(schema, "enum");

    if (!value_is(list, VALUE_ARRAY) || list->count == 0)
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *v = list->as.items[i];

        str_add(type, i ? "|" : "");
        if (v->type == VALUE_STRING)
            types_add_literal(type, v->as.string, v->count);
        else if (v->type == VALUE_NULL)
            str_add(type, "nil");
        else
            value_print(v, type, NULL);
    }
    return true;
}

/* T[] binds stronger than A|B. */
static void add_array(struct crd_types *t, const struct value *items,
                      struct str *type)
{
    struct str item = {0};

    add_schema(t, items, &item);
    if (strchr(str_text(&item), '|'))
        str_addf(type, "(%s)[]", str_text(&item));
    else
        str_addf(type, "%s[]", str_text(&item));
    types_join(type, &item);
    str_release(&item);
}

static void add_field(struct crd_types *t, const struct value_member *m,
                      bool required, struct str *text)
{
    size_t len = t->name.len;
    struct str type = {0};
    bool capital = true;

    for (uint32_t i = 0; i < m->key_len; i++) {
        unsigned char c = (unsigned char)m->key[i];

        if (isalnum(c))
            str_addc(&t->name, (char)(capital ? toupper(c) : c));
        capital = !isalnum(c);
    }
    add_schema(t, m->value, &type);
    types_add_text(text, value_text(value_get(m->value, "description")));
    str_add(text, "---@field ");
    types_add_key(text, m->key, m->key_len);
    str_addf(text, "%s %s%s\n", required ? "" : "?", str_text(&type),
             is_flag(m->value, "nullable") ? "|nil" : "");
    types_join(text, &type);
    types_join(text, &t->name);
    str_release(&type);
    t->name.len = len;
    t->name.data[len] = '\0';
}

static void add_class(struct crd_types *t, const struct value *schema)
{
    const struct value *properties = value_get(schema, "properties");
    const struct value *required = value_get(schema, "required");
    struct str text = {0};

    types_add_text(&text, value_text(value_get(schema, "description")));
    str_addf(&text, "---@class (exact) %s\n", str_text(&t->name));
    for (uint32_t i = 0; i < properties->count; i++) {
        const struct value_member *m = &properties->as.members[i];

        add_field(t, m, lists(required, m->key), &text);
    }
    str_addf(t->out, "%s\n", str_text(&text));
    types_join(t->out, &text);
    str_release(&text);
}

static void add_object(struct crd_types *t, const struct value *schema,
                       struct str *type)
{
    const struct value *properties = value_get(schema, "properties");
    const struct value *values = value_get(schema, "additionalProperties");

    if (value_is(properties, VALUE_OBJECT) && properties->count > 0 &&
        !is_flag(schema, "x-kubernetes-embedded-resource") &&
        !is_flag(schema, "x-kubernetes-preserve-unknown-fields")) {
        add_class(t, schema);
        str_add(type, str_text(&t->name));
    } else if (value_is(values, VALUE_OBJECT)) {
        str_add(type, "table<string, ");
        add_schema(t, values, type);
        str_addc(type, '>');
    } else
        str_add(type, "table<string, any>");
}

static void add_schema(struct crd_types *t, const struct value *schema,
                       struct str *type)
{
    if (++t->depth > DEPTH_MAX || !value_is(schema, VALUE_OBJECT))
        str_add(type, "any");
    else if (is_flag(schema, "x-kubernetes-int-or-string"))
        str_add(type, "integer|string");
    else if (add_enum(schema, type))
        ; /* its values are its type */
    else if (is_type(schema, "object"))
        add_object(t, schema, type);
    else if (is_type(schema, "array"))
        add_array(t, value_get(schema, "items"), type);
    else if (is_type(schema, "string") || is_type(schema, "integer") ||
             is_type(schema, "number") || is_type(schema, "boolean"))
        str_add(type, value_text(value_get(schema, "type")));
    else
        str_add(type, "any");
    t->depth--;
}

/* ---- the root ---- */

static const struct value *schema_of(const struct value *crd,
                                     const char *version)
{
    const struct value *list = value_path(crd, "spec.versions");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "name"), version))
            return value_path(list->as.items[i], "schema.openAPIV3Schema");
    return NULL;
}

/* What a script sees of the status: the fields that are declared as memory. */
static void add_memory(struct crd_types *t, const struct value *status,
                       const char *const *memory, struct str *text)
{
    size_t len = t->name.len;

    if (!memory || !memory[0] || !value_get(status, "properties"))
        return;
    str_add(&t->name, "Status");
    str_add(text, "---@field status? { ");
    for (size_t i = 0; memory[i]; i++) {
        const struct value *field =
            value_get(value_get(status, "properties"), memory[i]);
        struct str type = {0}, unused = {0};
        struct crd_types inner = {.out = &unused, .name = t->name};

        add_schema(&inner, field, &type);
        t->name = inner.name;
        str_addf(text, "%s%s?: %s", i ? ", " : "", memory[i], str_text(&type));
        types_join(text, &type);
        str_release(&type);
        str_release(&unused);
    }
    str_add(text, " }\n");
    t->name.len = len;
    t->name.data[len] = '\0';
}

static void add_root(struct crd_types *t, const struct value *schema,
                     const char *api_version, const char *const *memory)
{
    const struct value *properties = value_get(schema, "properties");
    const struct value *required = value_get(schema, "required");
    const char *kind = strrchr(str_text(&t->name), '.') + 1;
    struct str text = {0};

    types_add_text(&text, value_text(value_get(schema, "description")));
    str_addf(&text,
             "---@class (exact) %s\n"
             "---@field apiVersion \"%s\"\n"
             "---@field kind \"%s\"\n"
             "---@field metadata " TYPES_METADATA "\n",
             str_text(&t->name), api_version, kind);
    for (uint32_t i = 0;
         value_is(properties, VALUE_OBJECT) && i < properties->count; i++) {
        const struct value_member *m = &properties->as.members[i];

        if (strcmp(m->key, "apiVersion") == 0 || strcmp(m->key, "kind") == 0 ||
            strcmp(m->key, "metadata") == 0)
            continue;
        if (strcmp(m->key, "status") == 0) {
            struct str unused = {0}; /* the class is printed, the field not */

            add_field(t, m, false, &unused);
            types_join(&text, &unused);
            str_release(&unused);
            continue;
        }
        add_field(t, m, lists(required, m->key), &text);
    }
    add_memory(t, value_get(properties, "status"), memory, &text);
    str_addf(t->out, "%s\n", str_text(&text));
    types_join(t->out, &text);
    str_release(&text);
}

void types_add_crd(struct str *out, const struct value *crd,
                   const char *version, const char *const *memory)
{
    const char *kind = value_text_at(crd, "spec.names.kind");
    const char *group = value_text_at(crd, "spec.group");
    const struct value *schema = schema_of(crd, version);
    struct crd_types t = {.out = out};
    struct str api_version = {0};

    if (!kind || !group || !schema)
        return;
    str_addf(&api_version, "%s/%s", group, version);
    types_add_package(&t.name, str_text(&api_version));
    str_addf(&t.name, ".%s", kind);
    if (!t.name.failed)
        add_root(&t, schema, str_text(&api_version), memory);
    types_join(out, &t.name);
    types_join(out, &api_version);
    str_release(&t.name);
    str_release(&api_version);
}

const struct value *types_find_crd(struct value *const *objects, size_t count,
                                   const struct gvk *gvk)
{
    char group[256];

    if (!gvk_group(gvk->api_version, group, sizeof(group)))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (text_equal(value_text_at(objects[i], "kind"),
                       "CustomResourceDefinition") &&
            text_equal(value_text_at(objects[i], "spec.group"), group) &&
            text_equal(value_text_at(objects[i], "spec.names.kind"), gvk->kind))
            return objects[i];
    return NULL;
}
