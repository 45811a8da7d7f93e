/*
 * comparison_match.c -- which changes of two plans belong together, and how
 *                       they differ.
 *
 * DESIGN
 *
 * Two changes belong together when they concern the same object in the same
 * role: a write of a child, its removal, the root's status, its finalizer, an
 * Event. So a create that became an apply is one difference, a write that
 * became a delete is two. What is compared is the body that would be sent,
 * without what no script decides.
 */
#include "comparison_impl.h"

#include <string.h>

#include "base/text.h"

/* ---- roles ---- */

enum role { ROLE_WRITE, ROLE_REMOVE, ROLE_STATUS, ROLE_FINALIZER, ROLE_EVENT };

static enum role role_of(const struct value *change)
{
    static const struct {
        const char *word;
        enum role role;
    } words[] = {
        {"status", ROLE_STATUS},       {"event", ROLE_EVENT},
        {"delete", ROLE_REMOVE},       {"release", ROLE_REMOVE},
        {"finalizer", ROLE_FINALIZER},
    };
    const char *action = value_text_at(change, "action");

    for (size_t i = 0; action && i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(action, words[i].word))
            return words[i].role;
    return ROLE_WRITE;
}

static bool same_object(const struct value *a, const struct value *b)
{
    static const char *const keys[] = {"apiVersion", "kind", "namespace",
                                       "name"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (!text_equal(value_text_at(a, keys[i]), value_text_at(b, keys[i])))
            return false;
    return role_of(a) == role_of(b);
}

static const struct value *find_change(const struct value *item,
                                       const struct value *wanted)
{
    const struct value *list = value_get(item, "changes");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (same_object(list->as.items[i], wanted))
            return list->as.items[i];
    return NULL;
}

/* ---- what is compared ---- */

/* The runtime's own hash of a child, which changes with every change. */
static void drop_hash(struct value *meta)
{
    struct value *annotations = value_get(meta, "annotations");

    value_unset(annotations, ANNOTATION_APPLIED);
    if (value_is(annotations, VALUE_OBJECT) && annotations->count == 0)
        value_unset(meta, "annotations");
}

static void drop_times(struct value *body)
{
    struct value *list = value_path(body, "status.conditions");

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        value_unset(list->as.items[i], "lastTransitionTime");
    value_unset(body, "eventTime");
}

/* The last request's body (a recreate deletes first), without what no pass
 * decides. `*ret` stays NULL for a request without a body. */
static int comparable_body(struct arena *a, const struct value *change,
                           struct value **ret)
{
    const struct value *requests = value_get(change, "requests");
    const struct value *body;
    struct value *copy;

    if (!value_is(requests, VALUE_ARRAY) || requests->count == 0)
        return 0;
    body = value_get(requests->as.items[requests->count - 1], "body");
    if (!body)
        return 0;
    copy = value_copy(a, body);
    if (!copy)
        return -ERR_NOMEM;
    if (value_is(copy, VALUE_OBJECT)) {
        value_unset(value_get(copy, "metadata"), "uid");
        value_unset(value_get(copy, "metadata"), "resourceVersion");
        drop_hash(value_get(copy, "metadata"));
        drop_times(copy);
        value_unset(copy, "preconditions");
    }
    *ret = copy;
    return 0;
}

/* The list of a JSON patch, as a field of its own. */
static struct value *as_object(struct arena *a, struct value *body)
{
    struct value *out;

    if (!value_is(body, VALUE_ARRAY))
        return body;
    out = value_object(a);
    return out && value_set(a, out, "patch", body) == 0 ? out : NULL;
}

static int body_fields(struct comparison *c, const struct value *old_change,
                       const struct value *new_change, struct difference *d,
                       struct err *err)
{
    struct object_pair pair = {.gvk = {value_text_at(new_change, "apiVersion"),
                                       value_text_at(new_change, "kind")}};
    struct value *before = NULL, *after = NULL;

    if (comparable_body(&c->arena, old_change, &before) < 0 ||
        comparable_body(&c->arena, new_change, &after) < 0)
        return err_nomem(err);
    if (before && after && value_equal(before, after))
        return 0;
    pair.before = before ? as_object(&c->arena, before) : NULL;
    pair.after = after ? as_object(&c->arena, after) : NULL;
    if ((before && !pair.before) || (after && !pair.after))
        return err_nomem(err);
    return diff_fields(c->options.schemas, &pair, &c->arena, &d->fields,
                       &d->field_count, err);
}

/* ---- one text of both passes ---- */

static int add_field(struct comparison *c, struct difference *d,
                     const char *path, struct value *before,
                     struct value *after)
{
    struct change_field *fields =
        arena_calloc(&c->arena, d->field_count + 1, sizeof(*fields));

    if (!fields)
        return -ERR_NOMEM;
    if (d->field_count)
        memcpy(fields, d->fields, d->field_count * sizeof(*fields));
    fields[d->field_count] =
        (struct change_field){.path = path, .before = before, .after = after};
    d->fields = fields;
    d->field_count++;
    return 0;
}

/* ---- changes ---- */

static int add_one_sided(struct compared *pair, char sign,
                         const struct value *change)
{
    struct difference *d = compared_add(pair);

    if (!d)
        return -ERR_NOMEM;
    d->sign = sign;
    d->change = change;
    return 0;
}

static int compare_change(struct comparison *c, struct compared *pair,
                          const struct value *old_change,
                          const struct value *new_change, struct err *err)
{
    static const char *const keys[] = {"action", "reason"};
    struct difference d = {.sign = '~', .change = new_change};
    struct difference *kept;
    int rc = body_fields(c, old_change, new_change, &d, err);

    for (size_t i = 0; i < 2 && rc == 0; i++) {
        struct value *before = value_get(old_change, keys[i]);
        struct value *after = value_get(new_change, keys[i]);

        if (!text_equal(value_text(before), value_text(after)) &&
            add_field(c, &d, keys[i], before, after) < 0)
            rc = err_nomem(err);
    }
    if (rc < 0 || d.field_count == 0)
        return rc;
    kept = compared_add(pair);
    if (!kept)
        return err_nomem(err);
    *kept = d;
    return 0;
}

static int compare_changes(struct comparison *c, struct compared *pair,
                           const struct value *old_item,
                           const struct value *new_item, struct err *err)
{
    const struct value *list = value_get(new_item, "changes");
    int rc = 0;

    for (uint32_t i = 0;
         value_is(list, VALUE_ARRAY) && i < list->count && rc == 0; i++) {
        const struct value *now = list->as.items[i];
        const struct value *before = find_change(old_item, now);

        if (before)
            rc = compare_change(c, pair, before, now, err);
        else if (add_one_sided(pair, '+', now) < 0)
            rc = err_nomem(err);
    }
    list = value_get(old_item, "changes");
    for (uint32_t i = 0;
         value_is(list, VALUE_ARRAY) && i < list->count && rc == 0; i++)
        if (!find_change(new_item, list->as.items[i]) &&
            add_one_sided(pair, '-', list->as.items[i]) < 0)
            rc = err_nomem(err);
    return rc;
}

/* ---- the pass as a whole ---- */

/* Fields that say how the pass went: each a difference of its own. */
static const struct {
    const char *path;
    const char *about;
} pass_fields[] = {
    {"error.message", "fails"},
    {"nothing", "nothing"},
    {"row.id", "row"},
    {"requeueAfterMilliseconds", "requeue after ms"},
};

static bool same(const struct value *a, const struct value *b)
{
    return (!a && !b) || (a && b && value_equal(a, b));
}

static int compare_pass(struct comparison *c, struct compared *pair,
                        const struct value *old_item,
                        const struct value *new_item)
{
    for (size_t i = 0; i < sizeof(pass_fields) / sizeof(pass_fields[0]); i++) {
        struct value *before = value_path(old_item, pass_fields[i].path);
        struct value *after = value_path(new_item, pass_fields[i].path);
        struct difference *d;

        if (same(before, after))
            continue;
        d = compared_add(pair);
        if (!d || add_field(c, d, "", before, after) < 0)
            return -ERR_NOMEM;
        d->sign = !before ? '+' : !after ? '-' : '~';
        d->about = pass_fields[i].about;
    }
    pair->broken =
        value_get(new_item, "error") && !value_get(old_item, "error");
    return 0;
}

static int add_missing(struct compared *pair, bool is_new)
{
    struct difference *d = compared_add(pair);

    if (!d)
        return -ERR_NOMEM;
    d->sign = is_new ? '+' : '-';
    d->about = "plan";
    return 0;
}

int compare_items(struct comparison *c, struct compared *pair,
                  const struct value *old_item, const struct value *new_item,
                  struct err *err)
{
    if (!old_item || !new_item)
        return add_missing(pair, new_item != NULL) < 0 ? err_nomem(err) : 0;
    if (compare_pass(c, pair, old_item, new_item) < 0)
        return err_nomem(err);
    return compare_changes(c, pair, old_item, new_item, err);
}
