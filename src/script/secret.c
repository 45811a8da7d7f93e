/*
 * secret.c -- handles to values of Secrets (see convert.h and note 01).
 *
 * A handle knows where its value lies in the view; the bytes stay in the
 * snapshot. It can be compared, placed in a plan and checksummed; whatever
 * would turn it into text is an error that says so.
 */
#include <string.h>

#include "base/hash.h"
#include "script/convert.h"
#include "script/module.h"

#define SECRET_TYPE "secret"
#define SECRET_HINT                                                            \
    "place it as it is, compare it, or use handle:checksum(); an operator "    \
    "with reads_secret_values = true gets the values themselves"

struct secret {
    uint32_t id;
    uint32_t key_len;
    size_t len;
    const char *text; /* base64; in the snapshot, or behind the key */
    char key[];       /* NUL-terminated */
};

const struct secret *secret_at(lua_State *L, int idx)
{
    return luaL_testudata(L, idx, SECRET_TYPE);
}

static const struct secret *RAISES check_secret(lua_State *L, int idx)
{
    return luaL_checkudata(L, idx, SECRET_TYPE);
}

struct value *secret_value(struct arena *a, const struct secret *s)
{
    struct value *v = value_null(a);
    char *key = arena_strndup(a, s->key, s->key_len);

    if (!v || !key)
        return NULL;
    v->type = VALUE_SECRET;
    v->sensitive = true;
    v->as.secret.snapshot = s->id;
    v->as.secret.key = key;
    return v;
}

/* In a worker the text is the checksum already (frame_seal): it is as long as
 * one, and what is no base64 begins with '!', which is none either. */
static bool is_sealed(const struct vm *vm, const struct secret *s)
{
    return vm->script->sealed && s->len == HASH_HEX_SIZE - 1;
}

int secret_checksum(struct vm *vm, const struct secret *s, char out[65],
                    struct err *err)
{
    const char *uid = vm->root ? vm->root->uid : "";
    int rc;

    if (is_sealed(vm, s)) {
        memcpy(out, s->text, s->len);
        out[s->len] = '\0';
        return 0;
    }
    str_clear(&vm->text);
    rc = hash_base64_decode(s->text, s->len, &vm->text, err);
    if (rc == 0)
        hash_hmac_sha256_hex(uid, strlen(uid), str_text(&vm->text),
                             vm->text.len, out);
    if (vm->text.len)
        memset(vm->text.data, 0, vm->text.len);
    str_clear(&vm->text);
    return rc;
}

/* ---- what a script can do with a handle ---- */

/* Takes as long for any two texts of one length. */
static int l_secret_eq(lua_State *L)
{
    const struct secret *a = check_secret(L, 1), *b = check_secret(L, 2);
    volatile unsigned char differ = a->len != b->len;
    size_t len = a->len < b->len ? a->len : b->len;

    vm_charge(L, 1 + len / 16);
    for (size_t i = 0; i < len; i++)
        differ = (unsigned char)(differ | ((unsigned char)a->text[i] ^
                                           (unsigned char)b->text[i]));
    lua_pushboolean(L, !differ);
    return 1;
}

static int l_secret_checksum(lua_State *L)
{
    const struct secret *s = check_secret(L, 1);
    struct err err = {0};
    char hex[HASH_HEX_SIZE];

    vm_charge(L, 1 + s->len / 16);
    if (secret_checksum(vm_of(L), s, hex, &err) < 0)
        return vm_kill_err(L, "secret:checksum", &err);
    lua_pushstring(L, hex);
    return 1;
}

static int l_secret_index(lua_State *L)
{
    if (strcmp(luaL_tolstring(L, 2, NULL), "checksum") == 0) {
        lua_pushcfunction(L, l_secret_checksum);
        return 1;
    }
    return vm_raise(L, SECRET_HINT,
                    "a secret value has no field or method "
                    "'%s': scripts see handles, not bytes",
                    lua_tostring(L, -1));
}

static int l_secret_refuse(lua_State *L)
{
    return vm_raise(L, SECRET_HINT,
                    "a secret value cannot be turned into "
                    "text: scripts see handles, not bytes");
}

static void set_metatable(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"__eq", l_secret_eq},         {"__index", l_secret_index},
        {"__concat", l_secret_refuse}, {"__tostring", l_secret_refuse},
        {"__len", l_secret_refuse},    {"__lt", l_secret_refuse},
        {"__le", l_secret_refuse},     {"__newindex", l_secret_refuse},
        {"__call", l_secret_refuse},   {NULL, NULL},
    };

    if (luaL_newmetatable(L, SECRET_TYPE))
        luaL_setfuncs(L, methods, 0);
    lua_setmetatable(L, -2);
}

/* The snapshot outlives the job, so its own text can be pointed at; one that was
 * opened, or put together because of escapes, must be copied. */
void push_secret(lua_State *L, const struct snapshot *s, uint32_t id,
                 const char *key)
{
    const struct json_reader *r = &vm_of(L)->reader;
    const char *text = r->string;
    size_t len = r->string_len;
    size_t key_len = strlen(key);
    const char *own = snapshot_plain(s);
    bool borrowed = own && text >= own && text + len <= own + s->text_len;
    struct secret *h =
        lua_newuserdatauv(L, sizeof *h + key_len + 1 + (borrowed ? 0 : len), 0);

    h->id = id;
    h->key_len = (uint32_t)key_len;
    memcpy(h->key, key, key_len + 1);
    h->text = text;
    h->len = len;
    if (!borrowed) {
        memcpy(h->key + key_len + 1, text, len);
        h->text = h->key + key_len + 1;
    }
    set_metatable(L);
}
