/*
 * lib_document.c -- JSON and YAML for scripts, through the strict readers.
 *
 * A text becomes a tree in the scratch arena, then tables: so duplicate keys,
 * numbers beyond a double and damaged UTF-8 are refused here as everywhere.
 */
#include "kube/yaml.h"
#include "script/convert.h"
#include "script/library.h"

static const char *check_document(lua_State *L, const char *what,
                                  size_t *ret_len)
{
    const char *text = luaL_checklstring(L, 1, ret_len);

    if (*ret_len > LIBRARY_MAX_TEXT)
        vm_raise(L, NULL, "%s: a text of more than 1 MiB", what);
    vm_charge(L, 1 + *ret_len / 4);
    arena_clear(&vm_of(L)->scratch);
    return text;
}

static void check_decoded(lua_State *L, int rc, const char *what,
                          const struct err *err)
{
    if (rc == -ERR_NOMEM)
        vm_kill_nomem(L);
    if (rc < 0)
        vm_raise(L, *err->hint ? err->hint : NULL, "%s: %s", what, err->msg);
}

/* ---- json ---- */

/* encode(value [, indented]) */
static int l_json_encode(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    bool pretty = lua_toboolean(L, 2);
    struct value *v;
    int rc;

    luaL_checkany(L, 1);
    v = scratch_value(L, 1, "json.encode");
    str_clear(&vm->text);
    rc = pretty ? value_print_pretty(v, &vm->text, &err)
                : value_print(v, &vm->text, &err);
    return push_text_result(L, rc, "json.encode", &err);
}

static int l_json_decode(lua_State *L)
{
    struct err err = {0};
    struct value *v = NULL;
    size_t len;
    const char *text = check_document(L, "json.decode", &len);
    int rc = value_parse(&vm_of(L)->scratch, text, len, &v, &err);

    check_decoded(L, rc, "json.decode", &err);
    push_value(L, v);
    return 1;
}

const luaL_Reg library_json[] = {
    {"decode", l_json_decode},
    {"encode", l_json_encode},
    {NULL, NULL},
};

/* ---- yaml ---- */

static int l_yaml_encode(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    struct value *v;
    int rc;

    luaL_checkany(L, 1);
    v = scratch_value(L, 1, "yaml.encode");
    str_clear(&vm->text);
    rc = value_print_yaml(v, 0, &vm->text, &err);
    return push_text_result(L, rc, "yaml.encode", &err);
}

/* decode_all(text): a list of the documents; empty ones are left out. */
static int l_yaml_decode_all(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    struct yaml_docs docs = {0};
    size_t len;
    const char *text = check_document(L, "yaml.decode", &len);
    int rc = yaml_parse(&vm->scratch, "text", text, len, &docs, &err);

    check_decoded(L, rc, "yaml.decode", &err);
    lua_createtable(L, (int)docs.count, 0);
    for (size_t i = 0; i < docs.count; i++) {
        push_value(L, docs.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

const luaL_Reg library_yaml[] = {
    {"decode_all", l_yaml_decode_all},
    {"encode", l_yaml_encode},
    {NULL, NULL},
};
