/*
 * spec.c -- see spec.h for the contract.
 *
 * DESIGN
 *
 * An ordinary Lua state with the stock libraries, closed at the end so that
 * files and whatever C modules opened are closed too. It has a `struct vm`
 * without limits beside it, because the conversion of values (convert.h) and
 * the library's functions find their arena and scratch there. No job ever runs
 * in this state.
 *
 * Embedded modules (lua/tidelock) are found before package.path is: specs get
 * the library of the program that runs them.
 */
#include "script/spec.h"

#include <lualib.h>

#include <string.h>

#include "base/embed.h"
#include "base/mem.h"
#include "script/convert.h"
#include "script/module.h"
#include "script/sandbox.h"

#define MAIN "tidelock.testing.main"
/* A traceback has to fit into a message with what went wrong. */
#define TRACE_LEVEL 1

struct spec {
    struct vm vm;
    struct script *nobody; /* declares nothing, but has the library */
    const struct spec_host *host;
    struct arena arena; /* one question and its answer */
    const char *main;
    const struct value *options;
    struct arena *result_arena;
    struct value *result;
};

static struct spec *spec_of(lua_State *L)
{
    return (struct spec *)vm_of(L); /* vm is its first member */
}

/* ---- memory ---- */

static void *spec_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    (void)ud;
    (void)osize;
    if (nsize == 0) {
        mem_free(ptr);
        return NULL;
    }
    return mem_realloc(ptr, nsize);
}

/* ---- questions ---- */

/* An error value of its own would lose file and line of the spec; a text has
 * them, and the hint follows on a line of its own. */
static int RAISES raise_answer(lua_State *L, const struct err *err)
{
    luaL_where(L, 1);
    if (*err->hint)
        lua_pushfstring(L, "%s\n  hint: %s", err->msg, err->hint);
    else
        lua_pushstring(L, err->msg);
    lua_concat(L, 2);
    return lua_error(L);
}

/* ask(question [, given]) */
static int l_ask(lua_State *L)
{
    struct spec *s = spec_of(L);
    const char *question = luaL_checkstring(L, 1);
    struct value *given = NULL, *answer = NULL;
    struct err err = {0};
    int rc = 0;

    arena_clear(&s->arena);
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        rc = value_from_lua(L, 2, "", &given, &err);
    }
    if (rc == 0)
        rc = s->host->answer(s->host->arg, question, given, &s->arena, &answer,
                             &err);
    if (rc < 0)
        return raise_answer(L, &err);
    if (answer)
        push_value(L, answer);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- embedded modules ---- */

static const struct embed_file *find_testing(const char *name)
{
    for (const struct embed_file *f = embed_testing_files; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

/* Loaders: called by `require` with the name and where it was found. */
static int l_load_testing(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct embed_file *f = find_testing(name);

    if (!f)
        return luaL_error(L, "there is no module '%s'", name);
    lua_pushfstring(L, "@%s", name);
    if (luaL_loadbufferx(L, embed_text(f), f->len, lua_tostring(L, -1),
                         "t") != LUA_OK)
        return lua_error(L);
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
    return 1;
}

static int l_load_library(lua_State *L)
{
    lua_settop(L, 1);
    return l_require(L);
}

/* The first searcher of `require`. */
static int l_search_embedded(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);

    if (find_testing(name))
        lua_pushcfunction(L, l_load_testing);
    else if (module_find(vm_of(L)->script, name))
        lua_pushcfunction(L, l_load_library);
    else {
        lua_pushfstring(L, "no embedded module '%s'", name);
        return 1;
    }
    lua_pushliteral(L, "embedded");
    return 2;
}

static void add_searcher(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i > 0; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushcfunction(L, l_search_embedded);
    lua_rawseti(L, -2, 1);
    lua_pop(L, 2);
}

/* ---- the run ---- */

static void open_state(lua_State *L)
{
    luaL_openlibs(L);
    convert_open(L);
    add_searcher(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_pushcfunction(L, l_ask);
    lua_setfield(L, -2, "tidelock.testing.ask");
    lua_pop(L, 1);
    push_log_library(L);
    lua_setglobal(L, "log");
}

static int run_body(lua_State *L)
{
    struct spec *s = lua_touserdata(L, 1);
    struct err err = {0};

    open_state(L);
    lua_getglobal(L, "require");
    lua_pushstring(L, s->main);
    lua_call(L, 1, 1);
    push_value(L, s->options);
    lua_call(L, 1, 1);
    arena_clear(&s->arena);
    if (value_from_lua(L, -1, "", &s->result, &err) < 0)
        return luaL_error(L, "%s", err.msg);
    s->result = value_copy(s->result_arena, s->result);
    return s->result ? 0 : luaL_error(L, "out of memory");
}

static int add_traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), TRACE_LEVEL);
    return 1;
}

static int run(struct spec *s, struct err *err)
{
    lua_State *L = s->vm.L;
    int status;

    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, run_body);
    lua_pushlightuserdata(L, s);
    status = lua_pcall(L, 1, 0, 1);
    if (status == LUA_ERRMEM)
        return err_nomem(err);
    if (status != LUA_OK)
        return err_set(err, ERR_SCRIPT, "%s",
                       lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                      : "the specs failed");
    return 0;
}

static void use_no_limits(struct vm *vm)
{
    vm->limits = (struct script_limits){.instructions = UINT64_MAX,
                                        .cpu_ms = UINT64_MAX,
                                        .memory_soft = SIZE_MAX,
                                        .memory_hard = SIZE_MAX};
    vm->deadline_ms = UINT64_MAX;
    vm->roomy = true;
}

/* The limits of a job do not count here, so it is not vm_open()ed. */
static int open_vm(struct spec *s, struct err *err)
{
    int rc = script_new(NULL, &s->nobody, err);

    if (rc < 0)
        return rc;
    s->vm.script = s->nobody;
    s->vm.arena = &s->arena;
    use_no_limits(&s->vm);
    s->vm.L = lua_newstate(spec_alloc, NULL);
    if (!s->vm.L)
        return err_nomem(err);
    *(struct vm **)lua_getextraspace(s->vm.L) = &s->vm;
    return 0;
}

static void release(struct spec *s)
{
    if (s->vm.L)
        lua_close(s->vm.L);
    json_reader_release(&s->vm.reader);
    str_release(&s->vm.text);
    arena_release(&s->vm.scratch);
    arena_release(&s->arena);
    script_free(s->nobody);
}

int spec_run(const struct spec_host *host, const char *name,
             const struct value *options, struct arena *a, struct value **ret,
             struct err *err)
{
    struct spec s = {
        .host = host,
        .main = name ? name : MAIN,
        .options = options,
        .result_arena = a,
    };
    int rc = open_vm(&s, err);

    if (rc == 0)
        rc = run(&s, err);
    release(&s);
    if (rc == 0)
        *ret = s.result;
    return rc;
}
