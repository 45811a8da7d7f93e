/*
 * serve_scale.c -- the scale subresource: a Scale made of its parent, and a
 *                  parent changed by a Scale.
 */
#include <string.h>

#include "base/text.h"
#include "core/json_patch.h"
#include "serve_store.h"
#include "serve_write.h"
#include "sim/crd.h"

/* Where in the parent things are; dotted, without a dot before them. */
struct paths {
    const char *replicas, *now, *selector;
};

static const char *bare(const char *path)
{
    return path && *path == '.' ? path + 1 : path;
}

static void paths_of(const struct kind *kind, struct paths *ret)
{
    struct crd_subresources sub;

    *ret = (struct paths){"spec.replicas", "status.replicas", NULL};
    if (!kind->crd || !crd_subresources(kind->crd, kind->r.version, &sub))
        return;
    ret->replicas = bare(sub.spec_replicas_path);
    ret->now = bare(sub.status_replicas_path);
    ret->selector = bare(sub.label_selector_path);
}

/* matchLabels and the rest as the text that a client may list by. */
static const char *selector_text(struct ask *k, const struct value *parent,
                                 const struct paths *p)
{
    const struct value *sel = value_path(parent, "spec.selector");
    struct selector *s = NULL;
    struct str out;
    const char *text;
    int rc;

    if (k->kind->crd)
        return p->selector ? value_text_at(parent, p->selector) : NULL;
    rc = strcmp(k->kind->r.kind, "ReplicationController") == 0
             ? selector_from_map(k->a, sel, &s, NULL)
             : selector_from_label_selector(k->a, sel, &s, NULL);
    if (rc < 0 || !s)
        return NULL;
    str_init(&out, 0);
    text = selector_print(s, &out) == 0 ? arena_strdup(k->a, str_text(&out))
                                        : NULL;
    str_release(&out);
    return text;
}

static struct managed_scale managed_scale(struct ask *k, const struct paths *p)
{
    return (struct managed_scale){.a = k->a,
                                  .api_version = k->kind->r.api_version,
                                  .replicas = p->replicas};
}

static int copy_meta(struct ask *k, const struct value *parent,
                     struct value *meta)
{
    static const char *const names[] = {"name", "namespace", "uid",
                                        "resourceVersion", "creationTimestamp"};
    const struct value *from = value_get(parent, "metadata");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct value *v = value_get(from, names[i]);

        if (v && value_set(k->a, meta, names[i], v) < 0)
            return failure_nomem(&k->f);
    }
    return 0;
}

static int to_scale(struct ask *k, const struct value *parent,
                    const struct paths *p, struct value **ret)
{
    struct arena *a = k->a;
    struct value *scale = value_object(a), *meta, *spec, *status, *managed;
    const char *selector = selector_text(k, parent, p);
    int64_t wanted = value_int_at(parent, p->replicas, 0);
    struct managed_scale m = managed_scale(k, p);

    if (!scale || value_set(a, scale, "kind", value_string(a, "Scale")) < 0 ||
        value_set(a, scale, "apiVersion", value_string(a, "autoscaling/v1")) <
            0 ||
        !(meta = value_make(a, scale, "metadata")) ||
        !(spec = value_make(a, scale, "spec")) ||
        !(status = value_make(a, scale, "status")) ||
        (wanted &&
         value_set(a, spec, "replicas", value_integer(a, wanted)) < 0) ||
        value_set(a, status, "replicas",
                  value_integer(a, value_int_at(parent, p->now, 0))) < 0 ||
        (selector && *selector &&
         value_set(a, status, "selector", value_string(a, selector)) < 0))
        return failure_nomem(&k->f);
    if (copy_meta(k, parent, meta) < 0 ||
        managed_to_scale(&m, parent, &managed, &k->f) < 0)
        return -1;
    if (managed && value_set(a, meta, "managedFields", managed) < 0)
        return failure_nomem(&k->f);
    *ret = scale;
    return 0;
}

/* ---- changing ---- */

/* Too few replicas of a custom resource are for its own rules to find. */
static int check_scale(struct ask *k, const struct value *scale,
                       const struct value *parent)
{
    const char *uid = value_text_at(scale, "metadata.uid");
    const char *is = value_text_at(parent, "metadata.uid");

    if (!k->kind->crd && value_int_at(scale, "spec.replicas", 0) < 0) {
        failure_cause(&k->f, CAUSE_INVALID, "spec.replicas",
                      "Invalid value: %lld: must be greater than or equal to 0",
                      (long long)value_int_at(scale, "spec.replicas", 0));
        return failure_invalid(&k->f, "autoscaling", "Scale", k->at.key.name);
    }
    if (uid && *uid && !text_equal(uid, is)) {
        char *why = arena_printf(k->a,
                                 "Precondition failed: UID in precondition: "
                                 "%s, UID in object meta: %s",
                                 uid, is ? is : "");

        return why ? conflict(k, k->at.key.name, why) : failure_nomem(&k->f);
    }
    return 0;
}

/* The leaf of a dotted path, its parents made where they are missing. */
static int set_path(struct ask *k, struct value *object, const char *path,
                    struct value *leaf)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        char *key = arena_strndup(k->a, path, (size_t)(dot - path));

        object = key ? value_make(k->a, object, key) : NULL;
        if (!object)
            return failure_nomem(&k->f);
        path = dot + 1;
    }
    return value_set(k->a, object, path, leaf) < 0 ? failure_nomem(&k->f) : 0;
}

static int from_scale(struct ask *k, const struct paths *p,
                      const struct value *live, const struct value *scale,
                      struct value **ret)
{
    struct value *object = value_copy(k->a, live), *managed;
    struct managed_scale m = managed_scale(k, p);
    struct value *rv = value_path(scale, "metadata.resourceVersion");

    if (!value_text(rv) || !*value_text(rv)) /* whatever it is now */
        rv = value_path(live, "metadata.resourceVersion");
    if (!object)
        return failure_nomem(&k->f);
    if (set_path(k, object, p->replicas,
                 value_integer(k->a, value_int_at(scale, "spec.replicas", 0))) <
            0 ||
        managed_from_scale(&m, live, scale, &managed, &k->f) < 0)
        return -1;
    value_unset(meta_of(k, object), "resourceVersion");
    if ((rv &&
         value_set(k->a, meta_of(k, object), "resourceVersion", rv) < 0) ||
        (managed &&
         value_set(k->a, meta_of(k, object), "managedFields", managed) < 0))
        return failure_nomem(&k->f);
    *ret = object;
    return 0;
}

static int patched(struct ask *k, const struct value *old, struct value **ret)
{
    const bool json = k->body_type != BODY_STRATEGIC_PATCH &&
                      k->body_type != BODY_MERGE_PATCH;

    if (json && patch_json(k, old, ret) < 0)
        return -1;
    if (!json && merge_patch_apply(k->a, old, k->body, ret, NULL) < 0)
        return failure_nomem(&k->f);
    *ret = value_copy(k->a, *ret);
    return *ret ? 0 : failure_nomem(&k->f);
}

/* It is read as a Scale is, whatever its parent. */
static int decode_scale(struct ask *k, struct value **object)
{
    const struct kind *parent = k->kind;
    const struct kind scale = body_kind(k, "autoscaling/v1", "Scale");
    int rc;

    k->kind = &scale;
    rc = k->verb == VERB_UPDATE ? decode_body(k) : decode_patched(k, *object);
    if (k->verb == VERB_UPDATE)
        *object = k->body;
    if (rc == 0)
        rc = meta_check_names(k, *object);
    k->kind = parent;
    return rc;
}

/* Scales are managed as if they were stored. */
static struct managed_call scale_call(struct ask *k)
{
    struct managed_call m = managed_call(k, false);

    m.schema = schema_find(NULL, "autoscaling/v1", "Scale");
    m.api_version = "autoscaling/v1";
    m.kind = "Scale";
    m.group = "autoscaling";
    m.subresource = "scale";
    m.reset = NULL;
    m.convert = NULL;
    return m;
}

/* The server's converter of custom resources knows no Scale: what an apply
 * changes, and what was there before the first one, would have to go through
 * it. */
static int no_conversion(struct ask *k)
{
    failure_init(&k->f, k->a); /* conflicts are not told */
    return failure_set(&k->f, 500, "",
                       "request to convert CR to an invalid group/version: "
                       "autoscaling/v1");
}

static bool is_managed(const struct value *scale)
{
    const struct value *all = value_path(scale, "metadata.managedFields");

    return value_is(all, VALUE_ARRAY) && all->count > 0;
}

/* Whoever manages them. */
static bool is_same(const struct value *a, const struct value *b)
{
    const struct value *x = value_get(a, "metadata");
    const struct value *y = value_get(b, "metadata");
    uint32_t same = 0;

    for (uint32_t i = 0; value_is(x, VALUE_OBJECT) && i < x->count; i++) {
        const struct value_member *m = &x->as.members[i];
        const struct value *other = value_getn(y, m->key, m->key_len);

        if (strcmp(m->key, "managedFields") != 0 &&
            (!other || !value_equal(m->value, other)))
            return false;
        same += strcmp(m->key, "managedFields") != 0;
    }
    return value_is(y, VALUE_OBJECT) && same + is_managed(b) == y->count &&
           value_equal(value_get(a, "spec"), value_get(b, "spec")) &&
           value_equal(value_get(a, "status"), value_get(b, "status"));
}

static int new_scale(struct ask *k, const struct value *old, struct value **ret)
{
    struct managed_call m = scale_call(k);

    if (k->verb == VERB_PATCH && k->body_type == BODY_APPLY) {
        if (managed_apply(&m, old, k->body, ret, &k->f) < 0)
            return k->kind->crd && !is_managed(old) && k->f.code != 400
                       ? no_conversion(k)
                       : -1;
        if (k->kind->crd && (!is_managed(old) || !is_same(old, *ret)))
            return no_conversion(k);
        return decode_scale(k, ret);
    }
    if ((k->verb == VERB_PATCH && patched(k, old, ret) < 0) ||
        decode_scale(k, ret) < 0)
        return -1;
    return managed_update(&m, old, *ret, &k->f);
}

/* Who manages it is kept in the parent, and shown there. */
static int answer_scale(struct ask *k, struct value *scale)
{
    value_unset(value_get(scale, "metadata"), "managedFields");
    k->form = FORM_OBJECT;
    return answer_with(k, 200, scale);
}

static int change_scale(struct ask *k, const struct value *live,
                        const struct paths *p)
{
    struct value *old, *scale, *object, *answer;
    struct rules_call c = rules_call(k);

    if (to_scale(k, live, p, &old) < 0 || new_scale(k, old, &scale) < 0 ||
        check_scale(k, scale, live) < 0 ||
        from_scale(k, p, live, scale, &object) < 0)
        return -1;
    k->at.subresource = "";
    if (!k->kind->crd && !managed_sorts_as_text(k->a, object))
        k->note |= STORED_BY_TEXT;
    if (rules_admit(&c, object, live, &k->f) < 0 ||
        object_change(k, object, live) < 0 ||
        to_scale(k, object, p, &answer) < 0)
        return -1;
    return answer_scale(k, answer);
}

int serve_scale(struct ask *k)
{
    struct value *parent, *scale;
    struct paths p;

    paths_of(k->kind, &p);
    if (accept_parse(k) < 0 || (k->verb != VERB_GET && body_choose(k) < 0) ||
        query_parse(k) < 0 || store_read(k, &k->at.key, &parent) < 0)
        return -1;
    if (!parent)
        return not_found(k, k->at.key.name);
    if (k->verb != VERB_GET)
        return body_read(k) < 0 ? -1 : change_scale(k, parent, &p);
    if (to_scale(k, parent, &p, &scale) < 0)
        return -1;
    return answer_scale(k, scale);
}
