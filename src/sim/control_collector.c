/*
 * control_collector.c -- the garbage collector: what has no owner left goes.
 *
 * Keys are uids. An owner is looked up as the reference says it, by kind and
 * name in the dependent's own namespace, and is another object when its uid
 * differs: so a reference across namespaces finds nothing, as in a real
 * cluster. Kinds that are not served say nothing about their objects, and keep
 * dependents.
 */
#include <string.h>

#include "base/text.h"
#include "control_impl.h"
#include "control_steps.h"

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"

enum tie { TIE_SOLID, TIE_DANGLING, TIE_WAITING };

static void add_uid(struct controllers *c, const char *uid)
{
    control_add(c, CONTROL_COLLECTOR, "", uid);
}

static void add_dependents(struct controllers *c, const char *uid)
{
    size_t count;
    struct member *const *all = graph_dependents(c->graph, uid, &count);

    for (size_t i = 0; i < count; i++)
        add_uid(c, all[i]->uid);
}

/* Owners that wait for their dependents. */
static void add_owners(struct controllers *c, const struct value *object)
{
    const struct value *refs = value_path(object, "metadata.ownerReferences");
    const char *uid;
    const struct member *owner;

    for (size_t i = 0; i < array_count(refs); i++) {
        uid = value_text_at(array_at(refs, i), "uid");
        owner = uid ? graph_find_uid(c->graph, uid) : NULL;
        if (owner && owner->deleting && owner->foreground)
            add_uid(c, uid);
    }
}

void collector_changed(struct controllers *c, const struct news *n)
{
    const struct value *refs =
        value_path(n->object, "metadata.ownerReferences");
    const struct member *m = n->member;

    if (n->deleted)
        add_dependents(c, n->uid);
    else if (array_count(refs) > 0 ||
             (m && m->deleting && (m->foreground || m->orphaning)))
        add_uid(c, n->uid);
    add_owners(c, n->object);
}

/* ---- ties ---- */

static enum tie tie_of(struct work *w, const struct member *m,
                       const struct owner *o)
{
    const struct kind *kind =
        kinds_find_kind(sim_kinds(w->c->s), o->api_version, o->kind);
    struct object_key key = {m->key.ns, o->name};
    const struct member *owner;

    if (!kind || text_equal(kind->bucket, work_kind(w, EVENT)->bucket))
        return TIE_SOLID;
    if (kind->r.namespaced && m->key.ns[0] == '\0')
        return TIE_SOLID; /* no such thing: not for us to judge */
    if (!kind->r.namespaced)
        key.ns = "";
    owner = graph_find(w->c->graph, kind->bucket, &key);
    if (!owner || !text_equal(owner->uid, o->uid))
        return TIE_DANGLING;
    return owner->deleting && owner->foreground ? TIE_WAITING : TIE_SOLID;
}

static size_t count_ties(struct work *w, const struct member *m, enum tie tie)
{
    size_t count = 0;

    for (size_t i = 0; i < m->owner_count; i++)
        count += tie_of(w, m, &m->owners[i]) == tie;
    return count;
}

/* ---- writing ---- */

static const struct kind *kind_of(struct work *w, const struct member *m)
{
    return kinds_find_bucket(sim_kinds(w->c->s), m->shelf->bucket);
}

static struct value *read_member(struct work *w, const struct member *m)
{
    const struct kind *kind = kind_of(w, m);
    struct value *object = NULL;

    if (kind && sim_get(w->c->s, w->d.a, kind, &m->key, &object) < 0)
        w->d.failed = true;
    return object && text_equal(object_uid(object), m->uid) ? object : NULL;
}

static void write_member(struct work *w, const struct kind *kind,
                         struct value *object)
{
    struct sim_call call = {.method = HTTP_PUT,
                            .kind = kind,
                            .key = {object_ns(object), object_name(object)},
                            .body = object};

    work_call(w, &call);
}

static void drop_finalizer(struct work *w, const struct member *m,
                           const char *name)
{
    struct value *object = read_member(w, m);
    struct value *all = value_path(object, "metadata.finalizers");

    for (size_t i = array_count(all); i-- > 0;)
        if (text_equal(value_text(array_at(all, i)), name))
            array_drop(all, i);
    if (object)
        write_member(w, kind_of(w, m), object);
}

static bool matches(const struct value *ref, const char *const *uids,
                    size_t count)
{
    const char *uid = value_text_at(ref, "uid");

    for (size_t i = 0; i < count; i++)
        if (text_equal(uid, uids[i]))
            return true;
    return false;
}

static void drop_owners(struct work *w, const struct member *m,
                        const char *const *uids, size_t count)
{
    struct value *object = read_member(w, m);
    struct value *refs = value_path(object, "metadata.ownerReferences");

    for (size_t i = array_count(refs); i-- > 0;)
        if (matches(array_at(refs, i), uids, count))
            array_drop(refs, i);
    if (refs && array_count(refs) == 0)
        value_unset(value_get(object, "metadata"), "ownerReferences");
    if (object)
        write_member(w, kind_of(w, m), object);
}

/* ---- an owner that is being deleted ---- */

static void orphan(struct work *w, const struct member *m)
{
    size_t count;
    struct member *const *all = graph_dependents(w->c->graph, m->uid, &count);

    for (size_t i = 0; i < count; i++)
        drop_owners(w, all[i], &m->uid, 1);
    if (!w->again && !w->d.failed)
        drop_finalizer(w, m, ORPHAN);
}

static bool is_blocked_by(const struct member *dependent, const char *uid)
{
    for (size_t i = 0; i < dependent->owner_count; i++)
        if (text_equal(dependent->owners[i].uid, uid))
            return dependent->owners[i].blocks;
    return false;
}

static void wait_for_dependents(struct work *w, const struct member *m)
{
    size_t count, blocking = 0;
    struct member *const *all = graph_dependents(w->c->graph, m->uid, &count);

    for (size_t i = 0; i < count; i++) {
        blocking += is_blocked_by(all[i], m->uid);
        if (!all[i]->deleting)
            add_uid(w->c, all[i]->uid);
    }
    if (blocking == 0)
        drop_finalizer(w, m, FOREGROUND);
}

/* ---- a dependent ---- */

/* Owners in a circle wait for each other: dependents that wait themselves no
 * longer hold this one up. */
static void unblock(struct work *w, const struct member *m)
{
    struct value *object = read_member(w, m);
    struct value *refs = value_path(object, "metadata.ownerReferences");

    for (size_t i = 0; i < array_count(refs); i++)
        draft_bool(&w->d, array_at(refs, i), "blockOwnerDeletion", false);
    if (object)
        write_member(w, kind_of(w, m), object);
}

static bool holds_waiting(struct work *w, const struct member *m)
{
    size_t count;
    struct member *const *all = graph_dependents(w->c->graph, m->uid, &count);

    for (size_t i = 0; i < count; i++)
        if (all[i]->deleting && all[i]->foreground)
            return true;
    return false;
}

static void collect(struct work *w, const struct member *m)
{
    struct value *object = read_member(w, m);
    size_t dependents;

    graph_dependents(w->c->graph, m->uid, &dependents);
    if (!object)
        return;
    if (count_ties(w, m, TIE_WAITING) > 0 && dependents > 0) {
        if (holds_waiting(w, m))
            unblock(w, m);
        work_delete(w, kind_of(w, m), object, "Foreground");
        return;
    }
    work_delete(w, kind_of(w, m), object,
                m->orphaning    ? "Orphan"
                : m->foreground ? "Foreground"
                                : "Background");
}

/* One owner is enough to stay; the others are struck out. */
static void strike_out(struct work *w, const struct member *m)
{
    const char **uids = arena_calloc(w->d.a, m->owner_count + 1, sizeof *uids);
    size_t count = 0;

    if (!uids) {
        w->d.failed = true;
        return;
    }
    for (size_t i = 0; i < m->owner_count; i++)
        if (tie_of(w, m, &m->owners[i]) != TIE_SOLID)
            uids[count++] = m->owners[i].uid;
    if (count > 0)
        drop_owners(w, m, uids, count);
}

void collector_step(struct work *w)
{
    const struct member *m = graph_find_uid(w->c->graph, w->key->name);

    if (!m)
        return;
    if (m->deleting && m->orphaning)
        orphan(w, m);
    else if (m->deleting && m->foreground)
        wait_for_dependents(w, m);
    else if (m->deleting || m->owner_count == 0)
        return;
    else if (count_ties(w, m, TIE_SOLID) > 0)
        strike_out(w, m);
    else
        collect(w, m);
}
