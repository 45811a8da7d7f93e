/*
 * serve_meta.c -- the metadata that the server sets and checks itself
 *                 (k8s.io/apiserver registry/rest).
 */
#include <string.h>

#include "base/text.h"
#include "serve_write.h"

#define GENERATED_MAX 63
#define SUFFIX 5

struct value *meta_of(struct ask *k, struct value *object)
{
    return value_make(k->a, object, "metadata");
}

uint64_t meta_revision(const struct value *object)
{
    const char *text = value_text_at(object, "metadata.resourceVersion");
    int64_t n;

    if (!text || !text_to_int64(text, strlen(text), &n) || n < 0)
        return 0;
    return (uint64_t)n;
}

static int bad_request(struct ask *k, const char *what, const char *has,
                       const char *wants)
{
    return failure_set(&k->f, 400, "BadRequest",
                       "the %s of the object (%s) does not match the %s on "
                       "the URL (%s)",
                       what, has, what, wants);
}

int meta_check_names(struct ask *k, struct value *object)
{
    const char *name = value_text_at(object, "metadata.name");
    const char *ns = value_text_at(object, "metadata.namespace");
    struct value *meta = meta_of(k, object);

    if (!meta)
        return failure_nomem(&k->f);
    if (!k->kind->r.namespaced) {
        value_unset(meta, "namespace");
        ns = NULL;
    }
    if (ns && *ns && strcmp(ns, k->at.key.ns) != 0)
        return failure_set(&k->f, 400, "BadRequest",
                           "the namespace of the provided object does not "
                           "match the namespace sent on the request");
    if (k->at.key.name && k->verb != VERB_CREATE && name && *name &&
        strcmp(name, k->at.key.name) != 0)
        return bad_request(k, "name", name, k->at.key.name);
    if (k->at.key.name && (!name || !*name) && k->verb != VERB_CREATE)
        return failure_set(&k->f, 400, "BadRequest", "name must be provided");
    if (k->kind->r.namespaced &&
        value_set(k->a, meta, "namespace", value_string(k->a, k->at.key.ns)) <
            0)
        return failure_nomem(&k->f);
    return 0;
}

/* ---- what a new object gets ---- */

static char *new_uid(struct ask *k)
{
    uint64_t high = rng_next(&k->s->rng), low = rng_next(&k->s->rng);

    return arena_printf(k->a, "%08x-%04x-4%03x-%04x-%012llx",
                        (unsigned)(high >> 32), (unsigned)(high >> 16) & 0xffff,
                        (unsigned)high & 0xfff,
                        0x8000U | ((unsigned)(low >> 48) & 0x3fff),
                        (unsigned long long)(low & 0xffffffffffffULL));
}

static char *generated_name(struct ask *k, const char *base)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    size_t len = strlen(base);
    char suffix[SUFFIX + 1] = "";

    for (int i = 0; i < SUFFIX; i++)
        suffix[i] = letters[rng_below(&k->s->rng, sizeof letters - 1)];
    if (len > GENERATED_MAX - SUFFIX)
        len = GENERATED_MAX - SUFFIX;
    return arena_printf(k->a, "%.*s%s", (int)len, base, suffix);
}

static int set_text(struct ask *k, struct value *meta, const char *key,
                    const char *text)
{
    return text ? value_set(k->a, meta, key, value_string(k->a, text))
                : -ERR_NOMEM;
}

int meta_fill(struct ask *k, struct value *object)
{
    struct value *meta = meta_of(k, object);
    const char *name = value_text(value_get(meta, "name"));
    const char *base = value_text(value_get(meta, "generateName"));
    char now[32];
    int rc;

    if (!meta)
        return failure_nomem(&k->f);
    text_rfc3339(k->world.unix_now, now);
    value_unset(meta, "deletionTimestamp");
    value_unset(meta, "deletionGracePeriodSeconds");
    value_unset(meta, "selfLink");
    rc = set_text(k, meta, "creationTimestamp", now);
    if (rc == 0)
        rc = set_text(k, meta, "uid", new_uid(k));
    if (rc == 0 && base && *base && (!name || !*name))
        rc = set_text(k, meta, "name", generated_name(k, base));
    else if (rc == 0 && (!name || !*name) && rules_names_by_uid(k->kind))
        rc = set_text(k, meta, "name", new_uid(k));
    return rc < 0 ? failure_nomem(&k->f) : 0;
}
