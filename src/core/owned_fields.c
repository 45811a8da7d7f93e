/*
 * owned_fields.c -- see owned_fields.h for the contract.
 *
 * DESIGN
 *
 * FieldsV1 mirrors the object: where the object has a member `x`, the entry
 * has `f:x`; where it has a list map, one `k:{...}` for each item with the
 * item's keys as JSON text, defaults filled in; where it has a set, one
 * `v:...` for each element. Nothing is built from it: both trees are walked
 * side by side, and a prefix is compared in place.
 */
#include "core/owned_fields.h"

#include <string.h>

#include "base/str.h"

const struct value *owned_entry(const struct value *object, const char *manager,
                                const char *subresource,
                                const char *api_version)
{
    const struct value *list = value_path(object, "metadata.managedFields");
    const struct value *found = NULL;

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        const struct value *entry = list->as.items[i];
        const char *sub = value_text_at(entry, "subresource");

        if (!text_equal(value_text_at(entry, "manager"), manager) ||
            !text_equal(value_text_at(entry, "operation"), "Apply") ||
            strcmp(sub ? sub : "", subresource) != 0)
            continue;
        if (!found ||
            text_equal(value_text_at(entry, "apiVersion"), api_version))
            found = value_get(entry, "fieldsV1");
    }
    return found;
}

/* "f:name" for f, "k:{...}" for k, "v:..." for v; "." is none of them. */
static bool has_prefix(const struct value_member *m, char prefix)
{
    return m->key_len >= 2 && m->key[0] == prefix && m->key[1] == ':';
}

const struct value *owned_field(const struct value *node, const char *name,
                                size_t len)
{
    for (uint32_t i = 0; value_is(node, VALUE_OBJECT) && i < node->count; i++) {
        const struct value_member *m = &node->as.members[i];

        if (has_prefix(m, 'f') && m->key_len == len + 2 &&
            memcmp(m->key + 2, name, len) == 0)
            return m->value;
    }
    return NULL;
}

bool owned_is_leaf(const struct value *node)
{
    return value_is(node, VALUE_OBJECT) && node->count == 0;
}

static bool has_kind(const struct value *node, char prefix)
{
    for (uint32_t i = 0; value_is(node, VALUE_OBJECT) && i < node->count; i++)
        if (has_prefix(&node->as.members[i], prefix))
            return true;
    return false;
}

bool owned_is_map(const struct value *node)
{
    return has_kind(node, 'k');
}

bool owned_is_set(const struct value *node)
{
    return has_kind(node, 'v');
}

/* ---- owned_exactly ---- */

/* Where the names are that nobody owns (SA-8). */
enum depth { AT_ROOT, AT_METADATA, BELOW };

static bool covers(struct arena *a, const struct value *node,
                   const struct value *v, enum depth depth);

static bool is_untracked(const char *name, enum depth depth)
{
    if (depth == AT_ROOT)
        return strcmp(name, "apiVersion") == 0 || strcmp(name, "kind") == 0;
    return depth == AT_METADATA &&
           (strcmp(name, "name") == 0 || strcmp(name, "namespace") == 0);
}

/* How many fields (f), items (k) or elements (v) does the node name? */
static uint32_t count_kind(const struct value *node, char prefix)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < node->count; i++)
        n += has_prefix(&node->as.members[i], prefix);
    return n;
}

/* Every member is owned, and nothing that is not a member. */
static bool covers_object(struct arena *a, const struct value *node,
                          const struct value *v, enum depth depth)
{
    uint32_t tracked = 0;

    for (uint32_t i = 0; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];
        enum depth below = depth == AT_ROOT && strcmp(m->key, "metadata") == 0
                               ? AT_METADATA
                               : BELOW;

        if (is_untracked(m->key, depth))
            continue;
        tracked++;
        if (!covers(a, owned_field(node, m->key, m->key_len), m->value, below))
            return false;
    }
    return count_kind(node, 'f') == tracked;
}

/* Has the item these keys? One that it does not name is a default. */
static bool has_keys(const struct value *item, const struct value *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct value_member *m = &keys->as.members[i];
        const struct value *v = value_getn(item, m->key, m->key_len);

        if (v && !value_equal(v, m->value))
            return false;
    }
    return true;
}

/* The index of the only item of the list with these keys; -1: none, or
 * several, of which only a schema could tell which is meant. */
static int only_item(const struct value *list, const struct value *keys)
{
    int found = -1;

    for (uint32_t i = 0; i < list->count; i++) {
        if (!has_keys(list->as.items[i], keys))
            continue;
        if (found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}

/* As many owned items as declared ones, each the only one of another. */
static bool covers_list(struct arena *a, const struct value *node,
                        const struct value *list)
{
    uint64_t seen = 0;

    if (list->count > 64 || count_kind(node, 'k') != list->count)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct value_member *m = &node->as.members[i];
        struct value *keys;
        int item;

        if (!has_prefix(m, 'k'))
            continue;
        if (value_parse(a, m->key + 2, m->key_len - 2, &keys, NULL) < 0)
            return false;
        item = only_item(list, keys);
        if (item < 0 || (seen >> item & 1) ||
            !covers(a, m->value, list->as.items[item], BELOW))
            return false;
        seen |= UINT64_C(1) << item;
    }
    return true;
}

/* A leaf is owned as a whole, whatever it holds. */
static bool covers(struct arena *a, const struct value *node,
                   const struct value *v, enum depth depth)
{
    if (!node)
        return false;
    if (owned_is_leaf(node))
        return depth == BELOW;
    if (value_is(v, VALUE_OBJECT) && v->count)
        return covers_object(a, node, v, depth);
    if (value_is(v, VALUE_ARRAY) && v->count)
        return covers_list(a, node, v);
    return false;
}

bool owned_exactly(struct arena *a, const struct value *entry,
                   const struct value *object)
{
    return covers(a, entry, object, AT_ROOT);
}
