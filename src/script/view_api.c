/*
 * view_api.c -- `view`: what a reconcile may read, and the record of it.
 *
 * DESIGN
 *
 * A kind may stand in the view several times: owned, and once for each entry
 * of `reads`. get looks at them in that order and is content with the first
 * hit; that an object is absent is only said when all of them are known.
 *
 * "Not there" is never guessed: a kind that is not declared, a namespace or a
 * name outside of what a read declares, and a kind that is unknown now are
 * verdicts, not nil.
 */
#include "script/view_api.h"

#include <assert.h>
#include <string.h>

#include "script/convert.h"

#define VIEW_TYPE "view"

static const char key_params, key_names;

/* ---- what a kind's entry may be asked ---- */

/* Discovery knows; while the server lacks the kind the declaration must do. */
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

void check_known(lua_State *L, const char *verb, const struct view_kind *k)
{
    if (!k->known)
        vm_kill(L, ERR_UNKNOWN, NULL, "%s: %s %s is not known now: %s", verb,
                k->gvk.api_version, k->gvk.kind,
                k->unknown ? k->unknown : "not synced yet");
}

const char *pick_namespace(lua_State *L, const char *verb,
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
        vm_kill(L, ERR_PLAN,
                "declare the read with namespace = \"all\" or "
                "that namespace",
                "%s: %s in namespace '%s' is not declared, "
                "only in '%s'",
                verb, k->gvk.kind, asked, only);
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

bool is_named(lua_State *L, const struct view_kind *k, const char *name)
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

struct view_read *add_read(lua_State *L, uint32_t kind)
{
    struct vm *vm = vm_of(L);
    struct view_read *r = plan_add_read(vm->plan);

    if (!r)
        vm_kill_nomem(L);
    r->kind = kind;
    return r;
}

const struct snapshot *view_item(lua_State *L, uint32_t kind, uint32_t item)
{
    const struct view *v = vm_of(L)->view;
    const struct snapshot *s = v->kinds[kind].items[item];
    struct err err = {0};

    if (s && s->bytes)
        return s;
    if (v->host->item(v->host->arg, kind, item, &err) < 0)
        vm_kill_err(L, "view", &err);
    return v->kinds[kind].items[item];
}

/* With its text; NULL: known to be absent. */
static const struct snapshot *look_up(lua_State *L, const char *verb,
                                      uint32_t kind,
                                      const struct object_key *key,
                                      size_t *ret_index)
{
    const struct view *v = vm_of(L)->view;
    const struct view_kind *k = &v->kinds[kind];
    struct err err = {0};
    uint32_t item;

    if (!k->partial)
        return view_search(k, key, ret_index)
                   ? view_item(L, kind, (uint32_t)*ret_index)
                   : NULL;
    if (v->host->find(v->host->arg, kind, key, &item, &err) < 0)
        vm_kill_err(L, verb, &err);
    *ret_index = item;
    return item == UINT32_MAX ? NULL : k->items[item];
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
    ret->snapshot = look_up(L, verb, kind, &key, &index);
    ret->id = PLAN_SECRET_ID(kind, index);
    read = add_read(L, kind);
    read->snapshot = ret->snapshot;
    read->item = ret->snapshot ? (uint32_t)index : 0;
    read->ns = key.ns;
    read->name = key.name;
    return ret->snapshot != NULL;
}

/* nil would say "there is no such object", but nobody watches it: the read
 * covers the declared names only. */
static int kill_unnamed(lua_State *L, const char *verb,
                        const struct object_ref *ref)
{
    return vm_kill(L, ERR_PLAN,
                   "return that name from the read's names "
                   "function too",
                   "%s: %s '%s' is not among the names that "
                   "are declared",
                   verb, ref->gvk.kind, ref->key.name);
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
    ref.key.ns =
        lua_isnoneornil(L, 5) ? "" : check_text(L, 5, "view:get", "namespace");
    found = view_find(L, "view:get", &ref);
    if (found.snapshot)
        push_snapshot(L, found.snapshot, found.id);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- the object ---- */

static const struct {
    const char *name;
    lua_CFunction function;
} methods[] = {
    {"get", l_view_get},
    {"list", l_view_list},
    {"owned", l_view_owned},
};

/* One table for the whole run: a script that changes it sees its own change,
 * as with any other object. */
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
        return vm_kill(L, ERR_PLAN, NULL,
                       "view.%s(...) lacks the view: write "
                       "view:%s(...)",
                       methods[i].name, methods[i].name);
    return methods[i].function(L);
}

const char *const *view_fields(void)
{
    static const char *const list[] = {"get", "list",   "owned",
                                       "now", "params", NULL};

    return list;
}

static int l_view_index(lua_State *L)
{
    const char *name =
        lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : type_word(L, 2);

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
    return kill_unknown(L, "view has no field", "fields", name, view_fields());
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
