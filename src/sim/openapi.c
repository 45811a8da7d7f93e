/*
 * openapi.c -- OpenAPI documents: the definitions of built-in kinds out of the
 *              table. It has no descriptions, so the documents have none.
 *
 * DESIGN
 *
 * Kinds are the roots; a definition that a field refers to waits in a list
 * until the one before it is written. Each is written once.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "document.h"
#include "kube/schema_builtin.h"

struct root {
    const struct kind *kind;
    const char *name; /* of the kind, or of its list */
};

struct definitions {
    struct writer *w;
    struct schema_node *waiting;
    struct root *roots; /* parallel; kind NULL: a part of others */
    size_t count, waiting_cap, roots_cap;
    struct map *seen;
    bool any, failed;
};

/* ---- waiting ---- */

static void wait_for(struct definitions *d, struct schema_node n,
                     struct root root)
{
    struct schema_text type = schema_type_text(n);

    if (!type.len || type.at[0] != '@' || map_get(d->seen, type.at, type.len))
        return;
    if (map_put(d->seen, type.at, type.len, d, NULL) < 0 ||
        mem_grow((void **)&d->waiting, &d->waiting_cap, d->count + 1,
                 sizeof *d->waiting) < 0 ||
        mem_grow((void **)&d->roots, &d->roots_cap, d->count + 1,
                 sizeof *d->roots) < 0) {
        d->failed = true;
        return;
    }
    d->waiting[d->count] = n;
    d->roots[d->count++] = root;
}

/* ---- types ---- */

static void write_view(struct writer *w, const char *at, size_t len)
{
    json_write_string(w->out, at, len);
}

static void write_allowed(struct writer *w, struct schema_node n)
{
    struct schema_text one;

    if (!schema_allowed(n, 0, &one))
        return;
    str_add(w->out, ",\"enum\":[");
    for (unsigned i = 0; schema_allowed(n, i, &one); i++) {
        str_add(w->out, i ? "," : "");
        write_view(w, one.at, one.len);
    }
    str_addc(w->out, ']');
}

static void write_type(struct definitions *d, struct schema_node n);

static void write_scalar(struct definitions *d, struct schema_node n)
{
    unsigned bits = schema_integer_bits(n);

    switch (schema_type(n)) {
    case SCHEMA_STRING:
        str_add(d->w->out, "\"type\":\"string\"");
        return;
    case SCHEMA_INTEGER:
        str_add(d->w->out, "\"type\":\"integer\"");
        if (bits)
            str_addf(d->w->out, ",\"format\":\"int%u\"", bits);
        return;
    case SCHEMA_NUMBER:
        str_add(d->w->out, "\"type\":\"number\",\"format\":\"double\"");
        return;
    case SCHEMA_BOOLEAN:
        str_add(d->w->out, "\"type\":\"boolean\"");
        return;
    case SCHEMA_BYTES:
        str_add(d->w->out, "\"type\":\"string\",\"format\":\"byte\"");
        return;
    case SCHEMA_TIME:
        str_add(d->w->out, "\"type\":\"string\",\"format\":\"date-time\"");
        return;
    default:
        str_add(d->w->out, "\"x-kubernetes-preserve-unknown-fields\":true");
        return;
    }
}

/* Beside a reference OpenAPI 3.0 reads nothing else, hence allOf. */
static void write_target(struct definitions *d, struct schema_text name)
{
    str_add(d->w->out, d->w->swagger ? "" : "\"allOf\":[{");
    write_reference(d->w, name);
    str_add(d->w->out, d->w->swagger ? "" : "}]");
}

static void write_inner(struct definitions *d, const char *before,
                        struct schema_node n)
{
    str_add(d->w->out, before);
    str_addc(d->w->out, '{');
    write_type(d, schema_item(n));
    write_allowed(d->w, schema_item(n));
    str_addc(d->w->out, '}');
}

static void write_type(struct definitions *d, struct schema_node n)
{
    static const char quantity[] = "api.resource.Quantity";
    static const char int_or_string[] = "util.intstr.IntOrString";
    struct schema_text type = schema_type_text(n);

    switch (schema_type(n)) {
    case SCHEMA_ARRAY:
        write_inner(d, "\"type\":\"array\",\"items\":", n);
        return;
    case SCHEMA_MAP:
        write_inner(d, "\"type\":\"object\",\"additionalProperties\":", n);
        return;
    case SCHEMA_OBJECT:
        write_target(d, (struct schema_text){type.at + 1, type.len - 1});
        wait_for(d, n, (struct root){0});
        return;
    case SCHEMA_QUANTITY:
        write_target(d, (struct schema_text){quantity, strlen(quantity)});
        return;
    case SCHEMA_INT_OR_STRING:
        write_target(
            d, (struct schema_text){int_or_string, strlen(int_or_string)});
        return;
    default:
        write_scalar(d, n);
        return;
    }
}

/* ---- fields ---- */

static void write_list_type(struct writer *w, struct schema_node n)
{
    static const char *const names[] = {"atomic", "set", "map"};
    struct schema_text key;

    if (schema_type(n) != SCHEMA_ARRAY)
        return;
    str_addf(w->out, ",\"x-kubernetes-list-type\":\"%s\"",
             names[schema_list(n)]);
    if (!schema_list_key(n, 0, &key))
        return;
    str_add(w->out, ",\"x-kubernetes-list-map-keys\":[");
    for (unsigned i = 0; schema_list_key(n, i, &key); i++) {
        str_add(w->out, i ? "," : "");
        write_view(w, key.at, key.len);
    }
    str_addc(w->out, ']');
}

static void write_patch(struct writer *w, struct schema_node n)
{
    struct schema_text patch;
    const char *colon;
    size_t len;

    if (!schema_attribute(n, "patch=", &patch))
        return;
    colon = memchr(patch.at, ':', patch.len);
    len = colon ? (size_t)(colon - patch.at) : patch.len;
    str_add(w->out, ",\"x-kubernetes-patch-strategy\":");
    write_view(w, patch.at, len);
    if (!colon)
        return;
    str_add(w->out, ",\"x-kubernetes-patch-merge-key\":");
    write_view(w, colon + 1, patch.len - len - 1);
}

static void write_field(struct definitions *d, const struct schema_field *field)
{
    struct schema_node n = field->node;
    struct schema_text text;

    write_view(d->w, field->name.at, field->name.len);
    str_add(d->w->out, ":{");
    write_type(d, n);
    if (schema_attribute(n, "default=", &text)) {
        str_add(d->w->out, ",\"default\":");
        str_addn(d->w->out, text.at, text.len);
    }
    write_allowed(d->w, n);
    write_list_type(d->w, n);
    write_patch(d->w, n);
    if (schema_attribute(n, "atomic", &text))
        str_add(d->w->out, ",\"x-kubernetes-map-type\":\"atomic\"");
    str_addc(d->w->out, '}');
}

static void write_required(struct writer *w, struct schema_node n)
{
    struct schema_field field = {0};
    bool any = false;

    while (schema_field_next(n, &field)) {
        if (!schema_is_required(field.node))
            continue;
        str_add(w->out, any ? "," : ",\"required\":[");
        write_view(w, field.name.at, field.name.len);
        any = true;
    }
    str_add(w->out, any ? "]" : "");
}

static void write_definition(struct definitions *d, struct schema_node n,
                             struct root root)
{
    struct schema_text type = schema_type_text(n);
    struct schema_field field = {0};
    bool any = false;

    n.attributes = NULL;
    str_add(d->w->out, d->any ? ",\"" : "\"");
    d->any = true;
    write_definition_name(d->w,
                          (struct schema_text){type.at + 1, type.len - 1});
    str_add(d->w->out, "\":{\"type\":\"object\",\"properties\":{");
    for (; schema_field_next(n, &field); any = true) {
        str_add(d->w->out, any ? "," : "");
        write_field(d, &field);
    }
    str_addc(d->w->out, '}');
    write_required(d->w, n);
    if (schema_is_atomic(n))
        str_add(d->w->out, ",\"x-kubernetes-map-type\":\"atomic\"");
    if (root.kind) {
        str_add(d->w->out, ",\"x-kubernetes-group-version-kind\":[");
        write_gvk(d->w, &root.kind->r, root.name);
        str_addc(d->w->out, ']');
    }
    str_addc(d->w->out, '}');
}

/* ---- documents ---- */

static void add_kind(struct definitions *d, const struct kind *k)
{
    const char *const names[] = {k->r.kind, k->list_kind};

    for (size_t i = 0; i < 2; i++)
        wait_for(d, schema_find(NULL, k->r.api_version, names[i]),
                 (struct root){k, names[i]});
}

/* The metadata that a custom resource shares with others. */
static void add_metadata(struct definitions *d)
{
    static const char *const kinds[] = {"Namespace", "NamespaceList"};

    for (size_t i = 0; i < 2; i++)
        wait_for(d, schema_field(schema_find(NULL, "v1", kinds[i]), "metadata"),
                 (struct root){0});
}

/* Scale belongs to no resource of its own. */
static void add_scale(struct definitions *d)
{
    static const struct kind scale = {.r = {.api_version = "autoscaling/v1",
                                            .group = "autoscaling",
                                            .version = "v1",
                                            .kind = "Scale"}};

    wait_for(d, schema_find(NULL, "autoscaling/v1", "Scale"),
             (struct root){&scale, "Scale"});
}

static void write_values(struct definitions *d)
{
    str_add(d->w->out,
            d->w->swagger
                ? ",\"io.k8s.apimachinery.pkg.api.resource.Quantity\":"
                  "{\"type\":\"string\"},"
                  "\"io.k8s.apimachinery.pkg.util.intstr.IntOrString\":"
                  "{\"type\":\"string\",\"format\":\"int-or-string\"}"
                : ",\"io.k8s.apimachinery.pkg.api.resource.Quantity\":{"
                  "\"oneOf\":[{\"type\":\"string\"},{\"type\":\"number\"}]},"
                  "\"io.k8s.apimachinery.pkg.util.intstr.IntOrString\":{"
                  "\"format\":\"int-or-string\",\"oneOf\":["
                  "{\"type\":\"integer\"},{\"type\":\"string\"}]}");
}

/* All of an apiVersion, or, when it is NULL, of all. */
static int write_definitions(struct writer *w, const char *api_version,
                             bool *ret_any)
{
    struct definitions d = {.w = w, .seen = map_new()};
    const struct kind *one;
    int rc = d.seen ? 0 : -1;

    *ret_any = false;
    for (size_t it = 0; rc == 0 && (one = kinds_next(w->k, &it));) {
        if (api_version && strcmp(one->r.api_version, api_version) != 0)
            continue;
        *ret_any = true;
        add_kind(&d, one);
        if (!one->crd)
            continue;
        str_add(w->out, d.any ? "," : "");
        d.any = true;
        rc = openapi_crd(w, one);
    }
    if (rc == 0 && *ret_any) {
        add_scale(&d);
        add_metadata(&d);
        for (size_t i = 0; i < d.count && !d.failed; i++)
            write_definition(&d, d.waiting[i], d.roots[i]);
        write_values(&d);
    }
    if (d.failed)
        rc = -1;
    map_free(d.seen);
    mem_free(d.waiting);
    mem_free(d.roots);
    return rc;
}

static void write_info(struct writer *w)
{
    struct schema_text version = schema_builtin_version();

    str_addf(w->out, "\"info\":{\"title\":\"Kubernetes\",\"version\":\"%.*s\"}",
             (int)version.len, version.at);
}

int openapi_version3(struct writer *w, const char *api_version, bool *ret_found)
{
    str_add(w->out, "{\"openapi\":\"3.0.0\",");
    write_info(w);
    str_add(w->out, ",\"components\":{\"schemas\":{");
    if (write_definitions(w, api_version, ret_found) < 0)
        return -1;
    str_add(w->out, "}},\"paths\":{");
    openapi_paths(w, api_version);
    str_add(w->out, "}}");
    return 0;
}

int openapi_version2(struct writer *w)
{
    bool any;

    w->swagger = true;
    str_add(w->out, "{\"swagger\":\"2.0\",");
    write_info(w);
    str_add(w->out, ",\"paths\":{},\"definitions\":{");
    if (write_definitions(w, NULL, &any) < 0)
        return -1;
    str_add(w->out, "}}");
    return 0;
}
