/*
 * managed_check.c -- managedFields as clients may send them, writes that change
 *                    nothing, and managedFields of a Scale.
 */
#include "managed_impl.h"

#include <stdio.h>
#include <string.h>

#define MANAGER_MAX 128
#define SUBRESOURCE_MAX 256

/* ---- validation ---- */

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static int check_entry(const struct value *entry, unsigned i, struct failure *f)
{
    const char *manager = value_text_at(entry, "manager");
    const char *subresource = value_text_at(entry, "subresource");
    char path[64];
    int rc = 0;

    snprintf(path, sizeof(path), "metadata.managedFields[%u].fieldManager", i);
    if (manager && strlen(manager) > MANAGER_MAX)
        rc = failure_cause(f, CAUSE_TOO_LONG, path,
                           "Too long: may not be more than %d bytes",
                           MANAGER_MAX);
    if (rc == 0 && manager && !is_printable(manager))
        rc = failure_cause(f, CAUSE_INVALID, path,
                           "Invalid value: should only contain printable "
                           "characters");
    snprintf(path, sizeof(path), "metadata.managedFields[%u].subresource", i);
    if (rc == 0 && subresource && strlen(subresource) > SUBRESOURCE_MAX)
        rc = failure_cause(f, CAUSE_TOO_LONG, path,
                           "Too long: may not be more than %d bytes",
                           SUBRESOURCE_MAX);
    return rc;
}

int managed_check(const struct value *object, struct failure *f)
{
    const struct value *all = value_path(object, "metadata.managedFields");
    int rc = 0;

    if (!value_is(all, VALUE_ARRAY))
        return 0;
    for (uint32_t i = 0; i < all->count && rc == 0; i++)
        rc = check_entry(all->as.items[i], i, f);
    return rc;
}

/* ---- order ---- */

bool managed_sorts_as_text(struct arena *a, const struct value *object)
{
    const struct value *all = value_path(object, "metadata.managedFields");
    struct fields s = {.a = a};

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++) {
        const struct value *fields = value_get(all->as.items[i], "fieldsV1");
        const struct fieldset *set;

        if (fieldset_parse(&s, fields, &set) == 0 &&
            !fieldset_sorts_as_text(set))
            return false;
    }
    return true;
}

/* ---- nothing new ---- */

static bool equal_but(const struct value *x, const struct value *y,
                      const char *but)
{
    uint32_t found = 0;

    if (!value_is(x, VALUE_OBJECT) || !value_is(y, VALUE_OBJECT))
        return false;
    for (uint32_t i = 0; i < x->count; i++) {
        const struct value_member *m = &x->as.members[i];
        const struct value *other = value_getn(y, m->key, m->key_len);

        if (strcmp(m->key, but) == 0)
            continue;
        if (!other || !value_equal(m->value, other))
            return false;
        found++;
    }
    return found + (value_get(y, but) != NULL) == y->count;
}

static bool same_entries(const struct value *x, const struct value *y)
{
    if (!x || !y)
        return x == y;
    if (x->count != y->count)
        return false;
    for (uint32_t i = 0; i < x->count; i++)
        if (!equal_but(x->as.items[i], y->as.items[i], "time"))
            return false;
    return true;
}

int managed_apply_finish(const struct managed_call *c, const struct value *live,
                         struct value *object, bool *ret_noop,
                         struct failure *f)
{
    const struct value *was = value_get(live, "metadata");
    struct value *is = value_get(object, "metadata");
    struct value *entries = value_get(was, "managedFields");

    *ret_noop = live && equal_but(live, object, "metadata") &&
                equal_but(was, is, "managedFields") &&
                same_entries(entries, value_get(is, "managedFields"));
    if (*ret_noop && entries &&
        value_set(c->a, is, "managedFields", entries) < 0)
        return failure_nomem(f);
    return 0;
}

/* ---- scale ---- */

static const char *const scale_path[] = {"spec.replicas", NULL};

static int scale_end(struct owners *o, int rc, struct failure *f)
{
    return rc < 0 || o->s.failed ? failure_nomem(f) : 0;
}

static int take_entries(struct owners *o, struct value **ret)
{
    struct value *object = value_object(o->s.a);

    if (!object || !value_make(o->s.a, object, "metadata") ||
        owners_store(o, object) < 0)
        return -ERR_NOMEM;
    *ret = value_path(object, "metadata.managedFields");
    return 0;
}

/* Of those that own the parent's replicas, by another name of the field. */
int managed_to_scale(const struct managed_scale *m, const struct value *parent,
                     struct value **ret, struct failure *f)
{
    struct owners o = {.s.a = m->a};
    const char *const paths[] = {m->replicas, NULL};
    const struct fieldset *theirs = fieldset_of_paths(&o.s, paths);
    const struct fieldset *ours = fieldset_of_paths(&o.s, scale_path);

    owners_parse(&o, value_path(parent, "metadata.managedFields"));
    for (uint32_t i = 0; i < o.count; i++) {
        struct owner *owner = &o.items[i];

        if (!fieldset_intersection(&o.s, owner->set, theirs)) {
            owner->set = NULL;
            continue;
        }
        owner->set = ours;
        owner->api_version = "autoscaling/v1";
        owner->entry = NULL;
    }
    return scale_end(&o, take_entries(&o, ret), f);
}

/* The API server knows an Update entry by its version too, so one that went
 * through a Scale never finds itself again: it is a new one, without a time. */
static void give_back(const struct managed_scale *m, struct owners *o,
                      const struct owner *from, const struct fieldset *replicas)
{
    struct owner like = {.manager = from->manager,
                         .api_version = m->api_version,
                         .subresource = from->subresource,
                         .applied = from->applied,
                         .set = replicas};
    struct owner *own = from->applied ? owners_find(o, &like) : NULL;

    if (own) {
        like.time = own->time;
        *own = like;
    } else if (!owners_add(o, &like)) {
        o->s.failed = true;
    }
}

/* False: the parent's entry no longer owns its replicas. */
static bool kept(struct owners *scale, const struct owner *parent)
{
    struct owner *found = parent->applied ? owners_find(scale, parent) : NULL;

    if (found)
        found->set = NULL;
    return found != NULL;
}

int managed_from_scale(const struct managed_scale *m,
                       const struct value *parent, const struct value *scale,
                       struct value **ret, struct failure *f)
{
    struct owners o = {.s.a = m->a}, s = {.s.a = m->a};
    const char *const paths[] = {m->replicas, NULL};
    const struct fieldset *theirs = fieldset_of_paths(&o.s, paths);
    const struct fieldset *ours = fieldset_of_paths(&s.s, scale_path);

    owners_parse(&o, value_path(parent, "metadata.managedFields"));
    owners_parse(&s, value_path(scale, "metadata.managedFields"));
    for (uint32_t i = 0; i < o.count; i++) {
        struct owner *owner = &o.items[i];

        if (fieldset_intersection(&o.s, owner->set, theirs) && !kept(&s, owner))
            owner->set = fieldset_difference(&o.s, owner->set, theirs);
    }
    for (uint32_t i = 0; i < s.count; i++)
        if (fieldset_intersection(&s.s, s.items[i].set, ours))
            give_back(m, &o, &s.items[i], theirs);
    o.s.failed = o.s.failed || s.s.failed;
    return scale_end(&o, take_entries(&o, ret), f);
}
