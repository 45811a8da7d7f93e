/*
 * store.h -- the newest known snapshot of each object of one kind and scope.
 *
 * Never replaced by an older one: a snapshot whose resourceVersion is older
 * than the stored one of the same name is ignored, so the answer to our own
 * write (written through) cannot be undone by a watch event already under way
 * (ST-1, note 12). Never brought back either: see store_put(). Uncomparable
 * versions: the watch is right.
 *
 * Indexed by name (namespace/name) and by the uid of the controller owner. What
 * lies in a store, or in a batch for it, is kept small by a press (press.h): a
 * change of either ends what snapshot_text() lent.
 *
 * Two things move: the contents, and the *position*, which is the version up
 * to which the watch has told everything. An answer to our own write changes
 * the contents ahead of the position, never the position.
 */
#ifndef TIDELOCK_CORE_STORE_H
#define TIDELOCK_CORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/key.h"
#include "kube/snapshot.h"

/* A longer resourceVersion is treated as unknown. */
#define STORE_MAX_VERSION 255

struct store;

/* What a change did. Both borrowed during the callback; NULL when there was /
 * is none. Same uid in both means an update; different uids mean the object
 * was deleted and created again in between (IN-7). */
struct delta {
    const struct snapshot *old;
    const struct snapshot *now;
};
typedef void (*store_delta_fn)(void *arg, const struct delta *delta);

struct store *store_new(const struct gvk *gvk); /* texts copied; NULL: nomem */
void store_free(struct store *s);               /* NULL is fine */

/* Several listeners may be added; called in order after the store changed.
 * They may read the store, but not change it, listen or unlisten.
 * 0 or -ERR_NOMEM. */
int store_listen(struct store *s, store_delta_fn fn, void *arg);
void store_unlisten(struct store *s, store_delta_fn fn, void *arg);

/* A state the watch told. Takes its own reference. Ignored, with 0, when
 *   - the stored one is newer, or as new and of the same uid
 *   - the object is absent and was deleted later than this state: because a
 *     delete of it was seen, or because the position has passed this version
 * 0 or -ERR_NOMEM (unchanged). */
int store_put(struct store *s, struct snapshot *snap);
/* A state the server gave as answer to a write or a GET of ours. The same,
 * and ignored also when its version cannot be compared with what is there. An
 * object outside the store's scope must not be put: no watch would ever take
 * it out again. */
int store_put_answer(struct store *s, struct snapshot *snap);
/* The object of this snapshot is gone, as of its resourceVersion. Ignored when
 * a newer version or another uid is stored. */
void store_remove(struct store *s, const struct snapshot *last);
/* Live GET said 404: remove by name and uid, whatever the version. States of
 * that uid are ignored from now on. */
void store_remove_key(struct store *s, const struct object_key *key,
                      const char *uid);

/* Relist: collect, then swap in as one step (IN-3, WL-2). Objects that are
 * newer than the list's version stay (note 12); deletes come as deltas first,
 * then the rest, both sorted by namespace, name. An object whose uid and
 * version are unchanged keeps its snapshot and gives no delta.
 * Between begin and commit readers see the old contents. */
struct store_batch;
struct store_batch *store_batch_new(struct store *s); /* borrowed */
void store_batch_free(struct store_batch *b);         /* NULL is fine */
/* Takes its own reference. 0 or -ERR_NOMEM (unchanged). */
int store_batch_put(struct store_batch *b, struct snapshot *snap);
void store_batch_remove(struct store_batch *b, const struct snapshot *last);
void store_batch_clear(struct store_batch *b);
size_t store_batch_count(const struct store_batch *b);
/* 0 and the batch is empty afterwards; -ERR_NOMEM, or -ERR_INVALID when the
 * list is older than the position, and nothing has changed. */
int store_replace(struct store *s, struct store_batch *b,
                  const char *resource_version);
/* How many stored objects (name and uid) the batch does not have (G9). */
size_t store_count_lost(const struct store *s, const struct store_batch *b);
/* How many objects the batch, as of `rv`, has in an older state than is stored:
 * the stored ones were never before `rv`, so the cluster was restored (G2). */
size_t store_count_relics(const struct store *s, const struct store_batch *b,
                          const char *rv);
/* The cluster was restored from a backup: versions seen so far mean nothing.
 * The next store_replace() takes its list as it is (G2). */
void store_rewind(struct store *s);
/* Another kind showed that the cluster was restored: of two states with one
 * version the one of the next store_replace() is right, which may well have
 * been given out a second time. Only states newer than that list survive it. */
void store_distrust(struct store *s);

/* The position: the highest version told by list, watch event or bookmark
 * (IN-13); "" before the first list. Answers to writes do not move it. */
const char *store_resource_version(const struct store *s);
/* Everything up to that version was put or removed. Ignored when older. */
void store_bookmark(struct store *s, const char *resource_version);

/* ---- reads: borrowed until the next change ---- */
const struct gvk *store_gvk(const struct store *s);
struct snapshot *store_get(const struct store *s, const struct object_key *key);
size_t store_count(const struct store *s);
/* All objects sorted by namespace, name (kept sorted lazily, cached until the
 * next change). `ns` "" is all. */
size_t store_list(struct store *s, const char *ns,
                  struct snapshot *const **ret);
/* Those whose controller ownerReference has that uid, sorted by namespace,
 * name. Calls `fn` for each; it must not change the store. */
typedef void (*store_each_fn)(void *arg, struct snapshot *snap);
void store_owned_by(const struct store *s, const char *uid, store_each_fn fn,
                    void *arg);

struct store_stats {
    uint64_t changes; /* deltas told */
    uint64_t ignored; /* states that were older, or of deleted objects */
    size_t bytes; /* of indexes and press, beyond the snapshots themselves */
};
struct store_stats store_stats(const struct store *s);
bool store_check(const struct store *s);

#endif
