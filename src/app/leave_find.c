/*
 * leave_find.c -- what an operator has left in a cluster.
 *
 * DESIGN
 *
 *   Leases        the annotation with the kinds that it ever owned
 *   every kind    objects with the label of the operator: children
 *   custom kinds  objects with its finalizer, or that children name as owner:
 *                 roots; the script's kind when it is at hand
 *   owned kinds   objects that a root owns though someone took the label off
 *
 * Everything is read as metadata. A kind that may not be looked at is counted:
 * nobody can say then that nothing is left.
 */
#include "leave_impl.h"

#include <string.h>

#include "core/diff.h"
#include "kube/lease.h"
#include "kube/schema_builtin.h"

#define APPROVE "tidelock.dev/approve"

/* ---- Leases: in every namespace, where that is allowed ---- */

static size_t ledgers_of(const struct value *annotations)
{
    size_t n = 0;

    for (uint32_t i = 0;
         value_is(annotations, VALUE_OBJECT) && i < annotations->count; i++)
        n += text_starts(annotations->as.members[i].key,
                         LEDGER_ANNOTATION_PREFIX);
    return n;
}

static int on_lease(void *arg, struct value *item, struct err *err)
{
    struct leave *l = arg;
    const struct value *annotations = value_path(item, "metadata.annotations");
    const char *kinds = value_text(value_get(annotations, l->annotation));
    void *items = l->leases;
    struct leave_lease *lease;

    if (!kinds)
        return 0;
    lease = rbac_push(&l->round, &items, &l->lease_count, sizeof(*lease));
    l->leases = items;
    if (!lease)
        return err_nomem(err);
    *lease = (struct leave_lease){
        .key = {value_text_at(item, "metadata.namespace"),
                value_text_at(item, "metadata.name")},
        .uid = value_text_at(item, "metadata.uid"),
        .rv = value_text_at(item, "metadata.resourceVersion"),
        .kinds = kinds,
        .annotations = ledgers_of(annotations),
        .holder = value_text_at(item, "spec.holderIdentity"),
        .duration = value_int_at(item, "spec.leaseDurationSeconds", 0),
    };
    return 0;
}

int leave_find_leases(struct leave *l, struct err *err)
{
    struct client_list list = {.resource = &lease_resource};
    int rc;

    arena_clear(&l->round);
    l->leases = NULL;
    l->items = NULL;
    l->lease_count = l->count = l->unseen = 0;
    rc = client_each(&l->client, &l->round, &list, on_lease, l, err);
    if (rc == -ERR_FORBIDDEN && l->options->ns) {
        err_clear(err);
        list.options.ns = l->options->ns;
        rc = client_each(&l->client, &l->round, &list, on_lease, l, err);
    }
    return rc < 0 ? err_wrap(err, "cannot look at Leases") : 0;
}

/* ---- objects ---- */

static bool is_known(const struct leave *l, const char *uid)
{
    for (size_t i = 0; i < l->count; i++)
        if (text_equal(l->items[i].uid, uid))
            return true;
    return false;
}

static bool holds_finalizer(const struct leave *l, const struct value *meta)
{
    const struct value *list = value_get(meta, "finalizers");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), l->finalizer))
            return true;
    return false;
}

/* A root of a kind that is known, or any controller of what has our label. */
bool leave_owns(const struct leave *l, const struct leave_item *item,
                const struct value *reference)
{
    const char *uid = value_text_at(reference, "uid");
    const bool labelled = text_equal(
        value_text(value_get(value_get(item->meta, "labels"), LABEL_OPERATOR)),
        l->name);

    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].root && text_equal(l->items[i].uid, uid))
            return true;
    return labelled && value_bool_at(reference, "controller", false);
}

static bool has_owner(const struct leave *l, const struct leave_item *item)
{
    const struct value *list = value_get(item->meta, "ownerReferences");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (leave_owns(l, item, list->as.items[i]))
            return true;
    return false;
}

static struct leave_item read_item(const struct leave *l,
                                   const struct value *object)
{
    const struct value *meta = value_get(object, "metadata");
    const struct value *labels = value_get(meta, "labels");
    const struct value *annotations = value_get(meta, "annotations");
    const char *ns = value_text_at(meta, "namespace");
    struct leave_item item = {
        .resource = l->looking,
        .key = {ns ? ns : "", value_text_at(meta, "name")},
        .uid = value_text_at(meta, "uid"),
        .rv = value_text_at(meta, "resourceVersion"),
        .meta = meta,
        .finalizer = holds_finalizer(l, meta),
        .going = value_get(meta, "deletionTimestamp") != NULL,
    };

    item.child = has_owner(l, &item);
    item.released = !item.child && value_get(labels, LABEL_OWNER_UID) &&
                    value_get(labels, LABEL_OPERATOR);
    item.annotated = value_get(labels, LABEL_OPERATOR) ||
                     value_get(annotations, ANNOTATION_APPLIED) ||
                     value_get(annotations, ANNOTATION_MODE) ||
                     value_get(annotations, APPROVE);
    return item;
}

static int keep(struct leave *l, const struct leave_item *item, struct err *err)
{
    void *items = l->items;
    struct leave_item *slot;

    if (!item->uid || !item->rv || !item->key.name || is_known(l, item->uid))
        return 0;
    slot = rbac_push(&l->round, &items, &l->count, sizeof(*slot));
    l->items = items;
    if (!slot)
        return err_nomem(err);
    *slot = *item;
    return 0;
}

static int on_root(void *arg, struct value *object, struct err *err)
{
    struct leave *l = arg;
    struct leave_item item = read_item(l, object);

    item.root = true;
    return keep(l, &item, err);
}

static int on_custom(void *arg, struct value *object, struct err *err)
{
    struct leave *l = arg;
    struct leave_item item = read_item(l, object);

    item.root = item.finalizer;
    return item.root ? keep(l, &item, err) : 0;
}

static int on_labelled(void *arg, struct value *object, struct err *err)
{
    struct leave *l = arg;
    const struct leave_item item = read_item(l, object);

    return keep(l, &item, err);
}

static int on_owned(void *arg, struct value *object, struct err *err)
{
    struct leave *l = arg;
    const struct leave_item item = read_item(l, object);

    return item.child ? keep(l, &item, err) : 0;
}

/* ---- kinds ---- */

static int look(struct leave *l, const struct resource *r, const char *labels,
                client_item_fn fn, struct err *err)
{
    const struct client_list list = {
        .resource = r,
        .options = {.ns = l->options->ns,
                    .label_selector = labels,
                    .metadata_only = true},
    };
    int rc;

    if (!r->can_list || !r->can_patch || (l->options->ns && !r->namespaced))
        return 0;
    l->looking = r;
    rc = client_each(&l->client, &l->round, &list, fn, l, err);
    if (rc != -ERR_FORBIDDEN && rc != -ERR_NOT_FOUND && rc != -ERR_NO_KIND)
        return rc;
    l->unseen += rc == -ERR_FORBIDDEN;
    err_clear(err);
    return 0;
}

static bool is_preferred(const struct restmap *kinds, const struct resource *r)
{
    return restmap_find_group_kind(kinds, r->group, r->kind) == r;
}

static int find_labelled(struct leave *l, struct err *err)
{
    const struct restmap *kinds = l->client.cluster->restmap;
    const char *labels = arena_printf(&l->round, LABEL_OPERATOR "=%s", l->name);
    int rc = labels ? 0 : err_nomem(err);

    for (size_t i = 0; i < restmap_count(kinds) && rc == 0; i++) {
        const struct resource *r = restmap_at(kinds, i);

        if (is_preferred(kinds, r))
            rc = look(l, r, labels, on_labelled, err);
    }
    return rc;
}

static bool is_group(const struct resource *list, size_t count,
                     const char *group)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].group, group) == 0)
            return true;
    return false;
}

/* Kinds that somebody added to the cluster. */
static int find_custom(struct leave *l, struct err *err)
{
    const struct restmap *kinds = l->client.cluster->restmap;
    struct resource *builtin;
    size_t count;
    int rc = schema_builtin_resources(&l->round, &builtin, &count, err);

    for (size_t i = 0; rc == 0 && i < restmap_count(kinds); i++) {
        const struct resource *r = restmap_at(kinds, i);

        if (!is_group(builtin, count, r->group) && is_preferred(kinds, r))
            rc = look(l, r, NULL, on_custom, err);
    }
    return rc;
}

static int look_at_kind(struct leave *l, const struct gvk *gvk,
                        client_item_fn fn, struct err *err)
{
    const struct resource *r =
        restmap_find(l->client.cluster->restmap, gvk->api_version, gvk->kind);

    return r ? look(l, r, NULL, fn, err) : 0;
}

/* The kinds that children name as their controllers'. */
static int find_owners(struct leave *l, struct err *err)
{
    const size_t count = l->count;
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct value *list =
            value_get(l->items[i].meta, "ownerReferences");

        for (uint32_t k = 0;
             value_is(list, VALUE_ARRAY) && k < list->count && rc == 0; k++) {
            const struct value *reference = list->as.items[k];
            const struct gvk gvk = {value_text_at(reference, "apiVersion"),
                                    value_text_at(reference, "kind")};

            if (gvk.api_version && gvk.kind &&
                leave_owns(l, &l->items[i], reference))
                rc = look_at_kind(l, &gvk, on_custom, err);
        }
    }
    return rc;
}

/* "apps/v1 Deployment,v1 Service" */
static int find_in_ledger(struct leave *l, const char *text, struct err *err)
{
    int rc = 0;

    while (*text && rc == 0) {
        size_t len = strcspn(text, ","), space = strcspn(text, " ,");

        if (space < len) {
            const struct gvk gvk = {
                arena_strndup(&l->round, text, space),
                arena_strndup(&l->round, text + space + 1, len - space - 1)};

            rc = gvk.api_version && gvk.kind
                     ? look_at_kind(l, &gvk, on_owned, err)
                     : err_nomem(err);
        }
        text += len + (text[len] == ',');
    }
    return rc;
}

static int find_owned(struct leave *l, struct err *err)
{
    const struct operator_decl *d = l->bundle.decl;
    int rc = 0;

    for (size_t i = 0; d && i < d->owns_count && rc == 0; i++)
        rc = look_at_kind(l, &d->owns[i].gvk, on_owned, err);
    for (size_t i = 0; i < l->lease_count && rc == 0; i++)
        rc = find_in_ledger(l, l->leases[i].kinds, err);
    return rc;
}

int leave_find(struct leave *l, struct err *err)
{
    int rc = leave_find_leases(l, err);

    if (rc == 0 && l->bundle.decl)
        rc = look_at_kind(l, &l->bundle.decl->root, on_root, err);
    if (rc == 0)
        rc = find_custom(l, err);
    if (rc == 0)
        rc = find_labelled(l, err);
    if (rc == 0)
        rc = find_owners(l, err);
    return rc == 0 ? find_owned(l, err) : rc;
}
