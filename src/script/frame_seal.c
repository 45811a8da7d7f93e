/*
 * frame_seal.c -- the text of an object as a worker may see it.
 */
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "script/frame.h"

static bool is_secret(const struct snapshot *s)
{
    return strcmp(s->kind, "Secret") == 0 && strcmp(s->api_version, "v1") == 0;
}

/* The checksum that the script's handle:checksum() gives, or a mark that the
 * text is no base64. */
static struct value *seal_text(struct arena *a, const struct value *v,
                               const char *uid)
{
    struct str bytes = {0};
    char sealed[1 + HASH_HEX_SIZE] = "!";
    int rc = hash_base64_decode(v->as.string, v->count, &bytes, NULL);

    if (rc == 0)
        hash_hmac_sha256_hex(uid, strlen(uid), str_text(&bytes), bytes.len,
                             sealed);
    else
        hash_hmac_sha256_hex(uid, strlen(uid), v->as.string, v->count,
                             sealed + 1);
    if (bytes.data)
        memset(bytes.data, 0, bytes.len);
    str_release(&bytes);
    return rc == -ERR_NOMEM ? NULL : value_string(a, sealed);
}

static int seal_section(struct arena *a, struct value *object, const char *name,
                        const char *uid)
{
    struct value *data = value_get(object, name);

    for (uint32_t i = 0; value_is(data, VALUE_OBJECT) && i < data->count; i++) {
        struct value_member *m = &data->as.members[i];

        if (!value_is(m->value, VALUE_STRING))
            continue;
        m->value = seal_text(a, m->value, uid);
        if (!m->value)
            return -ERR_NOMEM;
    }
    return 0;
}

static int seal_tree(struct arena *a, struct value *object, const char *uid)
{
    static const char *const last_applied =
        "kubectl.kubernetes.io/last-applied-configuration";
    int rc = seal_section(a, object, "data", uid);

    if (rc == 0)
        rc = seal_section(a, object, "stringData", uid);
    value_unset(value_path(object, "metadata.annotations"), last_applied);
    value_unset(value_get(object, "metadata"), "managedFields");
    return rc;
}

static int sealed_text(const struct snapshot *s, const char *uid,
                       struct arena *a, struct frame_object *o, struct err *err)
{
    struct str text = {0};
    struct value *object = NULL;
    int rc = snapshot_value(s, a, &object, err);

    if (rc == 0 && seal_tree(a, object, uid) < 0)
        rc = err_nomem(err);
    if (rc == 0)
        rc = value_print(object, &text, err);
    if (rc == 0) {
        o->json = arena_strndup(a, str_text(&text), text.len);
        o->json_len = text.len;
        if (!o->json)
            rc = err_nomem(err);
    }
    str_release(&text);
    return rc;
}

int frame_seal(const struct snapshot *s, bool open, const char *uid,
               struct arena *a, struct frame_object *ret, struct err *err)
{
    struct frame_object o = {
        .api_version = s->api_version,
        .kind = s->kind,
        .ns = s->key.ns,
        .name = s->key.name,
        .uid = s->uid,
        .generation = s->generation,
        .json_len = s->text_len,
    };
    int rc = 0;

    if (is_secret(s) && !open)
        rc = sealed_text(s, uid, a, &o, err);
    else
        rc = snapshot_text(s, a, &o.json, err);
    if (rc == 0)
        *ret = o;
    return rc;
}
