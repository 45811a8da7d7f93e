/*
 * view_api.c -- `view`: what a reconcile may read, and the record of it.
 *
 * DESIGN
 *
 * A kind may stand in the view several times: owned, and once for each entry
 * of `reads`. get looks at them in that order and is content with the first
 * hit; that an object is absent is only said when all of them are known. list
 * gives the union, sorted, each object once.
 *
 * "Not there" is never guessed: a kind that is not declared, a namespace or a
 * name outside of what a read declares, and a kind that is unknown now are
 * verdicts, not nil.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kube/selector.h"
#include "script/api.h"
#include "script/convert.h"

#define VIEW_TYPE "view"
#define LOOKUP_COST 20

static const char key_params, key_names;

/* ---- what a kind's entry may be asked ---- */

static bool is_namespaced(const struct view_kind *k)
{
    if (k->read && k->read->scope == READ_NONE)
        return false;
    return !k->resource || k->resource->namespaced;
}

/* The only namespace that the entry has objects of; NULL: any. */
static const char *only_namespace(const struct view *v,
                                  const struct view_kind *k)
{
    const char *own = v->root->key.ns;

    if (!is_namespaced(k))
        return "";
    if (k->read && k->read->scope == READ_NAMED)
        return k->read->ns;
    if (k->read && k->read->scope == READ_ALL)
        return NULL;
    return *own ? own : NULL; /* a cluster-scoped root owns anywhere */
}

static void check_known(lua_State *L, const char *verb,
                        const struct view_kind *k)
{
    if (!k->known)
        vm_kill(L, ERR_UNKNOWN, NULL, "%s: %s %s is not known now: %s", verb,
                k->gvk.api_version, k->gvk.kind,
                k->unknown ? k->unknown : "not synced yet");
}

/* The namespace to look in, from what was asked ("" = the usual one). */
static const char *pick_namespace(lua_State *L, const char *verb,
                                  const struct view_kind *k, const char *asked)
{
    const char *only = only_namespace(vm_of(L)->view, k);

    if (!is_namespaced(k))
        return "";
    if (!*asked)
        asked = only ? only : vm_of(L)->view->root->key.ns;
    if (!*asked)
        vm_kill(L, ERR_PLAN, NULL, "%s: %s: say in which namespace", verb,
                k->gvk.kind);
    if (only && strcmp(only, asked) != 0)
        vm_kill(L, ERR_PLAN, "declare the read with namespace = \"all\" or "
                "that namespace", "%s: %s in namespace '%s' is not declared, "
                "only in '%s'", verb, k->gvk.kind, asked, only);
    return asked;
}

/* ---- names(root) ---- */

static size_t read_index(const struct operator_decl *d,
                         const struct operator_read *read)
{
    size_t i = 0;

    while (i < d->reads_count && &d->reads[i] != read)
        i++;
    assert(i < d->reads_count);
    return i;
}

/* Push the set of names of a by_name read; asked once for each job. */
static void push_name_set(lua_State *L, size_t read)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_names) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &key_names);
    }
    if (lua_rawgeti(L, -1, (lua_Integer)read) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        push_names(L, read);
        for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
            lua_pushboolean(L, 1);
            lua_rawset(L, -4);
        }
        lua_pop(L, 2);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, (lua_Integer)read);
    }
    lua_remove(L, -2);
}

static bool is_named(lua_State *L, const struct view_kind *k, const char *name)
{
    bool named;

    if (!k->read || !k->read->by_name)
        return true;
    push_name_set(L, read_index(script_decl(vm_of(L)->script), k->read));
    lua_pushstring(L, name);
    named = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return named;
}

/* ---- lookups ---- */

static struct view_read *add_read(lua_State *L, uint32_t kind)
{
    struct vm *vm = vm_of(L);
    struct view_read *r = plan_add_read(vm->plan);

    if (!r)
        vm_kill_nomem(L);
    r->kind = kind;
    return r;
}

static const struct snapshot *search(const struct view_kind *k,
                                     const struct object_key *key,
                                     size_t *ret_index)
{
    size_t low = 0, high = k->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = object_key_compare(&k->items[middle]->key, key);

        if (order == 0) {
            *ret_index = middle;
            return k->items[middle];
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* One entry of the view; true when the object is there. */
static bool find_in(lua_State *L, const char *verb, uint32_t kind,
                    const struct object_ref *ref, struct found *ret)
{
    const struct view_kind *k = &vm_of(L)->view->kinds[kind];
    struct object_key key;
    struct view_read *read;
    size_t index = 0;

    key.ns = pick_namespace(L, verb, k, ref->key.ns);
    key.name = ref->key.name;
    check_known(L, verb, k);
    ret->snapshot = search(k, &key, &index);
    ret->id = PLAN_SECRET_ID(kind, index);
    read = add_read(L, kind);
    read->snapshot = ret->snapshot;
    read->ns = key.ns;
    read->name = key.name;
    return ret->snapshot != NULL;
}

static int kill_unnamed(lua_State *L, const char *verb,
                        const struct object_ref *ref)
{
    return vm_kill(L, ERR_PLAN, "return that name from the read's names "
                   "function too", "%s: %s '%s' is not among the names that "
                   "are declared", verb, ref->gvk.kind, ref->key.name);
}

struct found view_find(lua_State *L, const char *verb,
                       const struct object_ref *ref)
{
    const struct view *v = vm_of(L)->view;
    struct found found = {NULL, 0};
    bool declared = false, visible = false;

    vm_charge(L, LOOKUP_COST);
    for (uint32_t i = 0; i < v->count; i++) {
        if (!gvk_equal(&v->kinds[i].gvk, &ref->gvk))
            continue;
        declared = true;
        if (!is_named(L, &v->kinds[i], ref->key.name))
            continue;
        visible = true;
        if (find_in(L, verb, i, ref, &found))
            return found;
    }
    if (!declared)
        kill_undeclared(L, verb, &ref->gvk, "reads or owns");
    if (!visible)
        kill_unnamed(L, verb, ref);
    return found;
}

/* view:get(apiVersion, kind, name [, namespace]) */
static int l_view_get(lua_State *L)
{
    struct object_ref ref;
    struct found found;

    ref.gvk.api_version = check_text(L, 2, "view:get", "apiVersion");
    ref.gvk.kind = check_text(L, 3, "view:get", "kind");
    ref.key.name = check_text(L, 4, "view:get", "name");
    ref.key.ns = lua_isnoneornil(L, 5)
                     ? "" : check_text(L, 5, "view:get", "namespace");
    found = view_find(L, "view:get", &ref);
    if (found.snapshot)
        push_snapshot(L, found.snapshot, found.id);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- lists ---- */

struct listing {
    const char *verb;
    struct gvk gvk;  /* kind NULL: any */
    bool owned_only;
    const char *ns;  /* NULL: the usual one */
    struct selector *labels, *fields;
    struct found *items;
    size_t count, cap;
};

/* The object as a tree that lives until the next one is asked for. */
static struct value *tree_of(lua_State *L, const struct snapshot *s)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    struct value *object = NULL;

    arena_clear(&vm->scratch);
    if (snapshot_value(s, &vm->scratch, &object, &err) < 0)
        vm_kill_err(L, "view:list", &err);
    return object;
}

static bool is_selected(lua_State *L, const struct listing *l,
                        const struct snapshot *s)
{
    struct value *object;

    if (!l->labels && !l->fields)
        return true;
    vm_charge(L, 1 + s->json_len / 16);
    object = tree_of(L, s);
    return selector_match_labels(l->labels,
                                 value_path(object, "metadata.labels")) &&
           selector_match_fields(l->fields, object);
}

static void add_found(lua_State *L, struct listing *l, struct found f)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 32;
        struct found *items = arena_calloc(vm_of(L)->arena, cap,
                                           sizeof *items);

        if (!items)
            vm_kill_nomem(L);
        if (l->count)
            memcpy(items, l->items, l->count * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->count++] = f;
}

static void record_list(lua_State *L, uint32_t kind)
{
    struct vm *vm = vm_of(L);
    uint64_t bit = kind < 64 ? 1ull << kind : 0;

    if (vm->listed & bit)
        return;
    add_read(L, kind)->list = true;
    vm->listed |= bit;
}

static void list_kind(lua_State *L, struct listing *l, uint32_t kind)
{
    const struct view_kind *k = &vm_of(L)->view->kinds[kind];
    const char *ns = l->ns;

    check_known(L, l->verb, k);
    record_list(L, kind);
    if (ns)
        ns = pick_namespace(L, l->verb, k, ns);
    vm_charge(L, LOOKUP_COST + k->count / 8);
    for (size_t i = 0; i < k->count; i++) {
        const struct snapshot *s = k->items[i];

        if (ns && strcmp(s->key.ns, ns) != 0)
            continue;
        if (is_named(L, k, s->key.name) && is_selected(L, l, s))
            add_found(L, l, (struct found){s, PLAN_SECRET_ID(kind, i)});
    }
}

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = strcmp(x->snapshot->kind, y->snapshot->kind);

    if (order == 0)
        order = object_key_compare(&x->snapshot->key, &y->snapshot->key);
    if (order == 0) /* the same object by two entries: the first one wins */
        order = x->id < y->id ? -1 : x->id > y->id;
    return order;
}

static bool same_object(const struct found *a, const struct found *b)
{
    return strcmp(a->snapshot->kind, b->snapshot->kind) == 0 &&
           strcmp(a->snapshot->api_version, b->snapshot->api_version) == 0 &&
           object_key_equal(&a->snapshot->key, &b->snapshot->key);
}

static void push_listing(lua_State *L, struct listing *l)
{
    lua_Integer n = 0;

    if (l->count > 1)
        qsort(l->items, l->count, sizeof *l->items, compare_found);
    lua_createtable(L, (int)l->count, 0);
    marker_set(L, -1, MARKER_ARRAY);
    for (size_t i = 0; i < l->count; i++) {
        const struct found *f = &l->items[i];

        if (i > 0 && same_object(f - 1, f))
            continue;
        push_lazy(L, f->id);
        lua_rawseti(L, -2, ++n);
    }
}

static void list_all(lua_State *L, struct listing *l)
{
    const struct view *v = vm_of(L)->view;
    bool declared = false;

    for (uint32_t i = 0; i < v->count; i++) {
        const struct view_kind *k = &v->kinds[i];

        if ((l->owned_only && !k->owned) ||
            (l->gvk.kind && !gvk_equal(&k->gvk, &l->gvk)))
            continue;
        declared = true;
        list_kind(L, l, i);
    }
    if (!declared && l->gvk.kind)
        kill_undeclared(L, l->verb, &l->gvk,
                        l->owned_only ? "owns" : "reads or owns");
    push_listing(L, l);
}

/* A selector option: a text, or a table of labels. */
static struct selector *check_selector(lua_State *L, const char *name)
{
    struct arena *a = vm_of(L)->arena;
    struct selector *s = NULL;
    struct value *map = NULL;
    struct err err = {0};
    bool fields = strcmp(name, "fields") == 0;
    int type = lua_getfield(L, 4, name);
    int rc = 0;

    if (type == LUA_TSTRING)
        rc = (fields ? selector_parse_fields : selector_parse_labels)(
            a, lua_tostring(L, -1), &s, &err);
    else if (type == LUA_TTABLE && !fields)
        rc = value_from_lua(L, -1, "", &map, &err);
    else if (type != LUA_TNIL)
        vm_kill(L, ERR_PLAN, NULL, "view:list: %s: expected a selector, got "
                "%s", name, lua_typename(L, type));
    if (rc == 0 && map)
        rc = selector_from_map(a, map, &s, &err);
    if (rc < 0) {
        err_wrap(&err, "%s", name);
        vm_kill_err(L, "view:list", &err);
    }
    lua_pop(L, 1);
    return s;
}

/* view:list(apiVersion, kind [, { namespace=, labels=, fields= }]) */
static int l_view_list(lua_State *L)
{
    static const char *const options[] = {"namespace", "labels", "fields",
                                          NULL};
    struct listing l = {.verb = "view:list"};

    l.gvk.api_version = check_text(L, 2, l.verb, "apiVersion");
    l.gvk.kind = check_text(L, 3, l.verb, "kind");
    if (check_options(L, 4, l.verb, options)) {
        lua_settop(L, 4);
        if (lua_getfield(L, 4, "namespace") != LUA_TNIL)
            l.ns = check_text(L, -1, l.verb, "namespace");
        lua_pop(L, 1);
        l.labels = check_selector(L, "labels");
        l.fields = check_selector(L, "fields");
    }
    list_all(L, &l);
    return 1;
}

/* view:owned([apiVersion, kind]) */
static int l_view_owned(lua_State *L)
{
    struct listing l = {.verb = "view:owned", .owned_only = true};

    if (!lua_isnoneornil(L, 2)) {
        l.gvk.api_version = check_text(L, 2, l.verb, "apiVersion");
        l.gvk.kind = check_text(L, 3, l.verb, "kind");
    }
    list_all(L, &l);
    return 1;
}

/* ---- the object ---- */

static const struct {
    const char *name;
    lua_CFunction function;
} methods[] = {
    {"get", l_view_get}, {"list", l_view_list}, {"owned", l_view_owned},
};

static int push_params(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_params) != LUA_TNIL)
        return 1;
    push_value(L, vm_of(L)->view->params);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_params);
    return 1;
}

/* view:get(...) called as view.get(...) has another first argument. */
static int call_method(lua_State *L)
{
    size_t i = (size_t)lua_tointeger(L, lua_upvalueindex(1));

    if (!luaL_testudata(L, 1, VIEW_TYPE))
        return vm_kill(L, ERR_PLAN, NULL, "view.%s(...) lacks the view: write "
                       "view:%s(...)", methods[i].name, methods[i].name);
    return methods[i].function(L);
}

static int l_view_index(lua_State *L)
{
    static const char *const list[] = {"get", "list", "owned", "now",
                                       "params", NULL};
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2)
                                                     : type_word(L, 2);

    if (strcmp(name, "now") == 0) {
        lua_pushinteger(L, vm_of(L)->view->now);
        return 1;
    }
    if (strcmp(name, "params") == 0)
        return push_params(L);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(name, methods[i].name) == 0) {
            lua_pushinteger(L, (lua_Integer)i);
            lua_pushcclosure(L, call_method, 1);
            return 1;
        }
    return kill_unknown(L, "view has no field", "fields", name, list);
}

static int l_view_newindex(lua_State *L)
{
    return vm_kill(L, ERR_PLAN, NULL, "view is frozen: '%s' cannot be set",
                   lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?");
}

void push_view(lua_State *L)
{
    static const luaL_Reg meta[] = {{"__index", l_view_index},
                                    {"__newindex", l_view_newindex},
                                    {NULL, NULL}};

    lua_newuserdatauv(L, 0, 0);
    luaL_newmetatable(L, VIEW_TYPE);
    luaL_setfuncs(L, meta, 0);
    lua_setmetatable(L, -2);
}
