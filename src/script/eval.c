/*
 * eval.c -- see eval.h for the contract.
 *
 * DESIGN
 *
 * The file is a module of a script that has nothing else but the library. One
 * protected call makes the environment and the inputs, runs the file, calls
 * the function if one is asked for, and reads the results back, so every limit
 * of a job holds here too. The logs gather in a plan, which has their limits.
 */
#include "script/eval.h"

#include <stdio.h>
#include <string.h>

#include "script/compat.h"
#include "script/convert.h"
#include "script/module.h"
#include "script/sandbox.h"
#include "script/suggest.h"

#define MAIN "the file" /* no require() can mean it: it has a blank */
#define SUGGESTIONS 63

struct evaluation {
    const struct eval_call *call;
    struct eval_answer *answer;
};

/* ---- the function that is asked for ---- */

/* Names of the script's own functions in the table on the top of the stack;
 * they are borrowed while the state lives. */
static size_t gather_names(lua_State *L, const char **names, size_t count)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) == LUA_TSTRING && lua_isfunction(L, -1) &&
            !lua_iscfunction(L, -1) && count < SUGGESTIONS)
            names[count++] = lua_tostring(L, -2);
        lua_pop(L, 1);
    }
    return count;
}

static int RAISES no_function(lua_State *L, const struct eval_call *call,
                              int returned)
{
    const char *names[SUGGESTIONS + 1];
    size_t count;
    const char *near;

    lua_pushglobaltable(L);
    count = gather_names(L, names, 0);
    if (lua_istable(L, returned)) {
        lua_pushvalue(L, returned);
        count = gather_names(L, names, count);
    }
    names[count] = NULL;
    near = suggest(call->function, names);
    if (near)
        return vm_raise(L, NULL,
                        "%s: there is no function '%s', did you mean '%s'?",
                        call->file.name, call->function, near);
    return vm_raise(L,
                    "--call takes a global function, or one of the table that "
                    "the file returns",
                    "%s: there is no function '%s'", call->file.name,
                    call->function);
}

/* Push the function; `returned` is the stack place of what the file gave. */
static void push_function(lua_State *L, const struct eval_call *call,
                          int returned)
{
    lua_settop(L, returned);
    if (lua_getglobal(L, call->function) == LUA_TFUNCTION)
        return;
    lua_settop(L, returned);
    if (lua_istable(L, returned) &&
        lua_getfield(L, returned, call->function) == LUA_TFUNCTION)
        return;
    no_function(L, call, returned);
}

static void call_function(lua_State *L, const struct eval_call *call,
                          int returned)
{
    push_function(L, call, returned);
    vm_enter(L, call->function);
    vm_need_stack(L, (int)call->arg_count + 4);
    for (size_t i = 0; i < call->arg_count; i++)
        push_json(L, call->args[i].json, call->args[i].len, "an argument");
    lua_call(L, (int)call->arg_count, LUA_MULTRET);
}

/* ---- the answer ---- */

static void read_value(lua_State *L, int idx, const char *what,
                       struct value **ret)
{
    struct err err = {0};
    int rc;

    if (lua_isnil(L, idx)) {
        *ret = value_null(vm_of(L)->arena);
        if (!*ret)
            vm_kill_nomem(L);
        return;
    }
    rc = value_from_lua(L, idx, "", ret, &err);
    if (rc == -ERR_NOMEM)
        vm_kill_nomem(L);
    if (rc < 0)
        vm_kill_err(L, what, &err);
}

/* All values above `base`. */
static void read_values(lua_State *L, int base, struct evaluation *e)
{
    struct eval_answer *answer = e->answer;
    size_t count = (size_t)(lua_gettop(L) - base);

    answer->values =
        arena_calloc(vm_of(L)->arena, count + 1, sizeof *answer->values);
    if (!answer->values)
        vm_kill_nomem(L);
    for (size_t i = 0; i < count; i++) {
        char what[300];

        snprintf(what, sizeof what, "%.200s: returned value %zu",
                 e->call->file.name, i + 1);
        read_value(L, base + 1 + (int)i, what, &answer->values[i]);
    }
    answer->count = count;
}

/* ---- the call ---- */

static int eval_body(lua_State *L)
{
    struct evaluation *e = lua_touserdata(L, 1);
    const struct eval_call *call = e->call;
    int base = 0;

    lua_settop(L, 0);
    sandbox_open(L);
    compat_open(L);
    if (call->object.json) {
        push_json(L, call->object.json, call->object.len, "the object");
        lua_setglobal(L, call->global);
    }
    module_push(L, module_find(vm_of(L)->script, MAIN));
    vm_enter(L, "the main chunk");
    lua_call(L, 0, LUA_MULTRET);
    if (call->function) {
        lua_settop(L, 1); /* the first value the file returned, or nil */
        call_function(L, call, 1);
        base = 1;
    }
    read_values(L, base, e);
    return 0;
}

static int run(struct script *s, struct evaluation *e, struct arena *a,
               struct err *err)
{
    struct plan logs;
    struct vm vm;
    int rc = vm_open(&vm, s, err);

    plan_init(&logs, a);
    vm.plan = &logs;
    vm.arena = a;
    vm.compat = true;
    vm.now = e->call->now;
    if (rc == 0)
        rc = vm_call(&vm, eval_body, e, err);
    if (rc < 0)
        e->answer->stack = arena_strdup(a, vm.stack);
    if (!e->answer->stack)
        e->answer->stack = "";
    e->answer->logs = logs.logs;
    e->answer->log_count = logs.log_count;
    vm_close(&vm);
    return rc;
}

int script_eval(const struct eval_call *call,
                const struct script_limits *limits, struct arena *a,
                struct eval_answer *ret, struct err *err)
{
    struct evaluation e = {call, ret};
    struct script *s;
    int rc = script_new(limits, &s, err);

    *ret = (struct eval_answer){.stack = ""};
    if (rc < 0)
        return rc;
    rc = module_add(s, MAIN, &call->file, err);
    if (rc == 0)
        rc = run(s, &e, a, err);
    script_free(s);
    return rc;
}
