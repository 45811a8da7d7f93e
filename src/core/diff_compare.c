/*
 * diff_compare.c -- is there anything to write?
 *
 * DESIGN
 *
 * Three trees are walked together: what is declared, what we own (our entry in
 * managedFields) and what is live. Each leaf of the declaration is
 *
 *      equal to the live value                           in sync
 *      owned, and the hash on the object is that of
 *      this declaration                                  in sync: the server
 *                                                        says it another way
 *      else                                              a difference; not
 *                                                        owned under the same
 *                                                        hash: somebody else
 *                                                        changed it
 *
 * and each owned field that is not declared is a difference too: it is to go.
 * So no schema is needed to tell our fields from defaults, and nothing is
 * written on the second pass, whatever the server made of the first.
 *
 * The annotation with the hash is a declared leaf that may lag behind: when
 * nothing else differs, an old hash is not worth a write. The order of a list
 * map's items is compared only while the hash differs, for the same reason
 * that equal hashes settle everything else.
 *
 * What we do not own but find equal is in sync as well: owning it too would
 * change nothing, neither now nor when it is dropped, because the other owner
 * stays (SA-4).
 */
#include "core/diff_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/owned_fields.h"
#include "core/sensitive.h"

/* One place in the three trees. */
struct place {
    const struct value *declared; /* never NULL */
    const struct value *owned;    /* NULL: nothing of it is ours */
    const struct value *live;     /* NULL: absent */
    struct schema_node node;
};

struct comparison {
    struct arena *a;
    struct err *err;
    bool same_hash; /* the declaration is the one applied last */
    bool fresh;     /* it is not: order and empty lists count */
    bool secret;
    bool foreign;
    bool differs;
    struct str path;
    struct change_field *fields;
    size_t count, cap;
};

static int compare(struct comparison *c, struct place p);

/* ---- differences ---- */

static bool is_sensitive(const struct comparison *c, const struct value *v)
{
    const char *path = str_text(&c->path);

    if (c->secret &&
        (text_starts(path, ".data") || text_starts(path, ".stringData")))
        return true;
    return sensitive_holds(v);
}

/* Absent on both sides still is one: we own what is not there any more. */
static int add_difference(struct comparison *c, const struct value *before,
                          const struct value *after)
{
    struct change_field *f;

    c->differs = true;
    if (!before && !after)
        return 0;
    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 8;

        f = arena_calloc(c->a, cap, sizeof(*f));
        if (!f)
            return err_nomem(c->err);
        if (c->count)
            memcpy(f, c->fields, c->count * sizeof(*f));
        c->fields = f;
        c->cap = cap;
    }
    f = &c->fields[c->count];
    f->path = arena_strdup(c->a, str_text(&c->path));
    if (!f->path)
        return err_nomem(c->err);
    f->before = (struct value *)before;
    f->after = (struct value *)after;
    f->sensitive = is_sensitive(c, before) || is_sensitive(c, after);
    c->count++;
    return 0;
}

static void path_cut(struct comparison *c, size_t len)
{
    if (c->path.data) {
        c->path.len = len;
        c->path.data[len] = '\0';
    }
}

/* ---- equality ---- */

static bool same(struct comparison *c, const struct value *a,
                 const struct value *b, struct schema_node node);

/* What the declaration leaves out and the server filled in by default. */
static bool is_default(struct comparison *c, const struct value *live,
                       struct schema_node field)
{
    struct value *otherwise = NULL;

    return schema_default(field, c->a, &otherwise, c->err) == 0 && otherwise &&
           same(c, otherwise, live, field);
}

static bool same_objects(struct comparison *c, const struct value *a,
                         const struct value *b, struct schema_node node)
{
    for (uint32_t i = 0; i < b->count; i++) {
        const struct value_member *m = &b->as.members[i];
        const struct value *mine = value_getn(a, m->key, m->key_len);
        struct schema_node field = schema_fieldn(node, m->key, m->key_len);

        if (mine ? !same(c, mine, m->value, field)
                 : !is_default(c, m->value, field))
            return false;
    }
    for (uint32_t i = 0; i < a->count; i++)
        if (!value_getn(b, a->as.members[i].key, a->as.members[i].key_len))
            return false;
    return true;
}

/* As the server would see it: all members but defaults, scalars by their
 * schema. `b` is the live one. */
static bool same(struct comparison *c, const struct value *a,
                 const struct value *b, struct schema_node node)
{
    if (!a || !b || a->type != b->type ||
        (a->type != VALUE_OBJECT && a->type != VALUE_ARRAY))
        return a && b && scalar_equal(a, b, schema_scalar(node));
    if (a->type == VALUE_OBJECT)
        return same_objects(c, a, b, node);
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!same(c, a->as.items[i], b->as.items[i], schema_item(node)))
            return false;
    return true;
}

/* At an old hash, and at nothing else, an owned leaf may lag behind. */
static bool is_applied_annotation(const struct comparison *c)
{
    return strcmp(str_text(&c->path),
                  ".metadata.annotations[\"" ANNOTATION_APPLIED "\"]") == 0;
}

/* The declaration did not change, so somebody else changed the object. What
 * the runtime adds is no part of the declaration: it also differs when a child
 * becomes an orphan or ceases to be one. */
static void blame(struct comparison *c)
{
    const char *path = str_text(&c->path);

    if (c->same_hash && !text_starts(path, ".metadata.ownerReferences") &&
        strcmp(path, ".metadata.labels[\"" LABEL_OWNER_UID "\"]") != 0)
        c->foreign = true;
}

/* The two rules of note 12. */
static int compare_leaf(struct comparison *c, struct place p)
{
    if (same(c, p.declared, p.live, p.node))
        return 0;
    if (p.owned && (c->same_hash || is_applied_annotation(c)))
        return 0;
    if (!p.owned)
        blame(c);
    return add_difference(c, p.live, p.declared);
}

/* ---- objects ---- */

/* Tracked by nobody: names and what the server keeps (SA-8). */
static bool is_untracked(const struct comparison *c, const char *name)
{
    if (c->path.len == 0)
        return strcmp(name, "apiVersion") == 0 || strcmp(name, "kind") == 0;
    if (strcmp(str_text(&c->path), ".metadata") != 0)
        return false;
    return strcmp(name, "name") == 0 || strcmp(name, "namespace") == 0;
}

/* Owned fields of an object that the declaration does not have. */
static int compare_dropped_fields(struct comparison *c, struct place p)
{
    size_t len = c->path.len;
    int rc = 0;

    for (uint32_t i = 0;
         rc == 0 && value_is(p.owned, VALUE_OBJECT) && i < p.owned->count;
         i++) {
        const struct value_member *m = &p.owned->as.members[i];

        if (m->key_len < 2 || m->key[0] != 'f' || m->key[1] != ':' ||
            value_getn(p.declared, m->key + 2, m->key_len - 2))
            continue;
        diff_path_name(&c->path, m->key + 2, m->key_len - 2);
        rc = add_difference(c, value_getn(p.live, m->key + 2, m->key_len - 2),
                            NULL);
        path_cut(c, len);
    }
    return rc;
}

/* Declared fields, then those that we own and declare no more. */
static int compare_object(struct comparison *c, struct place p)
{
    size_t len = c->path.len;

    for (uint32_t i = 0; i < p.declared->count; i++) {
        const struct value_member *m = &p.declared->as.members[i];
        struct place below = {m->value,
                              owned_field(p.owned, m->key, m->key_len),
                              value_getn(p.live, m->key, m->key_len),
                              schema_fieldn(p.node, m->key, m->key_len)};
        int rc;

        if (is_untracked(c, m->key))
            continue;
        diff_path_name(&c->path, m->key, m->key_len);
        rc = str_check(&c->path, "a field's path", c->err);
        if (rc == 0)
            rc = compare(c, below);
        path_cut(c, len);
        if (rc < 0)
            return rc;
    }
    return compare_dropped_fields(c, p);
}

/* ---- list maps ---- */

#define NOT_OWNED (-2)
#define NOT_LIVE (-1)

struct list {
    struct place p;
    struct schema_node item;
    int64_t *live; /* of each declared item: its index in the live list */
};

/* Has the item these keys? One that it does not name has its default. */
static int has_keys(struct comparison *c, const struct value *item,
                    const struct value *keys, struct schema_node node,
                    bool *ret)
{
    *ret = false;
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct value_member *m = &keys->as.members[i];
        struct value *v = value_getn(item, m->key, m->key_len);
        int rc = 0;

        if (!v)
            rc = schema_default(schema_fieldn(node, m->key, m->key_len), c->a,
                                &v, c->err);
        if (rc < 0)
            return rc;
        if (v && !value_equal(v, m->value))
            return 0;
    }
    *ret = true;
    return 0;
}

/* The index of the item with these keys, NOT_LIVE when there is none. */
static int find_item(struct comparison *c, const struct value *list,
                     const struct value *keys, struct schema_node node,
                     int64_t *ret)
{
    *ret = NOT_LIVE;
    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++) {
        bool match;
        int rc = has_keys(c, list->as.items[i], keys, node, &match);

        if (rc < 0)
            return rc;
        if (match) {
            *ret = i;
            return 0;
        }
    }
    return 0;
}

static const struct value *item_at(const struct value *list, int64_t index)
{
    return index < 0 ? NULL : list->as.items[index];
}

static void path_keys(struct comparison *c, const struct value *keys)
{
    const char *before = "[";

    for (uint32_t i = 0; i < keys->count; i++) {
        const struct value_member *m = &keys->as.members[i];
        const char *text = value_text(m->value);

        str_addf(&c->path, "%s%s=", before, m->key);
        before = ",";
        if (text)
            str_add(&c->path, text);
        else if (value_print(m->value, &c->path, c->err) < 0)
            str_addc(&c->path, '?');
    }
    str_addc(&c->path, ']');
}

/* The item with these keys, declared or not, owned or not. */
static int compare_item(struct comparison *c, struct list *l,
                        const struct value *keys, const struct value *owned)
{
    int64_t declared, live = NOT_LIVE;
    size_t len = c->path.len;
    int rc = find_item(c, l->p.declared, keys, l->item, &declared);

    if (rc == 0)
        rc = find_item(c, l->p.live, keys, l->item, &live);
    if (rc < 0)
        return rc;
    path_keys(c, keys);
    rc = str_check(&c->path, "a field's path", c->err);
    if (rc == 0 && declared < 0)
        rc = add_difference(c, item_at(l->p.live, live), NULL);
    else if (rc == 0) {
        l->live[declared] = live;
        rc = compare(c, (struct place){item_at(l->p.declared, declared), owned,
                                       item_at(l->p.live, live), l->item});
    }
    path_cut(c, len);
    return rc;
}

/* The keys come from the entry, so no schema is needed for them. */
static int compare_owned_items(struct comparison *c, struct list *l)
{
    int rc = 0;

    for (uint32_t i = 0;
         rc == 0 && value_is(l->p.owned, VALUE_OBJECT) && i < l->p.owned->count;
         i++) {
        const struct value_member *m = &l->p.owned->as.members[i];
        struct value *keys;

        if (m->key_len < 2 || m->key[0] != 'k' || m->key[1] != ':')
            continue;
        rc = value_parse(c->a, m->key + 2, m->key_len - 2, &keys, c->err);
        if (rc == 0)
            rc = compare_item(c, l, keys, m->value);
    }
    return rc;
}

/* {"name": "http"} of an item by the schema's keys, with defaults; empty when
 * the schema does not say. NULL on out of memory. */
static struct value *schema_keys(struct comparison *c, const struct list *l,
                                 const struct value *item)
{
    struct value *keys = value_object(c->a);
    struct schema_text name;

    for (unsigned i = 0; keys && schema_list(l->p.node) == SCHEMA_LIST_MAP &&
                         schema_list_key(l->p.node, i, &name);
         i++) {
        struct value *v = value_getn(item, name.at, name.len);

        if (!v && schema_default(schema_fieldn(l->item, name.at, name.len),
                                 c->a, &v, c->err) < 0)
            return NULL;
        if (v && value_setn(c->a, keys, name.at, name.len, v) < 0)
            return NULL;
    }
    return keys;
}

/* What is new in the declaration, or was taken from us. */
static int compare_unowned_items(struct comparison *c, struct list *l)
{
    size_t len = c->path.len;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < l->p.declared->count; i++) {
        const struct value *item = l->p.declared->as.items[i];
        struct value *keys;

        if (l->live[i] != NOT_OWNED)
            continue;
        keys = schema_keys(c, l, item);
        if (!keys)
            return err_nomem(c->err);
        if (keys->count) {
            rc = compare_item(c, l, keys, NULL);
            continue;
        }
        blame(c);
        str_addf(&c->path, "[%u]", i);
        rc = add_difference(c, NULL, item);
        path_cut(c, len);
    }
    return rc;
}

/* Environment variables and init containers mean something by their order. */
static int compare_order(struct comparison *c, const struct list *l)
{
    int64_t before = -1;

    for (uint32_t i = 0; c->fresh && i < l->p.declared->count; i++) {
        if (l->live[i] >= 0 && l->live[i] < before)
            return add_difference(c, l->p.live, l->p.declared);
        if (l->live[i] >= 0)
            before = l->live[i];
    }
    return 0;
}

static int compare_list_map(struct comparison *c, struct place p)
{
    struct list l = {.p = p, .item = schema_item(p.node)};
    int rc;

    l.live = arena_calloc(c->a, p.declared->count + 1, sizeof(*l.live));
    if (!l.live)
        return err_nomem(c->err);
    for (uint32_t i = 0; i < p.declared->count; i++)
        l.live[i] = NOT_OWNED;
    rc = compare_owned_items(c, &l);
    if (rc == 0)
        rc = compare_unowned_items(c, &l);
    return rc < 0 ? rc : compare_order(c, &l);
}

/* ---- sets ---- */

static bool set_has(const struct value *set, const struct value *item)
{
    for (uint32_t i = 0; value_is(set, VALUE_ARRAY) && i < set->count; i++)
        if (value_equal(set->as.items[i], item))
            return true;
    return false;
}

/* An element is there or not: who owns it does not matter while it is. */
static int compare_set(struct comparison *c, struct place p)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < p.declared->count; i++)
        if (!set_has(p.live, p.declared->as.items[i]))
            rc = add_difference(c, NULL, p.declared->as.items[i]);
    for (uint32_t i = 0;
         rc == 0 && value_is(p.owned, VALUE_OBJECT) && i < p.owned->count;
         i++) {
        const struct value_member *m = &p.owned->as.members[i];
        struct value *v;

        if (m->key_len < 2 || m->key[0] != 'v' || m->key[1] != ':')
            continue;
        rc = value_parse(c->a, m->key + 2, m->key_len - 2, &v, c->err);
        if (rc == 0 && !set_has(p.declared, v))
            rc = add_difference(c, v, NULL);
    }
    return rc;
}

/* ---- one place ---- */

/* How we applied the list tells how it merges; the schema where we did not. */
static int compare_array(struct comparison *c, struct place p)
{
    enum schema_list list = schema_list(p.node);

    if (owned_is_map(p.owned) || (!p.owned && list == SCHEMA_LIST_MAP))
        return compare_list_map(c, p);
    if (owned_is_set(p.owned) || (!p.owned && list == SCHEMA_LIST_SET))
        return compare_set(c, p);
    return compare_leaf(c, p);
}

/* Nothing is said about what an empty object holds; it must be there. */
static int compare_empty(struct comparison *c, struct place p)
{
    int rc = 0;

    if (!value_is(p.live, VALUE_OBJECT) || schema_is_atomic(p.node))
        rc = compare_leaf(c, p);
    return rc < 0 ? rc : compare_dropped_fields(c, p);
}

/* An empty list map or set says nothing about the items of others, and who
 * declared it is not remembered: the server simply drops `env: []`. */
static int compare_empty_list(struct comparison *c, struct place p)
{
    if (schema_list(p.node) != SCHEMA_LIST_ATOMIC && (p.live || !c->fresh))
        return 0;
    return compare_leaf(c, p);
}

static int compare(struct comparison *c, struct place p)
{
    if (value_is(p.declared, VALUE_ARRAY))
        return p.declared->count || (p.owned && p.owned->count)
                   ? compare_array(c, p)
                   : compare_empty_list(c, p);
    if (!value_is(p.declared, VALUE_OBJECT))
        return compare_leaf(c, p);
    if (!p.declared->count)
        return compare_empty(c, p);
    if (owned_is_leaf(p.owned) || schema_is_atomic(p.node))
        return compare_leaf(c, p);
    return compare_object(c, p);
}

static int compare_paths(const void *a, const void *b)
{
    const struct change_field *x = a, *y = b;

    return strcmp(x->path, y->path);
}

int diff_walk(struct diff_work *w, const struct diff_comparison *in,
              struct diff_drift *ret)
{
    struct comparison c = {.a = w->a,
                           .err = w->err,
                           .same_hash = in->same_hash,
                           .fresh = in->fresh,
                           .secret = in->secret};
    int rc = compare(
        &c, (struct place){in->declared, in->owned, in->live, in->node});

    str_release(&c.path);
    if (rc < 0)
        return rc;
    if (c.count > 1)
        qsort(c.fields, c.count, sizeof(*c.fields), compare_paths);
    *ret = (struct diff_drift){.in_sync = !c.differs,
                               .foreign = c.foreign,
                               .fields = c.fields,
                               .field_count = c.count};
    return 0;
}
