/*
 * rules_prepare.c -- PrepareForCreate and PrepareForUpdate: the parts of an
 *                    object that a request may not write; see rules.h.
 */
#include <string.h>

#include "kube/schema_zero.h"
#include "rules_impl.h"

static struct value *meta_of(const struct value *object)
{
    return value_get(object, "metadata");
}

/* ---- what is the server's ---- */

/* The status of an object that nobody has looked at yet. */
static int reset_status(const struct rules_call *c, struct value *object,
                        struct failure *f)
{
    if (c->kind->crd || !value_get(object, "status")) {
        value_unset(object, "status");
        return 0;
    }
    return rules_zero_field(c, object, "status", f);
}

static int take(const struct rules_call *c, struct value *object,
                const struct value *old, const char *key, struct failure *f)
{
    const struct value *is = value_get(old, key);

    if (!is) {
        value_unset(object, key);
        return 0;
    }
    return rules_set(c, object, key, value_copy(c->a, is), f);
}

static int take_absent(const struct rules_call *c, struct value *object,
                       const struct value *old, const char *key,
                       struct failure *f)
{
    return rules_is_absent(value_get(object, key))
               ? take(c, object, old, key, f)
               : 0;
}

/* A uid is a precondition. */
static int check_uid(const struct rules_call *c, const struct value *object,
                     const struct value *old, struct failure *f)
{
    const struct resource *r = &c->kind->r;
    const char *name = value_text_at(old, "metadata.name");
    const char *uid = value_text_at(object, "metadata.uid");
    const char *is = value_text_at(old, "metadata.uid");

    if (!uid || !*uid || text_equal(uid, is))
        return 0;
    failure_set(f, 409, "Conflict",
                "Operation cannot be fulfilled on %s%s%s \"%s\": "
                "Precondition failed: UID in precondition: %s, UID in object "
                "meta: %s",
                r->plural, *r->group ? "." : "", r->group, name, uid,
                is ? is : "");
    return failure_about(f, r->group, r->plural, name);
}

/* What every update leaves as it was. */
static int take_metadata(const struct rules_call *c, struct value *object,
                         const struct value *old, struct failure *f)
{
    struct value *meta = meta_of(object);
    const struct value *was = meta_of(old);

    if (take(c, meta, was, "generation", f) < 0 ||
        take_absent(c, meta, was, "uid", f) < 0 ||
        take(c, meta, was, "creationTimestamp", f) < 0)
        return -1;
    if (value_get(was, "deletionTimestamp") &&
        take(c, meta, was, "deletionTimestamp", f) < 0)
        return -1;
    return take_absent(c, meta, was, "deletionGracePeriodSeconds", f);
}

/* ---- generations ---- */

static bool is_map(const struct kind *k, const char *path)
{
    struct schema_node n = k->schema;

    while (*path) {
        size_t len = strcspn(path, ".");

        n = schema_fieldn(n, path, len);
        path += len + (path[len] == '.');
    }
    return schema_type(n) == SCHEMA_MAP;
}

/* A struct of nothing but zeroes is the one that is not there; a map is it only
 * without entries. */
static bool same_at(const struct kind *k, const struct value *a,
                    const struct value *b, const char *path)
{
    const struct value *one = value_path(a, path);
    const struct value *other = value_path(b, path);

    if (one && other)
        return value_equal(one, other);
    if (is_map(k, path))
        return (!one || !one->count) && (!other || !other->count);
    return rules_is_zero(one) && rules_is_zero(other);
}

/* Custom resources: everything but metadata counts, status only where it is
 * no subresource. */
static bool custom_differs(const struct kind *k, const struct value *a,
                           const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct value_member *m = &a->as.members[i];
        const struct value *other = value_getn(b, m->key, m->key_len);

        if (strcmp(m->key, "metadata") == 0 ||
            strcmp(m->key, "apiVersion") == 0 ||
            (k->r.has_status && strcmp(m->key, "status") == 0))
            continue;
        if (!other || !value_equal(m->value, other))
            return true;
    }
    return false;
}

static bool counts_up(const struct kind *k, const struct value *object,
                      const struct value *old)
{
    const char *at = rules_counted(k);
    char path[64];

    if (k->crd)
        return custom_differs(k, object, old) || custom_differs(k, old, object);
    while (at && *at) {
        size_t len = strcspn(at, " ");

        memcpy(path, at, len);
        path[len] = '\0';
        if (!same_at(k, object, old, path))
            return true;
        at += len + (at[len] == ' ');
    }
    return false;
}

/* NetworkPolicies are compared as Go compares: a map or a list that is empty is
 * not the one that is not there. */
static bool was_emptied(const struct rules_call *c)
{
    const struct value *all = c->trail ? c->trail->empties : NULL;
    const struct value *path;

    for (size_t i = 0; (path = rules_item(all, i)); i++)
        if (text_starts(value_text(path), "spec.") &&
            rules_is(c->kind, "networking.k8s.io", "NetworkPolicy"))
            return true;
    return false;
}

static int count_generation(const struct rules_call *c, struct value *object,
                            const struct value *old, struct failure *f)
{
    int64_t was = value_int_at(old, "metadata.generation", 0);

    bool embedded =
        *c->subresource == '\0' && c->trail && (c->trail->unread & UNREAD_BODY);

    if (!embedded && !was_emptied(c) && !counts_up(c->kind, object, old))
        return 0;
    return rules_set(c, meta_of(object), "generation",
                     value_integer(c->a, was + 1), f);
}

/* ---- creation ---- */

int rules_prepare_create(const struct rules_call *c, struct value *object,
                         struct failure *f)
{
    struct value *meta = meta_of(object);

    if (c->kind->r.has_status && !rules_is(c->kind, "", "Node") &&
        reset_status(c, object, f) < 0)
        return -1;
    if (rules_has_generation(c->kind) &&
        rules_set(c, meta, "generation", value_integer(c->a, 1), f) < 0)
        return -1;
    rules_drop_gated(c, object);
    return rules_prepare_kind(c, object, NULL, f);
}

/* ---- updates ---- */

/* A status write is everything of the old object but its status. */
static int keep_all_but_status(const struct rules_call *c, struct value *object,
                               const struct value *old, struct failure *f)
{
    for (uint32_t i = 0; i < object->count;) {
        const char *key = object->as.members[i].key;

        if (strcmp(key, "status") != 0 && strcmp(key, "metadata") != 0 &&
            !value_get(old, key))
            value_unset(object, key);
        else
            i++;
    }
    for (uint32_t i = 0; i < old->count; i++) {
        const char *key = old->as.members[i].key;

        if (strcmp(key, "status") != 0 && strcmp(key, "metadata") != 0 &&
            take(c, object, old, key, f) < 0)
            return -1;
    }
    return 0;
}

static int keep_metadata(const struct rules_call *c, struct value *object,
                         const struct value *old, struct failure *f)
{
    static const char *const keys[] = {"deletionTimestamp",
                                       "deletionGracePeriodSeconds",
                                       "labels",
                                       "annotations",
                                       "finalizers",
                                       "ownerReferences",
                                       "selfLink"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (take(c, meta_of(object), meta_of(old), keys[i], f) < 0)
            return -1;
    return 0;
}

/* The class of a pod is known since it was made. */
static int keep_class(const struct rules_call *c, struct value *object,
                      const struct value *old, struct failure *f)
{
    struct value *status;

    if (!rules_is(c->kind, "", "Pod"))
        return 0;
    status = value_make(c->a, object, "status");
    if (!status)
        return failure_nomem(f);
    return take_absent(c, status, value_get(old, "status"), "qosClass", f);
}

/* The annotation of the template's generation is a field of the spec. */
static int keep_template_generation(const struct rules_call *c,
                                    struct value *object,
                                    const struct value *old, struct failure *f)
{
    static const char key[] = "deprecated.daemonset.template.generation";
    struct value *notes;

    if (!rules_is(c->kind, "apps", "DaemonSet"))
        return 0;
    notes = value_make(c->a, meta_of(object), "annotations");
    if (!notes)
        return failure_nomem(f);
    return take(c, notes, value_path(old, "metadata.annotations"), key, f);
}

/* What autoscaling/v1 notes is of the spec or of the status as fields are. */
static int keep_scaler_notes(const struct rules_call *c, struct value *object,
                             const struct value *old, struct failure *f)
{
#define NOTE(name) "autoscaling.alpha.kubernetes.io/" name
    static const char *const of_spec[] = {NOTE("metrics"), NOTE("behavior")};
    static const char *const of_status[] = {NOTE("current-metrics"),
                                            NOTE("conditions")};
#undef NOTE
    const char *const *kept =
        strcmp(c->subresource, "status") == 0 ? of_spec : of_status;
    const struct value *was = value_path(old, "metadata.annotations");
    struct value *meta = meta_of(object), *notes;

    if (strcmp(c->kind->r.api_version, "autoscaling/v1") != 0)
        return 0;
    notes = value_make(c->a, meta, "annotations");
    if (!notes || take(c, notes, was, kept[0], f) < 0 ||
        take(c, notes, was, kept[1], f) < 0)
        return failure_nomem(f);
    if (!notes->count)
        value_unset(meta, "annotations");
    return 0;
}

static int prepare_status(const struct rules_call *c, struct value *object,
                          const struct value *old, struct failure *f)
{
    const char *const *reset = rules_reset_fields(c->kind, "status");

    if (keep_all_but_status(c, object, old, f) < 0)
        return -1;
    for (; *reset; reset++) {
        if (strcmp(*reset, "metadata") == 0 &&
            keep_metadata(c, object, old, f) < 0)
            return -1;
        if (text_starts(*reset, "metadata.") &&
            take(c, meta_of(object), meta_of(old), *reset + 9, f) < 0)
            return -1;
    }
    if ((rules_is(c->kind, "batch", "Job") &&
         rules_prepare_job_status(c, object, f) < 0) ||
        keep_scaler_notes(c, object, old, f) < 0)
        return -1;
    return keep_template_generation(c, object, old, f) < 0
               ? -1
               : keep_class(c, object, old, f);
}

int rules_prepare_update(const struct rules_call *c, struct value *object,
                         const struct value *old, struct failure *f)
{
    bool status = strcmp(c->subresource, "status") == 0;

    if (check_uid(c, object, old, f) < 0)
        return -1;
    if (take_metadata(c, object, old, f) < 0)
        return -1;
    if (status)
        return prepare_status(c, object, old, f);
    if (c->kind->r.has_status && take(c, object, old, "status", f) < 0)
        return -1;
    rules_drop_gated(c, object);
    if (keep_scaler_notes(c, object, old, f) < 0)
        return -1;
    if (rules_prepare_kind(c, object, old, f) < 0)
        return -1;
    return count_generation(c, object, old, f);
}
