/*
 * encode.c -- Lua values to trees in the vm's arena (see convert.h).
 *
 * DESIGN
 *
 * A raw walk: lua_next and lua_rawlen only, so no metamethod of the script
 * runs here, and tables that are cyclic end at the depth limit. Keys are
 * gathered, sorted, then followed: the tree, and which of several mistakes is
 * reported, do not depend on the hash order of the state.
 *
 * The walk never raises by itself. Memory of the tree is the arena's, so a
 * raise from Lua (out of memory) loses nothing.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/convert.h"

#define PATH_PARTS 12 /* how many parts of a path a message shows */
#define EXACT_DOUBLE 9007199254740992.0 /* 2^53 */

/* One step of the path to the value being read; lives on the C stack. */
struct part {
    const struct part *up;
    const char *key; /* NULL: an index */
    lua_Integer index;
};

struct walk {
    lua_State *L;
    struct vm *vm;
    const char *path; /* what stands before the parts */
    unsigned depth;
    struct err *err;
};

static int read_any(struct walk *w, int idx, const struct part *up,
                    struct value **ret);

/* ---- messages ---- */

static void add_part(struct str *out, const struct part *p)
{
    if (p->key)
        str_addf(out, ".%.64s", p->key);
    else
        str_addf(out, "[%lld]", (long long)p->index - 1);
}

/* The outermost parts; a path that is too long ends in dots. Gives the number
 * of parts. */
static unsigned add_path(struct str *out, const struct part *p)
{
    unsigned before;

    if (!p)
        return 0;
    before = add_path(out, p->up);
    if (before < PATH_PARTS)
        add_part(out, p);
    else if (before == PATH_PARTS)
        str_add(out, "...");
    return before + 1;
}

static int refuse(struct walk *w, const struct part *at, const char *what,
                  const char *hint)
{
    struct str path = {0};

    str_add(&path, w->path);
    add_path(&path, at);
    err_set(w->err, ERR_PLAN, "%s%s%s", str_text(&path), path.len ? ": " : "",
            what);
    str_release(&path);
    if (hint)
        err_hint(w->err, "%s", hint);
    return -ERR_PLAN;
}

static int refuse_type(struct walk *w, const struct part *at, int type)
{
    const char *hint =
        type == LUA_TFUNCTION ? "call it: name(...) instead of name" : NULL;
    struct str what = {0};
    int rc;

    str_addf(&what, "a %s cannot be part of an object",
             lua_typename(w->L, type));
    rc = refuse(w, at, str_text(&what), hint);
    str_release(&what);
    return rc;
}

/* ---- limits ---- */

static int count_node(struct walk *w, const struct part *at, size_t bytes)
{
    struct vm *vm = w->vm;

    vm->plan_nodes++;
    vm->plan_bytes += bytes + 4; /* quotes, colon, comma */
    if (vm->roomy)
        return 0;
    if (vm->plan_nodes > PLAN_MAX_NODES)
        return refuse(w, at, "the plan has more than 100,000 values", NULL);
    if (vm->plan_bytes > PLAN_MAX_BYTES)
        return refuse(w, at, "the plan is larger than 1 MiB", NULL);
    return 0;
}

static int give(struct walk *w, struct value *v, struct value **ret)
{
    if (!v)
        return err_nomem(w->err);
    *ret = v;
    return 0;
}

/* ---- scalars ---- */

static int read_text(struct walk *w, int idx, const struct part *at,
                     struct value **ret)
{
    size_t len;
    const char *text = lua_tolstring(w->L, idx, &len);

    if (len > PLAN_MAX_STRING && !w->vm->roomy)
        return refuse(w, at, "a text of more than 256 KiB", NULL);
    if (!text_is_utf8(text, len))
        return refuse(w, at, "the text is not valid UTF-8",
                      "put bytes under binaryData or data, as base64");
    if (count_node(w, at, len) < 0)
        return -ERR_PLAN;
    return give(w, value_stringn(w->vm->arena, text, len), ret);
}

/* Lua divides into floats: 6 / 2 is 3.0. As "3.0" the API server refuses it for
 * an integer field, so whole floats that are exact become integers. */
static int read_number(struct walk *w, int idx, const struct part *at,
                       struct value **ret)
{
    struct arena *a = w->vm->arena;
    lua_Number n;

    if (lua_isinteger(w->L, idx))
        return give(w, value_integer(a, lua_tointeger(w->L, idx)), ret);
    n = lua_tonumber(w->L, idx);
    if (!isfinite(n))
        return refuse(w, at,
                      isnan(n) ? "not a number (0/0)" : "an infinite number",
                      NULL);
    if (floor(n) == n && fabs(n) < EXACT_DOUBLE)
        return give(w, value_integer(a, (int64_t)n), ret);
    return give(w, value_double(a, n), ret);
}

static int read_userdata(struct walk *w, int idx, const struct part *at,
                         struct value **ret)
{
    const struct secret *s;

    if (is_null(w->L, idx))
        return give(w, value_null(w->vm->arena), ret);
    s = secret_at(w->L, idx);
    if (!s)
        return refuse_type(w, at, LUA_TUSERDATA);
    return give(w, secret_value(w->vm->arena, s), ret);
}

/* ---- tables ---- */

/* What the keys of a table look like. */
struct shape {
    size_t texts;
    size_t indexes;
    size_t others;
    lua_Integer max; /* largest index */
};

static struct shape shape_of(lua_State *L, int idx)
{
    struct shape s = {0};

    lua_pushnil(L);
    while (lua_next(L, idx)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            s.texts++;
        } else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) > 0) {
            s.indexes++;
            if (lua_tointeger(L, -1) > s.max)
                s.max = lua_tointeger(L, -1);
        } else {
            s.others++;
        }
    }
    return s;
}

/* With room for `count` elements made in one piece. Members are stored in it
 * directly: value_set() would look for each key among those before. */
static struct value *new_value(struct walk *w, enum value_type type,
                               size_t count)
{
    struct arena *a = w->vm->arena;
    struct value *v = type == VALUE_ARRAY ? value_array(a) : value_object(a);
    size_t size = type == VALUE_ARRAY ? sizeof(struct value *)
                                      : sizeof(struct value_member);
    void *room;

    if (!v || count == 0)
        return v;
    room = arena_calloc(a, count, size);
    if (!room)
        return NULL;
    if (type == VALUE_ARRAY)
        v->as.items = room;
    else
        v->as.members = room;
    v->cap = (uint32_t)count;
    return v;
}

/* `count` grows with the items, so a half-read array is a valid value. */
static int read_array(struct walk *w, int idx, size_t count,
                      const struct part *at, struct value **ret)
{
    struct value *v = new_value(w, VALUE_ARRAY, count);

    if (!v)
        return err_nomem(w->err);
    for (size_t i = 0; i < count; i++) {
        struct part part = {at, NULL, (lua_Integer)i + 1};
        int rc;

        lua_rawgeti(w->L, idx, part.index);
        rc = read_any(w, lua_gettop(w->L), &part, &v->as.items[i]);
        lua_pop(w->L, 1);
        if (rc < 0)
            return rc;
        v->count++;
    }
    *ret = v;
    return 0;
}

static int compare_members(const void *a, const void *b)
{
    const struct value_member *x = a, *y = b;
    size_t shorter = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = memcmp(x->key, y->key, shorter);

    if (order)
        return order;
    return x->key_len < y->key_len ? -1 : x->key_len > y->key_len;
}

/* Copy the keys of the table on the top of the stack; true keys only. */
static int gather_keys(struct walk *w, int idx, const struct part *at,
                       struct value *v)
{
    lua_State *L = w->L;

    lua_pushnil(L);
    while (lua_next(L, idx)) {
        struct value_member *m = &v->as.members[v->count];
        size_t len;
        const char *key;

        lua_pop(L, 1);
        key = lua_tolstring(L, -1, &len);
        if (!text_is_utf8(key, len))
            return refuse(w, at, "a key is not valid UTF-8", NULL);
        if (count_node(w, at, len) < 0)
            return -ERR_PLAN;
        m->key = arena_strndup(w->vm->arena, key, len);
        if (!m->key)
            return err_nomem(w->err);
        m->key_len = (uint32_t)len;
        v->count++;
    }
    return 0;
}

/* The nulls that came with the object and got no value since. */
static int gather_nulls(struct walk *w, int idx, struct value *v)
{
    lua_State *L = w->L;
    int nulls;

    if (!marker_push_nulls(L, idx))
        return 0;
    nulls = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, nulls)) {
        size_t len;
        const char *key = lua_tolstring(L, -1, &len);
        bool set = lua_rawget(L, idx) != LUA_TNIL;

        lua_pop(L, 1);
        if (!set &&
            value_setn(w->vm->arena, v, key, len, value_null(w->vm->arena)) < 0)
            return err_nomem(w->err);
    }
    lua_pop(L, 1);
    return 0;
}

static int read_members(struct walk *w, int idx, const struct part *at,
                        struct value *v)
{
    lua_State *L = w->L;

    for (uint32_t i = 0; i < v->count; i++) {
        struct value_member *m = &v->as.members[i];
        struct part part = {at, m->key, 0};
        int rc;

        if (m->value)
            continue; /* a null that came with the object */
        lua_pushlstring(L, m->key, m->key_len);
        lua_rawget(L, idx);
        rc = read_any(w, lua_gettop(L), &part, &m->value);
        lua_pop(L, 1);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_object(struct walk *w, int idx, size_t count,
                       const struct part *at, struct value **ret)
{
    struct value *v = new_value(w, VALUE_OBJECT, count);
    int top = lua_gettop(w->L);
    int rc;

    if (!v)
        return err_nomem(w->err);
    rc = gather_keys(w, idx, at, v);
    if (rc == 0)
        rc = gather_nulls(w, idx, v);
    lua_settop(w->L, top);
    if (rc < 0)
        return rc;
    if (v->count > 1)
        qsort(v->as.members, v->count, sizeof *v->as.members, compare_members);
    *ret = v;
    return read_members(w, idx, at, v);
}

/* What a table is, in this order: what its marker says; else what its keys say;
 * else, when it has none, an object. The schema of its place may still make an
 * empty list of that (core/diff). */
static int read_table(struct walk *w, int idx, const struct part *at,
                      struct value **ret)
{
    enum marker marker;
    struct shape s;

    thaw(w->L, idx);
    marker = marker_of(w->L, idx);
    s = shape_of(w->L, idx);

    if (s.others)
        return refuse(w, at, "a key is neither a text nor a list index",
                      "use tostring(key); JSON objects have text keys");
    if (s.texts && (s.indexes || marker == MARKER_ARRAY))
        return refuse(w, at, "a list with named fields",
                      "JSON has lists and objects, a table must be one");
    if (s.indexes && marker == MARKER_OBJECT)
        return refuse(w, at, "an object with list items",
                      "use tostring(key); JSON objects have text keys");
    if (s.indexes && (lua_Integer)s.indexes != s.max)
        return refuse(w, at, "a list with holes: an item is nil",
                      "add what there is: list[#list + 1] = item");
    if (s.indexes || marker == MARKER_ARRAY)
        return read_array(w, idx, s.indexes, at, ret);
    return read_object(w, idx, s.texts, at, ret);
}

/* A cycle has no end, so the depth limit finds it too; no table has to be
 * marked as visited. */
static int enter_table(struct walk *w, int idx, const struct part *at,
                       struct value **ret)
{
    int rc;

    if (w->depth >= PLAN_MAX_DEPTH)
        return refuse(w, at, "deeper than 64 levels",
                      "does a table contain itself?");
    if (!lua_checkstack(w->L, 12))
        return err_nomem(w->err);
    w->depth++;
    rc = read_table(w, idx, at, ret);
    w->depth--;
    return rc;
}

static int read_any(struct walk *w, int idx, const struct part *at,
                    struct value **ret)
{
    int type = lua_type(w->L, idx);

    if (type != LUA_TSTRING && count_node(w, at, 1) < 0)
        return -ERR_PLAN;
    switch (type) {
    case LUA_TBOOLEAN:
        return give(w, value_bool(w->vm->arena, lua_toboolean(w->L, idx)), ret);
    case LUA_TNUMBER:
        return read_number(w, idx, at, ret);
    case LUA_TSTRING:
        return read_text(w, idx, at, ret);
    case LUA_TTABLE:
        return enter_table(w, idx, at, ret);
    case LUA_TLIGHTUSERDATA:
    case LUA_TUSERDATA:
        return read_userdata(w, idx, at, ret);
    default:
        return refuse_type(w, at, type);
    }
}

int value_from_lua(lua_State *L, int idx, const char *path, struct value **ret,
                   struct err *err)
{
    struct walk w = {L, vm_of(L), path, 0, err};
    struct value *v = NULL;
    int top = lua_gettop(L);
    int rc;

    vm_charge(L, 1);
    rc = read_any(&w, lua_absindex(L, idx), NULL, &v);
    lua_settop(L, top);
    if (rc < 0)
        return rc;
    *ret = v;
    return 0;
}
