/*
 * owned_fields.c -- see owned_fields.h for the contract.
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
