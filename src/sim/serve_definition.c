/*
 * serve_definition.c -- CustomResourceDefinitions: what follows when one is
 *                       stored or goes (apiextensions-apiserver's controllers,
 *                       done at once).
 */
#include <string.h>

#include "base/text.h"
#include "serve_store.h"
#include "serve_write.h"

#define BUCKET "apiextensions.k8s.io/customresourcedefinitions"
#define FINALIZER "customresourcecleanup.apiextensions.k8s.io"
#define USER "kube-apiserver"

bool definition_is(const struct kind *kind)
{
    return strcmp(kind->bucket, BUCKET) == 0;
}

const struct kind *definition_kind(struct ask *k)
{
    return kinds_find_bucket(k->s->kinds, BUCKET);
}

/* ---- status ---- */

static const char *storage_version(const struct value *object)
{
    const struct value *versions = value_path(object, "spec.versions");

    for (uint32_t i = 0; versions && i < versions->count; i++)
        if (value_bool_at(versions->as.items[i], "storage", false))
            return value_text_at(versions->as.items[i], "name");
    return NULL;
}

static bool holds(const struct value *array, const char *text)
{
    for (uint32_t i = 0; array && i < array->count; i++)
        if (text_equal(value_text(array->as.items[i]), text))
            return true;
    return false;
}

/* A new definition has been accepted by nobody yet; a version that is stored
 * from now on is remembered. */
int definition_prepare(struct ask *k, struct value *object)
{
    struct value *status, *names, *stored;
    const char *version;
    struct arena *a = k->a;

    if (!definition_is(k->kind) || *k->at.subresource)
        return 0;
    version = storage_version(object);
    status = value_make(a, object, "status");
    names = status ? value_make(a, status, "acceptedNames") : NULL;
    if (!names)
        return failure_nomem(&k->f);
    stored = value_get(status, "storedVersions");
    if (!names->count &&
        (value_set(a, names, "plural", value_string(a, "")) < 0 ||
         value_set(a, names, "kind", value_string(a, "")) < 0))
        return failure_nomem(&k->f);
    if (!value_get(status, "conditions") &&
        value_set(a, status, "conditions", value_null(a)) < 0)
        return failure_nomem(&k->f);
    if (!value_is(stored, VALUE_ARRAY)) {
        stored = value_array(a);
        if (value_set(a, status, "storedVersions", stored) < 0)
            return failure_nomem(&k->f);
    }
    if (version && !holds(stored, version) &&
        value_append(a, stored, value_string(a, version)) < 0)
        return failure_nomem(&k->f);
    return 0;
}

static struct value *find_condition(const struct value *object,
                                    const char *type)
{
    const struct value *list = value_path(object, "status.conditions");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "type"), type))
            return list->as.items[i];
    return NULL;
}

bool definition_is_established(const struct value *object)
{
    return text_equal(
        value_text_at(find_condition(object, "Established"), "status"), "True");
}

static int fill_condition(struct ask *k, struct value *one,
                          const struct definition_condition *c)
{
    struct arena *a = k->a;
    char now[32];

    text_rfc3339(k->world.unix_now, now);
    if ((!text_equal(value_text_at(one, "status"), c->status) &&
         value_set(a, one, "lastTransitionTime", value_string(a, now)) < 0) ||
        value_set(a, one, "message", value_string(a, c->message)) < 0 ||
        value_set(a, one, "reason", value_string(a, c->reason)) < 0 ||
        value_set(a, one, "status", value_string(a, c->status)) < 0)
        return -1;
    return value_set(a, one, "type", value_string(a, c->type));
}

int definition_set_condition(struct ask *k, struct value *object,
                             const struct definition_condition *c)
{
    struct arena *a = k->a;
    struct value *status = value_make(a, object, "status");
    struct value *list = value_get(status, "conditions");
    struct value *one = find_condition(object, c->type);

    if (one)
        return fill_condition(k, one, c);
    if (!value_is(list, VALUE_ARRAY)) {
        list = value_array(a);
        if (value_set(a, status, "conditions", list) < 0)
            return -1;
    }
    one = value_object(a);
    return one && fill_condition(k, one, c) == 0 ? value_append(a, list, one)
                                                 : -1;
}

/* ---- calls to ourselves ---- */

static int call(struct ask *k, const struct sim_call *c)
{
    int status = sim_call(k->s, k->a, c, NULL);

    return status < 300 || status == 404 || status == 409
               ? 0
               : failure_set(&k->f, 500, "InternalError",
                             "cannot follow up on a definition (%d)", status);
}

/* 1 when its names or conditions became others, 0, or -1: not done. */
static int accept_names(struct ask *k, const struct value *object)
{
    struct value *copy = value_copy(k->a, object);
    struct sim_call c = {.user = USER,
                         .method = HTTP_PUT,
                         .kind = definition_kind(k),
                         .key = {"", value_text_at(object, "metadata.name")},
                         .subresource = "status",
                         .body = copy};

    if (!copy || names_judge(k, copy) < 0)
        return -1;
    if (value_equal(copy, object))
        return 0;
    return sim_call(k->s, k->a, &c, NULL) == 200 ? 1 : -1;
}

static bool is_going(const struct value *object)
{
    return value_text_at(object, "metadata.deletionTimestamp") != NULL;
}

static bool wants_names(const struct value *object)
{
    return !is_going(object) &&
           (!find_condition(object, "Established") ||
            !value_equal(value_path(object, "spec.names"),
                         value_path(object, "status.acceptedNames")));
}

/* A name may have become free for those that wait for one. */
static void accept_others(struct ask *k, const char *group, const char *name)
{
    struct value *all;

    if (sim_list(k->s, k->a, definition_kind(k), "", &all) < 0)
        return;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct value *other = all->as.items[i];
        struct object_key key = {"", value_text_at(other, "metadata.name")};
        struct value *now;

        if (text_equal(value_text_at(other, "spec.group"), group) &&
            !text_equal(key.name, name) && wants_names(other) &&
            sim_get(k->s, k->a, definition_kind(k), &key, &now) == 0 && now)
            accept_names(k, now);
    }
}

static const struct kind *kind_of(struct ask *k, const struct value *object)
{
    const char *group = value_text_at(object, "spec.group");
    const char *plural = value_text_at(object, "spec.names.plural");
    char *bucket =
        arena_printf(k->a, "%s/%s", group ? group : "", plural ? plural : "");

    return bucket ? kinds_find_bucket(k->s->kinds, bucket) : NULL;
}

/* What fails here is done when the next definition of the group is stored. */
void definition_stored(struct ask *k, const struct value *object)
{
    const struct kind *kind;
    struct failure f;

    if (!definition_is(k->kind) || is_going(object))
        return;
    if (wants_names(object) && accept_names(k, object) != 0) {
        accept_others(k, value_text_at(object, "spec.group"),
                      value_text_at(object, "metadata.name"));
        return; /* what was written then has come through here */
    }
    kind = kind_of(k, object);
    failure_init(&f, k->a);
    if (definition_is_established(object) && (!kind || kind->crd))
        kinds_put_crd(k->s->kinds, object, &f);
}

/* ---- the end ---- */

int definition_delete(struct ask *k, struct value *object)
{
    static const struct definition_condition going = {
        "Terminating", "True", "InstanceDeletionPending",
        "CustomResourceDefinition marked for deletion; CustomResource deletion "
        "will begin soon"};
    struct value *meta = meta_of(k, object);
    struct value *finalizers = value_get(meta, "finalizers");
    char now[32];

    text_rfc3339(k->world.unix_now, now);
    if (!finalizers) {
        finalizers = value_array(k->a);
        if (value_set(k->a, meta, "finalizers", finalizers) < 0)
            return failure_nomem(&k->f);
    }
    if (value_set(k->a, meta, "deletionTimestamp", value_string(k->a, now)) <
            0 ||
        (!holds(finalizers, FINALIZER) &&
         value_append(k->a, finalizers, value_string(k->a, FINALIZER)) < 0) ||
        definition_set_condition(k, object, &going) < 0)
        return failure_nomem(&k->f);
    return store_write(k, object);
}

/* No instance is left: the finalizer goes, and with it the definition. */
static int finish(struct ask *k, const struct kind *kind, const char *name)
{
    struct object_key key = {"", name};
    struct value *object, *list, *left = value_array(k->a);
    struct sim_call c = {
        .user = USER, .method = HTTP_PUT, .kind = kind, .key = key};

    if (!left || sim_get(k->s, k->a, kind, &key, &object) < 0)
        return failure_nomem(&k->f);
    list = value_path(object, "metadata.finalizers");
    for (uint32_t i = 0; list && i < list->count; i++)
        if (!text_equal(value_text(list->as.items[i]), FINALIZER) &&
            value_append(k->a, left, list->as.items[i]) < 0)
            return failure_nomem(&k->f);
    if (!object || value_set(k->a, meta_of(k, object), "finalizers", left) < 0)
        return 0;
    c.body = object;
    return call(k, &c);
}

static int delete_instances(struct ask *k, const struct kind *kind)
{
    struct value *all;

    if (sim_list(k->s, k->a, kind, "", &all) < 0)
        return failure_nomem(&k->f);
    for (uint32_t i = 0; i < all->count; i++) {
        const char *ns = value_text_at(all->as.items[i], "metadata.namespace");
        struct sim_call c = {
            .user = USER,
            .method = HTTP_DELETE,
            .kind = kind,
            .key = {ns ? ns : "",
                    value_text_at(all->as.items[i], "metadata.name")}};

        if (call(k, &c) < 0)
            return -1;
    }
    return 0;
}

int definition_clean(struct ask *k, struct value *object)
{
    const char *name = value_text_at(object, "metadata.name");
    const char *group = value_text_at(object, "spec.group");
    const char *plural = value_text_at(object, "spec.names.plural");
    char *bucket =
        arena_printf(k->a, "%s/%s", group ? group : "", plural ? plural : "");
    const struct kind *kind;

    if (!definition_is(k->kind) || !is_going(object) || k->o.dry_run)
        return 0;
    if (!bucket)
        return failure_nomem(&k->f);
    kind = kinds_find_bucket(k->s->kinds, bucket);
    if (kind && history_count(k->s->history, bucket))
        return delete_instances(k, kind); /* the last one finishes it */
    return finish(k, k->kind, name);
}

/* The definition of a custom resource; NULL when it is not being deleted. */
static const struct item *going_definition(struct ask *k, const char **ret_name)
{
    const char *name =
        arena_printf(k->a, "%s.%s", k->kind->r.plural, k->kind->r.group);
    struct object_key key = {"", name ? name : ""};
    const struct item *item = history_get(k->s->history, BUCKET, &key);
    struct value *object;

    *ret_name = name;
    if (!item || !strstr(item->json, "\"deletionTimestamp\"") ||
        value_parse(k->a, item->json, item->len, &object, NULL) < 0)
        return NULL;
    return is_going(object) ? item : NULL;
}

void definition_erased(struct ask *k, const char *name)
{
    if (definition_is(k->kind)) {
        kinds_remove_crd(k->s->kinds, name);
        accept_others(k, strchr(name, '.') ? strchr(name, '.') + 1 : "", name);
    } else if (k->kind->crd && !history_count(k->s->history, k->kind->bucket) &&
               going_definition(k, &name)) {
        finish(k, definition_kind(k), name);
    }
}

int definition_admit(struct ask *k)
{
    const char *name;

    if (!k->kind->crd || !going_definition(k, &name))
        return 0;
    return failure_set(&k->f, 405, "MethodNotAllowed",
                       "create not allowed while custom resource definition is "
                       "terminating");
}
