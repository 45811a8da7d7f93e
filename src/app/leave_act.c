/*
 * leave_act.c -- taking an operator's things off an object, or the object away.
 *
 * Every write names the uid and the resourceVersion that was looked at: what
 * changed meanwhile is looked at again.
 */
#include "leave_impl.h"

#include <string.h>

#include "core/diff.h"
#include "kube/lease.h"

#define APPROVE "tidelock.dev/approve"
#define MANAGER "tidelock-uninstall"

/* ---- what is to be done ---- */

static bool is_to_go(const struct leave *l, const struct leave_item *item)
{
    return l->options->children_go && item->child && !item->root;
}

const char *leave_what(const struct leave *l, const struct leave_item *item)
{
    if (is_to_go(l, item)) {
        if (!item->going)
            return "delete";
        return item->finalizer ? "let go" : NULL;
    }
    if (item->root)
        return item->finalizer || item->annotated ? "let go" : NULL;
    if (item->child || item->finalizer || item->annotated)
        return item->released ? "leave" : "orphan";
    return NULL;
}

/* ---- patches ---- */

/* The list without the operator's own entries; null when none is left. */
static struct value *other_finalizers(const struct leave *l, struct arena *a,
                                      const struct leave_item *item)
{
    const struct value *list = value_get(item->meta, "finalizers");
    struct value *left = value_array(a);

    for (uint32_t i = 0; left && value_is(list, VALUE_ARRAY) && i < list->count;
         i++)
        if (!text_equal(value_text(list->as.items[i]), l->finalizer) &&
            value_append(a, left, list->as.items[i]) < 0)
            return NULL;
    return left && left->count == 0 ? value_null(a) : left;
}

static struct value *other_owners(const struct leave *l, struct arena *a,
                                  const struct leave_item *item)
{
    const struct value *list = value_get(item->meta, "ownerReferences");
    struct value *left = value_array(a);

    for (uint32_t i = 0; left && value_is(list, VALUE_ARRAY) && i < list->count;
         i++)
        if (!leave_owns(l, item, list->as.items[i]) &&
            value_append(a, left, list->as.items[i]) < 0)
            return NULL;
    return left && left->count == 0 ? value_null(a) : left;
}

static int unset(struct arena *a, struct value *map, const struct value *there,
                 const char *key, const char *only)
{
    const char *text = value_text(value_get(there, key));

    if (!text || (only && !text_equal(text, only)))
        return 0;
    return value_set(a, map, key, value_null(a));
}

static int add_marks(struct arena *a, struct value *meta,
                     const struct leave_item *item)
{
    const struct value *labels = value_get(item->meta, "labels");
    const struct value *annotations = value_get(item->meta, "annotations");
    const bool ours = value_get(labels, LABEL_OPERATOR) != NULL;
    struct value *no_labels = value_make(a, meta, "labels");
    struct value *no_annotations = value_make(a, meta, "annotations");

    if (!no_labels || !no_annotations)
        return -ERR_NOMEM;
    if ((ours && unset(a, no_labels, labels, LABEL_MANAGED_BY, "tidelock")) ||
        unset(a, no_labels, labels, LABEL_OPERATOR, NULL) ||
        unset(a, no_labels, labels, LABEL_OWNER_UID, NULL) ||
        unset(a, no_annotations, annotations, ANNOTATION_APPLIED, NULL) ||
        unset(a, no_annotations, annotations, ANNOTATION_MODE, NULL) ||
        unset(a, no_annotations, annotations, APPROVE, NULL))
        return -ERR_NOMEM;
    return 0;
}

static struct value *make_patch(const struct leave *l, struct arena *a,
                                const struct leave_item *item)
{
    struct value *patch = value_object(a);
    struct value *meta = patch ? value_make(a, patch, "metadata") : NULL;

    if (!meta || value_set(a, meta, "uid", value_string(a, item->uid)) < 0 ||
        value_set(a, meta, "resourceVersion", value_string(a, item->rv)) < 0 ||
        add_marks(a, meta, item) < 0)
        return NULL;
    if (item->finalizer &&
        value_set(a, meta, "finalizers", other_finalizers(l, a, item)) < 0)
        return NULL;
    if (item->child &&
        value_set(a, meta, "ownerReferences", other_owners(l, a, item)) < 0)
        return NULL;
    return patch;
}

/* ---- requests ---- */

/* Gone, or not as it was seen: then the next look tells. */
static int send(struct leave *l, struct arena *a, const struct request *r,
                struct err *err)
{
    struct client_answer answer;
    int rc = client_ask(&l->client, a, r, &answer, err);

    if (rc != -ERR_NOT_FOUND && rc != -ERR_CONFLICT)
        return rc;
    err_clear(err);
    return 0;
}

static int release_item(struct leave *l, struct arena *a,
                        const struct leave_item *item, struct err *err)
{
    const struct target target = {item->resource, item->key};
    const struct write_options options = {.field_manager = MANAGER};
    const struct patch patch = {PATCH_MERGE, make_patch(l, a, item)};
    struct request request;
    int rc = patch.body
                 ? request_patch(a, &target, &patch, &options, &request, err)
                 : err_nomem(err);

    return rc == 0 ? send(l, a, &request, err) : rc;
}

static int delete_item(struct leave *l, struct arena *a,
                       const struct leave_item *item, struct err *err)
{
    const struct target target = {item->resource, item->key};
    const struct delete_options options = {.uid = item->uid,
                                           .resource_version = item->rv,
                                           .propagation = "Background"};
    struct request request;
    int rc = request_delete(a, &target, &options, &request, err);

    return rc == 0 ? send(l, a, &request, err) : rc;
}

int leave_act(struct leave *l, const struct leave_item *item, struct err *err)
{
    struct arena a = {0};
    int rc = is_to_go(l, item) && !item->going ? delete_item(l, &a, item, err)
                                               : release_item(l, &a, item, err);

    arena_release(&a);
    return rc < 0 ? err_wrap(err, "cannot let go of %s '%s%s%s'",
                             item->resource->kind, item->key.ns,
                             *item->key.ns ? "/" : "", item->key.name)
                  : 0;
}

/* ---- Leases ---- */

static int unmark_lease(struct leave *l, struct arena *a,
                        const struct leave_lease *lease, struct err *err)
{
    const struct target target = {&lease_resource, lease->key};
    const struct write_options options = {.field_manager = MANAGER};
    struct value *body = value_object(a);
    struct value *meta = body ? value_make(a, body, "metadata") : NULL;
    struct value *marks = meta ? value_make(a, meta, "annotations") : NULL;
    const struct patch patch = {PATCH_MERGE, body};
    struct request request;
    int rc;

    if (!marks || value_set(a, marks, l->annotation, value_null(a)) < 0 ||
        value_set(a, meta, "uid", value_string(a, lease->uid)) < 0 ||
        value_set(a, meta, "resourceVersion", value_string(a, lease->rv)) < 0)
        return err_nomem(err);
    rc = request_patch(a, &target, &patch, &options, &request, err);
    return rc == 0 ? send(l, a, &request, err) : rc;
}

/* The last operator on it takes it away. */
int leave_release_lease(struct leave *l, const struct leave_lease *lease,
                        struct err *err)
{
    const struct leave_item item = {.resource = &lease_resource,
                                    .key = lease->key,
                                    .uid = lease->uid,
                                    .rv = lease->rv};
    struct arena a = {0};
    int rc = lease->annotations > 1 ? unmark_lease(l, &a, lease, err)
                                    : delete_item(l, &a, &item, err);

    arena_release(&a);
    return rc < 0 ? err_wrap(err, "cannot release Lease '%s/%s'", lease->key.ns,
                             lease->key.name)
                  : 0;
}
