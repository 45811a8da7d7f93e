/*
 * json_patch.c -- see json_patch.h for the contract.
 *
 * DESIGN
 *
 * Only whole numbers without leading zero are indexes, "-" is the place behind
 * the last element, and "" names the whole document, as the RFC has it.
 *
 * The document is copied once, then changed in place, operation by operation.
 * What is moved is not copied again, and what copies add is counted: a patch of
 * a few lines that copies the document into itself would double it each time.
 * A JSON pointer is walked down to the container that holds its last token, so
 * each operation is: find the container, then act on one member or index.
 */
#include "core/json_patch.h"

#include <string.h>

#include "base/str.h"

#define COPIED_MAX ((size_t)3 << 20) /* as the API server */

/* The place that a pointer names: in `parent`, under `token`. */
struct place {
    struct value *parent; /* NULL: the whole document */
    const char *token;    /* unescaped */
    size_t token_len;
};

struct patcher {
    struct arena *a;
    struct value *doc;
    struct err *err;
    uint32_t op;   /* its number, for messages */
    size_t copied; /* bytes of JSON that copies have added */
};

/* -ERR_INVALID with the operation's number and the pointer in question. */
static int bad_op(const struct patcher *p, const char *what, const char *path)
{
    return err_set(p->err, ERR_INVALID, "operation %u: %s '%s'", p->op, what,
                   path ? path : "");
}

/* ---- pointers ---- */

/* One token with ~1 and ~0 unescaped; NULL on out of memory. */
static char *unescape(struct arena *a, const char *text, size_t len,
                      size_t *ret_len)
{
    char *out = arena_alloc(a, len + 1);
    size_t n = 0;

    if (!out)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '~' && i + 1 < len &&
            (text[i + 1] == '0' || text[i + 1] == '1'))
            c = text[++i] == '1' ? '/' : '~';
        out[n++] = c;
    }
    out[n] = '\0';
    *ret_len = n;
    return out;
}

/* Of an element that exists. */
static bool array_index(const struct value *array, const char *token,
                        size_t len, uint32_t *ret)
{
    int64_t index;

    if (!text_to_int64(token, len, &index) || index < 0 ||
        index >= (int64_t)array->count || (len > 1 && *token == '0'))
        return false;
    *ret = (uint32_t)index;
    return true;
}

/* The value at a place, NULL when there is none. */
static struct value *place_get(const struct patcher *p, const struct place *at)
{
    uint32_t index;

    if (!at->parent)
        return p->doc;
    if (at->parent->type == VALUE_OBJECT)
        return value_getn(at->parent, at->token, at->token_len);
    if (at->parent->type == VALUE_ARRAY &&
        array_index(at->parent, at->token, at->token_len, &index))
        return at->parent->as.items[index];
    return NULL;
}

/* Follow a pointer; every step but the last must exist. */
static int find_place(const struct patcher *p, const char *path,
                      struct place *ret)
{
    struct place at = {0};
    const char *text = path;

    while (text && *text == '/') {
        const char *end = strchr(++text, '/');
        size_t len = end ? (size_t)(end - text) : strlen(text);

        at.parent = place_get(p, &at);
        at.token = unescape(p->a, text, len, &at.token_len);
        if (!at.token)
            return err_nomem(p->err);
        if (!value_is(at.parent, VALUE_OBJECT) &&
            !value_is(at.parent, VALUE_ARRAY))
            return bad_op(p, "nothing at", path);
        text += len;
    }
    if (!text || *text)
        return bad_op(p, "not a JSON pointer:", path);
    *ret = at;
    return 0;
}

/* ---- acting on a place ---- */

/* Make room at `index`, which may be the count, for `item`. */
static int array_insert(const struct patcher *p, struct value *array,
                        uint32_t index, struct value *item)
{
    if (value_append(p->a, array, item) < 0)
        return err_nomem(p->err);
    for (uint32_t i = array->count - 1; i > index; i--)
        array->as.items[i] = array->as.items[i - 1];
    array->as.items[index] = item;
    return 0;
}

/* Sets a member, or inserts before an element: what is there moves up. */
static int place_add(struct patcher *p, const struct place *at,
                     const char *path, struct value *item)
{
    uint32_t index;

    if (!at->parent) {
        p->doc = item;
        return 0;
    }
    if (at->parent->type == VALUE_OBJECT)
        return value_setn(p->a, at->parent, at->token, at->token_len, item) < 0
                   ? err_nomem(p->err)
                   : 0;
    if (strcmp(at->token, "-") == 0)
        index = at->parent->count;
    else if (!array_index(at->parent, at->token, at->token_len, &index)) {
        int64_t end;

        if (!text_to_int64(at->token, at->token_len, &end) ||
            end != (int64_t)at->parent->count)
            return bad_op(p, "no such index:", path);
        index = at->parent->count;
    }
    return array_insert(p, at->parent, index, item);
}

/* The whole document cannot be removed. */
static int place_remove(struct patcher *p, const struct place *at,
                        const char *path)
{
    uint32_t index;

    if (!at->parent || !place_get(p, at))
        return bad_op(p, "nothing at", path);
    if (at->parent->type == VALUE_OBJECT) {
        value_unset(at->parent, at->token);
        return 0;
    }
    if (!array_index(at->parent, at->token, at->token_len, &index))
        return bad_op(p, "no such index:", path);
    at->parent->count--;
    for (uint32_t i = index; i < at->parent->count; i++)
        at->parent->as.items[i] = at->parent->as.items[i + 1];
    return 0;
}

/* An element must exist. A member need not: the API server sets it. */
static int place_replace(struct patcher *p, const struct place *at,
                         const char *path, struct value *item)
{
    uint32_t index;

    if (!place_get(p, at) && !value_is(at->parent, VALUE_OBJECT))
        return bad_op(p, "nothing at", path);
    if (value_is(at->parent, VALUE_ARRAY)) {
        if (array_index(at->parent, at->token, at->token_len, &index))
            at->parent->as.items[index] = item;
        return 0;
    }
    return place_add(p, at, path, item);
}

/* ---- operations ---- */

/* Has it no more levels than a text may have? */
static bool depth_within(const struct value *v, unsigned levels)
{
    const bool object = v->type == VALUE_OBJECT;

    if (!object && v->type != VALUE_ARRAY)
        return true;
    for (uint32_t i = 0; levels > 0 && i < v->count; i++)
        if (!depth_within(object ? v->as.members[i].value : v->as.items[i],
                          levels - 1))
            return false;
    return levels > 0;
}

/* A copy of `v`, as long as there is room for it. */
static int copy_counted(struct patcher *p, const char *from,
                        const struct value *v, struct value **ret)
{
    struct str text = {0};
    int rc;

    if (!depth_within(v, JSON_MAX_DEPTH))
        return bad_op(p, "too many levels at", from);
    rc = value_print(v, &text, p->err);
    p->copied += text.len;
    str_release(&text);
    if (rc < 0)
        return rc;
    if (p->copied > COPIED_MAX)
        return bad_op(p, "copies add more than 3 MiB with", from);
    *ret = value_copy(p->a, v);
    return *ret ? 0 : err_nomem(p->err);
}

/* move and copy: the value at `from`, taken out for a move. The API server
 * copies a member that is not there as null. */
static int take_from(struct patcher *p, const char *from, bool move,
                     struct value **ret)
{
    struct place at;
    struct value *v;
    int rc = find_place(p, from, &at);

    if (rc < 0)
        return rc;
    v = place_get(p, &at);
    if (!v && (move || !value_is(at.parent, VALUE_OBJECT)))
        return bad_op(p, "nothing at", from);
    if (v && !move)
        return copy_counted(p, from, v, ret);
    *ret = v ? v : value_null(p->a);
    if (!*ret)
        return err_nomem(p->err);
    return move ? place_remove(p, &at, from) : 0;
}

/* What is not there is null to the API server. */
static int test_place(const struct patcher *p, const struct value *is,
                      const struct value *wanted, const char *path)
{
    static const struct value none = {.type = VALUE_NULL};

    return value_equal(is ? is : &none, wanted ? wanted : &none)
               ? 0
               : bad_op(p, "the test does not hold at", path);
}

/* add, replace, test: operations that bring a value; without one it is null,
 * as the API server has it. */
static int run_with_value(struct patcher *p, const char *op, const char *path,
                          const struct value *value)
{
    struct place at;
    struct value *item;
    int rc = find_place(p, path, &at);

    if (rc < 0)
        return rc;
    if (strcmp(op, "test") == 0)
        return test_place(p, place_get(p, &at), value, path);
    item = value ? value_copy(p->a, value) : value_null(p->a);
    if (!item)
        return err_nomem(p->err);
    if (strcmp(op, "replace") == 0)
        return place_replace(p, &at, path, item);
    return place_add(p, &at, path, item);
}

static int run_op(struct patcher *p, const struct value *operation)
{
    const char *op = value_text_at(operation, "op");
    const char *path = value_text_at(operation, "path");
    struct value *item = NULL;
    struct place at;
    int rc;

    if (!op || !path)
        return bad_op(p, "`op` or `path` is missing", path);
    if (strcmp(op, "add") == 0 || strcmp(op, "replace") == 0 ||
        strcmp(op, "test") == 0)
        return run_with_value(p, op, path, value_get(operation, "value"));
    if (strcmp(op, "remove") == 0) {
        rc = find_place(p, path, &at);
        return rc < 0 ? rc : place_remove(p, &at, path);
    }
    if (strcmp(op, "move") != 0 && strcmp(op, "copy") != 0)
        return bad_op(p, "unknown op", op);
    rc = take_from(p, value_text_at(operation, "from"), strcmp(op, "move") == 0,
                   &item);
    if (rc == 0)
        rc = find_place(p, path, &at);
    return rc < 0 ? rc : place_add(p, &at, path, item);
}

int json_patch_apply(struct arena *a, const struct value *doc,
                     const struct value *ops, struct value **ret,
                     struct err *err)
{
    struct patcher p = {.a = a, .err = err, .doc = value_copy(a, doc)};

    if (!p.doc)
        return err_nomem(err);
    if (!value_is(ops, VALUE_ARRAY))
        return err_set(err, ERR_INVALID, "a JSON patch is an array, not %s",
                       value_type_name(ops));
    for (; p.op < ops->count; p.op++) {
        int rc = run_op(&p, ops->as.items[p.op]);

        if (rc < 0)
            return rc;
    }
    if (!depth_within(p.doc, JSON_MAX_DEPTH))
        return err_set(err, ERR_INVALID, "the result has too many levels");
    *ret = p.doc;
    return 0;
}

/* ---- merge patch ---- */

/* Of objects, also of those in lists. */
static void drop_nulls(struct value *v)
{
    for (uint32_t i = 0; value_is(v, VALUE_ARRAY) && i < v->count; i++)
        drop_nulls(v->as.items[i]);
    for (uint32_t i = 0; value_is(v, VALUE_OBJECT) && i < v->count;) {
        struct value_member *m = &v->as.members[i];

        if (value_is(m->value, VALUE_NULL)) {
            value_unsetn(v, m->key, m->key_len);
        } else {
            drop_nulls(m->value);
            i++;
        }
    }
}

/* Nulls take members away; anything but an object replaces as a whole, and the
 * API server's library takes nulls out of it unless it replaces an object.
 * NULL on out of memory. */
static struct value *merge(struct arena *a, const struct value *doc,
                           const struct value *patch)
{
    struct value *out;

    if (!value_is(patch, VALUE_OBJECT)) {
        out = value_copy(a, patch);
        if (out && !value_is(doc, VALUE_OBJECT))
            drop_nulls(out);
        return out;
    }
    out = value_is(doc, VALUE_OBJECT) ? value_copy(a, doc) : value_object(a);
    for (uint32_t i = 0; out && i < patch->count; i++) {
        const struct value_member *m = &patch->as.members[i];
        const struct value *old = value_getn(out, m->key, m->key_len);

        if (value_is(m->value, VALUE_NULL))
            value_unsetn(out, m->key, m->key_len);
        else if (value_setn(a, out, m->key, m->key_len,
                            merge(a, old, m->value)) < 0)
            out = NULL;
    }
    return out;
}

int merge_patch_apply(struct arena *a, const struct value *doc,
                      const struct value *patch, struct value **ret,
                      struct err *err)
{
    struct value *out = merge(a, doc, patch);

    if (!out)
        return err_nomem(err);
    *ret = out;
    return 0;
}
