/*
 * crd_shape.c -- an object is given the shape that its schema says: unknown
 *                fields and nulls go, defaults come. (k8s.io/apiextensions-
 *                apiserver pkg/apiserver/schema: pruning, defaulting.)
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crd_impl.h"

#define PATH_MAX_LEN (1u << 20)

/* ---- pruning ---- */

struct pruning {
    struct arena *a;
    struct value *unknown; /* or NULL */
    struct str path;
    bool failed;
};

static void record(struct pruning *p, const char *key)
{
    size_t len;

    if (!p->unknown)
        return;
    len = crd_path_key(&p->path, key);
    if (p->path.failed ||
        value_append(p->a, p->unknown, value_string(p->a, str_text(&p->path))) <
            0)
        p->failed = true;
    crd_path_cut(&p->path, len);
}

static void prune(struct pruning *p, struct value *v,
                  const struct value *schema, bool embedded);

static void prune_below(struct pruning *p, const char *key, struct value *v,
                        const struct value *schema)
{
    size_t len = crd_path_key(&p->path, key);

    prune(p, v, schema, false);
    crd_path_cut(&p->path, len);
}

/* `keep`: what is not known stays, but what is known is pruned below. */
static void prune_object(struct pruning *p, struct value *v,
                         const struct value *schema, bool embedded, bool keep)
{
    bool open = value_is(value_get(schema, "additionalProperties"), VALUE_BOOL);

    for (uint32_t i = 0; i < v->count;) {
        const char *key = v->as.members[i].key;
        const struct value *known = crd_property(schema, key);

        if (embedded && crd_is_meta(key)) {
            i++;
        } else if (known) {
            prune_below(p, key, v->as.members[i++].value, known);
        } else if (keep || open) {
            i++;
        } else {
            record(p, key);
            value_unsetn(v, key, v->as.members[i].key_len);
        }
    }
}

/* Of an embedded resource: ObjectMeta is known without a schema. */
static void prune_metadata(struct pruning *p, struct value *meta)
{
    static const char known[] =
        " annotations creationTimestamp deletionGracePeriodSeconds "
        "deletionTimestamp finalizers generateName generation labels "
        "managedFields name namespace ownerReferences resourceVersion selfLink "
        "uid ";
    size_t len = crd_path_key(&p->path, "metadata");

    for (uint32_t i = 0; i < meta->count;) {
        const char *key = meta->as.members[i].key;
        const char *at = strstr(known, key);
        size_t n = strlen(key);

        if (at && n && at > known && at[-1] == ' ' && at[n] == ' ') {
            i++;
            continue;
        }
        record(p, key);
        value_unset(meta, key);
    }
    crd_path_cut(&p->path, len);
}

static void prune_array(struct pruning *p, struct value *v,
                        const struct value *items)
{
    for (uint32_t i = 0; i < v->count; i++) {
        size_t len = crd_path_index(&p->path, i);

        prune(p, v->as.items[i], items, false);
        crd_path_cut(&p->path, len);
    }
}

static void prune(struct pruning *p, struct value *v,
                  const struct value *schema, bool embedded)
{
    bool keep = crd_flag(schema, "x-kubernetes-preserve-unknown-fields");

    if (crd_flag(schema, "x-kubernetes-embedded-resource")) {
        struct value *meta = value_get(v, "metadata");

        embedded = true;
        if (value_is(meta, VALUE_OBJECT))
            prune_metadata(p, meta);
    }
    if (value_is(v, VALUE_OBJECT))
        prune_object(p, v, schema, embedded, keep);
    else if (value_is(v, VALUE_ARRAY) && (!keep || value_get(schema, "items")))
        prune_array(p, v, value_get(schema, "items"));
}

int crd_prune_default(const struct value *schema, struct value *value,
                      bool *ret_changed, struct failure *f)
{
    struct value *unknown = value_array(f->a);
    struct pruning p = {.a = f->a, .unknown = unknown};

    if (!unknown)
        return failure_nomem(f);
    str_init(&p.path, PATH_MAX_LEN);
    prune(&p, value, schema, false);
    if (p.path.failed)
        p.failed = true;
    str_release(&p.path);
    *ret_changed = unknown->count > 0;
    return p.failed ? failure_nomem(f) : 0;
}

/* ---- nulls ---- */

static bool is_unwanted_null(const struct value *v, const struct value *schema)
{
    return value_is(v, VALUE_NULL) && schema && !crd_flag(schema, "nullable");
}

/* A null where there is a default will be replaced by it. */
static void drop_nulls(struct value *v, const struct value *schema)
{
    uint32_t i = 0;

    if (value_is(v, VALUE_ARRAY))
        for (; i < v->count; i++)
            drop_nulls(v->as.items[i], value_get(schema, "items"));
    while (value_is(v, VALUE_OBJECT) && i < v->count) {
        struct value *one = v->as.members[i].value;
        const struct value *known = crd_property(schema, v->as.members[i].key);

        if (is_unwanted_null(one, known) && !value_get(known, "default")) {
            value_unsetn(v, v->as.members[i].key, v->as.members[i].key_len);
        } else {
            drop_nulls(one, known);
            i++;
        }
    }
}

static int compare_texts(const void *a, const void *b)
{
    const struct value *x = *(struct value *const *)a;
    const struct value *y = *(struct value *const *)b;

    return strcmp(x->as.string, y->as.string);
}

int crd_prune(const struct crd *c, const char *version, struct value *object,
              struct value *unknown, struct failure *f)
{
    const struct value *schema = crd_schema(c, version);
    struct pruning p = {.a = f->a, .unknown = unknown};
    uint32_t before = unknown ? unknown->count : 0;

    str_init(&p.path, PATH_MAX_LEN);
    if (!value_bool_at(crd_definition(c), "spec.preserveUnknownFields", false))
        prune(&p, object, schema, true);
    if (p.path.failed)
        p.failed = true;
    str_release(&p.path);
    if (p.failed)
        return failure_nomem(f);
    if (unknown && unknown->count > before)
        qsort(unknown->as.items + before, unknown->count - before,
              sizeof(struct value *), compare_texts);
    return 0;
}

void crd_drop_nulls(const struct crd *c, const char *version,
                    struct value *object)
{
    drop_nulls(object, crd_schema(c, version));
}

/* ---- embedded resources ---- */

struct visit {
    crd_embedded_fn each;
    void *arg;
    struct str path;
};

static int visit(struct visit *w, struct value *v, const struct value *schema);

static int visit_object(struct visit *w, struct value *v,
                        const struct value *schema)
{
    int rc = 0;

    if (crd_flag(schema, "x-kubernetes-embedded-resource"))
        rc = w->each(w->arg, str_text(&w->path), v);
    for (uint32_t i = 0; rc == 0 && i < v->count; i++) {
        const char *key = v->as.members[i].key;
        size_t len = crd_path_key(&w->path, key);

        rc = visit(w, v->as.members[i].value, crd_property(schema, key));
        crd_path_cut(&w->path, len);
    }
    return rc;
}

static int visit(struct visit *w, struct value *v, const struct value *schema)
{
    int rc = 0;

    if (schema && value_is(v, VALUE_OBJECT))
        return visit_object(w, v, schema);
    for (uint32_t i = 0;
         rc == 0 && schema && value_is(v, VALUE_ARRAY) && i < v->count; i++) {
        size_t len = crd_path_index(&w->path, i);

        rc = visit(w, v->as.items[i], value_get(schema, "items"));
        crd_path_cut(&w->path, len);
    }
    return rc;
}

int crd_embedded(const struct crd *c, const char *version, struct value *object,
                 crd_embedded_fn each, void *arg)
{
    struct visit w = {.each = each, .arg = arg};
    int rc;

    str_init(&w.path, PATH_MAX_LEN);
    rc = visit(&w, object, crd_schema(c, version));
    str_release(&w.path);
    return rc;
}

/* ---- defaults ---- */

static int set_defaults(struct arena *a, struct value *v,
                        const struct value *schema);

static int default_object(struct arena *a, struct value *v,
                          const struct value *schema)
{
    const struct value *all = value_get(schema, "properties");

    for (uint32_t i = 0; value_is(all, VALUE_OBJECT) && i < all->count; i++) {
        const char *key = all->as.members[i].key;
        const struct value *one = all->as.members[i].value;
        const struct value *otherwise = value_get(one, "default");
        const struct value *now = value_get(v, key);

        if (otherwise && (!now || is_unwanted_null(now, one)) &&
            value_set(a, v, key, value_copy(a, otherwise)) < 0)
            return -1;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        struct value_member *m = &v->as.members[i];
        const struct value *one = crd_property(schema, m->key);
        const struct value *otherwise = value_get(one, "default");

        if (otherwise && is_unwanted_null(m->value, one)) {
            m->value = value_copy(a, otherwise);
            if (!m->value)
                return -1;
        }
        if (set_defaults(a, m->value, one) < 0)
            return -1;
    }
    return 0;
}

static int default_array(struct arena *a, struct value *v,
                         const struct value *items)
{
    const struct value *otherwise = value_get(items, "default");

    for (uint32_t i = 0; i < v->count; i++) {
        if (otherwise && is_unwanted_null(v->as.items[i], items)) {
            v->as.items[i] = value_copy(a, otherwise);
            if (!v->as.items[i])
                return -1;
        }
        if (set_defaults(a, v->as.items[i], items) < 0)
            return -1;
    }
    return 0;
}

static int set_defaults(struct arena *a, struct value *v,
                        const struct value *schema)
{
    if (!schema)
        return 0;
    if (value_is(v, VALUE_OBJECT))
        return default_object(a, v, schema);
    if (value_is(v, VALUE_ARRAY))
        return default_array(a, v, value_get(schema, "items"));
    return 0;
}

int crd_default_object(const struct crd *c, const char *version,
                       struct arena *a, struct value *object, struct failure *f)
{
    if (set_defaults(a, object, crd_schema(c, version)) < 0)
        return failure_nomem(f);
    return 0;
}
