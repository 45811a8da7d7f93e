/*
 * module.c -- compile sources once, load the bytecode for each job.
 *
 * The compiler is a C call that no hook interrupts, and it is quadratic for
 * some inputs. So sources are small and the reader hands out READ_CHUNK bytes
 * at a time and charges them (note 07 B5.3).
 */
#include "script/module.h"

#include <string.h>

#include "base/mem.h"
#include "script/compat.h"
#include "script/library.h"
#include "script/sandbox.h"
#include "script/suggest.h"

#define READ_CHUNK 512

struct source {
    struct script *script;
    const char *name;
    const struct script_file *file;
    size_t pos;
};

/* ---- compiling ---- */

static const char *read_source(lua_State *L, void *ud, size_t *ret_size)
{
    struct source *src = ud;
    const char *at = src->file->text + src->pos;
    size_t left = src->file->len - src->pos;

    vm_charge(L, READ_CHUNK);
    *ret_size = left < READ_CHUNK ? left : READ_CHUNK;
    src->pos += *ret_size;
    return at;
}

static int write_code(lua_State *L, const void *data, size_t size, void *ud)
{
    (void)L;
    return str_addn(ud, data, size);
}

/* A first line that starts with '#' is for the shell; keep the line number. */
static void skip_shebang(struct source *src)
{
    const char *text = src->file->text;

    if (src->file->len == 0 || text[0] != '#')
        return;
    while (src->pos < src->file->len && text[src->pos] != '\n')
        src->pos++;
}

/* Attached before it is filled: what raises after this loses nothing. */
static struct module *attach_module(struct script *s, const char *name)
{
    void *items = s->modules;
    struct module *m;

    if (mem_grow(&items, &s->cap, s->count + 1, sizeof *m) < 0)
        return NULL;
    s->modules = items;
    m = &s->modules[s->count];
    memset(m, 0, sizeof *m);
    m->name = mem_strdup(name);
    if (!m->name)
        return NULL;
    s->count++;
    return m;
}

static int compile_body(lua_State *L)
{
    struct source *src = lua_touserdata(L, 1);
    struct module *m;

    lua_pushfstring(L, "@%s", src->file->name);
    skip_shebang(src);
    if (lua_load(L, read_source, src, lua_tostring(L, -1), "t") != LUA_OK)
        return lua_error(L);
    m = attach_module(src->script, src->name);
    if (!m || lua_dump(L, write_code, &m->code, 0) != 0)
        return vm_kill_nomem(L);
    return 0;
}

static int check_source(const struct script_file *file, struct err *err)
{
    if (file->len > SOURCE_MAX_FILE) {
        err_set(err, ERR_LIMIT,
                "%s: %zu bytes of source, at most %u are "
                "allowed",
                file->name, file->len, SOURCE_MAX_FILE);
        return err_hint(err, "split it into modules and require them");
    }
    if (file->len > 0 && file->text[0] == LUA_SIGNATURE[0])
        return err_set(err, ERR_SCRIPT, "%s: compiled Lua is not accepted",
                       file->name);
    if (file->len > 2 && memcmp(file->text, "\xEF\xBB\xBF", 3) == 0)
        return err_set(err, ERR_SCRIPT,
                       "%s: begins with a byte order mark: "
                       "save it as UTF-8 without one",
                       file->name);
    return 0;
}

int module_add(struct script *s, const char *name,
               const struct script_file *file, struct err *err)
{
    struct source src = {s, name, file, 0};
    struct vm vm;
    int rc = check_source(file, err);

    if (rc < 0)
        return rc;
    rc = vm_open(&vm, s, err);
    if (rc == 0)
        rc = vm_call(&vm, compile_body, &src, err);
    /* no line of the file is at fault then */
    if (rc < 0 && rc != -ERR_NOMEM && !strstr(err->msg, file->name))
        err_wrap(err, "cannot compile '%s'", file->name);
    vm_close(&vm);
    return rc;
}

/* ---- loading ---- */

const struct module *module_find(const struct script *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->modules[i].name, name) == 0)
            return &s->modules[i];
    return NULL;
}

static const char *read_code(lua_State *L, void *ud, size_t *ret_size)
{
    const struct module **left = ud;
    const struct module *m = *left;

    (void)L;
    *left = NULL;
    *ret_size = m ? m->code.len : 0;
    return m ? m->code.data : NULL;
}

void module_push(lua_State *L, const struct module *m)
{
    const struct module *left = m;

    if (lua_load(L, read_code, &left, m->name, "b") != LUA_OK)
        lua_error(L);
}

/* ---- require ---- */

/* Registry: results by name; key_loaded itself stands for "still running". */
static const char key_loaded;

static int RAISES no_module(lua_State *L, const char *name)
{
    const struct script *s = vm_of(L)->script;
    const char *names[64];
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < s->count && n < 63; i++)
        if (strcmp(s->modules[i].name, "operator") != 0 &&
            !text_starts(s->modules[i].name, SCRIPT_OVERLAY))
            names[n++] = s->modules[i].name;
    names[n] = NULL;
    near = suggest(name, names);
    if (near)
        return vm_raise(L, NULL,
                        "require: there is no module '%s', did you "
                        "mean '%s'?",
                        name, near);
    return vm_raise(L,
                    "modules are the operator's own files, \"lib.ports\" "
                    "for lib/ports.lua, and tidelock.*",
                    "require: there is no module '%s'", name);
}

static int RAISES no_library(lua_State *L, const char *name)
{
    return vm_raise(L, "os, kube, string, table, math, utf8 and tidelock.*",
                    "require: there is no module '%s'", name);
}

static void push_loaded_table(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_loaded) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_loaded);
}

/* Modules get their name as the argument, as with the stock require; those of
 * the library are also handed what only the host can do. */
static void RAISES run_module(lua_State *L, const struct module *m, int loaded)
{
    lua_pushlightuserdata(L, (void *)&key_loaded);
    lua_setfield(L, loaded, m->name);
    module_push(L, m);
    lua_pushstring(L, m->name);
    push_host(L, m->name);
    lua_call(L, 2, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, loaded, m->name);
}

/* The module that `name` means; NULL when it is a library of the compat
 * profile, which is then on the stack. */
static const struct module *RAISES find_module(lua_State *L, const char *name)
{
    const struct module *m;
    const char *meant = name;

    if (vm_of(L)->compat && !compat_require(L, name, &meant))
        no_library(L, name);
    if (!meant)
        return NULL;
    m = module_find(vm_of(L)->script, meant);
    if (!m || strcmp(name, "operator") == 0 ||
        text_starts(name, SCRIPT_OVERLAY))
        no_module(L, name);
    return m;
}

int l_require(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const struct module *m;

    lua_settop(L, 1);
    m = find_module(L, name);
    if (!m)
        return 1;
    push_loaded_table(L);
    if (lua_getfield(L, 2, m->name) == LUA_TNIL) {
        lua_pop(L, 1);
        run_module(L, m, 2);
    } else if (lua_touserdata(L, -1) == &key_loaded) {
        return vm_raise(L, "move what both need into a third module",
                        "require: '%s' is being loaded already: the modules "
                        "require each other",
                        name);
    }
    return 1;
}
