/*
 * diff_fields.c -- two versions of one object as a list of differences.
 *
 * DESIGN
 *
 * Both trees are walked together with the schema's node at that place. Members
 * of objects are visited in the order of their names. Items of arrays are
 * paired by what tells them apart (the keys of a list map, else "name" or
 * "type" where every item has a different one), and by index otherwise; a
 * reordered list map is therefore no difference here, as it is none to the
 * server.
 *
 *      .spec.replicas                     2 -> 3
 *      .spec.ports[name=http].port        8080 -> 80
 *      .metadata.labels["example.com/a"]  (absent) -> b
 *
 * An object or array that exists on one side only is one difference, unless
 * something below it is sensitive: then it is taken apart, so that only the
 * sensitive values are hidden.
 */
#include "core/diff_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/sensitive.h"

struct walker {
    struct arena *a;
    struct str path;
    bool secret; /* the object is a Secret */
    unsigned depth;
    struct change_field *fields;
    size_t count, cap;
    struct err *err;
};

/* One place in both trees. */
struct pair {
    const struct value *before, *after; /* NULL: absent */
    struct schema_node node;
};

static int walk(struct walker *w, struct pair p);

/* ---- results ---- */

/* One difference at the current path. */
static int emit(struct walker *w, struct pair p, bool sensitive)
{
    struct change_field *f;

    if (w->count == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 8;
        struct change_field *grown = arena_calloc(w->a, cap, sizeof(*grown));

        if (!grown)
            return err_nomem(w->err);
        if (w->count)
            memcpy(grown, w->fields, w->count * sizeof(*grown));
        w->fields = grown;
        w->cap = cap;
    }
    f = &w->fields[w->count];
    f->path = arena_strndup(w->a, str_text(&w->path), w->path.len);
    if (!f->path)
        return err_nomem(w->err);
    f->before = (struct value *)p.before;
    f->after = (struct value *)p.after;
    f->sensitive = sensitive;
    w->count++;
    return 0;
}

/* ---- paths ---- */

/* Could it stand in a path without quotes? */
static bool is_plain_name(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '$'))
            return false;
    }
    return len > 0;
}

void diff_path_name(struct str *path, const char *name, size_t len)
{
    if (is_plain_name(name, len)) {
        str_addc(path, '.');
        str_addn(path, name, len);
    } else {
        str_add(path, "[\"");
        str_addn(path, name, len);
        str_add(path, "\"]");
    }
}

/* Walk one step down with `path` extended; takes the extension off again. */
static int walk_at(struct walker *w, size_t len, struct pair p)
{
    int rc = str_check(&w->path, "a field's path", w->err);

    if (rc == 0)
        rc = walk(w, p);
    if (w->path.data) {
        w->path.len = len;
        w->path.data[len] = '\0';
    }
    return rc;
}

/* ---- what is secret ---- */

/* Of a Secret these maps hold nothing but secrets. */
static bool in_secret_data(const struct walker *w)
{
    const char *path = str_text(&w->path);

    return w->secret &&
           (text_starts(path, ".data") || text_starts(path, ".stringData"));
}

/* Is anything in the tree to be hidden? */
static bool is_leaf(const struct value *v)
{
    return v && v->type != VALUE_OBJECT && v->type != VALUE_ARRAY;
}

/* ---- objects ---- */

/* The server's own book-keeping, and ours. */
static bool is_noise(const struct walker *w, const char *name)
{
    static const char *const noise[] = {
        "managedFields", "resourceVersion", "generation", "creationTimestamp",
        "uid",           "selfLink",
    };
    const char *path = str_text(&w->path);

    if (w->path.len == 0)
        return strcmp(name, "apiVersion") == 0 || strcmp(name, "kind") == 0;
    if (strcmp(path, ".metadata.annotations") == 0)
        return strcmp(name, ANNOTATION_APPLIED) == 0;
    if (strcmp(path, ".metadata") != 0)
        return false;
    for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
        if (strcmp(name, noise[i]) == 0)
            return true;
    return false;
}

static int compare_members(const void *a, const void *b)
{
    const struct value_member *x = *(const struct value_member *const *)a;
    const struct value_member *y = *(const struct value_member *const *)b;

    return strcmp(x->key, y->key);
}

/* The members of both sides, sorted by key: equal keys are neighbours. */
static const struct value_member **sorted_members(struct arena *a,
                                                  struct pair p,
                                                  size_t *ret_count)
{
    uint32_t left = value_is(p.before, VALUE_OBJECT) ? p.before->count : 0;
    uint32_t right = value_is(p.after, VALUE_OBJECT) ? p.after->count : 0;
    const struct value_member **all =
        arena_calloc(a, (size_t)left + right + 1, sizeof(*all));

    if (!all)
        return NULL;
    for (uint32_t i = 0; i < left; i++)
        all[i] = &p.before->as.members[i];
    for (uint32_t i = 0; i < right; i++)
        all[left + i] = &p.after->as.members[i];
    *ret_count = (size_t)left + right;
    if (*ret_count > 1)
        qsort(all, *ret_count, sizeof(struct value_member *), compare_members);
    return all;
}

/* Members of both sides, each once, in the order of their names. */
static int walk_object(struct walker *w, struct pair p)
{
    size_t count = 0, len = w->path.len;
    const struct value_member **all = sorted_members(w->a, p, &count);

    if (!all)
        return err_nomem(w->err);
    for (size_t i = 0; i < count; i++) {
        const char *key = all[i]->key;
        struct pair below = {value_get(p.before, key), value_get(p.after, key),
                             schema_field(p.node, key)};
        int rc = 0;

        if (i > 0 && strcmp(all[i - 1]->key, key) == 0)
            continue;
        if (!is_noise(w, key)) {
            diff_path_name(&w->path, key, strlen(key));
            rc = walk_at(w, len, below);
        }
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- arrays ---- */

#define MAX_LIST_KEYS 4u

struct list_keys {
    const char *names[MAX_LIST_KEYS];
    unsigned count;
};

/* Equal in every key, or without it on both sides. */
static bool same_item(const struct list_keys *k, const struct value *a,
                      const struct value *b)
{
    for (unsigned i = 0; i < k->count; i++) {
        const struct value *x = value_get(a, k->names[i]);
        const struct value *y = value_get(b, k->names[i]);

        if (x && y ? !value_equal(x, y) : x != y)
            return false;
    }
    return true;
}

static const struct value *find_item(const struct list_keys *k,
                                     const struct value *array,
                                     const struct value *item)
{
    for (uint32_t i = 0; value_is(array, VALUE_ARRAY) && i < array->count; i++)
        if (same_item(k, array->as.items[i], item))
            return array->as.items[i];
    return NULL;
}

/* Has every item a text under that name, each another one? */
static bool names_items(const struct value *array, const char *name)
{
    struct list_keys k = {{name}, 1};

    if (!value_is(array, VALUE_ARRAY))
        return true;
    for (uint32_t i = 0; i < array->count; i++) {
        const struct value *item = array->as.items[i];

        if (!value_text(value_get(item, name)) ||
            find_item(&k, array, item) != item)
            return false;
    }
    return true;
}

/* How are items told apart? count 0: by index. */
static int find_keys(struct walker *w, struct pair p, struct list_keys *k)
{
    static const char *const usual[] = {"name", "type", "uid"};
    struct schema_text text;

    k->count = 0;
    if (schema_type(p.node) == SCHEMA_ARRAY &&
        schema_list(p.node) == SCHEMA_LIST_MAP)
        while (k->count < MAX_LIST_KEYS &&
               schema_list_key(p.node, k->count, &text)) {
            k->names[k->count] = arena_strndup(w->a, text.at, text.len);
            if (!k->names[k->count++])
                return err_nomem(w->err);
        }
    for (size_t i = 0; !k->count && i < sizeof(usual) / sizeof(*usual); i++)
        if (names_items(p.before, usual[i]) && names_items(p.after, usual[i]))
            *k = (struct list_keys){{usual[i]}, 1};
    return 0;
}

/* Append "[port=80,protocol=TCP]". */
static int add_item_keys(struct walker *w, const struct list_keys *k,
                         const struct value *item)
{
    const char *before = "[";
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < k->count; i++) {
        const struct value *v = value_get(item, k->names[i]);
        const char *text = value_text(v);

        if (!v)
            continue;
        str_addf(&w->path, "%s%s=", before, k->names[i]);
        before = ",";
        if (text)
            str_add(&w->path, text);
        else
            rc = value_print(v, &w->path, w->err);
    }
    str_add(&w->path, *before == '[' ? "[]" : "]");
    return rc;
}

static int walk_item(struct walker *w, const struct list_keys *k,
                     struct pair below)
{
    size_t len = w->path.len;
    int rc = add_item_keys(w, k, below.after ? below.after : below.before);

    return rc < 0 ? rc : walk_at(w, len, below);
}

/* Items of the old list in its order, then those that are new. */
static int walk_by_key(struct walker *w, const struct list_keys *k,
                       struct pair p)
{
    struct schema_node node = schema_item(p.node);
    int rc = 0;

    for (uint32_t i = 0;
         rc == 0 && value_is(p.before, VALUE_ARRAY) && i < p.before->count;
         i++) {
        const struct value *item = p.before->as.items[i];

        rc = walk_item(w, k,
                       (struct pair){item, find_item(k, p.after, item), node});
    }
    for (uint32_t i = 0;
         rc == 0 && value_is(p.after, VALUE_ARRAY) && i < p.after->count; i++) {
        const struct value *item = p.after->as.items[i];

        if (!find_item(k, p.before, item))
            rc = walk_item(w, k, (struct pair){NULL, item, node});
    }
    return rc;
}

/* What nothing tells apart: a removed item shifts those behind it. */
static int walk_by_index(struct walker *w, struct pair p)
{
    struct schema_node node = schema_item(p.node);
    uint32_t left = value_is(p.before, VALUE_ARRAY) ? p.before->count : 0;
    uint32_t right = value_is(p.after, VALUE_ARRAY) ? p.after->count : 0;
    size_t len = w->path.len;

    for (uint32_t i = 0; i < left || i < right; i++) {
        struct pair below = {i < left ? p.before->as.items[i] : NULL,
                             i < right ? p.after->as.items[i] : NULL, node};
        int rc;

        str_addf(&w->path, "[%u]", i);
        rc = walk_at(w, len, below);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int walk_array(struct walker *w, struct pair p)
{
    struct list_keys keys;
    int rc = find_keys(w, p, &keys);

    if (rc < 0)
        return rc;
    return keys.count ? walk_by_key(w, &keys, p) : walk_by_index(w, p);
}

/* ---- one place ---- */

static bool both(struct pair p, enum value_type type)
{
    return value_is(p.before, type) && value_is(p.after, type);
}

/* One side only, and worth taking apart? */
static bool opens(const struct walker *w, struct pair p)
{
    const struct value *v = p.before ? p.before : p.after;

    if ((p.before && p.after) || is_leaf(v) || v->count == 0)
        return false;
    return w->path.len == 0 || in_secret_data(w) || sensitive_holds(v) ||
           strcmp(str_text(&w->path), ".metadata") == 0 ||
           strcmp(str_text(&w->path), ".metadata.annotations") == 0;
}

/* Go down where both sides go on, else compare the values. */
static int walk_pair(struct walker *w, struct pair p)
{
    const struct value *some = p.before ? p.before : p.after;
    bool sensitive;

    if (both(p, VALUE_OBJECT) || (opens(w, p) && some->type == VALUE_OBJECT))
        return walk_object(w, p);
    if (both(p, VALUE_ARRAY) || opens(w, p))
        return walk_array(w, p);
    if (p.before && p.after &&
        scalar_equal(p.before, p.after, schema_scalar(p.node)))
        return 0;
    sensitive = in_secret_data(w) || sensitive_holds(p.before) ||
                sensitive_holds(p.after);
    return emit(w, p, sensitive);
}

static int walk(struct walker *w, struct pair p)
{
    int rc;

    if (!p.before && !p.after)
        return 0;
    if (w->depth >= JSON_MAX_DEPTH)
        return err_set(w->err, ERR_LIMIT, "an object is nested too deeply");
    w->depth++;
    rc = walk_pair(w, p);
    w->depth--;
    return rc;
}

int diff_fields_below(const struct diff_fields_input *in, struct arena *a,
                      struct change_field **ret, size_t *ret_count,
                      struct err *err)
{
    struct walker w = {.a = a, .secret = in->secret, .err = err};
    int rc;

    str_init(&w.path, 0);
    rc = walk(&w, (struct pair){in->before, in->after, in->node});
    str_release(&w.path);
    if (rc < 0)
        return rc;
    *ret = w.fields;
    *ret_count = w.count;
    return 0;
}

int diff_fields(const struct schema_set *schemas,
                const struct object_pair *pair, struct arena *a,
                struct change_field **ret, size_t *ret_count, struct err *err)
{
    const struct gvk *gvk = &pair->gvk;
    struct diff_fields_input in = {
        .node = schema_find(schemas, gvk->api_version, gvk->kind),
        .before = pair->before,
        .after = pair->after,
        .secret = strcmp(gvk->api_version, "v1") == 0 &&
                  strcmp(gvk->kind, "Secret") == 0,
    };

    return diff_fields_below(&in, a, ret, ret_count, err);
}
