/*
 * serve_delete.c -- DELETE: at once, gracefully, or when the finalizers are
 *                   gone (registry/generic Store.Delete, rest.BeforeDelete).
 */
#include <string.h>

#include "base/text.h"
#include "serve_store.h"
#include "serve_write.h"

#define FINALIZER_ORPHAN "orphan"
#define FINALIZER_FOREGROUND "foregroundDeletion"

/* ---- DeleteOptions in the body ---- */

static int check_options(struct ask *k, const struct value *b)
{
    const char *kind = value_text_at(b, "kind");

    if (!value_is(b, VALUE_OBJECT))
        return failure_set(&k->f, 400, "BadRequest",
                           "the body is no DeleteOptions");
    if (kind && *kind && strcmp(kind, "DeleteOptions") != 0)
        return failure_set(&k->f, 400, "BadRequest",
                           "no kind \"%s\" is registered for DeleteOptions",
                           kind);
    return 0;
}

static int read_options(struct ask *k)
{
    const struct value *b;
    const struct value *orphan;

    if (body_read(k) < 0)
        return -1;
    b = k->body;
    if (!b)
        return 0;
    if (check_options(k, b) < 0)
        return -1;
    k->o.dry_run = false; /* a body stands for all that the query says */
    k->o.propagation = value_text_at(b, "propagationPolicy");
    k->o.propagation = k->o.propagation ? k->o.propagation : "";
    orphan = value_get(b, "orphanDependents");
    k->o.orphan = value_is(orphan, VALUE_BOOL) ? orphan->as.boolean : -1;
    k->o.has_grace =
        value_is(value_get(b, "gracePeriodSeconds"), VALUE_INTEGER);
    k->o.grace = value_int_at(b, "gracePeriodSeconds", 0);
    k->o.uid_is = value_text_at(b, "preconditions.uid");
    k->o.rv_is = value_text_at(b, "preconditions.resourceVersion");
    if (value_is(value_get(b, "dryRun"), VALUE_ARRAY) &&
        value_get(b, "dryRun")->count) {
        const char *all = value_text(value_get(b, "dryRun")->as.items[0]);

        k->o.dry_run = true;
        if (!text_equal(all, "All") &&
            failure_cause(&k->f, CAUSE_NOT_SUPPORTED, "dryRun",
                          "Unsupported value: supported values: \"All\"") < 0)
            return -1;
    }
    return 0;
}

/* Events have no dependents. */
static bool collects(const struct ask *k)
{
    return strcmp(k->kind->r.kind, "Event") != 0;
}

static int check_preconditions(struct ask *k, const struct value *object)
{
    const char *name = value_text_at(object, "metadata.name");
    const char *uid = value_text_at(object, "metadata.uid");
    const char *rv = value_text_at(object, "metadata.resourceVersion");
    const char *group = k->kind->r.group;
    char *why = NULL;

    if (k->o.uid_is && !text_equal(k->o.uid_is, uid))
        why = arena_printf(k->a,
                           "the UID in the precondition (%s) does not match "
                           "the UID in record (%s). The object might have been "
                           "deleted and then recreated",
                           k->o.uid_is, uid ? uid : "");
    else if (k->o.rv_is && !text_equal(k->o.rv_is, rv))
        why = arena_printf(k->a,
                           "the ResourceVersion in the precondition (%s) does "
                           "not match the ResourceVersion in record (%s). The "
                           "object might have been modified",
                           k->o.rv_is, rv ? rv : "");
    else
        return 0;
    if (!why)
        return failure_nomem(&k->f);
    if (definition_is(k->kind) ||
        strcmp(k->kind->bucket, "core/namespaces") == 0)
        return conflict(k, name, why); /* storages that look for themselves */
    if (!collects(k))
        group = ""; /* Go's type of Events is of the first group */
    failure_set(&k->f, 409, "Conflict",
                "Operation cannot be fulfilled on %s%s%s \"%s\": %s",
                k->kind->r.kind, *group ? "." : "", group, name, why);
    return failure_about(&k->f, group, k->kind->r.kind, name);
}

/* ---- finalizers of the garbage collector ---- */

static bool has_finalizer(const struct value *object, const char *name)
{
    const struct value *list = value_path(object, "metadata.finalizers");

    for (uint32_t i = 0; list && i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), name))
            return true;
    return false;
}

static bool wants_orphans(const struct ask *k, const struct value *object)
{
    if (!collects(k))
        return false;
    if (k->o.orphan >= 0)
        return k->o.orphan == 1;
    if (*k->o.propagation)
        return strcmp(k->o.propagation, "Orphan") == 0;
    if (has_finalizer(object, FINALIZER_ORPHAN))
        return true;
    if (has_finalizer(object, FINALIZER_FOREGROUND))
        return false;
    return strcmp(rules_default_propagation(k->kind), "orphan") == 0;
}

static bool wants_foreground(const struct ask *k, const struct value *object)
{
    if (!collects(k))
        return false;
    if (k->o.orphan >= 0) /* namespaces have a rule of their own */
        return k->o.orphan == 0 &&
               text_equal(k->kind->bucket, "core/namespaces");
    if (*k->o.propagation)
        return strcmp(k->o.propagation, "Foreground") == 0;
    return has_finalizer(object, FINALIZER_FOREGROUND) &&
           !has_finalizer(object, FINALIZER_ORPHAN);
}

static bool is_collectors(const char *finalizer)
{
    return text_equal(finalizer, FINALIZER_ORPHAN) ||
           text_equal(finalizer, FINALIZER_FOREGROUND);
}

/* *ret tells whether they changed. */
static int set_finalizers(struct ask *k, struct value *object, bool *ret)
{
    const struct value *old = value_path(object, "metadata.finalizers");
    struct value *list = value_array(k->a);
    bool orphan = wants_orphans(k, object);
    bool foreground = wants_foreground(k, object);
    int rc = list ? 0 : -1;

    *ret = orphan != has_finalizer(object, FINALIZER_ORPHAN) ||
           foreground != has_finalizer(object, FINALIZER_FOREGROUND);
    if (!*ret)
        return 0;
    for (uint32_t i = 0; rc == 0 && old && i < old->count; i++)
        if (!is_collectors(value_text(old->as.items[i])))
            rc = value_append(k->a, list, old->as.items[i]);
    if (rc == 0 && orphan)
        rc = value_append(k->a, list, value_string(k->a, FINALIZER_ORPHAN));
    if (rc == 0 && foreground)
        rc = value_append(k->a, list, value_string(k->a, FINALIZER_FOREGROUND));
    if (rc == 0 && list->count)
        rc = value_set(k->a, meta_of(k, object), "finalizers", list);
    if (rc == 0 && !list->count)
        value_unset(meta_of(k, object), "finalizers");
    return rc < 0 ? failure_nomem(&k->f) : 0;
}

/* ---- marks ---- */

static int set_time(struct ask *k, struct value *object, int64_t unix_time,
                    int64_t grace)
{
    struct value *meta = meta_of(k, object);
    char text[32];

    text_rfc3339(unix_time, text);
    if (value_set(k->a, meta, "deletionTimestamp", value_string(k->a, text)) <
            0 ||
        value_set(k->a, meta, "deletionGracePeriodSeconds",
                  value_integer(k->a, grace)) < 0)
        return failure_nomem(&k->f);
    return 0;
}

static int count_generation(struct ask *k, struct value *object)
{
    int64_t generation = value_int_at(object, "metadata.generation", 0);

    if (generation > 0 && value_set(k->a, meta_of(k, object), "generation",
                                    value_integer(k->a, generation + 1)) < 0)
        return failure_nomem(&k->f);
    return 0;
}

/* Only its finalizers keep it. */
static int mark_deleting(struct ask *k, struct value *object)
{
    const char *said = value_text_at(object, "metadata.deletionTimestamp");
    int64_t when = k->world.unix_now, before;

    if (!said && count_generation(k, object) < 0)
        return -1;
    if (said && text_parse_rfc3339(said, &before) && before < when)
        when = before;
    return set_time(k, object, when, 0);
}

enum grace { GRACE_NONE, GRACE_MARKED, GRACE_PENDING };

static bool is_pod(const struct ask *k)
{
    return strcmp(k->kind->bucket, "core/pods") == 0;
}

static int64_t wanted_grace(const struct ask *k, const struct value *pod)
{
    const char *node = value_text_at(pod, "spec.nodeName");
    const char *phase = value_text_at(pod, "status.phase");
    int64_t seconds =
        value_int_at(pod, "spec.terminationGracePeriodSeconds", 0);

    if (k->o.has_grace)
        seconds = k->o.grace;
    if (!node || !*node || text_equal(phase, "Failed") ||
        text_equal(phase, "Succeeded"))
        return 0;
    return seconds < 0 ? 1 : seconds;
}

/* Not to a time that is past already. */
static int shorten(struct ask *k, struct value *object, int64_t since,
                   int64_t grace)
{
    int64_t now = k->world.unix_now;

    if (since + grace < now)
        return set_time(k, object, now, grace != 0);
    return set_time(k, object, since + grace, grace);
}

/* Pods are the kind that ends gracefully: their node takes them away. */
static int mark_graceful(struct ask *k, struct value *object, enum grace *ret)
{
    const char *said = value_text_at(object, "metadata.deletionTimestamp");
    int64_t had =
        value_int_at(object, "metadata.deletionGracePeriodSeconds", -1);
    int64_t grace = k->o.has_grace && k->o.grace < 0 ? 1 : k->o.grace;
    int64_t when = k->world.unix_now;

    *ret = GRACE_NONE;
    if (!is_pod(k) || (said && had <= 0))
        return 0; /* what was to go at once goes as anything else */
    if (said && (!k->o.has_grace || grace >= had)) {
        *ret = GRACE_PENDING;
        return 0;
    }
    *ret = GRACE_MARKED;
    if (said && text_parse_rfc3339(said, &when))
        return shorten(k, object, when - had, grace);
    grace = wanted_grace(k, object);
    return set_time(k, object, when + grace, grace) < 0
               ? -1
               : count_generation(k, object);
}

/* ---- the answer ---- */

/* Storages that answer with what they deleted (ReturnDeletedObject). */
static bool returns_object(const struct kind *kind)
{
    static const char *const core[] = {
        "namespaces", "persistentvolumes", "persistentvolumeclaims",
        "pods",       "podtemplates",      "resourcequotas",
        "services",   "serviceaccounts",   NULL};

    if (strcmp(kind->r.group, "storage.k8s.io") == 0 ||
        strcmp(kind->r.group, "resource.k8s.io") == 0)
        return strcmp(kind->r.plural, "csistoragecapacities") != 0;
    for (size_t i = 0; !*kind->r.group && core[i]; i++)
        if (strcmp(core[i], kind->r.plural) == 0)
            return true;
    return false;
}

static int answer_gone(struct ask *k, struct value *object)
{
    return returns_object(k->kind) ? answer_with(k, 200, object)
                                   : answer_deleted(k, object);
}

/* An object of which nothing is set: what the API server answers to a dry run
 * of an end that finalizers had kept off and keep off no more. */
static int answer_blank(struct ask *k)
{
    struct rules_call c = rules_call(k);
    struct value *blank = value_object(k->a);
    bool counts = strcmp(k->kind->r.group, "apps") == 0 && k->kind->r.has_scale;

    if (!blank ||
        value_set(k->a, blank, "apiVersion",
                  value_string(k->a, k->kind->r.api_version)) < 0 ||
        value_set(k->a, blank, "kind", value_string(k->a, k->kind->r.kind)) <
            0 ||
        (!k->kind->crd &&
         value_set(k->a, blank, "metadata", value_object(k->a)) < 0))
        return failure_nomem(&k->f);
    if (!k->kind->crd && rules_decode(&c, blank, NULL, &k->f) < 0)
        return -1;
    if (counts && value_set(k->a, value_get(blank, "spec"), "replicas",
                            value_integer(k->a, 0)) < 0)
        return failure_nomem(&k->f);
    return answer_with(k, 200, blank);
}

/* As it was stored: what reading would leave out is told. */
static int answer_waiting(struct ask *k, struct value *object)
{
    k->ret->status = k->o.orphan == 0 ? 202 : 200;
    k->answer = object;
    return 0;
}

/* ---- namespaces ---- */

int namespace_admit_delete(struct ask *k, const char *name)
{
    static const char *const immortal[] = {"default", "kube-system",
                                           "kube-public", NULL};

    if (strcmp(k->kind->bucket, "core/namespaces") != 0)
        return 0;
    for (size_t i = 0; immortal[i]; i++) {
        if (strcmp(immortal[i], name) != 0)
            continue;
        failure_set(&k->f, 403, "Forbidden",
                    "namespaces \"%s\" is forbidden: this namespace may not be "
                    "deleted",
                    name);
        return failure_about(&k->f, "", "namespaces", name);
    }
    return 0;
}

/* Stays until the namespace controller has emptied it. *ret: it does. */
static int delete_namespace(struct ask *k, struct value *object, bool *ret)
{
    const struct value *left = value_path(object, "spec.finalizers");
    struct value *status = value_make(k->a, object, "status");
    char now[32];
    bool changed;

    *ret = true;
    if (value_text_at(object, "metadata.deletionTimestamp")) {
        *ret = left && left->count;
        return *ret ? answer_waiting(k, object) : 0;
    }
    text_rfc3339(k->world.unix_now, now);
    if (set_finalizers(k, object, &changed) < 0)
        return -1;
    if (!status ||
        value_set(k->a, meta_of(k, object), "deletionTimestamp",
                  value_string(k->a, now)) < 0 ||
        value_set(k->a, status, "phase", value_string(k->a, "Terminating")) < 0)
        return failure_nomem(&k->f);
    return store_write(k, object) < 0 ? -1 : answer_waiting(k, object);
}

/* ---- one object ---- */

static int write_marked(struct ask *k, const struct value *old,
                        struct value *object)
{
    return store_has(k, object, old) ? 0 : store_write(k, object);
}

/* The API server has read what it would write, and does not write it: it does
 * not know the version that it has to delete. */
static int check_released(struct ask *k, const struct value *old)
{
    return k->o.rv_is ? conflict(k, value_text_at(old, "metadata.name"),
                                 "Precondition failed: there is no version to "
                                 "be compared")
                      : 0;
}

static bool has_finalizers(const struct value *object)
{
    const struct value *list = value_path(object, "metadata.finalizers");

    return list && list->count;
}

/* Only finalizers keep it, or nothing does. */
static int delete_marked(struct ask *k, const struct value *old,
                         struct value *object, enum grace grace)
{
    const bool kept = has_finalizers(object);

    if (kept && grace == GRACE_NONE && mark_deleting(k, object) < 0)
        return -1;
    if ((kept || grace == GRACE_MARKED) && write_marked(k, old, object) < 0)
        return -1;
    if (kept)
        return definition_clean(k, object) < 0 ? -1 : answer_waiting(k, object);
    if (grace == GRACE_MARKED &&
        value_int_at(object, "metadata.deletionGracePeriodSeconds", 0) > 0)
        return answer_waiting(k, object);
    if (grace == GRACE_NONE && has_finalizers(old)) {
        if (k->o.dry_run)
            return answer_blank(k);
        if (check_released(k, old) < 0)
            return -1;
    }
    /* What was not written goes as it was: its finalizers are shown. */
    if (grace == GRACE_NONE && !(object = value_copy(k->a, old)))
        return failure_nomem(&k->f);
    return store_erase(k, object) < 0 ? -1 : answer_gone(k, object);
}

/* Its instances go first; who asked is told of its going. */
static int delete_definition(struct ask *k, struct value *object)
{
    bool changed;

    if (set_finalizers(k, object, &changed) < 0 ||
        definition_delete(k, object) < 0 || definition_clean(k, object) < 0)
        return -1;
    return answer_waiting(k, object);
}

int delete_object(struct ask *k, const struct value *old)
{
    struct value *object = value_copy(k->a, old);
    bool stays = false, changed;
    enum grace grace;

    if (!object)
        return failure_nomem(&k->f);
    if (check_preconditions(k, object) < 0)
        return -1;
    if (strcmp(k->kind->bucket, "core/namespaces") == 0 &&
        (delete_namespace(k, object, &stays) < 0 || stays))
        return stays && !k->f.code ? 0 : -1;
    if (definition_is(k->kind) &&
        !value_text_at(object, "metadata.deletionTimestamp"))
        return delete_definition(k, object);
    if (mark_graceful(k, object, &grace) < 0)
        return -1;
    if (grace == GRACE_PENDING)
        return answer_waiting(k, object);
    if (set_finalizers(k, object, &changed) < 0)
        return -1;
    return delete_marked(k, old, object, grace);
}

/* The body and the query together. */
static int delete_options(struct ask *k)
{
    struct rules_call c = rules_call(k);

    if (read_options(k) < 0 || delete_options_check(k) < 0)
        return -1;
    return rules_warn_delete(&c, *k->o.propagation || k->o.orphan >= 0, &k->f);
}

int serve_delete(struct ask *k)
{
    struct value *object;

    if (delete_options(k) < 0 ||
        namespace_admit_delete(k, k->at.key.name) < 0 ||
        store_read(k, &k->at.key, &object) < 0)
        return -1;
    return object ? delete_object(k, object) : not_found(k, k->at.key.name);
}

/* ---- a collection ---- */

/* The list as it was is the answer. */
int serve_delete_collection(struct ask *k)
{
    struct value *items;

    if (delete_options(k) < 0 || serve_list(k) < 0)
        return -1;
    items = value_get(k->answer, "items");
    for (uint32_t i = 0; items && i < items->count; i++) {
        struct value *list = k->answer, *now;
        struct object_key key = {
            value_text_at(items->as.items[i], "metadata.namespace"),
            value_text_at(items->as.items[i], "metadata.name")};

        key.ns = key.ns ? key.ns : "";
        if (namespace_admit_delete(k, key.name) < 0 ||
            store_read(k, &key, &now) < 0 || (now && delete_object(k, now) < 0))
            return -1;
        k->answer = list;
        k->ret->status = 200;
    }
    return 0;
}
