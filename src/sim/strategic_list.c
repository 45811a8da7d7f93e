/*
 * strategic_list.c -- strategic merge patch, lists.
 *
 * Items are told apart by a merge key, scalars by their value. What comes out
 * is in the order of the patch, with the items that only the server has
 * between them where they were.
 */
#include "strategic_impl.h"

#include <string.h>

struct sequence {
    const struct schema_text *key; /* len 0: scalars */
    bool maps;
};

static const struct value *key_of(const struct value *item,
                                  const struct schema_text *key)
{
    return value_getn(item, key->at, key->len);
}

static const struct value *identity(const struct sequence *q,
                                    const struct value *item)
{
    return q->maps ? key_of(item, q->key) : item;
}

static int find(const struct value *list, const struct sequence *q,
                const struct value *item)
{
    const struct value *what = identity(q, item);

    for (uint32_t i = 0; list && i < list->count; i++)
        if (value_equal(identity(q, list->as.items[i]), what))
            return (int)i;
    return -1;
}

bool strategic_has(const struct value *list, const struct value *scalar)
{
    const struct sequence q = {.maps = false};

    return find(list, &q, scalar) >= 0;
}

/* ---- order ---- */

static bool is_deletion(const struct value *item)
{
    return text_equal(value_text_at(item, "$patch"), "delete");
}

/* As the server sorts: what the order does not name goes to the front. */
static bool comes_before(const struct sequence *q, const struct value *order,
                         const struct value *x, const struct value *y)
{
    int a = find(order, q, x), b = find(order, q, y);

    return a < 0 || b < 0 || a < b;
}

static void sort_by(const struct sequence *q, struct value *list,
                    const struct value *order)
{
    for (uint32_t i = 1; i < list->count; i++)
        for (uint32_t j = i; j > 0 && comes_before(q, order, list->as.items[j],
                                                   list->as.items[j - 1]);
             j--) {
            struct value *item = list->as.items[j];

            list->as.items[j] = list->as.items[j - 1];
            list->as.items[j - 1] = item;
        }
}

/* -ERR_NOMEM, or 0 with *ret made of both in the server's order. */
static int weave(struct strategic *m, const struct sequence *q,
                 const struct value *sides[2], const struct value *server,
                 struct value **ret)
{
    const struct value *l = sides[0], *r = sides[1];
    struct value *out = value_array(m->a);
    uint32_t i = 0, j = 0;
    int rc = out ? 0 : -ERR_NOMEM;

    while (rc == 0 && (i < l->count || j < r->count)) {
        bool left = j >= r->count;

        if (!left && i < l->count) {
            int a = find(server, q, l->as.items[i]);
            int b = find(server, q, r->as.items[j]);

            left = a >= 0 && b >= 0 && a < b;
        }
        rc =
            value_append(m->a, out, left ? l->as.items[i++] : r->as.items[j++]);
    }
    *ret = out;
    return rc;
}

static int check_keys(struct strategic *m, const struct sequence *q,
                      const struct value *list)
{
    for (uint32_t i = 0; q->maps && list && i < list->count; i++) {
        const struct value *item = list->as.items[i];

        if (!value_is(item, VALUE_OBJECT))
            return strategic_bad_type(m, "map[string]interface {}", item);
        if (!key_of(item, q->key))
            return strategic_no_key(m, item, q->key);
    }
    return 0;
}

/* `merged` in the order of `order`; what it does not name as on the server. */
static int arrange(struct strategic *m, const struct sequence *q,
                   const struct value *merged, const struct value *lists[2],
                   struct value **ret)
{
    const struct value *order = lists[0], *server = lists[1];
    struct value *named = value_array(m->a), *rest = value_array(m->a);
    const struct value *sides[2] = {rest, named};
    int rc = named && rest ? 0 : -ERR_NOMEM;

    if (check_keys(m, q, merged) < 0 || check_keys(m, q, order) < 0 ||
        check_keys(m, q, server) < 0)
        return -1;
    for (uint32_t i = 0; i < merged->count && rc == 0; i++) {
        struct value *item = merged->as.items[i];

        rc = value_append(m->a, find(order, q, item) >= 0 ? named : rest, item);
    }
    if (rc == 0) {
        sort_by(q, named, order);
        sort_by(q, rest, server);
        rc = weave(m, q, sides, server, ret);
    }
    return rc < 0 ? failure_nomem(m->f) : 0;
}

/* ---- merging ---- */

/* One type for all items; which it is, -1 for none. */
static int item_type(struct strategic *m, const struct value *x,
                     const struct value *y, int *ret)
{
    const struct value *lists[2] = {x, y};
    int type = -1;

    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; lists[k] && i < lists[k]->count; i++) {
            int is = lists[k]->as.items[i]->type;

            if (is == VALUE_ARRAY && type < 0)
                return strategic_refuse(m, 422,
                                        "lists of lists are not supported");
            if (type >= 0 && type != is)
                return strategic_refuse(m, 500,
                                        "list element types are not identical");
            type = is;
        }
    *ret = type;
    return 0;
}

static int merge_scalars(struct strategic *m, const struct value *original,
                         const struct value *patch, struct value **ret)
{
    const struct value *lists[2] = {original, patch};
    struct value *out = value_array(m->a);

    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; i < lists[k]->count; i++)
            if (!out || (!strategic_has(out, lists[k]->as.items[i]) &&
                         value_append(m->a, out, lists[k]->as.items[i]) < 0))
                return failure_nomem(m->f);
    *ret = out;
    return 0;
}

static void remove_matching(struct value *list, const struct sequence *q,
                            const struct value *item)
{
    int at;

    while ((at = find(list, q, item)) >= 0) {
        memmove(&list->as.items[at], &list->as.items[at + 1],
                (list->count - (uint32_t)at - 1) * sizeof(*list->as.items));
        list->count--;
    }
}

/* Deletes what is to be deleted and takes the directives off the patch. */
static int special_items(struct strategic *m, const struct sequence *q,
                         struct value *original, struct value *patch,
                         bool *ret_replace)
{
    uint32_t kept = 0;

    *ret_replace = false;
    for (uint32_t i = 0; i < patch->count; i++) {
        struct value *item = patch->as.items[i];
        const struct value *what = value_get(item, "$patch");
        const char *text = value_text(what);

        if (!what) {
            patch->as.items[kept++] = item;
        } else if (text_equal(text, "replace")) {
            *ret_replace = true;
        } else if (text_equal(text, "merge")) {
            return strategic_refuse(
                m, 500, "merging lists cannot yet be specified in the patch");
        } else if (!text_equal(text, "delete")) {
            return strategic_bad_directive(m, what);
        } else if (!key_of(item, q->key)) {
            return strategic_no_key(m, item, q->key);
        } else {
            remove_matching(original, q, item);
        }
    }
    patch->count = kept;
    return 0;
}

static int merge_items(struct strategic *m, struct schema_node item_schema,
                       const struct sequence *q, struct value *merged,
                       const struct value *patch)
{
    for (uint32_t i = 0; i < patch->count; i++) {
        struct value *item = patch->as.items[i], *out;
        int at;

        if (!key_of(item, q->key))
            return strategic_no_key(m, item, q->key);
        at = find(merged, q, item);
        if (at < 0) {
            if (value_append(m->a, merged, item) < 0)
                return failure_nomem(m->f);
            continue;
        }
        if (strategic_map(m, item_schema, merged->as.items[at], item, &out) < 0)
            return -1;
        merged->as.items[at] = out;
    }
    return 0;
}

static struct value *shallow(struct strategic *m, const struct value *list)
{
    struct value *out = value_array(m->a);

    for (uint32_t i = 0; out && i < list->count; i++)
        if (value_append(m->a, out, list->as.items[i]) < 0)
            return NULL;
    return out;
}

static int merge_maps(struct strategic *m, struct schema_node n,
                      const struct sequence *q, struct value *lists[2],
                      struct value **ret)
{
    struct value *original = lists[0], *patch = lists[1], *merged;
    bool replace;

    if (q->key->len == 0)
        return strategic_refuse(m, 500, "cannot merge lists without merge key");
    if (special_items(m, q, original, patch, &replace) < 0)
        return -1;
    if (replace) {
        original->count = 0;
        for (uint32_t i = 0; i < patch->count; i++)
            if (value_append(m->a, original, patch->as.items[i]) < 0)
                return failure_nomem(m->f);
        patch->count = 0;
    }
    merged = shallow(m, original);
    if (!merged)
        return failure_nomem(m->f);
    *ret = merged;
    return merge_items(m, schema_item(n), q, merged, patch);
}

int strategic_list(struct strategic *m, struct schema_node n,
                   struct value *original, struct value *patch,
                   struct value **ret)
{
    struct schema_text key = {"", 0};
    struct sequence q = {.key = &key};
    struct value *both[2] = {original, patch}, *merged = NULL;
    const struct value *lists[2] = {patch, original};
    int type = -1, rc;

    if (!schema_patch_key(n, &key)) {
        *ret = patch;
        return 0;
    }
    if (original->count == 0 && patch->count == 0) {
        *ret = original;
        return 0;
    }
    if (item_type(m, original, patch, &type) < 0)
        return -1;
    q.maps = type == VALUE_OBJECT;
    rc = q.maps ? merge_maps(m, n, &q, both, &merged)
                : merge_scalars(m, original, patch, &merged);
    return rc < 0 ? rc : arrange(m, &q, merged, lists, ret);
}

/* ---- $setElementOrder ---- */

static bool same_identity(const struct sequence *q, const struct value *x,
                          const struct value *y)
{
    return value_equal(identity(q, x), identity(q, y));
}

/* The items of the patch must come in the order that it asks for. */
static int check_order(struct strategic *m, const struct sequence *q,
                       const struct value *patch, const struct value *order)
{
    uint32_t i = 0, j = 0;

    if (patch->count == 0 || order->count == 0)
        return 0;
    while (i < patch->count && j < order->count) {
        const struct value *item = patch->as.items[i];

        if (q->maps && (is_deletion(item) || value_get(item, "$patch"))) {
            i++;
            continue;
        }
        if (q->maps && !key_of(item, q->key))
            return strategic_no_key(m, item, q->key);
        if (q->maps && !key_of(order->as.items[j], q->key))
            return strategic_no_key(m, order->as.items[j], q->key);
        i += same_identity(q, item, order->as.items[j]);
        j++;
    }
    while (q->maps && i < patch->count && is_deletion(patch->as.items[i]))
        i++;
    if (i < patch->count && j >= order->count)
        return strategic_refuse(m, 500,
                                "The order in patch list doesn't match "
                                "$setElementOrder list");
    return 0;
}

static int list_or_nothing(struct strategic *m, struct value *list)
{
    if (list && list->type != VALUE_ARRAY)
        return strategic_bad_type(m, "[]interface {}", list);
    return 0;
}

static bool is_deleted(const struct sequence *q, const struct value *patch,
                       const struct value *item)
{
    for (uint32_t i = 0; i < patch->count; i++)
        if (is_deletion(patch->as.items[i]) &&
            same_identity(q, patch->as.items[i], item))
            return true;
    return false;
}

/* The server's order as the API server sees it: it merges in place, so items
 * that are added stand where items were deleted. NULL on out of memory. */
static struct value *server_order(struct strategic *m, const struct sequence *q,
                                  const struct value *there,
                                  const struct value *patch)
{
    struct value *out;
    bool replaces = false;

    if (!q->maps || !patch)
        return shallow(m, there);
    out = value_array(m->a);
    for (uint32_t i = 0; out && i < there->count; i++)
        if (!is_deleted(q, patch, there->as.items[i]) &&
            value_append(m->a, out, there->as.items[i]) < 0)
            return NULL;
    for (uint32_t i = 0; i < patch->count; i++)
        replaces =
            replaces ||
            text_equal(value_text_at(patch->as.items[i], "$patch"), "replace");
    for (uint32_t i = 0; out && !replaces && i < patch->count; i++) {
        struct value *item = patch->as.items[i];

        if (out->count < there->count && !value_get(item, "$patch") &&
            find(out, q, item) < 0 && value_append(m->a, out, item) < 0)
            return NULL;
    }
    return out;
}

int strategic_order(struct strategic *m, struct schema_node n,
                    struct value *original, struct value *patch,
                    struct value_member order)
{
    struct value *there = value_get(original, order.key);
    struct value *changes = value_get(patch, order.key);
    const struct value *lists[2] = {order.value, NULL};
    struct value *merged = there, *out = NULL;
    struct schema_text key = {"", 0};
    struct sequence q = {.key = &key};
    int type = -1, rc;

    if (list_or_nothing(m, there) < 0 || list_or_nothing(m, changes) < 0)
        return -1;
    schema_patch_key(n, &key);
    q.maps = key.len > 0;
    if (changes && check_order(m, &q, changes, order.value) < 0)
        return -1;
    if (!there && !changes)
        return 0;
    if (item_type(m, there, changes, &type) < 0)
        return -1;
    if (type < 0)
        return strategic_refuse(m, 500,
                                "no elements in any of the given slices");
    lists[1] = there ? server_order(m, &q, there, changes) : NULL;
    if (there && !lists[1])
        return failure_nomem(m->f);
    if (there && changes && strategic_list(m, n, there, changes, &merged) < 0)
        return -1;
    if (!there) {
        strategic_clean(changes);
        merged = changes;
    }
    rc = arrange(m, &q, merged, lists, &out);
    value_unset(patch, order.key);
    if (rc == 0 && value_set(m->a, original, order.key, out) < 0)
        rc = failure_nomem(m->f);
    return rc;
}
