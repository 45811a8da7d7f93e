/*
 * openapi_crd.c -- the schema of a custom resource as it is published: that of
 *                  the definition, and what every object has.
 */
#include <string.h>

#include "document.h"
#include "sim/crd.h"

static int set_text(struct arena *a, struct value *object, const char *key,
                    const char *text)
{
    return value_set(a, object, key, value_string(a, text));
}

/* An integer or a string, for those who do not know the extension. */
static int add_int_or_string(struct arena *a, struct value *schema)
{
    struct value *any = value_array(a);
    static const char *const types[] = {"integer", "string"};

    if (!value_bool_at(schema, "x-kubernetes-int-or-string", false) ||
        value_get(schema, "anyOf") || value_get(schema, "allOf"))
        return 0;
    for (size_t i = 0; i < 2; i++) {
        struct value *one = value_object(a);

        if (!one || set_text(a, one, "type", types[i]) < 0 ||
            value_append(a, any, one) < 0)
            return -1;
    }
    return value_set(a, schema, "anyOf", any);
}

static int add_texts(struct arena *a, struct value *schema)
{
    static const char *const names[] = {"apiVersion", "kind"};
    struct value *properties = value_make(a, schema, "properties");

    if (!properties)
        return -1;
    for (size_t i = 0; i < 2; i++) {
        struct value *one = value_make(a, properties, names[i]);

        if (!one || set_text(a, one, "type", "string") < 0)
            return -1;
    }
    return 0;
}

/* What is not in the definition but in every object; `type` is ObjectMeta or
 * ListMeta. */
static int add_common(struct writer *w, struct value *schema, const char *type)
{
    char *ref =
        arena_printf(w->a, "#/%s/io.k8s.apimachinery.pkg.apis.meta.v1.%s",
                     w->swagger ? "definitions" : "components/schemas", type);
    struct value *properties = value_make(w->a, schema, "properties");
    struct value *target = value_object(w->a), *meta = value_object(w->a);
    struct value *all = value_array(w->a);

    if (!ref || !properties || !target || !meta || !all ||
        add_texts(w->a, schema) < 0 || set_text(w->a, target, "$ref", ref) < 0)
        return -1;
    if (w->swagger)
        return value_set(w->a, properties, "metadata", target);
    if (value_append(w->a, all, target) < 0 ||
        value_set(w->a, meta, "allOf", all) < 0)
        return -1;
    return value_set(w->a, properties, "metadata", meta);
}

static int publish(struct writer *w, struct value *schema);

static int publish_all(struct writer *w, struct value *properties)
{
    for (uint32_t i = 0;
         value_is(properties, VALUE_OBJECT) && i < properties->count; i++)
        if (publish(w, properties->as.members[i].value) < 0)
            return -1;
    return 0;
}

static int publish(struct writer *w, struct value *schema)
{
    if (!value_is(schema, VALUE_OBJECT))
        return 0;
    if (value_bool_at(schema, "x-kubernetes-embedded-resource", false) &&
        add_common(w, schema, "ObjectMeta") < 0)
        return -1;
    if (add_int_or_string(w->a, schema) < 0 ||
        publish(w, value_get(schema, "items")) < 0 ||
        publish(w, value_get(schema, "additionalProperties")) < 0)
        return -1;
    return publish_all(w, value_get(schema, "properties"));
}

static int add_gvk(struct writer *w, const struct kind *k, const char *kind,
                   struct value *schema)
{
    struct value *gvk = value_object(w->a), *all = value_array(w->a);

    if (!gvk || !all || set_text(w->a, gvk, "group", k->r.group) < 0 ||
        set_text(w->a, gvk, "version", k->r.version) < 0 ||
        set_text(w->a, gvk, "kind", kind) < 0 ||
        value_append(w->a, all, gvk) < 0)
        return -1;
    return value_set(w->a, schema, "x-kubernetes-group-version-kind", all);
}

static int write_named(struct writer *w, const struct kind *k, const char *kind,
                       struct value *schema)
{
    if (add_gvk(w, k, kind, schema) < 0)
        return -1;
    str_addc(w->out, '"');
    write_kind_name(w, k, kind);
    str_add(w->out, "\":");
    return value_print(schema, w->out, NULL) < 0 ? -1 : 0;
}

static int write_object(struct writer *w, const struct kind *k)
{
    const struct value *known = crd_schema(k->crd, k->r.version);
    struct value *schema = known ? value_copy(w->a, known) : value_object(w->a);

    if (!schema || set_text(w->a, schema, "type", "object") < 0 ||
        publish(w, schema) < 0 || add_common(w, schema, "ObjectMeta") < 0)
        return -1;
    return write_named(w, k, k->r.kind, schema);
}

static int set_reference(struct writer *w, struct value *schema,
                         const char *name)
{
    char *ref =
        arena_printf(w->a, "#/%s/%s",
                     w->swagger ? "definitions" : "components/schemas", name);

    return ref ? set_text(w->a, schema, "$ref", ref) : -1;
}

static int write_list(struct writer *w, const struct kind *k)
{
    struct value *schema = value_object(w->a), *items = value_object(w->a);
    struct value *required = value_array(w->a), *item = value_object(w->a);
    struct str ref, *out = w->out;
    int rc;

    str_init(&ref, 0);
    w->out = &ref;
    write_kind_name(w, k, k->r.kind);
    w->out = out;
    if (ref.failed || !item || !items || !required)
        rc = -1;
    else
        rc = set_reference(w, item, str_text(&ref));
    str_release(&ref);
    if (rc < 0 || !schema || set_text(w->a, schema, "type", "object") < 0 ||
        add_common(w, schema, "ListMeta") < 0 ||
        set_text(w->a, items, "type", "array") < 0 ||
        value_set(w->a, items, "items", item) < 0 ||
        value_set(w->a, value_make(w->a, schema, "properties"), "items",
                  items) < 0 ||
        value_append(w->a, required, value_string(w->a, "items")) < 0 ||
        value_set(w->a, schema, "required", required) < 0)
        return -1;
    return write_named(w, k, k->list_kind, schema);
}

int openapi_crd(struct writer *w, const struct kind *k)
{
    if (write_object(w, k) < 0)
        return -1;
    str_addc(w->out, ',');
    return write_list(w, k);
}
