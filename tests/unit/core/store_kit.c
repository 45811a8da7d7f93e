/*
 * store_kit.c -- see store_kit.h.
 */
#include "store_kit.h"

#include <string.h>

#include "snaps.h"
#include "test.h"

/* Put, and give up the reference. */
int kit_put(struct store *s, const char *key, const char *uid,
            const char *version, const char *owner)
{
    struct snapshot *snap = snap_new(key, uid, version, owner);
    int rc = snap ? store_put(s, snap) : -ERR_NOMEM;

    snap_drop(snap);
    return rc;
}

int kit_answer(struct store *s, const char *key, const char *uid,
               const char *version)
{
    struct snapshot *snap = snap_new(key, uid, version, "");
    int rc = snap ? store_put_answer(s, snap) : -ERR_NOMEM;

    snap_drop(snap);
    return rc;
}

void kit_drop(struct store *s, const char *key, const char *uid,
              const char *version)
{
    struct snapshot *snap = snap_new(key, uid, version, "");

    if (snap)
        store_remove(s, snap);
    snap_drop(snap);
}

int kit_collect(struct store_batch *b, const char *key, const char *uid,
                const char *version)
{
    struct snapshot *snap = snap_new(key, uid, version, "");
    int rc = snap ? store_batch_put(b, snap) : -ERR_NOMEM;

    snap_drop(snap);
    return rc;
}

struct snapshot *kit_get(const struct store *s, const char *text)
{
    struct object_key key = snap_key(text);

    return store_get(s, &key);
}

void kit_check_state(const struct store *s, const char *key, const char *want)
{
    const struct snapshot *snap = kit_get(s, key);
    struct str text;

    str_init(&text, 0);
    if (snap)
        str_addf(&text, "%s@%s", snap->uid, snap->resource_version);
    check_str(str_text(&text), want);
    str_release(&text);
}

void kit_note(void *arg, const struct delta *d)
{
    struct kit_log *log = arg;
    const struct snapshot *s = d->now ? d->now : d->old;
    char sign = !d->now ? '-' : !d->old ? '+' : '~';

    if (log->text.len > 0)
        str_add(&log->text, " ");
    if (d->old && d->now && strcmp(d->old->uid, d->now->uid) != 0)
        sign = '!'; /* IN-7 */
    str_addf(&log->text, "%c%s=%s", sign, s->key.name, s->resource_version);
}

void kit_check_log(struct kit_log *log, const char *want)
{
    check_str(str_text(&log->text), want);
    str_release(&log->text);
    str_init(&log->text, 0);
}

void kit_check_list(struct store *s, const char *ns, const char *want)
{
    struct snapshot *const *items;
    size_t n = store_list(s, ns, &items);
    struct str text;

    str_init(&text, 0);
    for (size_t i = 0; i < n; i++)
        str_addf(&text, "%s%s/%s=%s", i ? " " : "", items[i]->key.ns,
                 items[i]->key.name, items[i]->resource_version);
    check_str(str_text(&text), want);
    str_release(&text);
    check(store_check(s));
}
