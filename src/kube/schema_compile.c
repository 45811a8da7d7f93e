/*
 * schema_compile.c -- schemas that come as JSON become lines like those of the
 *                     built-in table.
 *
 * DESIGN
 *
 * The JSON of a schema is mostly prose and takes forty times its size as a
 * tree, so it is not kept: each definition becomes a few lines of the format
 * that schema_gen.py describes, and the tree is the caller's to drop.
 *
 *     CRD or OpenAPI --> definitions waiting --> unsorted lines --> table
 *                            ^        |
 *                            +--------+  an object inside an object is a
 *                                        definition too, named by a number
 *
 * Objects wait in a list instead of being written at once, because a line has
 * to be finished before another begins.
 *
 * What is not kept: merge rules of arrays inside arrays and maps, and values
 * that are not texts in `enum`. The server decides about those.
 */
#include "schema_compile.h"

#include <string.h>

#include "base/mem.h"

#define LINES_MAX (16 << 20)
#define NESTING_MAX 64 /* arrays of arrays, also by way of references */
#define REFERENCE "#/components/schemas/"

void compiler_release(struct compiler *c)
{
    str_release(&c->lines);
    str_release(&c->line);
    mem_free(c->waiting);
    map_free(c->referenced);
    arena_release(&c->arena);
}

int compiler_init(struct compiler *c, const struct value *definitions,
                  struct err *err)
{
    *c = (struct compiler){.definitions = definitions, .err = err};
    str_init(&c->lines, LINES_MAX);
    str_init(&c->line, LINES_MAX);
    c->referenced = map_new();
    return c->referenced ? 0 : err_nomem(err);
}

/* ---- lines ---- */

static void put(struct compiler *c, const char *text)
{
    str_add(&c->line, text);
}

/* A text of the document: it must not look like the structure of the table. */
static int put_foreign(struct compiler *c, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ')
            return err_set(c->err, ERR_INVALID,
                           "a name in the schema holds a control character");
    str_addn(&c->line, text, len);
    return 0;
}

static int put_foreign_value(struct compiler *c, const struct value *v)
{
    return value_is(v, VALUE_STRING) ? put_foreign(c, v->as.string, v->count)
                                     : 0;
}

static int end_line(struct compiler *c)
{
    put(c, "\n");
    if (str_check(&c->line, "schema", c->err) < 0)
        return -(int)c->line.failed;
    str_addn(&c->lines, str_text(&c->line), c->line.len);
    str_clear(&c->line);
    return str_check(&c->lines, "schema", c->err);
}

/* ---- types ---- */

static bool flag(const struct value *schema, const char *name)
{
    return value_bool_at(schema, name, false);
}

/* The definition a schema refers to, or NULL: $ref, also alone in allOf. */
static const char *reference(const struct value *schema)
{
    const struct value *all = value_get(schema, "allOf");
    const char *target = value_text(value_get(schema, "$ref"));

    if (!target && value_is(all, VALUE_ARRAY) && all->count == 1)
        target = value_text(value_get(all->as.items[0], "$ref"));
    if (!target || !text_starts(target, REFERENCE))
        return NULL;
    return target + strlen(REFERENCE);
}

/* Long names of Go packages are cut off, as in the built-in table: that is how
 * a definition that both have is found. */
static const char *short_name(const char *definition)
{
    static const char *const packages[] = {
        "io.k8s.api.",
        "io.k8s.apimachinery.pkg.apis.",
        "io.k8s.apiextensions-apiserver.pkg.apis.",
        "io.k8s.kube-aggregator.pkg.apis.",
        "io.k8s.apimachinery.pkg.",
    };

    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++)
        if (text_starts(definition, packages[i]))
            return definition + strlen(packages[i]);
    return definition;
}

static int wait_for(struct compiler *c, struct waiting w)
{
    int rc = mem_grow((void **)&c->waiting, &c->waiting_cap,
                      c->waiting_count + 1, sizeof *c->waiting);

    if (rc < 0 || !w.name)
        return err_nomem(c->err);
    c->waiting[c->waiting_count++] = w;
    return 0;
}

/* "@NAME", and the fields of `schema` will follow in lines of their own. */
static int put_object(struct compiler *c, const struct value *schema, bool root)
{
    char *name = arena_printf(&c->arena, "%u", c->numbered++);
    int rc = wait_for(c, (struct waiting){schema, name, root});

    if (rc < 0)
        return rc;
    put(c, "@");
    put(c, name);
    return 0;
}

static int put_definition(struct compiler *c, const char *full,
                          const struct value *schema)
{
    const char *name = short_name(full);
    struct waiting w = {.schema = schema};

    put(c, "@");
    if (put_foreign(c, name, strlen(name)) < 0)
        return -ERR_INVALID;
    if (map_get(c->referenced, name, strlen(name)))
        return 0;
    w.name = arena_strdup(&c->arena, name);
    if (!w.name || map_put(c->referenced, name, strlen(name), w.name, NULL) < 0)
        return err_nomem(c->err);
    return wait_for(c, w);
}

static int put_type(struct compiler *c, const struct value *schema);

static int put_reference(struct compiler *c, const char *full)
{
    const struct value *schema = value_get(c->definitions, full);
    const char *name = short_name(full);

    if (strcmp(name, "api.resource.Quantity") == 0)
        put(c, "quantity");
    else if (strcmp(name, "util.intstr.IntOrString") == 0)
        put(c, "int-or-string");
    else if (value_get(schema, "properties"))
        return put_definition(c, full, schema);
    else if (text_equal(value_text(value_get(schema, "type")), "object"))
        put(c, "{}any");
    else if (!reference(schema)) /* one value, or nothing is known */
        return put_type(c, schema);
    else
        put(c, "any");
    return 0;
}

static int put_object_type(struct compiler *c, const struct value *schema)
{
    const struct value *values = value_get(schema, "additionalProperties");
    bool open = flag(schema, "x-kubernetes-preserve-unknown-fields");

    if (value_is(values, VALUE_OBJECT)) {
        put(c, "{}");
        return put_type(c, values);
    }
    if (value_is(values, VALUE_BOOL) && values->as.boolean)
        open = true;
    if (!open || value_get(schema, "properties") ||
        flag(schema, "x-kubernetes-embedded-resource"))
        return put_object(c, schema, false);
    put(c, "{}any");
    return 0;
}

/* A quantity in a custom resource is known by the pattern that the usual
 * generator of CRDs writes for it. */
static const char *int_or_string(const struct value *schema)
{
    const char *pattern = value_text(value_get(schema, "pattern"));

    return pattern && strstr(pattern, "[KMGTPE]i") ? "quantity"
                                                   : "int-or-string";
}

static const char *scalar(const struct value *schema, const char *type)
{
    static const char *const words[][3] = {
        {"string", "byte", "bytes"},   {"string", "date-time", "time"},
        {"integer", "int32", "int32"}, {"integer", "int64", "int64"},
        {"integer", NULL, "integer"},  {"string", NULL, "string"},
        {"number", NULL, "number"},    {"boolean", NULL, "boolean"},
    };
    const char *format = value_text(value_get(schema, "format"));

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text_equal(words[i][0], type) &&
            (!words[i][1] || text_equal(words[i][1], format)))
            return words[i][2];
    return "any";
}

static int put_known_type(struct compiler *c, const struct value *schema,
                          const char *type)
{
    if (text_equal(type, "object"))
        return put_object_type(c, schema);
    if (text_equal(type, "array")) {
        put(c, "[]");
        return put_type(c, value_get(schema, "items"));
    }
    put(c, scalar(schema, type));
    return 0;
}

static int put_type(struct compiler *c, const struct value *schema)
{
    const char *target = reference(schema);
    int rc = 0;

    c->nesting++;
    if (c->nesting > NESTING_MAX)
        put(c, "any");
    else if (target)
        rc = put_reference(c, target);
    else if (flag(schema, "x-kubernetes-int-or-string"))
        put(c, int_or_string(schema));
    else
        rc = put_known_type(c, schema, value_text(value_get(schema, "type")));
    c->nesting--;
    return rc;
}

/* ---- attributes ---- */

static int put_default(struct compiler *c, const struct value *field)
{
    const struct value *v = value_get(field, "default");

    if (!v || v->type == VALUE_NULL)
        return 0;
    /* On a reference the API server writes {} for "none in particular". */
    if (value_is(v, VALUE_OBJECT) && v->count == 0 && reference(field))
        return 0;
    put(c, "\tdefault=");
    return value_print(v, &c->line, c->err);
}

static const struct value *innermost(const struct value *schema)
{
    for (;;) {
        const struct value *inner = value_get(schema, "items");

        if (!inner)
            inner = value_get(schema, "additionalProperties");
        if (!value_is(inner, VALUE_OBJECT))
            return schema;
        schema = inner;
    }
}

static bool can_be_listed(const struct value *enumeration)
{
    if (!value_is(enumeration, VALUE_ARRAY) || enumeration->count == 0)
        return false;
    for (size_t i = 0; i < enumeration->count; i++) {
        const struct value *v = enumeration->as.items[i];

        if (!value_is(v, VALUE_STRING) || memchr(v->as.string, '|', v->count))
            return false;
    }
    return true;
}

static int put_texts(struct compiler *c, const struct value *array,
                     const char *between)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < array->count; i++) {
        if (i > 0)
            put(c, between);
        rc = put_foreign_value(c, array->as.items[i]);
    }
    return rc;
}

static int put_enum(struct compiler *c, const struct value *field)
{
    const struct value *all = value_get(innermost(field), "enum");

    if (!can_be_listed(all))
        return 0;
    put(c, "\tenum=");
    return put_texts(c, all, "|");
}

/* As the API server does it: where the list type is absent, the mark for
 * strategic merge patches counts. */
static int put_list(struct compiler *c, const struct value *field)
{
    const char *type = value_text(value_get(field, "x-kubernetes-list-type"));
    const struct value *keys = value_get(field, "x-kubernetes-list-map-keys");
    const struct value *key = value_get(field, "x-kubernetes-patch-merge-key");
    const char *patch =
        value_text(value_get(field, "x-kubernetes-patch-strategy"));
    bool merge = !type && patch && text_starts(patch, "merge");

    if (text_equal(type, "map") && value_is(keys, VALUE_ARRAY)) {
        put(c, "\tlist=map:");
        return put_texts(c, keys, ",");
    }
    if (merge && key) {
        put(c, "\tlist=map:");
        return put_foreign_value(c, key);
    }
    put(c, merge || text_equal(type, "set") ? "\tlist=set" : "\tlist=atomic");
    return 0;
}

static int put_patch(struct compiler *c, const struct value *field)
{
    const struct value *strategy =
        value_get(field, "x-kubernetes-patch-strategy");
    const struct value *key = value_get(field, "x-kubernetes-patch-merge-key");
    int rc;

    if (!strategy)
        return 0;
    put(c, "\tpatch=");
    rc = put_foreign_value(c, strategy);
    if (rc < 0 || !key)
        return rc;
    put(c, ":");
    return put_foreign_value(c, key);
}

static void put_map_type(struct compiler *c, const struct value *schema)
{
    const char *type = value_text(value_get(schema, "x-kubernetes-map-type"));

    if (text_equal(type, "atomic"))
        put(c, "\tatomic");
    else if (text_equal(type, "granular"))
        put(c, "\tseparable");
}

static int put_attributes(struct compiler *c, const struct value *field)
{
    int rc = put_default(c, field);

    if (rc == 0)
        rc = put_enum(c, field);
    if (rc == 0 && text_equal(value_text(value_get(field, "type")), "array"))
        rc = put_list(c, field);
    if (rc < 0)
        return rc;
    put_map_type(c, field);
    return put_patch(c, field);
}

/* ---- definitions ---- */

static bool requires(const struct value *schema, const char *name, size_t len)
{
    const struct value *required = value_get(schema, "required");

    if (!value_is(required, VALUE_ARRAY))
        return false;
    for (size_t i = 0; i < required->count; i++) {
        const struct value *v = required->as.items[i];

        if (value_is(v, VALUE_STRING) && v->count == len &&
            memcmp(v->as.string, name, len) == 0)
            return true;
    }
    return false;
}

static bool is_identity(const char *name)
{
    return text_equal(name, "apiVersion") || text_equal(name, "kind") ||
           text_equal(name, "metadata");
}

static int write_field(struct compiler *c, const struct waiting *w,
                       const struct value_member *m)
{
    int rc;

    put(c, w->name);
    put(c, ":");
    rc = put_foreign(c, m->key, m->key_len);
    put(c, "\t");
    if (rc == 0)
        rc = put_type(c, m->value);
    if (rc == 0 && requires(w->schema, m->key, m->key_len))
        put(c, "\trequired");
    if (rc == 0)
        rc = put_attributes(c, m->value);
    return rc < 0 ? rc : end_line(c);
}

/* What every object of Kubernetes has, whatever its schema says of it. */
static int write_identity(struct compiler *c, const struct waiting *w)
{
    static const char *const fields[] = {":apiVersion\tstring", ":kind\tstring",
                                         ":metadata\t@meta.v1.ObjectMeta"};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < 3; i++) {
        put(c, w->name);
        put(c, fields[i]);
        rc = end_line(c);
    }
    return rc;
}

static int write_definition(struct compiler *c, struct waiting w)
{
    const struct value *fields = value_get(w.schema, "properties");
    bool identity = w.root || flag(w.schema, "x-kubernetes-embedded-resource");
    int rc;

    put(c, w.name);
    put(c, "\tobject");
    put_map_type(c, w.schema);
    if (flag(w.schema, "x-kubernetes-preserve-unknown-fields"))
        put(c, "\topen");
    rc = end_line(c);
    if (rc == 0 && identity)
        rc = write_identity(c, &w);
    if (!value_is(fields, VALUE_OBJECT))
        return rc;
    for (size_t i = 0; rc == 0 && i < fields->count; i++)
        if (!identity || !is_identity(fields->as.members[i].key))
            rc = write_field(c, &w, &fields->as.members[i]);
    return rc;
}

static int write_waiting(struct compiler *c)
{
    int rc = 0;

    while (rc == 0 && c->waiting_count > 0)
        rc = write_definition(c, c->waiting[--c->waiting_count]);
    return rc;
}

static int begin_kind(struct compiler *c, const char *group,
                      const char *version, const char *kind)
{
    int rc = 0;

    if (group && *group) {
        rc = put_foreign(c, group, strlen(group));
        put(c, "/");
    }
    if (rc == 0)
        rc = put_foreign(c, version, strlen(version));
    put(c, " ");
    if (rc == 0)
        rc = put_foreign(c, kind, strlen(kind));
    put(c, "\t");
    return rc;
}

/* ---- CustomResourceDefinitions ---- */

static int write_version(struct compiler *c, const struct value *spec,
                         const struct value *version)
{
    const char *group = value_text_at(spec, "group");
    const char *kind = value_text_at(spec, "names.kind");
    const char *name = value_text_at(version, "name");
    const struct value *schema = value_path(version, "schema.openAPIV3Schema");
    int rc;

    if (!name)
        return err_set(c->err, ERR_INVALID, "a version without a name");
    if (!value_bool_at(version, "served", true))
        return 0;
    rc = begin_kind(c, group, name, kind);
    if (rc == 0)
        rc = put_object(c, schema, true);
    return rc < 0 ? rc : end_line(c);
}

int compile_crd(struct compiler *c, const struct value *crd)
{
    const struct value *spec = value_get(crd, "spec");
    const struct value *versions = value_get(spec, "versions");
    int rc = 0;

    if (!value_text_at(spec, "group") || !value_text_at(spec, "names.kind") ||
        !value_is(versions, VALUE_ARRAY))
        return err_set(c->err, ERR_INVALID,
                       "spec.group, spec.names.kind or spec.versions is "
                       "missing");
    for (size_t i = 0; rc == 0 && i < versions->count; i++)
        rc = write_version(c, spec, versions->as.items[i]);
    return rc < 0 ? rc : write_waiting(c);
}

/* ---- OpenAPI documents ---- */

static int write_kind(struct compiler *c, const struct value *gvk,
                      const struct value_member *definition)
{
    const char *kind = value_text_at(gvk, "kind");
    const char *version = value_text_at(gvk, "version");
    int rc;

    if (!kind || !version)
        return 0;
    rc = begin_kind(c, value_text_at(gvk, "group"), version, kind);
    if (rc == 0)
        rc = put_reference(c, definition->key);
    return rc < 0 ? rc : end_line(c);
}

/* Parameters of requests are kinds of every group; nobody declares them. */
static bool is_parameter(const char *definition)
{
    return text_ends(definition, ".DeleteOptions") ||
           text_ends(definition, ".WatchEvent");
}

int compile_openapi(struct compiler *c)
{
    const struct value *all = c->definitions;
    int rc = 0;

    if (!value_is(all, VALUE_OBJECT))
        return 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct value_member *m = &all->as.members[i];
        const struct value *kinds =
            value_get(m->value, "x-kubernetes-group-version-kind");

        if (!value_is(kinds, VALUE_ARRAY) || is_parameter(m->key))
            continue;
        for (size_t k = 0; rc == 0 && k < kinds->count; k++)
            rc = write_kind(c, kinds->as.items[k], m);
    }
    return rc < 0 ? rc : write_waiting(c);
}
