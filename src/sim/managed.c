/*
 * managed.c -- who owns a field after a write; see sim/managed.h.
 *
 * DESIGN
 *
 * An update is a comparison: what the request changed or added is the
 * manager's, and nobody else's any more. Entries of other versions are judged
 * by the object as those versions have it.
 */
#include "managed_impl.h"

#include <string.h>

/* ---- what is never owned ---- */

#define NAME(text)                                                             \
    {                                                                          \
        .e = {.kind = FIELD_NAME, .count = sizeof(text) - 1, .as.name = text}, \
        .member = true                                                         \
    }
static const struct fieldset_entry metadata_entries[] = {
    NAME("clusterName"),
    NAME("creationTimestamp"),
    NAME("generation"),
    NAME("managedFields"),
    NAME("name"),
    NAME("namespace"),
    NAME("resourceVersion"),
    NAME("selfLink"),
    NAME("uid"),
};
static const struct fieldset metadata_set = {9, metadata_entries};
static const struct fieldset_entry root_entries[] = {
    NAME("apiVersion"),
    NAME("kind"),
    {.e = {.kind = FIELD_NAME, .count = 8, .as.name = "metadata"},
     .member = true,
     .children = &metadata_set},
};
static const struct fieldset root_set = {3, root_entries};

const struct fieldset *desk_strip(struct desk *d, const struct fieldset *set)
{
    return fieldset_difference(&d->o.s, set, &root_set);
}

/* ---- the desk ---- */

void desk_init(struct desk *d, const struct managed_call *c)
{
    *d = (struct desk){.c = c, .o.s.a = c->a};
    d->reset = fieldset_of_paths(&d->o.s, c->reset);
}

const struct value *desk_empty(struct desk *d)
{
    struct arena *a = d->c->a;
    struct value *v;

    if (d->c->empty)
        return d->c->empty;
    v = value_object(a);
    if (value_set(a, v, "apiVersion", value_string(a, d->c->api_version)) < 0 ||
        value_set(a, v, "kind", value_string(a, d->c->kind)) < 0)
        d->o.s.failed = true;
    return v;
}

const struct value *desk_convert(struct desk *d, const char *api_version,
                                 const struct value *object,
                                 struct schema_node *ret_schema)
{
    const struct value *converted = NULL;

    const char *is = value_text_at(object, "apiVersion");

    *ret_schema = d->c->schema;
    if (!d->c->convert || (text_equal(api_version, d->c->api_version) &&
                           (!is || text_equal(is, api_version))))
        return object;
    if (d->c->convert(d->c->convert_arg, api_version, object, &converted,
                      ret_schema) < 0)
        d->o.s.failed = true;
    return converted;
}

bool desk_compare(struct desk *d, const char *api_version,
                  const struct value *const sides[2],
                  struct fieldset_changes *ret)
{
    struct fields *s = &d->o.s;
    struct schema_node n;
    const struct value *l = desk_convert(d, api_version, sides[0], &n);
    const struct value *r = desk_convert(d, api_version, sides[1], &n);

    if (!l || !r)
        return false;
    fieldset_compare(s, n, l, r, ret);
    ret->added = fieldset_difference_below(s, ret->added, d->reset);
    ret->modified = fieldset_difference_below(s, ret->modified, d->reset);
    ret->removed = fieldset_difference_below(s, ret->removed, d->reset);
    return true;
}

int desk_failed(struct desk *d, struct failure *f)
{
    return d->o.s.failed ? failure_nomem(f) : 0;
}

const struct value *desk_time(struct desk *d)
{
    char text[32];
    const struct value *v;

    text_rfc3339(d->c->unix_now, text);
    v = value_string(d->c->a, text);
    d->o.s.failed = d->o.s.failed || !v;
    return v;
}

static bool is_built_in(struct schema_node n)
{
    return n.table == schema_find(NULL, "v1", "Pod").table;
}

/* Built-in schemas do not change, and what was stored fits them. */
void desk_reconcile(struct desk *d, const struct value *live)
{
    struct schema_node n;

    if (is_built_in(d->c->schema) && !d->foreign)
        return;
    for (uint32_t i = 0; i < d->o.count; i++) {
        struct owner *owner = &d->o.items[i];

        if (desk_convert(d, owner->api_version, live, &n))
            owner->set = fieldset_reconcile(&d->o.s, owner->set, n);
    }
}

/* ---- update ---- */

/* Nobody else owns what was changed. */
static void take_from_others(struct desk *d, const struct value *const sides[2],
                             const struct fieldset_changes *own)
{
    struct fields *s = &d->o.s;

    for (uint32_t i = 0; i < d->o.count; i++) {
        struct owner *owner = &d->o.items[i];
        struct fieldset_changes other = *own;

        if (!text_equal(owner->api_version, d->c->api_version) &&
            !desk_compare(d, owner->api_version, sides, &other)) {
            owner->set = NULL;
            continue;
        }
        owner->set = fieldset_difference(s, owner->set, other.modified);
        owner->set = fieldset_difference(s, owner->set, other.added);
        owner->set = fieldset_difference(s, owner->set, other.removed);
    }
}

void desk_update(struct desk *d, const struct value *live,
                 const struct value *object, const char *manager)
{
    const struct value *const sides[2] = {live, object};
    struct fields *s = &d->o.s;
    struct owner like = {.manager = *manager ? manager : "unknown",
                         .api_version = d->c->api_version,
                         .subresource = d->c->subresource};
    struct fieldset_changes changes = {0};
    const struct fieldset *set;
    struct owner *own;

    desk_reconcile(d, live);
    desk_compare(d, d->c->api_version, sides, &changes);
    take_from_others(d, sides, &changes);
    set = desk_strip(d, fieldset_union(s, changes.modified, changes.added));
    if (!set)
        return;
    own = owners_make(&d->o, &like);
    if (!own)
        return;
    own->set = fieldset_union(s, own->set, set);
    own->time = desk_time(d);
}

/* An empty list, or a list of one empty entry: manage no more. Of custom
 * resources the server sees no empty list. */
static bool is_reset(const struct desk *d, const struct value *managed_fields)
{
    return value_is(managed_fields, VALUE_ARRAY) &&
           ((managed_fields->count == 0 && is_built_in(d->c->schema)) ||
            (managed_fields->count == 1 &&
             managed_fields->as.items[0]->count == 0));
}

/* Entries of the request when it has any and may set them, else those that
 * are there. */
static void read_owners(struct desk *d, const struct value *live,
                        const struct value *sent)
{
    const struct value *there = value_path(live, "metadata.managedFields");

    if (*d->c->subresource == '\0') {
        if (is_reset(d, sent))
            return;
        if (!sent || !there || !value_equal(sent, there)) {
            d->foreign = true;
            if (owners_parse(&d->o, sent) == 0 && d->o.count > 0)
                return;
        }
    }
    owners_parse(&d->o, there);
}

int managed_update(const struct managed_call *c, const struct value *live,
                   struct value *object, struct failure *f)
{
    struct value *metadata = value_get(object, "metadata");
    struct desk d;

    desk_init(&d, c);
    read_owners(&d, live, value_get(metadata, "managedFields"));
    value_unset(metadata, "managedFields");
    if (d.o.count == 0 && live)
        return desk_failed(&d, f);
    if (!is_built_in(c->schema) && !fieldset_fits(&d.o.s, c->schema, object))
        return desk_failed(&d, f); /* nobody manages what has no types */
    desk_update(&d, live ? live : desk_empty(&d), object, c->manager);
    owners_cap(&d.o);
    if (d.o.s.bad)
        return 0;
    if (owners_store(&d.o, object) < 0)
        d.o.s.failed = true;
    return desk_failed(&d, f);
}
