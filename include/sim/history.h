/*
 * history.h -- the versioned store: every object as text, every change in
 *              order, lists as of a past revision, watches as places in the
 *              order. (What etcd and the watch cache are to an API server.)
 *
 * Knows nothing of kinds. A bucket is a storage ("apps/deployments").
 */
#ifndef TIDELOCK_SIM_HISTORY_H
#define TIDELOCK_SIM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/key.h"

/* One version of one object. Refcounted, frozen. */
struct item {
    unsigned refs;
    struct object_key key;
    uint64_t revision; /* of this version */
    unsigned note;     /* history_note(); 0 when it was restored */
    const char *json;
    size_t len;
};
struct item *item_ref(struct item *i, const char *why);
void item_unref(struct item *i, const char *why); /* NULL is fine */

struct history;
/* Keeps at most `max` changes; what is older is compacted. */
struct history *history_new(size_t max);
/* What only old changes keep alive, in bytes, is at most this, or as much as
 * the objects that are there if that is more. 0: no bound, as at the start. */
void history_bound(struct history *h, size_t bytes);
void history_free(struct history *h);
uint64_t history_revision(const struct history *h);  /* newest */
uint64_t history_compacted(const struct history *h); /* oldest is + 1 */
void history_compact(struct history *h, uint64_t revision);

/* The revision that the next put or remove will get: for the text. */
uint64_t history_next(const struct history *h);
int history_put(struct history *h, const char *bucket,
                const struct object_key *key, const char *json, size_t len,
                struct err *err);
/* What its writer wants to know of the newest version besides its text. */
void history_note(struct history *h, const char *bucket,
                  const struct object_key *key, unsigned note);
/* `json` is the last state, with the revision of the deletion in it. */
int history_remove(struct history *h, const char *bucket,
                   const struct object_key *key, const char *json, size_t len,
                   struct err *err);
/* A stored object of an earlier life; the newest revision only grows. Before
 * any change. */
struct history_kept {
    struct object_key key;
    uint64_t revision;
    const char *json;
    size_t len;
};
int history_restore(struct history *h, const char *bucket,
                    const struct history_kept *kept, struct err *err);
/* The next revision is behind this one, whatever was restored. */
void history_skip(struct history *h, uint64_t revision);

const struct item *history_get(const struct history *h, const char *bucket,
                               const struct object_key *key); /* or NULL */
size_t history_count(const struct history *h, const char *bucket);

/* A walk over a bucket in the order of namespace, name; as of a revision. */
struct history_list {
    const char *bucket;
    const char *ns;          /* "": all */
    struct object_key after; /* continue behind it; name NULL: from the start */
    uint64_t revision;       /* 0: now */
};
/* Borrowed until the next change. Returns false to end the walk. */
typedef bool (*history_fn)(void *arg, const struct item *item);
/* -ERR_GONE: compacted. -ERR_TOO_LARGE_RV: not there yet. */
int history_walk(struct history *h, const struct history_list *l, history_fn fn,
                 void *arg, struct err *err);

/* ---- changes in order ---- */
struct change {
    uint64_t revision;
    const char *bucket;
    struct item *now;    /* for a deletion its last state */
    struct item *before; /* NULL: created */
    bool deleted;
};
/* The first change after `revision` in the bucket (NULL: in any), or NULL.
 * Borrowed until the next change. -ERR_GONE when it was compacted. */
int history_after(const struct history *h, const char *bucket,
                  uint64_t revision, const struct change **ret_change,
                  struct err *err);

#endif
