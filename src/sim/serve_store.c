/*
 * serve_store.c -- objects in and out of the history.
 *
 * An item begins with {"apiVersion":"...","kind":"...", and goes on in
 * canonical order: so a list can leave both out, and a version that is the one
 * asked for is answered without being read.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "serve_impl.h"
#include "serve_store.h"

const struct item *store_item(const struct ask *k, const struct object_key *key)
{
    return history_get(k->s->history, k->kind->bucket, key);
}

int store_prefix(const struct kind *kind, char *out, size_t size)
{
    return snprintf(out, size, "{\"apiVersion\":\"%s\",\"kind\":\"%s\",",
                    kind->r.api_version, kind->r.kind);
}

/* Does the text say that it is of this very version? */
static bool is_of(const struct kind *kind, const struct item *item)
{
    char prefix[512];
    int len = store_prefix(kind, prefix, sizeof prefix);

    return (size_t)len < sizeof prefix && (size_t)len <= item->len &&
           memcmp(prefix, item->json, (size_t)len) == 0;
}

bool store_as_is(const struct kind *kind, const struct item *item)
{
    return is_of(kind, item) && rules_shows_as_stored(kind, item->json);
}

static int decode_as(struct arena *a, struct sim *s, const struct kind *kind,
                     const struct item *item, struct value **ret)
{
    struct failure f;
    struct value *object;
    const struct kind *from;

    if (value_parse(a, item->json, item->len, &object, NULL) < 0)
        return -ERR_NOMEM;
    *ret = object;
    if (is_of(kind, item))
        return 0;
    from = kinds_find_kind(s->kinds, value_text_at(object, "apiVersion"),
                           value_text_at(object, "kind"));
    failure_init(&f, a);
    if (from && from != kind && rules_convert(a, kind, object, ret, &f) < 0)
        return -ERR_NOMEM;
    if (!from && value_set(a, object, "apiVersion",
                           value_string(a, kind->r.api_version)) < 0)
        return -ERR_NOMEM;
    return 0;
}

int store_decode(struct ask *k, const struct item *item, struct value **ret)
{
    return decode_as(k->a, k->s, k->kind, item, ret) < 0 ? failure_nomem(&k->f)
                                                         : 0;
}

int store_read(struct ask *k, const struct object_key *key, struct value **ret)
{
    const struct item *item = store_item(k, key);

    *ret = NULL;
    return item ? store_decode(k, item, ret) : 0;
}

/* ---- for those who are inside ---- */

int sim_get(struct sim *s, struct arena *a, const struct kind *k,
            const struct object_key *key, struct value **ret_object)
{
    const struct item *item = history_get(s->history, k->bucket, key);

    *ret_object = NULL;
    return item ? decode_as(a, s, k, item, ret_object) : 0;
}

struct lister {
    struct sim *s;
    struct arena *a;
    const struct kind *k;
    struct value *array;
    int rc;
};

static bool add_object(void *arg, const struct item *item)
{
    struct lister *l = arg;
    struct value *object;

    l->rc = decode_as(l->a, l->s, l->k, item, &object);
    if (l->rc == 0)
        l->rc = value_append(l->a, l->array, object);
    return l->rc == 0;
}

int sim_list(struct sim *s, struct arena *a, const struct kind *k,
             const char *ns, struct value **ret_array)
{
    struct history_list walk = {.bucket = k->bucket, .ns = ns ? ns : ""};
    struct lister l = {s, a, k, value_array(a), 0};

    if (!l.array)
        return -ERR_NOMEM;
    l.rc = 0;
    history_walk(s->history, &walk, add_object, &l, NULL);
    if (l.rc == 0)
        *ret_array = l.array;
    return l.rc;
}

/* ---- writing ---- */

int store_print(struct arena *a, const struct value *object, struct str *out)
{
    struct value *rest = value_object(a);
    const char *version = value_text_at(object, "apiVersion");
    const char *kind = value_text_at(object, "kind");
    struct str text;
    int rc = rest && version && kind ? 0 : -ERR_NOMEM;

    for (uint32_t i = 0; rc == 0 && i < object->count; i++) {
        const struct value_member *m = &object->as.members[i];

        if (strcmp(m->key, "apiVersion") != 0 && strcmp(m->key, "kind") != 0)
            rc = value_addn(a, rest, m->key, m->key_len, m->value);
    }
    str_init(&text, 0);
    if (rc == 0)
        rc = value_print(rest, &text, NULL);
    if (rc == 0)
        rc = str_addf(out, "{\"apiVersion\":\"%s\",\"kind\":\"%s\",%s", version,
                      kind, str_text(&text) + 1);
    str_release(&text);
    return rc;
}

static struct object_key key_of(const struct value *object)
{
    const char *ns = value_text_at(object, "metadata.namespace");
    const char *name = value_text_at(object, "metadata.name");

    return (struct object_key){ns ? ns : "", name ? name : ""};
}

static int set_revision(struct ask *k, struct value *object)
{
    char *text = arena_printf(k->a, "%llu",
                              (unsigned long long)history_next(k->s->history));

    return text ? value_set(k->a, meta_of(k, object), "resourceVersion",
                            value_string(k->a, text))
                : -ERR_NOMEM;
}

/* Whoever only adds to an object leaves managedFields as they are. */
static unsigned note_of(const struct ask *k, const struct item *before)
{
    return before && !k->rewritten
               ? k->note | (before->note & (unsigned)STORED_BY_TEXT)
               : k->note;
}

bool store_has(struct ask *k, const struct value *object,
               const struct value *old)
{
    const struct object_key key = key_of(object);
    const struct item *item = store_item(k, &key);

    if (!value_equal(object, old) || (k->note & STORED_UNREAD))
        return false;
    return !item || item->note == note_of(k, item);
}

/* What is stored is told to who keeps it and to who waits for it. */
static void tell(struct ask *k, const struct object_key *key,
                 const struct str *text)
{
    const struct sim_options *o = &k->s->o;
    struct sim_change change = {
        .revision = history_revision(k->s->history),
        .bucket = k->kind->bucket,
        .key = *key,
        .json = text ? str_text(text) : NULL,
        .len = text ? text->len : 0,
    };

    if (o->keep)
        o->keep(o->keep_arg, &change);
    if (o->changed)
        o->changed(o->changed_arg);
}

int store_write(struct ask *k, struct value *object)
{
    struct object_key key = key_of(object);
    unsigned note = note_of(k, store_item(k, &key));
    struct str text;
    int rc;

    if (k->o.dry_run)
        return 0;
    str_init(&text, 0);
    rc = set_revision(k, object);
    if (rc == 0)
        rc = store_print(k->a, object, &text);
    if (rc == 0)
        rc = history_put(k->s->history, k->kind->bucket, &key, text.data,
                         text.len, NULL);
    if (rc == 0) {
        history_note(k->s->history, k->kind->bucket, &key, note);
        tell(k, &key, &text);
    }
    str_release(&text);
    if (rc < 0)
        return failure_nomem(&k->f);
    definition_stored(k, object);
    return 0;
}

/* What goes is what was stored, at the revision of its going. */
static int erase(struct ask *k, const struct object_key *key,
                 struct value *last)
{
    struct str text;
    int rc;

    str_init(&text, 0);
    rc = set_revision(k, last);
    if (rc == 0)
        rc = store_print(k->a, last, &text);
    if (rc == 0)
        rc = history_remove(k->s->history, k->kind->bucket, key, text.data,
                            text.len, NULL);
    if (rc == 0)
        tell(k, key, NULL);
    str_release(&text);
    return rc < 0 ? failure_nomem(&k->f) : 0;
}

int store_erase(struct ask *k, struct value *object)
{
    struct object_key key = key_of(object);
    const struct item *item = store_item(k, &key);
    struct value *last;

    if (k->o.dry_run || !item)
        return 0;
    if (value_parse(k->a, item->json, item->len, &last, NULL) < 0)
        return failure_nomem(&k->f);
    if (erase(k, &key, last) < 0)
        return -1;
    if (k->verb >= VERB_DELETE &&
        value_set(k->a, meta_of(k, object), "resourceVersion",
                  value_path(last, "metadata.resourceVersion")) < 0)
        return failure_nomem(&k->f);
    definition_erased(k, key.name);
    return 0;
}

/* ---- failures that every verb knows ---- */

int not_found(struct ask *k, const char *name)
{
    failure_set(&k->f, 404, "NotFound", "%s%s%s \"%s\" not found",
                k->kind->r.plural, *k->kind->r.group ? "." : "",
                k->kind->r.group, name);
    return failure_about(&k->f, k->kind->r.group, k->kind->r.plural, name);
}

int conflict(struct ask *k, const char *name, const char *why)
{
    failure_set(&k->f, 409, "Conflict",
                "Operation cannot be fulfilled on %s%s%s \"%s\": %s",
                k->kind->r.plural, *k->kind->r.group ? "." : "",
                k->kind->r.group, name, why);
    return failure_about(&k->f, k->kind->r.group, k->kind->r.plural, name);
}
