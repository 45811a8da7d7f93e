/*
 * managed_apply.c -- server-side apply; see sim/managed.h.
 *
 * DESIGN
 *
 *     live + config --> merged --> pruned --> compared with live
 *                         |                     |
 *        fields that the manager applied   what changed and is somebody
 *        before, not now, and that         else's is a conflict, or is
 *        nobody else owns                  taken by force
 */
#include "managed_impl.h"

#include <stdlib.h>
#include <string.h>

static struct fields *space(struct apply *p)
{
    return &p->d.o.s;
}

/* ---- is the request one? ---- */

static int wrong_kind(struct failure *f, const char *api_version,
                      const char *kind)
{
    const char *slash = api_version && strchr(api_version, '/') ? "" : "/";

    return failure_set(f, 400, "BadRequest",
                       "invalid object type: %s%s, Kind=%s", slash,
                       api_version ? api_version : "", kind ? kind : "");
}

static int check_request(const struct managed_call *c,
                         const struct value *config, struct failure *f)
{
    const char *api_version = value_text_at(config, "apiVersion");
    const char *kind = value_text_at(config, "kind");
    const struct value *managed = value_path(config, "metadata.managedFields");

    if (!text_equal(api_version, c->api_version) || !text_equal(kind, c->kind))
        return wrong_kind(f, api_version, kind);
    if (managed && managed->type != VALUE_NULL)
        return failure_set(f, 400, "BadRequest",
                           "metadata.managedFields must be nil");
    return 0;
}

/* Not a Status in the API server, so it has no reason. */
static int untyped(const struct managed_call *c, const struct value *config,
                   const char *why, struct failure *f)
{
    const char *ns = value_text_at(config, "metadata.namespace");
    const char *name = value_text_at(config, "metadata.name");
    bool many = strchr(why, '\n') != NULL;

    return failure_set(f, 500, "",
                       "failed to create typed patch object (%s/%s; %s%s, "
                       "Kind=%s): %s%s",
                       ns ? ns : "", name ? name : "",
                       strchr(c->api_version, '/') ? "" : "/", c->api_version,
                       c->kind, many ? "errors:\n" : "", why);
}

static int check_config(struct apply *p, struct failure *f)
{
    const struct managed_call *c = p->d.c;
    struct str faults;
    int rc;

    str_init(&faults, 0);
    rc = fieldset_check(space(p), c->schema, p->config, &faults);
    if (rc < 0)
        rc = failure_nomem(f);
    else if (faults.len > 0)
        rc = untyped(c, p->config, str_text(&faults), f);
    str_release(&faults);
    return rc;
}

/* ---- pruning ---- */

/* Without what the manager no longer applies: first everything it ever
 * applied goes, then what anybody owns comes back, then what it never owned. */
static const struct fieldset *named_fields(struct apply *p,
                                           const struct value *v,
                                           struct schema_node n)
{
    struct fields *s = space(p);

    return fieldset_named(s, fieldset_of_value(s, n, v), n);
}

/* merged without what is neither in pruned nor owned at this version. */
static const struct value *add_back(struct apply *p, const char *version,
                                    const struct value *merged,
                                    const struct value *pruned)
{
    struct fields *s = space(p);
    const struct fieldset *owned = NULL, *gone;
    struct schema_node n;
    const struct value *all = desk_convert(&p->d, version, merged, &n);
    const struct value *some = desk_convert(&p->d, version, pruned, &n);

    if (!all || !some)
        return pruned;
    for (uint32_t i = 0; i < p->d.o.count; i++)
        if (text_equal(p->d.o.items[i].api_version, version))
            owned = fieldset_union(s, owned, p->d.o.items[i].set);
    owned = fieldset_union(s, fieldset_named(s, owned, n),
                           named_fields(p, some, n));
    gone = fieldset_difference(s, named_fields(p, all, n), owned);
    return fieldset_remove(s, n, all, gone);
}

static const struct value *add_back_owned(struct apply *p,
                                          const struct value *merged,
                                          const struct value *pruned)
{
    struct owners *o = &p->d.o;

    pruned = add_back(p, p->last_version, merged, pruned);
    for (uint32_t i = 0; i < o->count && pruned; i++) {
        bool seen = text_equal(o->items[i].api_version, p->last_version);

        for (uint32_t k = 0; k < i && !seen; k++)
            seen = text_equal(o->items[k].api_version, o->items[i].api_version);
        if (!seen)
            pruned = add_back(p, o->items[i].api_version, merged, pruned);
    }
    return pruned;
}

static bool is_within(const struct fieldset *x, const struct fieldset *y)
{
    for (uint32_t i = 0; x && i < x->count; i++) {
        const struct fieldset_entry *in = fieldset_find(y, &x->entries[i].e);

        if (!in || (x->entries[i].member && !in->member) ||
            !is_within(x->entries[i].children, in->children))
            return false;
    }
    return true;
}

/* A version that is gone has nothing to say, and what is applied again stays.
 */
static const struct value *prune(struct apply *p, const struct value *merged)
{
    struct fields *s = space(p);
    const struct value *at_last, *pruned, *back;
    const struct fieldset *gone, *last;
    struct schema_node n;

    if (!p->last || is_within(p->last, p->set))
        return merged;
    at_last = desk_convert(&p->d, p->last_version, merged, &n);
    if (!at_last)
        return merged;
    last = fieldset_named(s, p->last, n);
    pruned = fieldset_remove(s, n, at_last, last);
    pruned = add_back_owned(p, at_last, pruned);
    pruned = pruned ? desk_convert(&p->d, p->last_version, pruned, &n) : NULL;
    if (!pruned)
        return merged;
    gone = fieldset_difference(s, named_fields(p, at_last, n),
                               named_fields(p, pruned, n));
    pruned =
        fieldset_remove(s, n, at_last, fieldset_intersection(s, gone, last));
    back = desk_convert(&p->d, p->d.c->api_version, pruned, &n);
    return back ? back : pruned;
}

/* ---- conflicts ---- */

static int add_conflict(void *arg, const struct field_element *const *path,
                        unsigned depth)
{
    struct apply *p = arg;
    uint32_t cap = p->conflict_cap ? p->conflict_cap * 2 : 8;
    struct conflict *grown = p->conflicts;
    struct str text;

    if (p->allowed && fieldset_has(p->allowed, path, depth))
        return 0;
    if (p->conflict_count == p->conflict_cap) {
        grown = arena_alloc(p->d.c->a, cap * sizeof(*grown));
        if (!grown)
            return -ERR_NOMEM;
        if (p->conflict_count)
            memcpy(grown, p->conflicts, p->conflict_count * sizeof(*grown));
        p->conflicts = grown;
        p->conflict_cap = cap;
    }
    str_init(&text, 0);
    for (unsigned i = 0; i < depth; i++)
        field_print(path[i], &text);
    grown[p->conflict_count].owner = p->owner;
    grown[p->conflict_count].path =
        text.failed ? NULL : arena_strdup(p->d.c->a, str_text(&text));
    str_release(&text);
    return grown[p->conflict_count++].path ? 0 : -ERR_NOMEM;
}

/* What others own and the merge would change; `changes` at their version. */
static const struct fieldset *contested(struct apply *p,
                                        const struct owner *owner,
                                        const struct fieldset_changes *changes)
{
    struct fields *s = space(p);

    return fieldset_intersection(
        s, owner->set, fieldset_union(s, changes->modified, changes->added));
}

static void conflict_text(struct apply *p, struct str *out)
{
    struct owners *o = &p->d.o;

    str_addf(out, "Apply failed with %u conflict%s: ", p->conflict_count,
             p->conflict_count == 1 ? "" : "s");
    if (p->conflict_count == 1) {
        str_addf(out, "conflict with %s: %s",
                 owner_name(o, p->conflicts->owner), p->conflicts->path);
        return;
    }
    for (uint32_t i = 0; i < p->conflict_count; i++) {
        const struct conflict *c = &p->conflicts[i];

        if (i == 0 || c->owner != p->conflicts[i - 1].owner)
            str_addf(out, "%sconflicts with %s:", i ? "\n" : "",
                     owner_name(o, c->owner));
        str_addf(out, "\n- %s", c->path);
    }
}

static int refuse(struct apply *p, struct failure *f)
{
    struct str text;
    int rc = 0;

    str_init(&text, 0);
    conflict_text(p, &text);
    if (text.failed || p->d.o.s.failed)
        rc = failure_nomem(f);
    else
        failure_set(f, 409, "Conflict", "%s", str_text(&text));
    str_release(&text);
    for (uint32_t i = 0; i < p->conflict_count && rc == 0; i++)
        rc = failure_cause(f, CAUSE_CONFLICT, p->conflicts[i].path,
                           "conflict with %s",
                           owner_name(&p->d.o, p->conflicts[i].owner));
    return -1;
}

/* ---- the whole ---- */

static int by_name(const void *x, const void *y)
{
    const struct owner *l = x, *r = y;
    int c = strcmp(l->manager, r->manager);

    if (c == 0)
        c = r->applied - l->applied;
    if (c == 0)
        c = strcmp(l->api_version, r->api_version);
    return c != 0 ? c : strcmp(l->subresource, r->subresource);
}

/* Who owns what before this apply, in the order in which conflicts are told.
 */
static int read_owners(struct apply *p, const struct value *live,
                       struct failure *f)
{
    struct owners *o = &p->d.o;
    int rc = owners_parse(o, value_path(live, "metadata.managedFields"));

    if (rc == -ERR_INVALID)
        return failure_set(f, 500, "", "failed to decode managed fields");
    if (o->count == 0 && live)
        desk_update(&p->d, desk_empty(&p->d), live, "before-first-apply");
    if (o->s.bad)
        return failure_set(f, 500, "",
                           "failed to create manager for existing fields: the "
                           "object does not fit its type");
    desk_reconcile(&p->d, p->live);
    if (o->count)
        qsort(o->items, o->count, sizeof(*o->items), by_name);
    return desk_failed(&p->d, f);
}

/* The manager's entry as of now. */
static struct owner *claim(struct apply *p)
{
    const struct managed_call *c = p->d.c;
    const struct owner like = {.manager = *c->manager ? c->manager : "unknown",
                               .api_version = c->api_version,
                               .subresource = c->subresource,
                               .applied = true};
    struct owner *own = owners_make(&p->d.o, &like);
    struct fields *s = space(p);

    if (!own)
        return NULL;
    p->last = own->set;
    p->last_version = own->api_version;
    p->set = fieldset_of_value(s, c->schema, p->config);
    p->set = fieldset_difference_below(s, p->set, p->d.reset);
    own->set = p->set;
    own->api_version = c->api_version;
    if (p->last_version != own->api_version &&
        !text_equal(p->last_version, own->api_version))
        own->entry = NULL;
    return own;
}

/* Takes from others what the merge changed. The number of conflicts. */
static void contest(struct apply *p, const struct value *merged,
                    const struct owner *own, bool force)
{
    const struct value *const sides[2] = {p->live, merged};
    struct fields *s = space(p);
    struct owners *o = &p->d.o;

    p->conflict_count = 0;
    for (uint32_t i = 0; i < o->count; i++) {
        struct owner *owner = &o->items[i];
        struct fieldset_changes changes;
        const struct fieldset *taken;

        if (owner == own)
            continue;
        if (!desk_compare(&p->d, owner->api_version, sides, &changes)) {
            owner->set = NULL;
            continue;
        }
        taken = contested(p, owner, &changes);
        p->owner = owner;
        if (!force && fieldset_each(taken, add_conflict, p) < 0)
            s->failed = true;
        if (!force)
            continue;
        owner->set = fieldset_difference(s, owner->set, taken);
        owner->set = fieldset_difference(s, owner->set, changes.removed);
    }
}

/* kubectl takes what it applied itself in its older way. */
static int settle(struct apply *p, const struct value *merged,
                  const struct owner *own, struct failure *f)
{
    const struct managed_call *c = p->d.c;

    if (!c->force)
        contest(p, merged, own, false);
    if (p->conflict_count && text_equal(c->manager, "kubectl") &&
        apply_read_allowed(p))
        contest(p, merged, own, false);
    if (p->conflict_count)
        return refuse(p, f);
    contest(p, merged, own, true);
    return desk_failed(&p->d, f);
}

static int finish(struct apply *p, const struct value *merged,
                  struct owner *own, struct value **ret)
{
    struct arena *a = p->d.c->a;
    struct value *object = value_copy(a, merged);

    if (!object)
        return -ERR_NOMEM;
    if (!value_equal(p->live, merged))
        own->time = desk_time(&p->d);
    own->set = desk_strip(&p->d, own->set);
    value_unset(value_get(object, "metadata"), "managedFields");
    if (owners_store(&p->d.o, object) < 0)
        return -ERR_NOMEM;
    apply_keep_last(p, object);
    *ret = object;
    return p->d.o.s.failed ? -ERR_NOMEM : 0;
}

int managed_apply(const struct managed_call *c, const struct value *live,
                  const struct value *config, struct value **ret,
                  struct failure *f)
{
    struct apply p = {.config = config};
    const struct value *merged;
    struct owner *own;

    desk_init(&p.d, c);
    p.live = live ? live : desk_empty(&p.d);
    if (check_request(c, config, f) < 0 || read_owners(&p, live, f) < 0 ||
        check_config(&p, f) < 0)
        return -1;
    own = claim(&p);
    merged = fieldset_merge(space(&p), c->schema, p.live, config);
    if (!own || p.d.o.s.failed)
        return failure_nomem(f);
    merged = prune(&p, merged);
    if (settle(&p, merged, own, f) < 0)
        return -1;
    return finish(&p, merged, own, ret) < 0 ? failure_nomem(f) : 0;
}
