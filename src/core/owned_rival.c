/*
 * owned_rival.c -- see owned_fields.h: who else owns a field?
 *
 * A path as people read it is walked down an entry of managedFields step by
 * step. It ends early at a leaf: then the whole value there is owned.
 */
#include <string.h>

#include "base/str.h"
#include "core/owned_fields.h"

/* "name=http,protocol=TCP" of the keys of a k: member; as the paths have it. */
static bool is_item(struct arena *a, const struct value_member *m,
                    const char *keys, size_t len)
{
    struct str text = {0};
    struct value *v;
    bool same = false;

    if (m->key_len < 2 || m->key[0] != 'k' ||
        value_parse(a, m->key + 2, m->key_len - 2, &v, NULL) < 0)
        return false;
    for (uint32_t i = 0; value_is(v, VALUE_OBJECT) && i < v->count; i++) {
        const char *word = value_text(v->as.members[i].value);

        str_addf(&text, "%s%s=", i ? "," : "", v->as.members[i].key);
        if (word)
            str_add(&text, word);
        else if (value_print(v->as.members[i].value, &text, NULL) < 0)
            break;
    }
    same = !text.failed && text.len == len &&
           memcmp(str_text(&text), keys, len) == 0;
    str_release(&text);
    return same;
}

static const struct value *item_of(struct arena *a, const struct value *node,
                                   const char *keys, size_t len)
{
    for (uint32_t i = 0; i < node->count; i++)
        if (is_item(a, &node->as.members[i], keys, len))
            return node->as.members[i].value;
    return NULL;
}

/* One step down: ".name", "[\"name\"]" or "[keys]". `*path` moves on. */
static const struct value *step(struct arena *a, const struct value *node,
                                const char **path)
{
    const char *at = *path + 1, *end;
    size_t len;

    if (**path == '.') {
        len = strcspn(at, ".[");
        *path = at + len;
        return owned_field(node, at, len);
    }
    if (*at == '"') {
        end = strstr(++at, "\"]");
        if (!end)
            return NULL;
        *path = end + 2;
        return owned_field(node, at, (size_t)(end - at));
    }
    end = strchr(at, ']');
    if (!end)
        return NULL;
    *path = end + 1;
    return item_of(a, node, at, (size_t)(end - at));
}

static bool owns(struct arena *a, const struct value *node, const char *path)
{
    while (*path && value_is(node, VALUE_OBJECT) && !owned_is_leaf(node))
        node = step(a, node, &path);
    return node != NULL;
}

const char *owned_rival(struct arena *a, const struct value *object,
                        const char *ours, const char *path)
{
    const struct value *list = value_path(object, "metadata.managedFields");
    const char *found = NULL, *latest = "";

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        const struct value *entry = list->as.items[i];
        const char *manager = value_text_at(entry, "manager");
        const char *time = value_text_at(entry, "time");

        if (!manager || strcmp(manager, ours) == 0 ||
            !owns(a, value_get(entry, "fieldsV1"), path))
            continue;
        time = time ? time : "";
        if (!found || strcmp(time, latest) >= 0) {
            found = manager;
            latest = time;
        }
    }
    return found;
}
