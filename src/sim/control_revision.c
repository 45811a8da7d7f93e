/*
 * control_revision.c -- see control_revision.h.
 */
#include "control_revision.h"

#include "base/text.h"
#include "control_pods.h"

#define GENERATION_KEY "deprecated.daemonset.template.generation"

static int by_number(const struct value *a, const struct value *b)
{
    int64_t x = value_int_at(a, "revision", 0);
    int64_t y = value_int_at(b, "revision", 0);

    return (x > y) - (x < y);
}

static struct value *data_of(struct work *w, const struct value *owner)
{
    struct draft *d = &w->d;
    struct value *data = draft_object(d), *template;

    template = draft_copy(d, value_path(owner, "spec.template"));
    draft_text(d, template, "$patch", "replace");
    draft_set(d, draft_make(d, data, "spec"), "template", template);
    return data;
}

static int64_t last_number(const struct revisions *r)
{
    size_t count = array_count(r->all);

    return count > 0 ? value_int_at(array_at(r->all, count - 1), "revision", 0)
                     : 0;
}

static bool create(struct work *w, const struct value *owner,
                   struct value *data, const char *hash_label,
                   struct revisions *r)
{
    struct draft *d = &w->d;
    struct value *one = draft_object(d), *meta, *owners = draft_array(d);
    int64_t salt = value_int_at(owner, "status.collisionCount", 0);
    const char *hash = draft_hash(d, data, salt);

    meta = draft_make(d, one, "metadata");
    draft_text(d, meta, "name",
               draft_printf(d, "%s-%s", object_name(owner), hash));
    draft_text(d, meta, "namespace", object_ns(owner));
    draft_set(
        d, meta, "labels",
        draft_copy(d, value_path(owner, "spec.template.metadata.labels")));
    draft_text(d, draft_make(d, meta, "labels"), hash_label, hash);
    if (w->self->root == DAEMON_SET)
        draft_text(d, draft_make(d, meta, "annotations"), GENERATION_KEY,
                   draft_printf(d, "%lld",
                                (long long)value_int_at(
                                    owner, "metadata.generation", 0)));
    draft_append(d, owners, work_owner(w, w->self->root, owner));
    draft_set(d, meta, "ownerReferences", owners);
    draft_set(d, one, "data", data);
    draft_int(d, one, "revision", last_number(r) + 1);
    if (work_create(w, REVISION, one) >= 300)
        return false;
    draft_append(d, r->all, w->answer);
    r->update = w->answer;
    return true;
}

/* A template that comes back is the newest again. */
static bool renumber(struct work *w, struct value *one, struct revisions *r)
{
    if (value_int_at(one, "revision", 0) < last_number(r)) {
        draft_int(&w->d, one, "revision", last_number(r) + 1);
        if (work_update(w, REVISION, one) >= 300)
            return false;
        pods_sort(r->all, by_number);
    }
    r->update = one;
    return true;
}

bool revisions_sync(struct work *w, const struct value *owner,
                    const char *hash_label, struct revisions *ret)
{
    struct value *data = data_of(w, owner), *one;
    bool done = false;

    *ret = (struct revisions){
        .all = work_owned(w, REVISION, object_ns(owner), object_uid(owner))};
    if (w->d.failed)
        return false;
    pods_sort(ret->all, by_number);
    for (size_t i = array_count(ret->all); i-- > 0 && !ret->update;) {
        one = array_at(ret->all, i);
        if (value_equal(value_get(one, "data"), data))
            done = renumber(w, one, ret);
    }
    if (!done && (w->again || !create(w, owner, data, hash_label, ret)))
        return false;
    ret->hash = object_label(ret->update, hash_label);
    return !w->d.failed;
}

const struct value *revision_find(const struct revisions *r, const char *name)
{
    for (size_t i = 0; i < array_count(r->all); i++)
        if (text_equal(object_name(array_at(r->all, i)), name))
            return array_at(r->all, i);
    return NULL;
}

static bool is_live(const struct value *live, const struct value *one)
{
    const char *name = object_name(one), *text;

    for (size_t i = 0; i < array_count(live); i++) {
        text = value_text(array_at(live, i));
        if (text && text_ends(name, text))
            return true;
    }
    return false;
}

void revisions_trim(struct work *w, const struct value *owner,
                    const struct revisions *r, const struct value *live)
{
    int64_t limit = value_int_at(owner, "spec.revisionHistoryLimit", 10);
    int64_t unused = 0;
    const struct value *one;

    for (size_t i = 0; i < array_count(r->all); i++)
        unused += array_at(r->all, i) != r->update &&
                  !is_live(live, array_at(r->all, i));
    for (size_t i = 0; i < array_count(r->all) && unused > limit; i++) {
        one = array_at(r->all, i);
        if (one == r->update || is_live(live, one))
            continue;
        work_delete(w, work_kind(w, REVISION), one, NULL);
        unused--;
    }
}
