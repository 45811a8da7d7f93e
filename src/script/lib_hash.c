/*
 * lib_hash.c -- hashes and base64 for scripts.
 */
#include "base/hash.h"

#include "script/library.h"

/* The bytes of an argument, charged as being read once. */
static const char *check_bytes(lua_State *L, int arg, size_t *ret_len)
{
    const char *bytes = luaL_checklstring(L, arg, ret_len);

    vm_charge(L, 1 + *ret_len / LIBRARY_BYTES_PER_STEP);
    return bytes;
}

static int l_sha256(lua_State *L)
{
    char hex[HASH_HEX_SIZE];
    size_t len;
    const char *bytes = check_bytes(L, 1, &len);

    hash_sha256_hex(bytes, len, hex);
    lua_pushstring(L, hex);
    return 1;
}

static int l_hmac_sha256(lua_State *L)
{
    char hex[HASH_HEX_SIZE];
    size_t key_len, len;
    const char *key = check_bytes(L, 1, &key_len);
    const char *bytes = check_bytes(L, 2, &len);

    hash_hmac_sha256_hex(key, key_len, bytes, len, hex);
    lua_pushstring(L, hex);
    return 1;
}

const luaL_Reg library_hash[] = {
    {"hmac_sha256", l_hmac_sha256},
    {"sha256", l_sha256},
    {NULL, NULL},
};

/* ---- base64 ---- */

static int l_base64_encode(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    size_t len;
    const char *text = check_bytes(L, 1, &len);
    int rc;

    str_clear(&vm->text);
    rc = hash_base64_encode(text, len, &vm->text);
    return push_text_result(L, rc, "tidelock.base64", &err);
}

static int l_base64_decode(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    size_t len;
    const char *text = check_bytes(L, 1, &len);
    int rc;

    str_clear(&vm->text);
    rc = hash_base64_decode(text, len, &vm->text, &err);
    return push_text_result(L, rc, "tidelock.base64", &err);
}

const luaL_Reg library_base64[] = {
    {"decode", l_base64_decode},
    {"encode", l_base64_encode},
    {NULL, NULL},
};
