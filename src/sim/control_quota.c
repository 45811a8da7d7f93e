/*
 * control_quota.c -- ResourceQuotas: what of them is used, counted anew with
 *                    every change in their namespace.
 *
 * Admission counts what it lets in at once (serve_quota.c); here goes what was
 * deleted, has ended or was not stored after all.
 */
#include "base/text.h"
#include "control_steps.h"
#include "quota.h"

struct tally {
    struct work *w;
    const struct value *quota;
    const struct value *hard;
    struct value *used;
};

void quota_changed(struct controllers *c, const struct news *n)
{
    if (n->key->ns && *n->key->ns)
        control_add_all(c, CONTROL_QUOTA, QUOTA, n->key->ns);
}

static void add_object(struct tally *t, const struct kind *kind,
                       const struct value *object)
{
    struct draft *d = &t->w->d;
    struct value *usage = quota_usage(d->a, kind, object, d->unix_now);
    struct value *some = draft_object(d);

    for (uint32_t i = 0; usage && i < usage->count; i++) {
        const struct value_member *m = &usage->as.members[i];

        if (value_get(t->hard, m->key))
            draft_set(d, some, m->key, m->value);
    }
    if (!usage || !some || amounts_add(d->a, t->used, some) < 0)
        d->failed = true;
}

/* What the quota says of the kind, at first as nothing used. */
static bool begin(struct tally *t, const struct kind *kind)
{
    bool any = false;

    for (uint32_t i = 0; t->hard && i < t->hard->count; i++) {
        const char *name = t->hard->as.members[i].key;

        if (!quota_counts(kind, name))
            continue;
        any = true;
        if (!value_get(t->used, name))
            draft_text(&t->w->d, t->used, name, "0");
    }
    return any;
}

static void count_kind(struct tally *t, const struct kind *kind)
{
    struct value *all;

    if (!begin(t, kind))
        return;
    if (sim_list(t->w->c->s, t->w->d.a, kind, t->w->key->ns, &all) < 0) {
        t->w->d.failed = true;
        return;
    }
    for (size_t i = 0; i < array_count(all); i++)
        if (quota_takes(t->quota, kind, array_at(all, i)))
            add_object(t, kind, array_at(all, i));
}

static void count_all(struct tally *t)
{
    struct kinds *kinds = sim_kinds(t->w->c->s);
    const struct kind *kind;

    for (size_t it = 0; (kind = kinds_next(kinds, &it));)
        if (kinds_find_bucket(kinds, kind->bucket) == kind)
            count_kind(t, kind);
}

void quota_step(struct work *w)
{
    struct tally t = {.w = w, .used = draft_object(&w->d)};
    struct value *status = draft_object(&w->d);

    t.quota = work_get(w, QUOTA, w->key->ns, w->key->name);
    if (!t.quota || object_deleting(t.quota) || !t.used || !status)
        return;
    t.hard = value_path(t.quota, "spec.hard");
    count_all(&t);
    if (t.hard)
        draft_set(&w->d, status, "hard", draft_copy(&w->d, t.hard));
    if (t.used->count)
        draft_set(&w->d, status, "used", t.used);
    work_status(w, QUOTA, t.quota, status);
}
