/*
 * shape_value.c -- trees as bytes: one byte for the type, then what it holds.
 *
 * Members are written in the order of their keys and refused in any other, so
 * a reader sees a key that comes twice without looking for it. NULL, where a
 * tree may be absent, is a zero byte.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/plan.h"
#include "script/shape.h"

#define IS_SENSITIVE 0x80u

/* ---- writing ---- */

static int compare_keys(const char *a, size_t a_len, const char *b,
                        size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

    if (order != 0)
        return order;
    return a_len < b_len ? -1 : a_len > b_len;
}

static int compare_members(const void *a, const void *b)
{
    const struct value_member *x = *(const struct value_member *const *)a;
    const struct value_member *y = *(const struct value_member *const *)b;

    return compare_keys(x->key, x->key_len, y->key, y->key_len);
}

static void put_member(const struct value_member *m, struct str *out)
{
    shape_put_text(out, m->key, m->key_len);
    shape_put_value(m->value, out);
}

static bool is_sorted(const struct value *v)
{
    for (uint32_t i = 1; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];

        if (compare_keys(m[-1].key, m[-1].key_len, m->key, m->key_len) >= 0)
            return false;
    }
    return true;
}

static void put_members(const struct value *v, struct str *out)
{
    const struct value_member **order;

    if (is_sorted(v)) {
        for (uint32_t i = 0; i < v->count; i++)
            put_member(&v->as.members[i], out);
        return;
    }
    order = mem_alloc(v->count * sizeof(*order));
    if (!order) {
        out->failed = ERR_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < v->count; i++)
        order[i] = &v->as.members[i];
    qsort(order, v->count, sizeof(*order), compare_members);
    for (uint32_t i = 0; i < v->count; i++)
        put_member(order[i], out);
    mem_free(order);
}

void shape_put_value(const struct value *v, struct str *out)
{
    unsigned type = v->type + 1u;
    uint64_t bits;

    str_addc(out, (char)(v->sensitive ? type | IS_SENSITIVE : type));
    switch ((enum value_type)v->type) {
    case VALUE_NULL:
        return;
    case VALUE_BOOL:
        str_addc(out, v->as.boolean);
        return;
    case VALUE_INTEGER:
        shape_put_u64(out, (uint64_t)v->as.integer);
        return;
    case VALUE_DOUBLE:
        memcpy(&bits, &v->as.number, sizeof bits);
        shape_put_u64(out, bits);
        return;
    case VALUE_STRING:
        shape_put_text(out, v->as.string, v->count);
        return;
    case VALUE_SECRET:
        shape_put_u32(out, v->as.secret.snapshot);
        shape_put_text(out, v->as.secret.key, strlen(v->as.secret.key));
        return;
    case VALUE_ARRAY:
        shape_put_u32(out, v->count);
        for (uint32_t i = 0; i < v->count && !out->failed; i++)
            shape_put_value(v->as.items[i], out);
        return;
    case VALUE_OBJECT:
        shape_put_u32(out, v->count);
        put_members(v, out);
        return;
    }
}

/* ---- reading ---- */

static int get_any(struct shape_reader *r, unsigned depth, struct value **ret,
                   struct err *err);

static int get_string(struct shape_reader *r, const char **ret,
                      uint32_t *ret_len, struct err *err)
{
    size_t len;
    int rc = shape_get_text(r, r->max_string, ret, &len, err);

    if (rc < 0)
        return rc;
    if (!*ret)
        return err_set(err, ERR_PROTOCOL, "a text that is missing");
    if (!text_is_utf8(*ret, len))
        return err_set(err, ERR_PROTOCOL, "not UTF-8");
    r->text_bytes += len;
    if (r->text_bytes > PLAN_MAX_BYTES)
        return err_set(err, ERR_PROTOCOL, "more than 1 MiB of texts");
    *ret_len = (uint32_t)len;
    return 0;
}

static int get_number(struct shape_reader *r, struct value *v, struct err *err)
{
    uint64_t bits;
    uint8_t byte;
    int rc;

    if (v->type == VALUE_BOOL) {
        rc = shape_get_u8(r, &byte, err);
        v->as.boolean = byte == 1;
        if (rc == 0 && byte > 1)
            rc = err_set(err, ERR_PROTOCOL, "neither true nor false");
        return rc;
    }
    rc = shape_get_u64(r, &bits, err);
    if (v->type == VALUE_INTEGER) {
        v->as.integer = (int64_t)bits;
        return rc;
    }
    memcpy(&v->as.number, &bits, sizeof bits);
    if (rc == 0 && !isfinite(v->as.number))
        rc = err_set(err, ERR_PROTOCOL, "a number that is none");
    return rc;
}

static int get_secret(struct shape_reader *r, struct value *v, struct err *err)
{
    uint32_t len;
    int rc = shape_get_u32(r, &v->as.secret.snapshot, err);

    if (rc == 0)
        rc = get_string(r, &v->as.secret.key, &len, err);
    if (rc == 0 && (strlen(v->as.secret.key) != len || !v->sensitive))
        rc = err_set(err, ERR_PROTOCOL, "not a secret value");
    return rc;
}

/* The number of elements; each takes a byte at least. They are counted before
 * they are there: arrays within arrays that all claim the rest of the frame
 * would take its size in memory for each level. */
static int get_count(struct shape_reader *r, struct value *v, struct err *err)
{
    int rc = shape_get_u32(r, &v->count, err);

    if (rc == 0 && v->count > (size_t)(r->end - r->at))
        rc = err_set(err, ERR_PROTOCOL, "more elements than bytes");
    if (rc == 0 && v->count > PLAN_MAX_NODES - r->nodes)
        rc = err_set(err, ERR_PROTOCOL, "a tree that is too large");
    if (rc < 0)
        return rc;
    r->nodes += v->count;
    v->cap = v->count;
    return 0;
}

static int get_items(struct shape_reader *r, unsigned depth, struct value *v,
                     struct err *err)
{
    int rc = get_count(r, v, err);

    if (rc == 0 && v->count > 0) {
        v->as.items = arena_calloc(r->arena, v->count, sizeof(*v->as.items));
        if (!v->as.items)
            return err_nomem(err);
    }
    for (uint32_t i = 0; i < v->count && rc == 0; i++)
        rc = get_any(r, depth + 1, &v->as.items[i], err);
    return rc;
}

static int get_members(struct shape_reader *r, unsigned depth, struct value *v,
                       struct err *err)
{
    struct value_member *m;
    int rc = get_count(r, v, err);

    if (rc == 0 && v->count > 0) {
        v->as.members =
            arena_calloc(r->arena, v->count, sizeof(*v->as.members));
        if (!v->as.members)
            return err_nomem(err);
    }
    for (uint32_t i = 0; i < v->count && rc == 0; i++) {
        m = &v->as.members[i];
        rc = get_string(r, &m->key, &m->key_len, err);
        if (rc == 0 && i > 0 &&
            compare_keys(m[-1].key, m[-1].key_len, m->key, m->key_len) >= 0)
            rc = err_set(err, ERR_PROTOCOL, "members that are not in order");
        if (rc == 0)
            rc = get_any(r, depth + 1, &m->value, err);
    }
    return rc;
}

static int get_content(struct shape_reader *r, unsigned depth, struct value *v,
                       struct err *err)
{
    switch ((enum value_type)v->type) {
    case VALUE_NULL:
        return 0;
    case VALUE_BOOL:
    case VALUE_INTEGER:
    case VALUE_DOUBLE:
        return get_number(r, v, err);
    case VALUE_STRING:
        return get_string(r, &v->as.string, &v->count, err);
    case VALUE_SECRET:
        return get_secret(r, v, err);
    case VALUE_ARRAY:
        return get_items(r, depth, v, err);
    case VALUE_OBJECT:
        return get_members(r, depth, v, err);
    }
    return err_set(err, ERR_PROTOCOL, "a value of no type");
}

static int get_typed(struct shape_reader *r, unsigned type, unsigned depth,
                     struct value **ret, struct err *err)
{
    struct value *v;

    if ((type & ~IS_SENSITIVE) == 0 ||
        (type & ~IS_SENSITIVE) > VALUE_SECRET + 1u)
        return err_set(err, ERR_PROTOCOL, "a value of no type");
    if (depth > r->max_depth)
        return err_set(err, ERR_PROTOCOL, "a tree that is too large");
    v = arena_calloc(r->arena, 1, sizeof(*v));
    if (!v)
        return err_nomem(err);
    v->type = (uint8_t)((type & ~IS_SENSITIVE) - 1u);
    v->sensitive = (type & IS_SENSITIVE) != 0;
    *ret = v;
    return get_content(r, depth, v, err);
}

static int get_any(struct shape_reader *r, unsigned depth, struct value **ret,
                   struct err *err)
{
    uint8_t type;
    int rc = shape_get_u8(r, &type, err);

    return rc < 0 ? rc : get_typed(r, type, depth, ret, err);
}

int shape_get_value(struct shape_reader *r, struct value **ret, struct err *err)
{
    uint8_t type;
    int rc = shape_get_u8(r, &type, err);

    *ret = NULL;
    if (rc < 0 || type == 0)
        return rc;
    if (r->nodes == PLAN_MAX_NODES)
        return err_set(err, ERR_PROTOCOL, "a tree that is too large");
    r->nodes++;
    return get_typed(r, type, 0, ret, err);
}
