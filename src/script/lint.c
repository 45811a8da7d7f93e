/*
 * lint.c -- see include/script/lint.h.
 *
 * DESIGN
 *
 * A vm with wide limits, so that a text made to be slow ends like a script
 * does, and its own `require`: modules are the texts that were handed in and
 * those of src/script/lint/, nothing else exists. The passes get the operator's
 * files and what is known of the world as plain tables and give a table back.
 */
#include "script/lint.h"

#include <lualib.h>

#include <string.h>

#include "base/embed.h"
#include "script/convert.h"
#include "script/module.h"
#include "script/sandbox.h"
#include "script/suggest.h"

#define MAIN "lint"

/* A megabyte of source takes a tenth of it. */
static const struct script_limits limits = {
    .instructions = 20000000000u,
    .cpu_ms = 60000,
    .memory_soft = 512u << 20,
    .memory_hard = 1024u << 20,
};

struct lint_call {
    const struct lint_input *in;
    struct value *result;
};

/* ---- modules ---- */

/* "luacheck.stages" is luacheck/stages.lua or luacheck/stages/init.lua. */
static bool is_file_of(const char *file, const char *module)
{
    for (; *module && *file; module++, file++)
        if (*module != *file && !(*module == '.' && *file == '/'))
            return false;
    return !*module &&
           (strcmp(file, ".lua") == 0 || strcmp(file, "/init.lua") == 0);
}

static bool find_module(const struct lint_input *in, const char *name,
                        struct script_file *ret)
{
    for (size_t i = 0; embed_lint_files[i].name; i++)
        if (strcmp(embed_lint_files[i].name, name) == 0) {
            *ret = (struct script_file){name,
                                        embed_text(&embed_lint_files[i]),
                                        embed_lint_files[i].len};
            return true;
        }
    for (size_t i = 0; i < in->luacheck_count; i++)
        if (is_file_of(in->luacheck[i].name, name)) {
            *ret = in->luacheck[i];
            return true;
        }
    return false;
}

/* Each module once: its result is kept in the table that is the upvalue. */
static int RAISES l_lint_require(lua_State *L)
{
    const struct lint_call *call = lua_touserdata(L, lua_upvalueindex(2));
    const char *name = luaL_checkstring(L, 1);
    struct script_file file;

    if (lua_getfield(L, lua_upvalueindex(1), name) != LUA_TNIL)
        return 1;
    if (!find_module(call->in, name, &file))
        return vm_kill(L, ERR_CONFIG,
                       "tidelock knows luacheck 1.1 and 1.2: Debian's "
                       "package lua-check",
                       "luacheck has no module '%s'", name);
    lua_pushfstring(L, "@tidelock/%s", name);
    if (luaL_loadbufferx(L, file.text, file.len, lua_tostring(L, -1), "t") !=
        LUA_OK)
        return lua_error(L);
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), name);
    return 1;
}

/* near(word, list): the one that was meant, or nil. */
static int RAISES l_near(lua_State *L)
{
    const char *list[512];
    size_t count = 0;

    luaL_checktype(L, 2, LUA_TTABLE);
    for (; count < 511; count++) {
        lua_rawgeti(L, 2, (lua_Integer)count + 1);
        list[count] = lua_tostring(L, -1); /* the table holds it */
        lua_pop(L, 1);
        if (!list[count])
            break;
    }
    list[count] = NULL;
    lua_pushstring(L, suggest(luaL_checkstring(L, 1), list));
    return 1;
}

/* ---- the state ---- */

static void RAISES open_library(lua_State *L, const char *name,
                                lua_CFunction open)
{
    lua_pushcfunction(L, open);
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
    lua_setglobal(L, name);
}

/* luacheck asks package.config for the separator of paths, and debug for
 * metatables. */
static void RAISES open_libraries(lua_State *L, struct lint_call *call)
{
    convert_open(L);
    open_library(L, "_G", luaopen_base);
    open_library(L, "string", luaopen_string);
    open_library(L, "table", luaopen_table);
    open_library(L, "math", luaopen_math);
    open_library(L, "utf8", luaopen_utf8);
    open_library(L, "debug", luaopen_debug);
    lua_newtable(L);
    lua_pushliteral(L, "/\n;\n?\n!\n-\n");
    lua_setfield(L, -2, "config");
    lua_setglobal(L, "package");
    lua_newtable(L);
    lua_pushlightuserdata(L, call);
    lua_pushcclosure(L, l_lint_require, 2);
    lua_setglobal(L, "require");
}

/* { { name =, text = }, ... } */
static void RAISES push_files(lua_State *L, const struct lint_input *in)
{
    lua_Integer n = 0;

    lua_newtable(L);
    for (size_t i = 0; i < in->count; i++) {
        if (!text_ends(in->files[i].name, ".lua"))
            continue;
        lua_newtable(L);
        lua_pushstring(L, in->files[i].name);
        lua_setfield(L, -2, "name");
        lua_pushlstring(L, in->files[i].text, in->files[i].len);
        lua_setfield(L, -2, "text");
        lua_rawseti(L, -2, ++n);
    }
}

static void RAISES push_fact(lua_State *L, const struct value *v,
                             const char *field)
{
    if (!v)
        return;
    push_value(L, v);
    lua_setfield(L, -2, field);
}

static int lint_body(lua_State *L)
{
    struct lint_call *call = lua_touserdata(L, 1);
    struct err err = {0};

    lua_settop(L, 0);
    open_libraries(L, call);
    lua_getglobal(L, "require");
    lua_pushliteral(L, MAIN);
    lua_call(L, 1, 1);
    push_files(L, call->in);
    lua_newtable(L);
    push_fact(L, call->in->environment, "environment");
    push_fact(L, call->in->declared, "declared");
    lua_pushcfunction(L, l_near);
    lua_setfield(L, -2, "near");
    lua_call(L, 2, 1);
    if (value_from_lua(L, -1, "", &call->result, &err) < 0)
        return vm_kill_err(L, "what was found", &err);
    return 0;
}

int lint_run(struct arena *a, const struct lint_input *in, struct value **ret,
             struct err *err)
{
    struct script none = {.limits = limits};
    struct lint_call call = {.in = in};
    struct vm vm;
    int rc = vm_open(&vm, &none, err);

    vm.arena = a;
    if (rc == 0)
        rc = vm_call(&vm, lint_body, &call, err);
    vm_close(&vm);
    pool_free_spare(none.spare);
    if (rc == 0)
        *ret = call.result;
    return rc;
}

/* ---- the declaration ---- */

static const char *kind_text(struct arena *a, const struct gvk *gvk)
{
    return arena_printf(a, "%s %s", gvk->api_version, gvk->kind);
}

/* { "apps/v1 Deployment": "owned" | "retired" | "read" | "map" } by kind; a
 * kind that is owned and read is owned. */
static int add_kinds(struct arena *a, const struct operator_decl *d,
                     struct value *out)
{
    struct value *reads = value_make(a, out, "reads");
    struct value *owns = value_make(a, out, "owns");
    int rc = reads && owns ? 0 : -ERR_NOMEM;

    for (size_t i = 0; i < d->reads_count && rc == 0; i++) {
        const char *name = kind_text(a, &d->reads[i].gvk);

        rc = name ? value_set(
                        a, reads, name,
                        value_string(a, d->reads[i].has_map ? "map" : "read"))
                  : -ERR_NOMEM;
    }
    for (size_t i = 0; i < d->owns_count && rc == 0; i++) {
        const char *name = kind_text(a, &d->owns[i].gvk);

        rc = name ? value_set(a, owns, name,
                              value_string(a, d->owns[i].retired ? "retired"
                                                                 : "owned"))
                  : -ERR_NOMEM;
    }
    return rc;
}

int lint_declared(struct arena *a, const struct operator_decl *d,
                  struct value **ret, struct err *err)
{
    struct value *out = value_object(a);
    struct value *parameters = out ? value_make(a, out, "parameters") : NULL;
    struct value *memory = value_array(a);
    const char *root = kind_text(a, &d->root);
    int rc = parameters && memory && root ? add_kinds(a, d, out) : -ERR_NOMEM;

    for (size_t i = 0; i < d->parameters_count && rc == 0; i++)
        rc = value_set(a, parameters, d->parameters[i].name,
                       value_string(a, d->parameters[i].type));
    for (size_t i = 0; i < d->memory_count && rc == 0; i++)
        rc = value_append(a, memory, value_string(a, d->memory[i]));
    if (rc < 0 || value_set(a, out, "memory", memory) < 0 ||
        value_set(a, out, "root", value_string(a, root)) < 0)
        return err_nomem(err);
    *ret = out;
    return 0;
}
