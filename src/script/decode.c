/*
 * decode.c -- JSON text and trees to Lua tables (see convert.h).
 *
 * DESIGN
 *
 * One pass over the reader's events. Keys and values gather on the Lua stack
 * until their object or array ends; then the table is made with its exact size
 * and filled from the top, so no table is ever rehashed.
 *
 * The two marker metatables stay at fixed places below while a document is
 * read: `markers` for objects, `markers + 1` for arrays. While the object in
 *
 *     {"a": [1, 2], "b": {"c": null}}
 *
 * is open, the stack above them holds, at the end of "c"'s object:
 *
 *     "a"  {1, 2}  "b"  "c"  null
 *                       ^ base of the level that ends now
 *
 * Objects of the view are filtered on the way: what a script may not see is
 * skipped in the text and never becomes a value of Lua. Where only some fields
 * of bodies are kept (kube/kept.h) the others are skipped too, whether they are
 * there or not (specs and files have whole objects), and the tables that lack
 * some get a metatable that says so to whoever asks for one (kept.c).
 *
 * INVARIANTS
 *
 *   D1  between two events the stack above `base` of an open object holds
 *       pairs and at most one key that waits for its value
 *   D2  every table made here has one of the marker metatables, or one of its
 *       own that says "object" and which of its members are null
 */
#include <assert.h>
#include <string.h>

#include "base/value.h"
#include "script/convert.h"
#include "script/module.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* Addresses that serve as keys: in the registry the marker metatables, in a
 * marker metatable what it marks and which members are null. */
static const char key_object, key_array, key_kind, key_nulls;
static const char null_value;

/* Which top-level member of the object is being read. */
enum section { SECTION_OTHER, SECTION_METADATA, SECTION_DATA, SECTION_STATUS };

struct level {
    int base; /* stack top when it began */
    bool is_array;
    bool has_null; /* a member is the null value */
    bool is_part;  /* of this object only some members are kept */
    struct kept_place place;
};

struct decoder {
    lua_State *L;
    struct vm *vm;
    const char *what; /* names the text in messages */
    int markers;
    int depth;
    struct level levels[JSON_MAX_DEPTH];
    /* objects of the view only */
    const struct snapshot *snapshot; /* NULL: plain JSON */
    uint32_t id;
    enum section section;
    bool is_root;
    bool is_secret;
    bool in_annotations;
    const char *kept; /* NULL: the whole body */
    bool part_next;   /* the value that comes is kept in part */
    struct kept_place place_next;
};

/* ---- markers ---- */

/* An object has no items, so its length would be 0 whatever is in it. Scripts
 * of other tools are left their 0. */
static int l_object_length(lua_State *L)
{
    return vm_raise(L,
                    "'next(t) == nil' tells that it is empty; # counts the "
                    "items of a list",
                    "# of an object: it has named fields and no items");
}

void push_marker(lua_State *L, enum marker m)
{
    const struct vm *vm = vm_of(L);

    lua_createtable(L, 0, 2);
    /* assertions and the like of specs look at any table with # */
    if (m == MARKER_OBJECT && !vm->compat && !vm->roomy) {
        lua_pushcfunction(L, l_object_length);
        lua_setfield(L, -2, "__len");
    }
    lua_pushinteger(L, m);
    lua_rawsetp(L, -2, &key_kind);
}

void convert_open(lua_State *L)
{
    push_marker(L, MARKER_OBJECT);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_object);
    push_marker(L, MARKER_ARRAY);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_array);
}

bool marker_is_host(lua_State *L)
{
    bool is_host = lua_rawgetp(L, -1, &key_kind) != LUA_TNIL;

    lua_pop(L, 1);
    return is_host;
}

enum marker marker_of(lua_State *L, int idx)
{
    enum marker m;

    if (!lua_getmetatable(L, idx))
        return MARKER_NONE;
    lua_rawgetp(L, -1, &key_kind);
    m = (enum marker)lua_tointeger(L, -1);
    lua_pop(L, 2);
    return m;
}

void marker_set(lua_State *L, int idx, enum marker m)
{
    idx = lua_absindex(L, idx);
    lua_rawgetp(L, LUA_REGISTRYINDEX,
                m == MARKER_ARRAY ? &key_array : &key_object);
    lua_setmetatable(L, idx);
}

void push_null(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&null_value);
}

bool is_null(lua_State *L, int idx)
{
    return lua_touserdata(L, idx) == &null_value;
}

int marker_push_nulls(lua_State *L, int idx)
{
    if (!lua_getmetatable(L, idx))
        return 0;
    if (lua_rawgetp(L, -1, &key_nulls) == LUA_TTABLE) {
        lua_remove(L, -2);
        return 1;
    }
    lua_pop(L, 2);
    return 0;
}

void marker_set_nulls(lua_State *L)
{
    lua_rawsetp(L, -2, &key_nulls);
}

/* ---- closing a container ---- */

/* The items above the level become the array, in place of the first of them. */
static void close_array(struct decoder *d, const struct level *l)
{
    lua_State *L = d->L;
    int count = lua_gettop(L) - l->base;

    lua_createtable(L, count, 0);
    lua_pushvalue(L, d->markers + 1);
    lua_setmetatable(L, -2);
    if (count == 0)
        return;
    lua_insert(L, l->base + 1);
    for (int i = count; i > 0; i--)
        lua_rawseti(L, l->base + 1, i);
}

/* Two readers could take different ones of the values: neither is taken. */
static int RAISES refuse_twice(struct decoder *d, int key)
{
    return vm_kill(d->L, ERR_INVALID, NULL, "%s: key '%.60s' appears twice",
                   d->what, lua_tostring(d->L, key));
}

static bool has_key(lua_State *L, int table, int key)
{
    bool has;

    lua_pushvalue(L, key);
    has = lua_rawget(L, table) != LUA_TNIL;
    lua_pop(L, 1);
    return has;
}

/* The members that are null go into a marker of this table alone. */
static void close_object_with_nulls(struct decoder *d, int table, int pairs)
{
    lua_State *L = d->L;
    int nulls;

    push_marker(L, MARKER_OBJECT);
    lua_createtable(L, 0, 1);
    nulls = lua_gettop(L);
    for (int i = 0; i < pairs; i++) {
        int key = table + 1 + 2 * i;
        bool null = is_null(L, key + 1);

        if (has_key(L, table, key) || has_key(L, nulls, key))
            refuse_twice(d, key);
        lua_pushvalue(L, key);
        lua_pushvalue(L, null ? key : key + 1);
        lua_rawset(L, null ? -3 : table);
    }
    marker_set_nulls(L);
    lua_setmetatable(L, table);
    lua_settop(L, table);
}

/* The pairs above the level become the object, in place of the first key. */
static void close_pairs(struct decoder *d, const struct level *l)
{
    lua_State *L = d->L;
    int table = l->base + 1;
    int pairs = (lua_gettop(L) - l->base) / 2;

    lua_createtable(L, 0, pairs);
    lua_pushvalue(L, d->markers);
    lua_setmetatable(L, -2);
    if (pairs == 0)
        return;
    lua_insert(L, table);
    if (l->has_null) {
        close_object_with_nulls(d, table, pairs);
        return;
    }
    while (pairs-- > 0) {
        if (has_key(L, table, -2))
            refuse_twice(d, -2);
        lua_rawset(L, table);
    }
}

static void close_object(struct decoder *d, const struct level *l)
{
    close_pairs(d, l);
    if (l->is_part)
        guard_fields(d->L, d->snapshot->kind, d->kept, &l->place);
}

/* ---- what scripts do not see of an object ---- */

/* Called for every key; what of it is kept holds for the value, too. */
static bool is_kept(struct decoder *d, const struct json_reader *r)
{
    const struct level *l = &d->levels[d->depth - 1];
    enum kept kept = KEPT_WHOLE;

    if (l->is_part)
        kept = kept_member(d->kept, &l->place, r->string, r->string_len,
                           &d->place_next);
    d->part_next = kept == KEPT_PART;
    return kept != KEPT_NOT;
}


/* The reader's text is no C string. */
static bool is_text(const struct json_reader *r, const char *text)
{
    return strlen(text) == r->string_len &&
           memcmp(text, r->string, r->string_len) == 0;
}

static enum section section_of(const struct json_reader *r)
{
    if (is_text(r, "metadata"))
        return SECTION_METADATA;
    if (is_text(r, "data"))
        return SECTION_DATA;
    if (is_text(r, "status"))
        return SECTION_STATUS;
    return SECTION_OTHER;
}

static bool is_memory(const struct decoder *d, const struct json_reader *r)
{
    const struct operator_decl *decl = script_decl(d->vm->script);

    for (size_t i = 0; i < decl->memory_count; i++)
        if (is_text(r, decl->memory[i]))
            return true;
    return false;
}

/* Called for every key of an object of the view, down to depth 3. */
static bool is_hidden(struct decoder *d, const struct json_reader *r)
{
    if (d->depth == 1)
        d->section = section_of(r);
    if (d->depth == 2 && d->section == SECTION_METADATA) {
        d->in_annotations = is_text(r, "annotations");
        return is_text(r, "managedFields");
    }
    if (d->depth == 2 && d->section == SECTION_STATUS && d->is_root)
        return !is_memory(d, r);
    return d->depth == 3 && d->is_secret && d->in_annotations &&
           d->section == SECTION_METADATA && is_text(r, LAST_APPLIED);
}

static void push_text(struct decoder *d, const struct json_reader *r)
{
    lua_State *L = d->L;

    if (d->is_secret && d->depth == 2 && d->section == SECTION_DATA &&
        !d->levels[1].is_array)
        push_secret(L, d->snapshot, d->id, lua_tostring(L, -1));
    else
        lua_pushlstring(L, r->string, r->string_len);
}

/* ---- the pass ---- */

/* 16 slots: what closing a level pushes, and a pair of the next one. */
static void open_level(struct decoder *d, bool is_array)
{
    vm_need_stack(d->L, 16);
    d->levels[d->depth].base = lua_gettop(d->L);
    d->levels[d->depth].is_array = is_array;
    d->levels[d->depth].has_null = false;
    d->levels[d->depth].is_part = d->part_next && !is_array;
    d->levels[d->depth].place = d->place_next;
    d->part_next = false;
    d->depth++;
}

static void close_level(struct decoder *d)
{
    const struct level *l = &d->levels[--d->depth];

    if (l->is_array)
        close_array(d, l);
    else
        close_object(d, l);
}

/* A null member leaves a mark at its level: the ordinary way to close it would
 * store the null as a value. In arrays that is just what is wanted. */
static void on_null(struct decoder *d)
{
    if (d->depth > 0 && !d->levels[d->depth - 1].is_array)
        d->levels[d->depth - 1].has_null = true;
    push_null(d->L);
}

static void on_scalar(struct decoder *d, const struct json_reader *r,
                      enum json_event event)
{
    lua_State *L = d->L;

    /* room for a key, its value, and the closing of the container */
    vm_need_stack(L, 16);
    switch (event) {
    case JSON_NULL:
        on_null(d);
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, r->integer);
        break;
    case JSON_DOUBLE:
        lua_pushnumber(L, r->number);
        break;
    case JSON_STRING:
        push_text(d, r);
        break;
    default:
        lua_pushboolean(L, event == JSON_TRUE);
        break;
    }
}

static int on_key(struct decoder *d, struct json_reader *r, struct err *err)
{
    if (d->snapshot && d->depth <= 3 && is_hidden(d, r))
        return json_skip(r, JSON_KEY, err);
    if (d->kept && !is_kept(d, r))
        return json_skip(r, JSON_KEY, err);
    lua_pushlstring(d->L, r->string, r->string_len);
    return 0;
}

static int decode(struct decoder *d, struct json_reader *r, struct err *err)
{
    enum json_event event;
    int rc;

    while ((rc = json_next(r, &event, err)) == 0 && event != JSON_DONE) {
        switch (event) {
        case JSON_OBJECT_START:
        case JSON_ARRAY_START:
            open_level(d, event == JSON_ARRAY_START);
            break;
        case JSON_OBJECT_END:
        case JSON_ARRAY_END:
            close_level(d);
            break;
        case JSON_KEY:
            rc = on_key(d, r, err);
            break;
        default:
            on_scalar(d, r, event);
            break;
        }
        if (rc < 0)
            return rc;
    }
    return rc;
}

/* The reader belongs to the vm: whatever raises below, its memory is found and
 * freed at the end of the call. */
static void run(struct decoder *d, const char *text, size_t len,
                const char *what)
{
    lua_State *L = d->L;
    struct err err = {0};
    struct json_reader *r = &d->vm->reader;

    d->what = what;
    vm_charge(L, 1 + len / BYTES_PER_STEP);
    vm_need_stack(L, 16);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key_object);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key_array);
    d->markers = lua_gettop(L) - 1;
    json_reader_release(r);
    json_reader_init(r, text, len, 0);
    if (decode(d, r, &err) < 0)
        vm_kill_err(L, what, &err);
    lua_replace(L, d->markers);
    lua_settop(L, d->markers);
}

void push_json(lua_State *L, const char *text, size_t len, const char *what)
{
    struct decoder d;

    d.L = L;
    d.vm = vm_of(L);
    d.depth = 0;
    d.snapshot = NULL;
    d.is_secret = false;
    d.kept = NULL;
    d.part_next = false;
    d.place_next = (struct kept_place){0};
    run(&d, text, len, what);
}

/* The fields of bodies that are kept where the object comes from. */
static const char *kept_of(const struct vm *vm, uint32_t id)
{
    const struct view_kind *k;

    if (id == PLAN_SECRET_ROOT)
        return NULL;
    if (!vm->view)
        return vm->kept;
    k = &vm->view->kinds[id >> PLAN_SECRET_ITEM_BITS];
    return k->read ? k->read->kept : NULL;
}

void push_snapshot(lua_State *L, const struct snapshot *s, uint32_t id)
{
    struct err err = {0};
    struct decoder d;
    const char *text;

    d.L = L;
    d.vm = vm_of(L);
    arena_clear(&d.vm->opened);
    if (snapshot_text(s, &d.vm->opened, &text, &err) < 0)
        vm_kill_err(L, s->key.name, &err);
    d.depth = 0;
    d.snapshot = s;
    d.id = id;
    d.section = SECTION_OTHER;
    d.is_root = s == d.vm->root;
    d.is_secret = strcmp(s->kind, "Secret") == 0 &&
                  strcmp(s->api_version, "v1") == 0 &&
                  !script_decl(d.vm->script)->reads_secret_values;
    d.in_annotations = false;
    d.kept = kept_of(d.vm, id);
    d.part_next = d.kept != NULL;
    d.place_next = (struct kept_place){0};
    run(&d, text, s->text_len, s->key.name);
}

/* ---- trees ---- */

/* The table on the top gets a marker of its own: which members are null. */
static void mark_nulls(lua_State *L, const struct value *v)
{
    push_marker(L, MARKER_OBJECT);
    lua_newtable(L);
    for (uint32_t i = 0; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];

        if (!value_is(m->value, VALUE_NULL))
            continue;
        lua_pushlstring(L, m->key, m->key_len);
        lua_pushvalue(L, -1);
        lua_rawset(L, -3);
    }
    marker_set_nulls(L);
    lua_setmetatable(L, -2);
}

static void push_members(lua_State *L, const struct value *v)
{
    bool has_null = false;

    lua_createtable(L, 0, (int)v->count);
    for (uint32_t i = 0; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];

        if (value_is(m->value, VALUE_NULL)) {
            has_null = true;
            continue;
        }
        lua_pushlstring(L, m->key, m->key_len);
        push_value(L, m->value);
        lua_rawset(L, -3);
    }
    if (has_null)
        mark_nulls(L, v);
    else
        marker_set(L, -1, MARKER_OBJECT);
}

static void push_items(lua_State *L, const struct value *v)
{
    lua_createtable(L, (int)v->count, 0);
    for (uint32_t i = 0; i < v->count; i++) {
        push_value(L, v->as.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    marker_set(L, -1, MARKER_ARRAY);
}

void push_value(lua_State *L, const struct value *v)
{
    vm_need_stack(L, 8);
    vm_charge(L, 1);
    switch ((enum value_type)v->type) {
    case VALUE_BOOL:
        lua_pushboolean(L, v->as.boolean);
        return;
    case VALUE_INTEGER:
        lua_pushinteger(L, v->as.integer);
        return;
    case VALUE_DOUBLE:
        lua_pushnumber(L, v->as.number);
        return;
    case VALUE_STRING:
        lua_pushlstring(L, v->as.string, v->count);
        return;
    case VALUE_ARRAY:
        push_items(L, v);
        return;
    case VALUE_OBJECT:
        push_members(L, v);
        return;
    case VALUE_NULL:
    case VALUE_SECRET:
        push_null(L);
        return;
    }
}
