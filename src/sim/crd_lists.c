/*
 * crd_lists.c -- what the API server judges beside the schema proper: embedded
 *                resources, unique items of sets and maps, replicas.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crd_impl.h"

#define PATH_MAX_LEN (1u << 20)

struct walk {
    struct failure *f;
    struct str path;
    bool failed, found;
    bool quiet; /* only `found` is of interest */
    void (*judge)(struct walk *w, const struct value *schema,
                  const struct value *v);
};

static void cause(struct walk *w, const char *reason, const char *last,
                  const char *message)
{
    char *field =
        arena_printf(w->f->a, "%s%s%s", str_text(&w->path),
                     w->path.len && *last && *last != '[' ? "." : "", last);

    w->found = true;
    if (!w->quiet && (!field || failure_cause(w->f, reason, field, "%s",
                                              message ? message : "") < 0))
        w->failed = true;
}

/* ---- the walk ---- */

static void walk(struct walk *w, const struct value *schema,
                 const struct value *v)
{
    const struct value *known = value_get(schema, "properties");

    if (!schema || w->failed)
        return;
    w->judge(w, schema, v);
    for (uint32_t i = 0; value_is(v, VALUE_ARRAY) && i < v->count; i++) {
        size_t len = crd_path_index(&w->path, i);

        walk(w, value_get(schema, "items"), v->as.items[i]);
        crd_path_cut(&w->path, len);
    }
    for (uint32_t i = 0; value_is(v, VALUE_OBJECT) && i < v->count; i++) {
        const char *key = v->as.members[i].key;
        size_t len = w->path.len;

        if (value_get(known, key))
            crd_path_key(&w->path, key);
        else
            str_addf(&w->path, "[%s]", key);
        walk(w, crd_property(schema, key), v->as.members[i].value);
        crd_path_cut(&w->path, len);
    }
}

static bool start(struct walk *w, const struct value *schema,
                  const struct value *object)
{
    str_init(&w->path, PATH_MAX_LEN);
    walk(w, schema, object);
    if (w->path.failed)
        w->failed = true;
    str_release(&w->path);
    return !w->failed;
}

/* ---- embedded resources ---- */

static void judge_name(struct walk *w, const struct value *v, const char *name)
{
    const struct value *text = value_get(v, name);

    if (!text)
        cause(w, CAUSE_REQUIRED, name, "Required value");
    else if (text->type != VALUE_STRING)
        cause(w, CAUSE_INVALID, name, "Invalid value: must be a string");
    else if (text->count == 0)
        cause(w, CAUSE_INVALID, name, "Invalid value: \"\": must not be empty");
}

static void judge_embedded(struct walk *w, const struct value *schema,
                           const struct value *v)
{
    if (!value_is(v, VALUE_OBJECT) ||
        !crd_flag(schema, "x-kubernetes-embedded-resource"))
        return;
    judge_name(w, v, "apiVersion");
    judge_name(w, v, "kind");
}

/* ---- sets and maps ---- */

/* 3 and 3.0 are two scalars. */
static bool is_same(const struct value *a, const struct value *b)
{
    return value_equal(a, b) && a->type == b->type;
}

static bool same_keys(const struct value *a, const struct value *b,
                      const struct value *keys)
{
    for (uint32_t i = 0; value_is(keys, VALUE_ARRAY) && i < keys->count; i++) {
        const char *key = value_text(keys->as.items[i]);
        const struct value *x = key ? value_get(a, key) : NULL;
        const struct value *y = key ? value_get(b, key) : NULL;

        if (x && y ? !is_same(x, y) : x != y)
            return false;
    }
    return true;
}

/* How many before the i-th are the same as it. */
static unsigned count_before(const struct value *v, uint32_t i,
                             const struct value *keys)
{
    unsigned count = 0;

    for (uint32_t j = 0; j < i; j++)
        count += keys ? same_keys(v->as.items[i], v->as.items[j], keys)
                      : is_same(v->as.items[i], v->as.items[j]);
    return count;
}

static const char *text_of_keys(struct walk *w, const struct value *item,
                                const struct value *keys)
{
    struct value *shown = value_object(w->f->a);

    for (uint32_t i = 0; value_is(keys, VALUE_ARRAY) && i < keys->count; i++) {
        const char *key = value_text(keys->as.items[i]);
        struct value *one = key ? value_get(item, key) : NULL;

        if (one && (!shown || value_set(w->f->a, shown, key, one) < 0))
            w->failed = true;
    }
    return shown ? crd_text(w->f->a, shown) : "";
}

static bool all_objects(struct walk *w, const struct value *v)
{
    char place[32];

    for (uint32_t i = 0; i < v->count; i++)
        if (v->as.items[i]->type != VALUE_OBJECT &&
            v->as.items[i]->type != VALUE_NULL) {
            snprintf(place, sizeof place, "[%u]", i);
            cause(w, CAUSE_INVALID, place,
                  "Invalid value: must be an object for an array of list-type "
                  "map");
            return false;
        }
    return true;
}

static void judge_list(struct walk *w, const struct value *schema,
                       const struct value *v)
{
    const char *type = value_text(value_get(schema, "x-kubernetes-list-type"));
    bool map = text_equal(type, "map");
    const struct value *keys =
        map ? value_get(schema, "x-kubernetes-list-map-keys") : NULL;

    if (!value_is(v, VALUE_ARRAY) || (!map && !text_equal(type, "set")) ||
        (map && !all_objects(w, v)))
        return;
    for (uint32_t i = 1; i < v->count; i++) {
        const struct value *item = v->as.items[i];
        char place[32];

        if (count_before(v, i, keys) != 1)
            continue;
        snprintf(place, sizeof place, "[%u]", i);
        cause(w, CAUSE_DUPLICATE, place,
              arena_printf(w->f->a, "Duplicate value: %s",
                           map ? text_of_keys(w, item, keys)
                               : crd_text(w->f->a, item)));
    }
}

int crd_check_lists(const struct crd *c, const char *version,
                    const struct value *object, const struct value *old,
                    struct failure *f)
{
    const struct value *schema = crd_schema(c, version);
    struct walk w = {.f = f, .judge = judge_embedded};

    if (!schema)
        return 0;
    if (!start(&w, schema, object))
        return failure_nomem(f);
    if (old) { /* what was wrong before may stay so */
        w = (struct walk){.f = f, .judge = judge_list, .quiet = true};
        if (!start(&w, schema, old))
            return failure_nomem(f);
        if (w.found)
            return 0;
    }
    w = (struct walk){.f = f, .judge = judge_list};
    return start(&w, schema, object) ? 0 : failure_nomem(f);
}

/* ---- scale ---- */

/* What a dotted path leads to; NULL: nothing. *ret_wrong: it leads through
 * something that is no object. */
static const struct value *access(const struct value *v, const char *path,
                                  bool *ret_wrong)
{
    *ret_wrong = false;
    path += *path == '.';
    while (v && v->type != VALUE_NULL && *path) {
        size_t len = strcspn(path, ".");

        *ret_wrong = v->type != VALUE_OBJECT;
        if (*ret_wrong)
            return NULL;
        v = value_getn(v, path, (uint32_t)len);
        path += len + (path[len] == '.');
    }
    return *path ? NULL : v;
}

static int check_replicas(const struct value *object, const char *path,
                          struct failure *f)
{
    bool wrong = false;
    const struct value *n = path ? access(object, path, &wrong) : NULL;

    if (!n && !wrong)
        return 0;
    if (wrong || n->type != VALUE_INTEGER)
        return failure_cause(f, CAUSE_INVALID, path,
                             "Invalid value: 0: accessor error: not an int64");
    if (n->as.integer < 0)
        return failure_cause(f, CAUSE_INVALID, path,
                             "Invalid value: %lld: should be a non-negative "
                             "integer",
                             (long long)n->as.integer);
    if (n->as.integer > INT32_MAX)
        return failure_cause(f, CAUSE_INVALID, path,
                             "Invalid value: %lld: should be less than or "
                             "equal to %d",
                             (long long)n->as.integer, INT32_MAX);
    return 0;
}

int crd_check_scale(const struct crd *c, const char *version,
                    const struct value *object, bool only_status,
                    struct failure *f)
{
    struct crd_subresources sub;
    const struct value *selector;
    bool wrong;

    if (!crd_subresources(c, version, &sub) || !sub.scale)
        return 0;
    if (!only_status && check_replicas(object, sub.spec_replicas_path, f) < 0)
        return -1;
    if (check_replicas(object, sub.status_replicas_path, f) < 0)
        return -1;
    if (!sub.label_selector_path)
        return 0;
    selector = access(object, sub.label_selector_path, &wrong);
    if (wrong || (selector && selector->type != VALUE_STRING))
        return failure_cause(f, CAUSE_INVALID, sub.label_selector_path,
                             "Invalid value: \"\": accessor error: not a "
                             "string");
    return 0;
}
