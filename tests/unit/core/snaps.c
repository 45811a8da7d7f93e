/*
 * snaps.c -- see snaps.h.
 */
#include "snaps.h"

#include <string.h>

#include "base/str.h"

const struct gvk snap_gvk = {"v1", "ConfigMap"};

struct object_key snap_key(const char *text)
{
    static char buffers[8][128];
    static unsigned next;
    char *buffer = buffers[next++ % 8];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : 0;

    memcpy(buffer, text, len);
    buffer[len] = '\0';
    return (struct object_key){buffer, slash ? slash + 1 : text};
}

static struct snapshot *parse(struct str *json)
{
    struct snapshot *snap = NULL;

    if (json->failed == ERR_NONE)
        snapshot_parse(str_text(json), json->len, &snap_gvk, &snap, NULL);
    str_release(json);
    return snap;
}

static void put_head(struct str *json, const char *text, const char *uid,
                     const char *version)
{
    struct object_key key = snap_key(text);

    str_init(json, 0);
    str_addf(json, "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\"",
             key.name, key.ns);
    str_addf(json, ",\"uid\":\"%s\",\"resourceVersion\":\"%s\"", uid, version);
}

struct snapshot *snap_new(const char *key, const char *uid, const char *version,
                          const char *owner)
{
    struct str json;

    put_head(&json, key, uid, version);
    if (owner[0] != '\0')
        str_addf(&json,
                 ",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"W\","
                 "\"name\":\"w\",\"uid\":\"%s\",\"controller\":true}]",
                 owner);
    str_add(&json, "}}");
    return parse(&json);
}

struct snapshot *snap_with_data(const char *key, const char *uid,
                                const char *version, const char *data)
{
    struct str json;

    put_head(&json, key, uid, version);
    str_addf(&json, "},\"data\":{\"is\":\"%s\"}}", data);
    return parse(&json);
}

void snap_drop(struct snapshot *s)
{
    snapshot_unref(s, "test");
}
