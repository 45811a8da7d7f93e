/*
 * serve_object.c -- what an object goes through before it is stored: create
 *                   and change, whatever verb wants them (registry/rest
 *                   BeforeCreate, BeforeUpdate; registry/generic Store).
 */
#include <string.h>

#include "base/text.h"
#include "serve_impl.h"
#include "serve_store.h"
#include "serve_write.h"
#include "sim/crd.h"

#define NAME_TRIES 8

struct rules_call rules_call(struct ask *k)
{
    return (struct rules_call){.kind = k->kind,
                               .subresource = k->at.subresource,
                               .world = &k->world,
                               .a = k->a,
                               .warnings = k->warnings,
                               .dry_run = k->o.dry_run,
                               .applied = k->body_type == BODY_APPLY,
                               .by_status = k->by_status,
                               .trail = &k->trail};
}

/* An empty list of managers says more than none: see managed_update(). */
static int keep_reset(struct ask *k, struct value *object, bool reset)
{
    return reset && value_set(k->a, meta_of(k, object), "managedFields",
                              value_array(k->a)) < 0
               ? failure_nomem(&k->f)
               : 0;
}

int object_decode(struct ask *k, struct value *object, struct value *unknown)
{
    struct rules_call c = rules_call(k);
    const struct value *sent = value_path(object, "metadata.managedFields");
    bool reset = value_is(sent, VALUE_ARRAY) && !sent->count && !k->kind->crd;

    c.empty_kept = &k->empty_kept;
    if (rules_decode(&c, object, unknown, &k->f) < 0 ||
        keep_reset(k, object, reset) < 0)
        return -1;
    return rules_default(&c, object, &k->f);
}

/* As it will be read again. */
static int settle_lists(struct ask *k, struct value *object)
{
    struct rules_call c = rules_call(k);

    return k->empty_kept ? rules_decode(&c, object, NULL, &k->f) : 0;
}

static bool has_finalizer(const struct value *object, const char *name)
{
    const struct value *list = value_path(object, "metadata.finalizers");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), name))
            return true;
    return false;
}

/* Of custom resources; built-in kinds refuse them. */
static int warn_finalizers(struct ask *k, const struct value *object,
                           const struct value *old)
{
    const struct value *list = value_path(object, "metadata.finalizers");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        const char *name = value_text(list->as.items[i]);
        char *text;

        if (!name || strchr(name, '/') || has_finalizer(old, name) ||
            strcmp(name, "orphan") == 0 || strcmp(name, "kubernetes") == 0 ||
            strcmp(name, "foregroundDeletion") == 0)
            continue;
        text = arena_printf(k->a,
                            "metadata.finalizers: \"%s\": prefer a "
                            "domain-qualified finalizer name including a path "
                            "(/) to avoid accidental conflicts with other "
                            "finalizer writers",
                            name);
        if (!text ||
            value_append(k->a, k->warnings, value_string(k->a, text)) < 0)
            return failure_nomem(&k->f);
    }
    return 0;
}

/* Events of both groups are refused as those of the first. */
static const char *group_of_failures(const struct ask *k)
{
    return strcmp(k->kind->r.group, "events.k8s.io") == 0 ? ""
                                                          : k->kind->r.group;
}

int object_validate(struct ask *k, struct value *object,
                    const struct value *old)
{
    struct rules_call c = rules_call(k);
    const char *name = value_text_at(object, "metadata.name");

    if (rules_validate(&c, object, old, &k->f) < 0 ||
        managed_check(object, &k->f) < 0 ||
        failure_invalid(&k->f, group_of_failures(k), k->kind->r.kind,
                        name ? name : "") < 0 ||
        rules_conclude(&c, object, old, &k->f) < 0)
        return -1;
    if (k->kind->crd &&
        crd_warnings(k->kind->crd, k->kind->r.version, k->a, k->warnings) < 0)
        return failure_nomem(&k->f);
    if (k->kind->crd && warn_finalizers(k, object, old) < 0)
        return -1;
    if (definition_is(k->kind) &&
        crd_definition_warnings(object, k->a, k->warnings) < 0)
        return failure_nomem(&k->f);
    return 0;
}

/* Storing another version converts it, which decodes it; /status keeps the
 * metadata that was read. */
static void note_unread(struct ask *k)
{
    const bool raw = *k->at.subresource == '\0' &&
                     (k->trail.unread & (UNREAD_METADATA | UNREAD_BODY)) &&
                     crd_is_storage(k->kind->crd, k->kind->r.version);

    if (raw || (k->trail.unread & UNREAD_DEFAULTS))
        k->note |= STORED_UNREAD;
}

/* ---- create ---- */

static int exists(struct ask *k, const char *name)
{
    failure_set(&k->f, 409, "AlreadyExists", "%s%s%s \"%s\" already exists",
                k->kind->r.plural, *k->kind->r.group ? "." : "",
                k->kind->r.group, name);
    return failure_about(&k->f, k->kind->r.group, k->kind->r.plural, name);
}

/* A generated name that is taken is generated anew. */
static int claim_name(struct ask *k, struct value *object, bool *ret_generated)
{
    struct value *meta = meta_of(k, object);
    bool generated = !value_text(value_get(meta, "name")) ||
                     !*value_text(value_get(meta, "name"));
    struct object_key key = {k->kind->r.namespaced ? k->at.key.ns : "", ""};

    *ret_generated = generated;
    for (int i = 0; i < NAME_TRIES; i++) {
        if (meta_fill(k, object) < 0)
            return -1;
        key.name = value_text(value_get(meta, "name"));
        if (!key.name || !store_item(k, &key))
            return 0;
        if (!generated)
            return 0; /* said by whoever stores, after validation */
        value_unset(meta, "name");
    }
    return exists(k, value_text_at(object, "metadata.generateName"));
}

static int check_free(struct ask *k, const struct value *object)
{
    struct object_key key = {k->kind->r.namespaced ? k->at.key.ns : "",
                             value_text_at(object, "metadata.name")};

    if (meta_revision(object) && !k->o.dry_run)
        return failure_set(&k->f, 500, "",
                           "resourceVersion should not be set on objects to "
                           "be created");
    return store_item(k, &key) ? exists(k, key.name) : 0;
}

int object_create(struct ask *k, struct value *object)
{
    struct rules_call c = rules_call(k);

    if (namespace_admit(k) < 0 || definition_admit(k) < 0 ||
        rules_admit(&c, object, NULL, &k->f) < 0 ||
        claim_name(k, object, &c.name_generated) < 0 ||
        rules_prepare_create(&c, object, &k->f) < 0 ||
        definition_prepare(k, object) < 0 ||
        object_validate(k, object, NULL) < 0 || settle_lists(k, object) < 0 ||
        quota_admit(k, object, NULL) < 0)
        return -1;
    note_unread(k);
    return check_free(k, object);
}

/* ---- change ---- */

/* What an update can neither set nor take away. */
static int keep_meta(struct ask *k, struct value *object,
                     const struct value *old)
{
    static const char *const kept[] = {"creationTimestamp", "deletionTimestamp",
                                       "generation"};
    const struct value *was = value_get(old, "metadata");
    struct value *meta = meta_of(k, object);
    int rc = meta ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < sizeof kept / sizeof kept[0]; i++) {
        struct value *v = value_get(was, kept[i]);

        value_unset(meta, kept[i]);
        if (v)
            rc = value_set(k->a, meta, kept[i], v);
    }
    if (rc == 0 && !value_get(meta, "deletionGracePeriodSeconds") &&
        value_get(was, "deletionGracePeriodSeconds"))
        rc = value_set(k->a, meta, "deletionGracePeriodSeconds",
                       value_get(was, "deletionGracePeriodSeconds"));
    if (rc == 0 && !value_text(value_get(meta, "uid")))
        rc = value_set(k->a, meta, "uid", value_get(was, "uid"));
    return rc < 0 ? failure_nomem(&k->f) : 0;
}

static int check_revision(struct ask *k, struct value *object,
                          const struct value *old)
{
    const char *name = value_text_at(old, "metadata.name");
    const char *said = value_text_at(object, "metadata.resourceVersion");
    struct value *meta = meta_of(k, object);

    if (!said || !*said || strcmp(said, "0") == 0) {
        if (!rules_allows_unconditional_update(k->kind)) {
            failure_cause(&k->f, CAUSE_INVALID, "metadata.resourceVersion",
                          "Invalid value: 0: must be specified for an update");
            return failure_invalid(&k->f, k->kind->r.group, k->kind->r.plural,
                                   name);
        }
        if (value_set(k->a, meta, "resourceVersion",
                      value_path(old, "metadata.resourceVersion")) < 0)
            return failure_nomem(&k->f);
        return 0;
    }
    if (strspn(said, "0123456789") != strlen(said) || !meta_revision(object))
        return failure_set(&k->f, 500, "",
                           "resourceVersion \"%s\" is no number", said);
    if (meta_revision(object) == meta_revision(old))
        return 0;
    if (!meta_revision(object))
        return failure_set(&k->f, 500, "",
                           "Invalid value: \"%s\": the resource version is no "
                           "number",
                           said);
    return conflict(k, name,
                    "the object has been modified; please apply your changes "
                    "to the latest version and try again");
}

/* An object that waits only for its finalizers goes with the last of them. */
static bool is_done(const struct ask *k, const struct value *object,
                    const struct value *old)
{
    const struct value *finalizers = value_path(object, "metadata.finalizers");
    const struct value *grace =
        value_path(old, "metadata.deletionGracePeriodSeconds");
    const struct value *spec = value_path(object, "spec.finalizers");

    if (finalizers && finalizers->count)
        return false;
    if (strcmp(k->kind->bucket, "core/namespaces") == 0 && spec && spec->count)
        return false;
    if (!value_text_at(old, "metadata.deletionTimestamp"))
        return false;
    return !value_is(grace, VALUE_INTEGER) || grace->as.integer == 0;
}

static int store_change(struct ask *k, struct value *object,
                        const struct value *old)
{
    if (k->gone)
        return store_erase(k, object);
    note_unread(k);
    return store_has(k, object, old) ? 0 : store_write(k, object);
}

int object_change(struct ask *k, struct value *object, const struct value *old)
{
    struct rules_call c = rules_call(k);

    k->rewritten = true;
    if (check_revision(k, object, old) < 0 || keep_meta(k, object, old) < 0 ||
        rules_prepare_update(&c, object, old, &k->f) < 0 ||
        definition_prepare(k, object) < 0 ||
        object_validate(k, object, old) < 0)
        return -1;
    k->gone = is_done(k, object, old);
    if ((!k->gone && settle_lists(k, object) < 0) ||
        quota_admit(k, object, old) < 0)
        return -1;
    return store_change(k, object, old);
}
