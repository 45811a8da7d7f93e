/*
 * args.c -- arguments of verbs, and the messages when they are wrong.
 */
#include <stdio.h>
#include <string.h>

#include "script/api.h"
#include "script/convert.h"
#include "script/suggest.h"

#define REF_HINT                                                               \
    "a reference is an object, or { apiVersion, kind, name [, "                \
    "namespace] }"
#define LEAD_SIZE 300

/* Mistakes in a declaration and in a plan have their own codes. */
static enum err_code code_of(lua_State *L)
{
    return vm_of(L)->declaring ? ERR_SCRIPT : ERR_PLAN;
}

const char *type_word(lua_State *L, int idx)
{
    switch (lua_type(L, idx)) {
    case LUA_TNONE:
        return "nil";
    case LUA_TLIGHTUSERDATA:
        return "null";
    case LUA_TUSERDATA:
        return secret_at(L, idx) ? "a secret value" : "userdata";
    default:
        return luaL_typename(L, idx);
    }
}

/* Raw: arguments are data, and data runs no metamethod. The text stays valid
 * after the pop because the table still holds it. */
const char *raw_text(lua_State *L, int idx, const char *key)
{
    const char *text = NULL;

    idx = lua_absindex(L, idx);
    lua_pushstring(L, key);
    if (lua_rawget(L, idx) == LUA_TSTRING)
        text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return text;
}

/* Texts of verbs end up in C strings and in JSON, so neither NUL nor bytes that
 * are not UTF-8 may come through. */
const char *check_text(lua_State *L, int idx, const char *verb,
                       const char *name)
{
    size_t len;
    const char *text;

    if (lua_type(L, idx) != LUA_TSTRING)
        vm_kill(L, ERR_PLAN, NULL, "%s: %s: expected a text, got %s", verb,
                name, type_word(L, idx));
    text = lua_tolstring(L, idx, &len);
    if (!text_is_utf8(text, len) || strlen(text) != len)
        vm_kill(L, ERR_PLAN, NULL, "%s: %s: the text is not valid UTF-8", verb,
                name);
    return vm_text(L, text, len);
}

/* The key on the top of the stack is one that may be there. */
static bool is_known_key(lua_State *L, const char *const *names,
                         lua_Integer positional)
{
    if (lua_isinteger(L, -1))
        return lua_tointeger(L, -1) > 0 && lua_tointeger(L, -1) <= positional;
    for (; lua_type(L, -1) == LUA_TSTRING && *names; names++)
        if (strcmp(lua_tostring(L, -1), *names) == 0)
            return true;
    return false;
}

void check_fields(lua_State *L, int idx, const char *what,
                  const char *const *names, lua_Integer positional)
{
    const char *wrong = NULL;
    char lead[LEAD_SIZE];

    lua_pushnil(L);
    while (lua_next(L, idx)) {
        const char *name;

        lua_pop(L, 1);
        if (is_known_key(L, names, positional))
            continue;
        if (lua_type(L, -1) != LUA_TSTRING)
            vm_kill(L, code_of(L), NULL,
                    "%s: there is a list item too many, "
                    "or a key that is no text",
                    what);
        name = lua_tostring(L, -1);
        if (!wrong || strcmp(name, wrong) < 0)
            wrong = name; /* the first by its bytes: the same in every run */
    }
    if (!wrong)
        return;
    snprintf(lead, sizeof lead, "%s: there is no field", what);
    kill_unknown(L, lead, "fields", wrong, names);
}

bool check_options(lua_State *L, int idx, const char *verb,
                   const char *const *names)
{
    char what[LEAD_SIZE];

    if (lua_isnoneornil(L, idx))
        return false;
    snprintf(what, sizeof what, "%s: options", verb);
    if (!lua_istable(L, idx))
        vm_kill(L, ERR_PLAN, NULL, "%s: expected a table, got %s", what,
                type_word(L, idx));
    check_fields(L, idx, what, names, 0);
    return true;
}

int kill_unknown(lua_State *L, const char *lead, const char *plural,
                 const char *name, const char *const *list)
{
    const char *near = suggest(name, list);
    struct vm *vm = vm_of(L);

    str_clear(&vm->text);
    str_addf(&vm->text, "%s: ", plural);
    suggest_list(&vm->text, list);
    if (near)
        return vm_kill(L, code_of(L), str_text(&vm->text),
                       "%s '%s', did you "
                       "mean '%s'?",
                       lead, name, near);
    return vm_kill(L, code_of(L), *list ? str_text(&vm->text) : NULL, "%s '%s'",
                   lead, name);
}

/* ---- references ---- */

static const char *copy_text(lua_State *L, const char *text)
{
    return text ? vm_text(L, text, strlen(text)) : NULL;
}

static const char *item_text(lua_State *L, int idx, int i)
{
    const char *text = NULL;

    if (lua_rawgeti(L, idx, i) == LUA_TSTRING)
        text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return copy_text(L, text);
}

/* Missing parts stay NULL; check_ref() says which one. */
static void ref_from_object(lua_State *L, int idx, struct object_ref *ref)
{
    ref->gvk.api_version = copy_text(L, raw_text(L, idx, "apiVersion"));
    ref->gvk.kind = copy_text(L, raw_text(L, idx, "kind"));
    lua_pushliteral(L, "metadata");
    if (lua_rawget(L, idx) == LUA_TTABLE) {
        ref->key.name = copy_text(L, raw_text(L, -1, "name"));
        ref->key.ns = copy_text(L, raw_text(L, -1, "namespace"));
    }
    lua_pop(L, 1);
}

static void ref_from_list(lua_State *L, int idx, struct object_ref *ref)
{
    ref->gvk.api_version = item_text(L, idx, 1);
    ref->gvk.kind = item_text(L, idx, 2);
    ref->key.name = item_text(L, idx, 3);
    ref->key.ns = item_text(L, idx, 4);
}

struct object_ref check_ref(lua_State *L, int idx, const char *verb)
{
    struct object_ref ref = {{NULL, NULL}, {NULL, NULL}};
    const char *missing = NULL;

    idx = lua_absindex(L, idx);
    if (!lua_istable(L, idx))
        vm_kill(L, ERR_PLAN, REF_HINT, "%s: expected a reference, got %s", verb,
                type_word(L, idx));
    thaw(L, idx);
    if (lua_rawlen(L, idx) > 0)
        ref_from_list(L, idx, &ref);
    else
        ref_from_object(L, idx, &ref);
    if (!ref.gvk.api_version)
        missing = "apiVersion";
    else if (!ref.gvk.kind)
        missing = "kind";
    else if (!ref.key.name || !*ref.key.name)
        missing = "name";
    if (missing)
        vm_kill(L, ERR_PLAN, REF_HINT, "%s: the reference has no %s", verb,
                missing);
    if (!ref.key.ns)
        ref.key.ns = "";
    return ref;
}

/* ---- undeclared kinds ---- */

/* The apiVersion under which the kind is declared, or NULL. */
static const char *other_version(const struct operator_decl *d,
                                 const char *kind)
{
    for (size_t i = 0; i < d->owns_count; i++)
        if (text_equal(d->owns[i].gvk.kind, kind))
            return d->owns[i].gvk.api_version;
    for (size_t i = 0; i < d->reads_count; i++)
        if (text_equal(d->reads[i].gvk.kind, kind))
            return d->reads[i].gvk.api_version;
    return NULL;
}

int kill_undeclared(lua_State *L, const char *verb, const struct gvk *gvk,
                    const char *where)
{
    const struct operator_decl *d = script_decl(vm_of(L)->script);
    const char *other = other_version(d, gvk->kind);
    char hint[200];

    if (other && !text_equal(other, gvk->api_version))
        snprintf(hint, sizeof hint, "declared is { \"%s\", \"%s\" }", other,
                 gvk->kind);
    else
        snprintf(hint, sizeof hint, "add { \"%s\", \"%s\" } to %s",
                 gvk->api_version, gvk->kind, where);
    return vm_kill(L, ERR_PLAN, hint, "%s: %s %s is not declared", verb,
                   gvk->api_version, gvk->kind);
}
