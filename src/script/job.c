/*
 * job.c -- the calls of a loaded script: reconcile, finalize, names, map.
 *
 * DESIGN
 *
 * Each call makes a fresh state, runs the main chunk again to get at the
 * declared functions, makes the inputs from the view, and throws the state
 * away. All of it, also making the environment and the inputs, happens inside
 * one protected call. Nothing is kept, so equal inputs give equal plans.
 */
#include <string.h>

#include "script/api.h"
#include "script/convert.h"
#include "script/module.h"
#include "script/overlay.h"
#include "script/sandbox.h"
#include "script/table.h"

/* ---- reconcile and finalize ---- */

static void check_reconciled(lua_State *L)
{
    if (!lua_isnil(L, -1))
        vm_kill(L, ERR_SCRIPT, "what should exist is declared by plan:apply",
                "reconcile returned a %s; it returns nothing",
                type_word(L, -1));
}

static void check_finalized(lua_State *L)
{
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
        vm_kill(L, ERR_SCRIPT, NULL,
                "finalize returned a %s; it returns true "
                "when all is done, else false or nothing",
                type_word(L, -1));
    vm_of(L)->plan->finalize_done = lua_toboolean(L, -1);
}

#define AT_DECLARATION 1 /* on the stack of a run */

static int run_body(lua_State *L)
{
    struct vm *vm = vm_of(L);
    bool finalizing = vm->plan->finalizing;
    const char *name = finalizing ? "finalize" : "reconcile";

    lua_settop(L, 0);
    sandbox_open(L);
    run_operator(L);
    if (!finalizing && script_decl(vm->script)->rows_count) {
        table_run(L);
        return 0;
    }
    lua_getfield(L, AT_DECLARATION, name);
    vm_enter(L, name);
    push_snapshot(L, vm->root, PLAN_SECRET_ROOT);
    push_view(L);
    push_plan(L);
    lua_call(L, 3 + push_base(L, AT_DECLARATION, name), 1);
    if (finalizing)
        check_finalized(L);
    else
        check_reconciled(L);
    return 0;
}

/* "operator website, object default/blog (generation 3)" and the frames. */
static void set_trace(const struct vm *vm, struct plan *p)
{
    struct str text = {0};
    const char *line = vm->stack;

    str_addf(&text, "operator %s, object ", script_decl(vm->script)->name);
    object_key_print(&vm->root->key, &text);
    str_addf(&text, " (generation %lld)", (long long)vm->root->generation);
    for (const char *lead = "\nstack: "; *line; lead = "\n       ") {
        size_t len = strcspn(line, "\n");

        str_add(&text, lead);
        str_addn(&text, line, len);
        line += len + (line[len] == '\n');
    }
    p->trace = arena_strdup(p->arena, str_text(&text));
    str_release(&text);
}

int script_run(struct script *s, enum job_call call, const struct view *view,
               struct plan *ret_plan, struct err *err)
{
    struct vm vm;
    int rc = vm_open(&vm, s, err);

    vm.view = view;
    vm.plan = ret_plan;
    vm.arena = ret_plan->arena;
    vm.root = view->root;
    ret_plan->finalizing = call == JOB_FINALIZE;
    if (rc == 0) {
        rc = vm_call(&vm, run_body, NULL, err);
        if (rc < 0)
            set_trace(&vm, ret_plan);
    }
    vm_close(&vm);
    return rc;
}

/* ---- names ---- */

/* Push the function `field` of entry `read` of the declared reads; the
 * declaration is remembered by the state. */
static void push_read_function(lua_State *L, size_t read, const char *field)
{
    push_declaration(L);
    lua_getfield(L, -1, "reads");
    lua_rawgeti(L, -1, (lua_Integer)read + 1);
    lua_getfield(L, -1, field);
    lua_replace(L, -4);
    lua_pop(L, 2);
}

/* Copy the texts of the table on the top into a list; gaps are skipped, so
 * { spec.a, spec.b } works when one of them is absent. */
static void keep_names(lua_State *L)
{
    int table = lua_gettop(L);
    lua_Integer n = 0;

    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_type(L, -1) != LUA_TSTRING)
            vm_kill(L, ERR_SCRIPT, NULL,
                    "names: expected a list of texts, "
                    "got a %s in it",
                    type_word(L, -1));
        if (!*lua_tostring(L, -1))
            vm_kill(L, ERR_SCRIPT, NULL,
                    "names: a name in the list is an empty text");
        lua_rawseti(L, table + 1, ++n);
    }
    lua_replace(L, table);
}

void push_names(lua_State *L, size_t read)
{
    struct vm *vm = vm_of(L);

    push_read_function(L, read, "names");
    push_snapshot(L, vm->root, PLAN_SECRET_ROOT);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    if (!lua_istable(L, -1))
        vm_kill(L, ERR_SCRIPT, NULL, "names: expected a list of texts, got %s",
                type_word(L, -1));
    keep_names(L);
}

struct names_call {
    size_t read;
    const char **names;
};

static int names_body(lua_State *L)
{
    struct names_call *call = lua_touserdata(L, 1);
    struct vm *vm = vm_of(L);
    size_t count;

    lua_settop(L, 0);
    sandbox_open(L);
    run_operator(L);
    push_read_function(L, call->read, "names");
    vm_enter(L, "names");
    lua_pop(L, 1);
    push_names(L, call->read);
    count = lua_rawlen(L, -1);
    call->names = arena_calloc(vm->arena, count + 1, sizeof *call->names);
    if (!call->names)
        return vm_kill_nomem(L);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        call->names[i] =
            vm_text(L, lua_tostring(L, -1), strlen(lua_tostring(L, -1)));
        lua_pop(L, 1);
    }
    return 0;
}

/* A call without a view: names and map see one object and nothing else. */
static int call_for(struct script *s, const struct snapshot *root,
                    struct arena *a, lua_CFunction body, void *arg,
                    struct err *err)
{
    struct vm vm;
    int rc = vm_open(&vm, s, err);

    vm.arena = a;
    vm.root = root;
    if (rc == 0)
        rc = vm_call(&vm, body, arg, err);
    vm_close(&vm);
    return rc;
}

int script_names(struct script *s, size_t read, const struct snapshot *root,
                 struct arena *a, const char ***ret_names, struct err *err)
{
    struct names_call call = {read, NULL};
    int rc = call_for(s, root, a, names_body, &call, err);

    if (rc == 0)
        *ret_names = call.names;
    return rc;
}

/* ---- map ---- */

struct map_call {
    size_t read;
    const struct snapshot *object;
    struct script_roots roots;
};

/* A root on the top of the stack: a name in the object's namespace, an object,
 * or { name =, namespace = }. */
static struct object_key top_key(lua_State *L, const struct snapshot *object)
{
    struct object_key key = {object->key.ns, NULL};
    int top = lua_gettop(L);

    if (lua_type(L, -1) == LUA_TSTRING) {
        key.name = lua_tostring(L, -1);
    } else if (lua_istable(L, -1)) {
        lua_pushliteral(L, "metadata");
        if (lua_rawget(L, top) != LUA_TTABLE)
            lua_settop(L, top);
        key.name = raw_text(L, -1, "name");
        if (raw_text(L, -1, "namespace"))
            key.ns = raw_text(L, -1, "namespace");
    }
    if (!key.name || !*key.name)
        vm_kill(L, ERR_SCRIPT, NULL,
                "map: expected a list of names, objects "
                "or { name =, namespace = }, got a %s in it",
                type_word(L, top));
    key.name = vm_text(L, key.name, strlen(key.name));
    key.ns = vm_text(L, key.ns, strlen(key.ns));
    lua_settop(L, top);
    return key;
}

static int map_body(lua_State *L)
{
    struct map_call *call = lua_touserdata(L, 1);
    struct vm *vm = vm_of(L);
    size_t count;

    lua_settop(L, 0);
    sandbox_open(L);
    run_operator(L);
    push_read_function(L, call->read, "map");
    vm_enter(L, "map");
    vm->kept = script_decl(vm->script)->reads[call->read].kept;
    push_snapshot(L, call->object, 0);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1))
        return 0;
    if (!lua_istable(L, -1))
        return vm_kill(L, ERR_SCRIPT, NULL,
                       "map: expected a list of roots, "
                       "got %s",
                       type_word(L, -1));
    count = lua_rawlen(L, -1);
    call->roots.keys =
        arena_calloc(vm->arena, count + 1, sizeof *call->roots.keys);
    if (!call->roots.keys)
        return vm_kill_nomem(L);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        call->roots.keys[i] = top_key(L, call->object);
        lua_pop(L, 1);
    }
    call->roots.count = count;
    return 0;
}

int script_map(struct script *s, size_t read, const struct snapshot *object,
               struct arena *a, struct script_roots *ret_roots, struct err *err)
{
    struct map_call call = {read, object, {NULL, 0}};
    int rc = call_for(s, NULL, a, map_body, &call, err);

    if (rc == 0)
        *ret_roots = call.roots;
    return rc;
}
