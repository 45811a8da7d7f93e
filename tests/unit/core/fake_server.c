#include "core/fake_server.h"

#include <string.h>

#include "core/json_patch.h"
#include "core/owned_fields.h"
#include "kube/schema.h"
#include "test.h"

static unsigned long version = 1000; /* of the whole cluster */

/* ---- FieldsV1 ---- */

static struct value *fields_below(struct arena *a, const struct value *v,
                                  struct schema_node node);

/* {"containerPort":80,"protocol":"TCP"}; NULL: it is no list map. */
static struct value *item_keys(struct arena *a, const struct value *item,
                               struct schema_node list)
{
    struct value *keys = value_object(a);
    struct schema_text name;

    if (schema_list(list) != SCHEMA_LIST_MAP)
        return NULL;
    for (unsigned i = 0; schema_list_key(list, i, &name); i++) {
        struct value *v = value_getn(item, name.at, name.len);

        if (!v)
            schema_default(schema_fieldn(schema_item(list), name.at, name.len),
                           a, &v, NULL);
        if (v)
            value_setn(a, keys, name.at, name.len, v);
    }
    return keys;
}

static const char *prefixed(struct arena *a, char prefix, const struct value *v)
{
    struct str s;
    char *text;

    str_init(&s, 0);
    str_addf(&s, "%c:", prefix);
    value_print(v, &s, NULL);
    text = arena_strdup(a, str_text(&s));
    str_release(&s);
    return text;
}

static void list_fields(struct arena *a, const struct value *list,
                        struct schema_node node, struct value *out)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct value *item = list->as.items[i];
        struct value *keys = item_keys(a, item, node);
        struct value *below;

        if (keys) {
            below = fields_below(a, item, schema_item(node));
            if (below->count)
                value_set(a, below, ".", value_object(a));
            value_set(a, out, prefixed(a, 'k', keys), below);
        } else if (schema_list(node) == SCHEMA_LIST_SET)
            value_set(a, out, prefixed(a, 'v', item), value_object(a));
    }
}

static struct value *fields_below(struct arena *a, const struct value *v,
                                  struct schema_node node)
{
    struct value *out = value_object(a);

    if (value_is(v, VALUE_ARRAY))
        list_fields(a, v, node, out);
    if (!value_is(v, VALUE_OBJECT) || schema_is_atomic(node))
        return out;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];
        char *key = arena_printf(a, "f:%s", m->key);

        value_set(a, out, key,
                  fields_below(a, m->value, schema_field(node, m->key)));
    }
    return out;
}

static struct schema_node kind_of(const struct value *object)
{
    return schema_find(NULL, value_text_at(object, "apiVersion"),
                       value_text_at(object, "kind"));
}

struct value *fake_fields(struct arena *a, const struct value *body)
{
    static const char *const untracked[] = {"f:name", "f:namespace", "f:uid",
                                            "f:resourceVersion"};
    struct value *out = fields_below(a, body, kind_of(body));
    struct value *meta = value_get(out, "f:metadata");

    value_unset(out, "f:apiVersion");
    value_unset(out, "f:kind");
    for (size_t i = 0; meta && i < 4; i++)
        value_unset(meta, untracked[i]);
    if (meta && !meta->count)
        value_unset(out, "f:metadata");
    return out;
}

/* ---- apply ---- */

static int64_t find_by_keys(struct arena *a, const struct value *list,
                            const struct value *keys, struct schema_node node)
{
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (value_equal(item_keys(a, list->as.items[i], node), keys))
            return i;
    return -1;
}

static void remove_item(struct value *list, int64_t index)
{
    if (index < 0)
        return;
    list->count--;
    for (uint32_t i = (uint32_t)index; i < list->count; i++)
        list->as.items[i] = list->as.items[i + 1];
}

static void strip(struct arena *a, struct value *v, const struct value *old,
                  const struct value *now, struct schema_node node);

static void strip_field(struct arena *a, struct value *v,
                        const struct value_member *old, const struct value *now,
                        struct schema_node node)
{
    const char *name = old->key + 2;
    struct value *child = value_get(v, name);
    const struct value *now_child = owned_field(now, name, strlen(name));

    if (!child)
        return;
    if (owned_is_leaf(old->value)) {
        if (!now_child)
            value_unset(v, name);
        return;
    }
    strip(a, child, old->value, now_child, schema_field(node, name));
    if (!now_child &&
        (child->type == VALUE_OBJECT || child->type == VALUE_ARRAY) &&
        !child->count)
        value_unset(v, name);
}

static void strip_item(struct arena *a, struct value *v,
                       const struct value_member *old, const struct value *now,
                       struct schema_node node)
{
    const struct value *now_item = value_get(now, old->key);
    struct value *keys;
    int64_t index = -1;

    if (!value_is(v, VALUE_ARRAY) ||
        value_parse(a, old->key + 2, strlen(old->key + 2), &keys, NULL) < 0)
        return;
    if (old->key[0] == 'k')
        index = find_by_keys(a, v, keys, node);
    for (uint32_t i = 0; old->key[0] == 'v' && i < v->count; i++)
        if (value_equal(v->as.items[i], keys))
            index = i;
    if (!now_item)
        remove_item(v, index);
    else if (index >= 0 && old->key[0] == 'k')
        strip(a, v->as.items[index], old->value, now_item, schema_item(node));
}

/* Take away what the manager owned and does not apply any more. */
static void strip(struct arena *a, struct value *v, const struct value *old,
                  const struct value *now, struct schema_node node)
{
    for (uint32_t i = 0; value_is(old, VALUE_OBJECT) && i < old->count; i++) {
        const struct value_member *m = &old->as.members[i];

        if (m->key[0] == 'f')
            strip_field(a, v, m, now, node);
        else if (m->key[0] == 'k' || m->key[0] == 'v')
            strip_item(a, v, m, now, node);
    }
}

static struct value *merge(struct arena *a, struct value *live,
                           const struct value *body, struct schema_node node);

static struct value *merge_list(struct arena *a, struct value *live,
                                const struct value *body,
                                struct schema_node node)
{
    for (uint32_t i = 0; i < body->count; i++) {
        struct value *item = body->as.items[i];
        struct value *keys = item_keys(a, item, node);
        int64_t at = keys ? find_by_keys(a, live, keys, node) : -1;
        bool there = false;

        for (uint32_t k = 0; !keys && k < live->count; k++)
            there = there || value_equal(live->as.items[k], item);
        if (at >= 0)
            live->as.items[at] =
                merge(a, live->as.items[at], item, schema_item(node));
        else if (!there)
            value_append(a, live, value_copy(a, item));
    }
    return live;
}

static struct value *merge(struct arena *a, struct value *live,
                           const struct value *body, struct schema_node node)
{
    if (!live || live->type != body->type || schema_is_atomic(node))
        return value_copy(a, body);
    if (body->type == VALUE_ARRAY)
        return schema_list(node) == SCHEMA_LIST_ATOMIC
                   ? value_copy(a, body)
                   : merge_list(a, live, body, node);
    if (body->type != VALUE_OBJECT)
        return value_copy(a, body);
    for (uint32_t i = 0; i < body->count; i++) {
        const struct value_member *m = &body->as.members[i];

        value_set(a, live, m->key,
                  merge(a, value_get(live, m->key), m->value,
                        schema_field(node, m->key)));
    }
    return live;
}

static bool is_entry_of(const struct value *entry, const struct fake_writer *w)
{
    const char *sub = value_text_at(entry, "subresource");

    return text_equal(value_text_at(entry, "manager"), w->manager) &&
           strcmp(sub ? sub : "", w->subresource) == 0;
}

static void set_entry(struct arena *a, struct value *object,
                      const struct fake_writer *w, struct value *fields)
{
    struct value *meta = value_make(a, object, "metadata");
    struct value *old = value_get(meta, "managedFields");
    struct value *list = value_array(a);
    struct value *entry = value_object(a);
    const char *version_text = value_text_at(object, "apiVersion");

    for (uint32_t i = 0; value_is(old, VALUE_ARRAY) && i < old->count; i++)
        if (!is_entry_of(old->as.items[i], w))
            value_append(a, list, old->as.items[i]);
    value_set(a, entry, "manager", value_string(a, w->manager));
    if (*w->subresource)
        value_set(a, entry, "subresource", value_string(a, w->subresource));
    value_set(a, entry, "operation", value_string(a, "Apply"));
    value_set(a, entry, "apiVersion", value_string(a, version_text));
    value_set(a, entry, "time", value_string(a, "2026-01-02T03:04:05Z"));
    value_set(a, entry, "fieldsType", value_string(a, "FieldsV1"));
    value_set(a, entry, "fieldsV1", fields);
    if (fields->count)
        value_append(a, list, entry);
    value_set(a, meta, "managedFields", list);
}

/* What a real server would make of a Deployment or a container. */
static void set_defaults(struct arena *a, struct value *object)
{
    struct value *spec = value_get(object, "spec");
    struct value *containers =
        value_path(object, "spec.template.spec.containers");

    if (!text_equal(value_text_at(object, "kind"), "Deployment") || !spec)
        return;
    if (!value_get(spec, "replicas"))
        value_set(a, spec, "replicas", value_integer(a, 1));
    value_set(a, spec, "revisionHistoryLimit", value_integer(a, 10));
    for (uint32_t i = 0; containers && i < containers->count; i++) {
        struct value *c = containers->as.items[i];
        struct value *ports = value_get(c, "ports");
        struct value *cpu = value_path(c, "resources.requests.cpu");

        value_set(a, c, "imagePullPolicy", value_string(a, "Always"));
        if (text_equal(value_text(cpu), "0.5"))
            *cpu = *value_string(a, "500m");
        for (uint32_t k = 0; ports && k < ports->count; k++)
            if (!value_get(ports->as.items[k], "protocol"))
                value_set(a, ports->as.items[k], "protocol",
                          value_string(a, "TCP"));
    }
}

struct value *fake_apply(struct arena *a, const struct value *live,
                         const struct value *body, const struct fake_writer *w)
{
    struct schema_node node = kind_of(body);
    struct value *fields = fake_fields(a, body);
    struct value *out = live ? value_copy(a, live) : value_object(a);
    struct value *meta;
    const char *name = value_text_at(body, "metadata.name");

    strip(a, out, owned_entry(live, w->manager, w->subresource, ""), fields,
          node);
    out = merge(a, out, body, node);
    meta = value_make(a, out, "metadata");
    if (!value_get(meta, "uid"))
        value_set(a, meta, "uid",
                  value_string(a, arena_printf(a, "uid-%s-%s", name, w->rv)));
    value_set(a, meta, "resourceVersion", value_string(a, w->rv));
    set_defaults(a, out);
    set_entry(a, out, w, fields);
    return out;
}

/* ---- edits by others ---- */

static void disown(struct value *fields, const struct value *patch)
{
    for (uint32_t i = 0; fields && i < patch->count; i++) {
        const struct value_member *m = &patch->as.members[i];
        char key[128];
        struct value *below;

        memcpy(key, "f:", 2);
        memcpy(key + 2, m->key, m->key_len + 1);
        below = value_get(fields, key);
        if (below && value_is(m->value, VALUE_OBJECT))
            disown(below, m->value);
        if (below && !(value_is(m->value, VALUE_OBJECT) && below->count))
            value_unset(fields, key);
    }
}

struct value *fake_edit(struct arena *a, const struct value *live,
                        const struct value *patch, const char *rv)
{
    struct value *out = NULL;
    struct value *list;

    if (merge_patch_apply(a, live, patch, &out, NULL) < 0)
        return NULL;
    list = value_path(out, "metadata.managedFields");
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        disown(value_get(list->as.items[i], "fieldsV1"), patch);
    value_set(a, value_make(a, out, "metadata"), "resourceVersion",
              value_string(a, rv));
    return out;
}

/* ---- a whole changeset ---- */

static const char *next_version(struct fixture *f)
{
    return arena_printf(&f->arena, "%lu", ++version);
}

static struct snapshot **find(struct fixture *f, const struct resource *r,
                              const char *name, enum fx_kind *ret_kind)
{
    for (size_t k = 0; k < FX_KINDS; k++) {
        if (strcmp(f->kinds[k].gvk.kind, r->kind) != 0)
            continue;
        if (*ret_kind == FX_KINDS)
            *ret_kind = (enum fx_kind)k;
        for (size_t i = 0; i < f->kinds[k].count; i++)
            if (strcmp(f->items[k][i]->key.name, name) == 0) {
                *ret_kind = (enum fx_kind)k;
                return &f->items[k][i];
            }
    }
    return NULL;
}

static void remove_child(struct fixture *f, enum fx_kind k,
                         struct snapshot **at)
{
    size_t i = (size_t)(at - f->items[k]);

    snapshot_unref(*at, "test");
    f->kinds[k].count--;
    for (; i < f->kinds[k].count; i++)
        f->items[k][i] = f->items[k][i + 1];
}

static void replace(struct fixture *f, enum fx_kind kind, struct snapshot **at,
                    struct value *object)
{
    if (at)
        remove_child(f, kind, at);
    fx_add(f, kind, object);
}

static struct value *tree(struct fixture *f, struct snapshot *snap)
{
    struct value *v = NULL;

    snapshot_value(snap, &f->arena, &v, &f->err);
    return v;
}

static void write_child(struct fixture *f, const struct change *c)
{
    enum fx_kind kind = FX_KINDS;
    struct snapshot **at = find(f, c->resource, c->key.name, &kind);
    struct fake_writer writer = {c->field_manager ? c->field_manager
                                                  : f->decl.field_manager,
                                 "", next_version(f)};
    struct value *live = at ? tree(f, *at) : NULL;

    switch (c->verb) {
    case CHANGE_CREATE:
        check(!at);
        replace(f, kind, NULL, fake_apply(&f->arena, NULL, c->body, &writer));
        break;
    case CHANGE_APPLY:
        if (check(at) && check_str(c->uid, (*at)->uid))
            replace(f, kind, at, fake_apply(&f->arena, live, c->body, &writer));
        break;
    case CHANGE_RELEASE:
        if (check(at)) /* it is not in the view any more */
            remove_child(f, kind, at);
        break;
    case CHANGE_DELETE:
    case CHANGE_PRUNE:
        if (check(at) && check_str(c->uid, (*at)->uid) &&
            check_str(c->resource_version, (*at)->resource_version))
            remove_child(f, kind, at);
        break;
    default:
        break;
    }
}

static void write_root(struct fixture *f, const struct change *c)
{
    struct fake_writer writer = {f->decl.field_manager,
                                 c->verb == CHANGE_STATUS ? "status" : "",
                                 next_version(f)};
    struct value *root = tree(f, f->view.root);
    struct value *after = NULL;
    struct str s;

    if (c->verb == CHANGE_REMOVE_FINALIZER)
        check_ok(json_patch_apply(&f->arena, root, c->body, &after, &f->err),
                 &f->err);
    else
        after = fake_apply(&f->arena, root, c->body, &writer);
    str_init(&s, 0);
    value_print(after, &s, &f->err);
    snapshot_unref(f->view.root, "test");
    check_ok(snapshot_parse(s.data, s.len, NULL, &f->view.root, &f->err),
             &f->err);
    str_release(&s);
}

void fake_carry_out(struct fixture *f)
{
    for (size_t i = 0; i < f->cs.count; i++) {
        const struct change *c = &f->cs.items[i];

        if (change_is_child(c))
            write_child(f, c);
        else if (c->verb != CHANGE_EVENT)
            write_root(f, c);
    }
}

void fake_edit_child(struct fixture *f, enum fx_kind kind, const char *name,
                     const char *patch)
{
    enum fx_kind found = FX_KINDS;
    struct snapshot **at = find(f, f->kinds[kind].resource, name, &found);

    if (check(at))
        replace(f, found, at,
                fake_edit(&f->arena, tree(f, *at), fx_value(f, patch),
                          next_version(f)));
}
