/*
 * diff_drift.c -- what is compared with what: a child, a patch, a status.
 *
 * DESIGN
 *
 * The comparison itself (diff_compare.c) knows three trees and no kinds. Here
 * they are found: our entry of managedFields under the right manager and
 * subresource, the hash that a child carries, the schema of the kind.
 *
 *      child     manager of the operator, hash annotation
 *      patch     manager of the root, no hash: a foreign object carries none
 *      status    manager of the operator, subresource "status", no hash
 *
 * Of a child that carries the hash of its declaration nothing but ownership
 * is asked, which needs no schema: the quick way of almost every comparison.
 */
#include "core/diff_private.h"

#include <string.h>

#include "core/owned_fields.h"
#include "core/shallow.h"

static struct schema_node kind_node(const struct diff_work *w,
                                    const struct resource *r)
{
    return schema_find(w->in->schemas, r->api_version, r->kind);
}

int diff_compare(struct diff_work *w, const struct diff_step *s,
                 const struct diff_declared *d, const struct value *live,
                 struct diff_drift *ret)
{
    const struct value *annotations = value_path(live, "metadata.annotations");
    const char *hash = value_text(value_get(annotations, ANNOTATION_APPLIED));
    const struct value *owned = owned_entry(live, w->in->decl->field_manager,
                                            "", s->resource->api_version);
    bool same_hash = text_equal(hash, d->hash);
    struct diff_comparison in = {
        .declared = d->body,
        .owned = owned,
        .live = live,
        .same_hash = same_hash,
        .fresh = !same_hash,
        .secret = diff_is_secret(s->resource),
    };

    *ret = (struct diff_drift){.in_sync = true};
    if (same_hash && owned_exactly(w->a, owned, d->body))
        return 0;
    in.node = kind_node(w, s->resource);
    return diff_walk(w, &in, ret);
}

int diff_compare_apply(struct diff_work *w, const struct diff_step *s,
                       const struct change *change, const struct value *live,
                       struct diff_drift *ret)
{
    struct diff_comparison in = {
        .declared = change->body,
        .owned = owned_entry(live, change->field_manager, "",
                             s->resource->api_version),
        .live = live,
        .node = kind_node(w, s->resource),
        .secret = diff_is_secret(s->resource),
    };

    return diff_walk(w, &in, ret);
}

/* The live status without what neither we own nor the plan declares: other
 * writers' fields are no difference. */
static struct value *our_status(struct diff_work *w, const struct value *owned,
                                const struct value *status)
{
    const struct value *live = value_get(w->root, "status");
    struct value *ours = shallow_copy(w->a, live);

    for (uint32_t i = ours ? ours->count : 0; i-- > 0;) {
        const struct value_member *m = &ours->as.members[i];

        if (!owned_field(owned, m->key, m->key_len) &&
            !value_getn(status, m->key, m->key_len))
            value_unsetn(ours, m->key, m->key_len);
    }
    return ours;
}

int diff_compare_status(struct diff_work *w, const struct value *status,
                        struct diff_drift *ret)
{
    const struct resource *r = w->in->view->root_resource;
    const struct value *entry = owned_entry(w->root, w->in->decl->field_manager,
                                            "status", r->api_version);
    struct diff_comparison in = {
        .declared = status,
        .owned = owned_field(entry, "status", strlen("status")),
        .live = value_get(w->root, "status"),
        .node = schema_field(kind_node(w, r), "status"),
    };
    struct diff_fields_input show = {.node = in.node, .after = status};
    int rc;

    *ret = (struct diff_drift){.in_sync = true};
    if (!status->count && !in.owned)
        return 0;
    rc = diff_walk(w, &in, ret);
    if (rc < 0 || ret->in_sync)
        return rc;
    show.before = our_status(w, in.owned, status);
    if (!show.before)
        return err_nomem(w->err);
    return diff_fields_below(&show, w->a, &ret->fields, &ret->field_count,
                             w->err);
}
