/*
 * value.c -- building and reading trees; see value.h for the contract.
 *
 * Members are looked up one after the other: objects of Kubernetes have a
 * handful of them, and the length is compared before the bytes.
 */
#include "base/value.h"

#include <assert.h>
#include <string.h>

/* ---- build ---- */

static struct value *value_new(struct arena *a, enum value_type type)
{
    struct value *v = arena_calloc(a, 1, sizeof *v);

    if (v)
        v->type = (uint8_t)type;
    return v;
}

struct value *value_null(struct arena *a)
{
    return value_new(a, VALUE_NULL);
}

struct value *value_bool(struct arena *a, bool b)
{
    struct value *v = value_new(a, VALUE_BOOL);

    if (v)
        v->as.boolean = b;
    return v;
}

struct value *value_integer(struct arena *a, int64_t i)
{
    struct value *v = value_new(a, VALUE_INTEGER);

    if (v)
        v->as.integer = i;
    return v;
}

struct value *value_double(struct arena *a, double d)
{
    struct value *v = value_new(a, VALUE_DOUBLE);

    if (v)
        v->as.number = d;
    return v;
}

struct value *value_string(struct arena *a, const char *text)
{
    return value_stringn(a, text, strlen(text));
}

struct value *value_stringn(struct arena *a, const char *text, size_t len)
{
    struct value *v;

    if (len > UINT32_MAX)
        return NULL;
    v = value_new(a, VALUE_STRING);
    if (!v)
        return NULL;
    v->as.string = arena_strndup(a, text, len);
    v->count = (uint32_t)len;
    return v->as.string ? v : NULL;
}

struct value *value_array(struct arena *a)
{
    return value_new(a, VALUE_ARRAY);
}

struct value *value_object(struct arena *a)
{
    return value_new(a, VALUE_OBJECT);
}

/* A larger copy of the elements, each `size` bytes; the old one stays in the
 * arena until that is cleared. */
static void *grow(struct arena *a, struct value *v, const void *old,
                  size_t size)
{
    uint32_t cap = v->cap < 4 ? 4 : v->cap * 2;
    void *grown;

    if (v->cap > UINT32_MAX / 2)
        return NULL;
    grown = arena_calloc(a, cap, size);
    if (!grown)
        return NULL;
    if (v->count > 0)
        memcpy(grown, old, v->count * size);
    v->cap = cap;
    return grown;
}

int value_append(struct arena *a, struct value *array, struct value *item)
{
    struct value **items;

    if (!array || !item)
        return -ERR_NOMEM;
    assert(array->type == VALUE_ARRAY);
    if (array->count == array->cap) {
        items = grow(a, array, array->as.items, sizeof *items);
        if (!items)
            return -ERR_NOMEM;
        array->as.items = items;
    }
    array->as.items[array->count++] = item;
    return 0;
}

static struct value_member *find_member(const struct value *object,
                                        const char *key, size_t key_len)
{
    if (!value_is(object, VALUE_OBJECT))
        return NULL;
    for (uint32_t i = 0; i < object->count; i++) {
        struct value_member *m = &object->as.members[i];

        if (m->key_len == key_len && memcmp(m->key, key, key_len) == 0)
            return m;
    }
    return NULL;
}

/* The key is copied first: when it fails, the object is as it was. */
int value_addn(struct arena *a, struct value *object, const char *key,
               size_t key_len, struct value *item)
{
    struct value_member *members;
    char *copy;

    if (!object || !item || key_len > UINT32_MAX)
        return -ERR_NOMEM;
    assert(object->type == VALUE_OBJECT);
    copy = arena_strndup(a, key, key_len);
    if (!copy)
        return -ERR_NOMEM;
    if (object->count == object->cap) {
        members = grow(a, object, object->as.members, sizeof *members);
        if (!members)
            return -ERR_NOMEM;
        object->as.members = members;
    }
    object->as.members[object->count++] =
        (struct value_member){copy, (uint32_t)key_len, item};
    return 0;
}

int value_setn(struct arena *a, struct value *object, const char *key,
               size_t key_len, struct value *item)
{
    struct value_member *m = find_member(object, key, key_len);

    if (!m)
        return value_addn(a, object, key, key_len, item);
    if (!item)
        return -ERR_NOMEM;
    m->value = item;
    return 0;
}

int value_set(struct arena *a, struct value *object, const char *key,
              struct value *item)
{
    return value_setn(a, object, key, strlen(key), item);
}

int value_set_text(struct arena *a, struct value *object, const char *key,
                   const char *text)
{
    return text ? value_set(a, object, key, value_string(a, text)) : 0;
}

struct value *value_make(struct arena *a, struct value *object, const char *key)
{
    struct value *child = value_get(object, key);

    if (value_is(child, VALUE_OBJECT))
        return child;
    child = value_object(a);
    return value_set(a, object, key, child) < 0 ? NULL : child;
}

void value_unset(struct value *object, const char *key)
{
    value_unsetn(object, key, strlen(key));
}

void value_unsetn(struct value *object, const char *key, size_t key_len)
{
    struct value_member *m = find_member(object, key, key_len);
    size_t after;

    if (!m)
        return;
    after = (size_t)(object->as.members + object->count - (m + 1));
    memmove(m, m + 1, after * sizeof *m);
    object->count--;
}

/* Elements are copied in place: first the array itself, then each of them. */
static bool copy_items(struct arena *a, struct value *v)
{
    struct value **items = arena_calloc(a, v->count, sizeof *items);

    if (!items)
        return false;
    for (uint32_t i = 0; i < v->count; i++) {
        items[i] = value_copy(a, v->as.items[i]);
        if (!items[i])
            return false;
    }
    v->as.items = items;
    return true;
}

static bool copy_members(struct arena *a, struct value *v)
{
    struct value_member *members = arena_calloc(a, v->count, sizeof *members);

    if (!members)
        return false;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];

        members[i].key = arena_strndup(a, m->key, m->key_len);
        members[i].key_len = m->key_len;
        members[i].value = value_copy(a, m->value);
        if (!members[i].key || !members[i].value)
            return false;
    }
    v->as.members = members;
    return true;
}

/* A shallow copy first, whose parts are then replaced by copies of their own. A
 * half-made copy is garbage of the arena. */
struct value *value_copy(struct arena *a, const struct value *v)
{
    struct value *copy;
    bool done = true;

    if (!v)
        return NULL;
    copy = arena_alloc(a, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *v;
    copy->cap = v->count;
    if (v->type == VALUE_STRING)
        done = (copy->as.string = arena_strndup(a, v->as.string, v->count));
    else if (v->type == VALUE_ARRAY)
        done = copy_items(a, copy);
    else if (v->type == VALUE_OBJECT)
        done = copy_members(a, copy);
    else if (v->type == VALUE_SECRET)
        done = (copy->as.secret.key = arena_strdup(a, v->as.secret.key));
    return done ? copy : NULL;
}

/* ---- read ---- */

struct value *value_getn(const struct value *object, const char *key,
                         size_t key_len)
{
    const struct value_member *m = find_member(object, key, key_len);

    return m ? m->value : NULL;
}

struct value *value_get(const struct value *object, const char *key)
{
    return value_getn(object, key, strlen(key));
}

/* Walks down without copying the pieces of the path. */
struct value *value_path(const struct value *object, const char *path)
{
    const char *dot;
    struct value *child;

    while ((dot = strchr(path, '.')) != NULL) {
        child = value_getn(object, path, (size_t)(dot - path));
        if (!child)
            return NULL;
        object = child;
        path = dot + 1;
    }
    return value_get(object, path);
}

const char *value_text(const struct value *v)
{
    return value_is(v, VALUE_STRING) ? v->as.string : NULL;
}

const char *value_text_at(const struct value *v, const char *path)
{
    return value_text(value_path(v, path));
}

int64_t value_int_at(const struct value *v, const char *path, int64_t otherwise)
{
    const struct value *found = value_path(v, path);

    return value_is(found, VALUE_INTEGER) ? found->as.integer : otherwise;
}

bool value_bool_at(const struct value *v, const char *path, bool otherwise)
{
    const struct value *found = value_path(v, path);

    return value_is(found, VALUE_BOOL) ? found->as.boolean : otherwise;
}

const char *value_type_name(const struct value *v)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",       [VALUE_BOOL] = "boolean",
        [VALUE_INTEGER] = "integer", [VALUE_DOUBLE] = "number",
        [VALUE_STRING] = "string",   [VALUE_ARRAY] = "array",
        [VALUE_OBJECT] = "object",   [VALUE_SECRET] = "secret",
    };

    return v ? names[v->type] : "nothing";
}

/* ---- compare ---- */

/* Exact: no rounding of the integer to a double on the way. */
static bool same_number(int64_t i, double d)
{
    return d >= -9223372036854775808.0 && d < 9223372036854775808.0 &&
           (double)(int64_t)d == d && (int64_t)d == i;
}

/* In order, and of the same count. */
static bool same_items(const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (!value_equal(a->as.items[i], b->as.items[i]))
            return false;
    return true;
}

/* Mostly the members come in the same order: look there first. */
static bool same_members(const struct value *a, const struct value *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct value_member *m = &a->as.members[i];
        const struct value_member *o = &b->as.members[i];

        if (o->key_len != m->key_len || memcmp(o->key, m->key, m->key_len))
            o = find_member(b, m->key, m->key_len);
        if (!o || !value_equal(m->value, o->value))
            return false;
    }
    return true;
}

static bool same_type_equal(const struct value *a, const struct value *b)
{
    switch ((enum value_type)a->type) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return a->as.boolean == b->as.boolean;
    case VALUE_INTEGER:
        return a->as.integer == b->as.integer;
    case VALUE_DOUBLE:
        return a->as.number == b->as.number;
    case VALUE_STRING:
        return a->count == b->count &&
               memcmp(a->as.string, b->as.string, a->count) == 0;
    case VALUE_ARRAY:
        return a->count == b->count && same_items(a, b);
    case VALUE_OBJECT:
        return a->count == b->count && same_members(a, b);
    case VALUE_SECRET:
        return a->as.secret.snapshot == b->as.secret.snapshot &&
               strcmp(a->as.secret.key, b->as.secret.key) == 0;
    }
    return false;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (!a || !b)
        return a == b;
    if (a->type == b->type)
        return same_type_equal(a, b);
    if (a->type == VALUE_INTEGER && b->type == VALUE_DOUBLE)
        return same_number(a->as.integer, b->as.number);
    if (a->type == VALUE_DOUBLE && b->type == VALUE_INTEGER)
        return same_number(b->as.integer, a->as.number);
    return false;
}
