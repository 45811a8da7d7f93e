/*
 * yaml_build.c -- libyaml's events to a tree; see yaml.h for the contract.
 *
 * DESIGN
 *
 * A recursive builder, its depth limited like that of JSON. An alias becomes a
 * copy of what its anchor stands for, not a second reference, so that whoever
 * changes the tree later changes one place. What a copy costs is counted
 * against YAML_MAX_NODES before it is made.
 *
 * Members are appended in the order of the document. While a map is small and
 * has no merge key, its members are all there is to search for duplicates;
 * then an index is made that also knows which of them came from a merge: a key
 * may override a merged one, and a later merge overrides it again (so kubectl
 * has it).
 */
#include <string.h>

#include "base/text.h"
#include "yaml_impl.h"
#include "yaml_scalar.h"

#define INDEX_FROM 24 /* members */

/* What "&name" stands for. */
struct anchor {
    struct value *value; /* NULL while it is being built */
    size_t nodes;
};

/* ---- limits ---- */

/* Counts before it is built: the limit bounds time and memory alike. */
static int count_nodes(struct yaml_builder *b, size_t more)
{
    b->nodes += more;
    if (b->nodes <= YAML_MAX_NODES)
        return 0;
    return err_set(b->err, ERR_LIMIT,
                   "more than %zu values after aliases are resolved",
                   YAML_MAX_NODES);
}

/* ---- anchors and aliases ---- */

static const char *anchor_name(const yaml_event_t *e)
{
    const yaml_char_t *name = NULL;

    if (e->type == YAML_SCALAR_EVENT)
        name = e->data.scalar.anchor;
    else if (e->type == YAML_SEQUENCE_START_EVENT)
        name = e->data.sequence_start.anchor;
    else if (e->type == YAML_MAPPING_START_EVENT)
        name = e->data.mapping_start.anchor;
    return (const char *)name;
}

/* A later anchor of the same name replaces an earlier one. */
static int open_anchor(struct yaml_builder *b, const char *name,
                       struct anchor **ret)
{
    struct anchor *anchor = arena_calloc(b->arena, 1, sizeof *anchor);

    if (!b->anchors)
        b->anchors = map_new();
    if (!anchor || !b->anchors ||
        map_put(b->anchors, name, strlen(name), anchor, NULL) < 0)
        return err_nomem(b->err);
    *ret = anchor;
    return 0;
}

/* A copy of the anchor's value: see DESIGN. */
static int build_alias(struct yaml_builder *b, const char *name,
                       struct value **ret)
{
    const struct anchor *anchor =
        b->anchors ? map_get(b->anchors, name, strlen(name)) : NULL;
    int rc;

    if (!anchor)
        return err_set(b->err, ERR_INVALID, "no anchor '&%s' before '*%s'",
                       name, name);
    if (!anchor->value)
        return err_set(b->err, ERR_INVALID, "'*%s' stands inside of '&%s'",
                       name, name);
    rc = count_nodes(b, anchor->nodes);
    if (rc < 0)
        return rc;
    *ret = value_copy(b->arena, anchor->value);
    return *ret ? 0 : err_nomem(b->err);
}

/* ---- maps ---- */

/* Where a key is among the members, and whether it is the map's own. */
struct slot {
    uint32_t at;
    bool own;
};

struct mapping {
    struct value *object;
    struct map *index; /* key to struct slot; NULL: all keys are own */
};

/* Note where a member is; `at` is its place in the object. */
static int index_add(struct yaml_builder *b, struct mapping *m, uint32_t at,
                     bool own)
{
    const struct value_member *member = &m->object->as.members[at];
    struct slot *slot = arena_calloc(b->arena, 1, sizeof *slot);

    if (!slot ||
        map_put(m->index, member->key, member->key_len, slot, NULL) < 0)
        return err_nomem(b->err);
    *slot = (struct slot){at, own};
    return 0;
}

/* From now on the map is searched by hash; so far all members are its own. */
static int make_index(struct yaml_builder *b, struct mapping *m)
{
    m->index = map_new();
    if (!m->index)
        return err_nomem(b->err);
    for (uint32_t i = 0; i < m->object->count; i++)
        if (index_add(b, m, i, true) < 0)
            return -ERR_NOMEM;
    return 0;
}

/* The key's slot, NULL when it is new. `room` is for maps without index. */
static struct slot *find_slot(const struct mapping *m, const char *key,
                              size_t len, struct slot *room)
{
    const struct value *o = m->object;

    if (m->index)
        return map_get(m->index, key, len);
    for (uint32_t i = 0; i < o->count; i++) {
        if (o->as.members[i].key_len == len &&
            memcmp(o->as.members[i].key, key, len) == 0) {
            *room = (struct slot){i, true};
            return room;
        }
    }
    return NULL;
}

static int note_repeated(struct yaml_builder *b, const char *key)
{
    const char *text =
        arena_printf(b->arena, "line %zu: key \"%s\" already set in map",
                     b->value_line, key);

    if (!text ||
        value_append(b->arena, b->repeated, value_string(b->arena, text)) < 0)
        return err_nomem(b->err);
    return 0;
}

/* Own members must be new, except for what a merge has put there; merged ones
 * replace whatever there is. */
static int put_member(struct yaml_builder *b, struct mapping *m,
                      const struct value_member *from, bool own)
{
    struct slot room, *slot = find_slot(m, from->key, from->key_len, &room);

    if (slot && slot->own && own && !b->repeated)
        return err_set(b->err, ERR_INVALID, "key '%.200s' appears twice",
                       from->key);
    if (slot && slot->own && own && note_repeated(b, from->key) < 0)
        return -ERR_NOMEM;
    if (slot) {
        slot->own |= own;
        m->object->as.members[slot->at].value = from->value;
        return 0;
    }
    if (value_addn(b->arena, m->object, from->key, from->key_len, from->value) <
        0)
        return err_nomem(b->err);
    if (m->index)
        return index_add(b, m, m->object->count - 1, own);
    return m->object->count == INDEX_FROM ? make_index(b, m) : 0;
}

/* "<<: map" or "<<: [map, ...]", where earlier maps win. */
static int merge(struct yaml_builder *b, struct mapping *m,
                 const struct value *from)
{
    int rc = m->index ? 0 : make_index(b, m);

    if (from->type == VALUE_ARRAY) {
        for (uint32_t i = from->count; rc == 0 && i > 0; i--) {
            if (from->as.items[i - 1]->type == VALUE_ARRAY)
                return err_set(b->err, ERR_INVALID,
                               "'<<' needs a map or a list of maps");
            rc = merge(b, m, from->as.items[i - 1]);
        }
        return rc;
    }
    if (from->type != VALUE_OBJECT)
        return err_set(b->err, ERR_INVALID,
                       "'<<' needs a map or a list of maps, got %s",
                       value_type_name(from));
    for (uint32_t i = 0; rc == 0 && i < from->count; i++)
        rc = put_member(b, m, &from->as.members[i], false);
    return rc;
}

/* << without quotes, or with its tag. */
static bool is_merge_key(const yaml_event_t *e)
{
    return e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 2 &&
           memcmp(e->data.scalar.value, "<<", 2) == 0 &&
           (e->data.scalar.plain_implicit ||
            text_equal((const char *)e->data.scalar.tag,
                       "tag:yaml.org,2002:merge"));
}

static int build(struct yaml_builder *b, yaml_event_t *e, unsigned depth,
                 bool is_key, struct value **ret);

/* A key and its value. `depth` is that of the value. */
static int build_member(struct yaml_builder *b, struct mapping *m,
                        yaml_event_t *key_event, unsigned depth)
{
    yaml_mark_t mark = key_event->start_mark;
    size_t line;
    bool merges = is_merge_key(key_event);
    struct value *key, *value;
    yaml_event_t e;
    int rc;

    rc = build(b, key_event, depth, true, &key);
    if (rc < 0)
        return rc;
    b->at_items = depth == 1 && strcmp(key->as.string, "items") == 0;
    rc = yaml_next(b, &e);
    if (rc < 0)
        return rc;
    line = e.start_mark.line + 1;
    rc = build(b, &e, depth, false, &value);
    if (rc < 0)
        return rc;
    b->value_line = line;
    if (merges)
        rc = merge(b, m, value);
    else
        rc = put_member(
            b, m, &(struct value_member){key->as.string, key->count, value},
            true);
    return rc < 0 ? yaml_place(b, &mark, rc) : 0;
}

static int build_mapping(struct yaml_builder *b, unsigned depth,
                         struct value **ret)
{
    struct mapping m = {.object = value_object(b->arena)};
    yaml_event_t e;
    int rc = m.object ? 0 : err_nomem(b->err);

    while (rc == 0) {
        rc = yaml_next(b, &e);
        if (rc < 0)
            break;
        if (e.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&e);
            break;
        }
        rc = build_member(b, &m, &e, depth + 1);
    }
    map_free(m.index);
    *ret = m.object;
    return rc;
}

/* ---- lists, scalars ---- */

static int build_sequence(struct yaml_builder *b, unsigned depth,
                          struct value **ret)
{
    struct value *array = value_array(b->arena), *item;
    bool keep_lines = b->at_items && depth == 1;
    yaml_event_t e;
    int rc = array ? 0 : err_nomem(b->err);

    while (rc == 0) {
        rc = yaml_next(b, &e);
        if (rc < 0)
            return rc;
        if (e.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&e);
            break;
        }
        if (keep_lines &&
            yaml_lines_add(b->arena, &b->items, e.start_mark.line + 1) < 0) {
            yaml_event_delete(&e);
            return err_nomem(b->err);
        }
        rc = build(b, &e, depth + 1, false, &item);
        if (rc == 0 && value_append(b->arena, array, item) < 0)
            rc = err_nomem(b->err);
    }
    *ret = array;
    return rc;
}

static int build_scalar(struct yaml_builder *b, const yaml_event_t *e,
                        struct value **ret)
{
    struct yaml_scalar s = {
        .text = (const char *)e->data.scalar.value,
        .len = e->data.scalar.length,
        .tag = (const char *)e->data.scalar.tag,
        .plain = e->data.scalar.plain_implicit,
    };

    return yaml_scalar_resolve(b->arena, &s, ret, b->err);
}

/* ---- any node ---- */

/* A scalar or an alias, as YAML has it. Does not place the error. */
static int build_leaf(struct yaml_builder *b, const yaml_event_t *e,
                      struct value **ret)
{
    int rc = count_nodes(b, e->type == YAML_ALIAS_EVENT ? 0 : 1);

    if (rc < 0)
        return rc;
    if (e->type == YAML_ALIAS_EVENT)
        return build_alias(b, (const char *)e->data.alias.anchor, ret);
    return build_scalar(b, e, ret);
}

static int build_container(struct yaml_builder *b, const yaml_event_t *e,
                           unsigned depth, struct value **ret)
{
    int rc = count_nodes(b, 1);

    if (rc == 0 && depth >= JSON_MAX_DEPTH)
        rc = err_set(b->err, ERR_LIMIT, "nested more than %d levels deep",
                     JSON_MAX_DEPTH);
    if (rc < 0)
        return yaml_place(b, &e->start_mark, rc);
    return e->type == YAML_MAPPING_START_EVENT ? build_mapping(b, depth, ret)
                                               : build_sequence(b, depth, ret);
}

/* A node of any kind; places its own errors, not those of what is below. */
static int build_any(struct yaml_builder *b, yaml_event_t *e, unsigned depth,
                     bool is_key, struct value **ret)
{
    int rc;

    if (e->type == YAML_MAPPING_START_EVENT ||
        e->type == YAML_SEQUENCE_START_EVENT) {
        if (!is_key)
            return build_container(b, e, depth, ret);
        rc = err_set(b->err, ERR_INVALID, "a key must be a scalar");
        err_hint(b->err, "text that starts with { or [ needs quotes");
        return yaml_place(b, &e->start_mark, rc);
    }
    rc = build_leaf(b, e, ret);
    if (rc == 0 && is_key)
        rc = yaml_scalar_to_key(b->arena, *ret, ret, b->err);
    else if (rc == 0)
        rc = yaml_scalar_to_json(*ret, b->err);
    return rc < 0 ? yaml_place(b, &e->start_mark, rc) : 0;
}

/* Consumes the event. A key comes out as a string. */
static int build(struct yaml_builder *b, yaml_event_t *e, unsigned depth,
                 bool is_key, struct value **ret)
{
    const char *name = anchor_name(e);
    struct anchor *anchor = NULL;
    size_t before = b->nodes;
    int rc = name ? open_anchor(b, name, &anchor) : 0;

    if (rc == 0)
        rc = build_any(b, e, depth, is_key, ret);
    if (rc == 0 && anchor) {
        anchor->value = *ret;
        anchor->nodes = b->nodes - before;
    }
    yaml_event_delete(e);
    return rc;
}

int yaml_build(struct yaml_builder *b, yaml_event_t *e, struct value **ret)
{
    return build(b, e, 0, false, ret);
}

void yaml_build_reset(struct yaml_builder *b)
{
    map_free(b->anchors);
    b->anchors = NULL;
    b->at_items = false;
    b->items = (struct yaml_lines){0};
}
