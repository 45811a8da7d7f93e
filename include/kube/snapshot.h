/*
 * snapshot.h -- one version of one Kubernetes object, frozen.
 *
 * A snapshot never changes after it was made; "modifying" an object means
 * publishing another snapshot with a newer resourceVersion. It keeps the
 * compact text of the object and, extracted once, what the runtime asks for
 * all the time. managedFields are reduced to the entries of managers whose
 * name starts with "tidelock-" (note 12: our own entries tell what we apply;
 * the others would only cost memory). apiVersion and kind stand at the end of
 * the text. Structure and names are one block of memory, about 300 bytes, and
 * live as long as the snapshot; the text is another, which may be kept packed
 * (press.h): snapshot_text() opens it.
 */
#ifndef TIDELOCK_KUBE_SNAPSHOT_H
#define TIDELOCK_KUBE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "kube/key.h"

/* A longer text is no object: -ERR_LIMIT. */
#define SNAPSHOT_MAX_BYTES ((size_t)1 << 30)
#define SNAPSHOT_LABEL_OWNER "tidelock.dev/owner-uid"

struct press;
struct zip_dict;

struct snapshot {
    unsigned refs;
    bool deleting;      /* deletionTimestamp is set */
    bool partial;       /* not the whole body: it came as PartialObjectMetadata
                         * (IN-16), or only some fields are kept */
    struct object_key key;
    const char *api_version; /* "" when neither object nor caller knew it */
    const char *kind;
    const char *uid;              /* "" when absent */
    const char *resource_version; /* "" when absent */
    int64_t generation;           /* 0 when absent */
    /* the controller ownerReference, "" when there is none */
    const char *owner_uid;
    const char *owner_api_version;
    const char *owner_kind;
    const char *owner_name;
    /* label tidelock.dev/owner-uid: whose orphan child it is (note 12); "" */
    const char *label_owner_uid;
    /* compact text without foreign managedFields, with a NUL, or that packed */
    const char *bytes;
    uint32_t text_len;
    uint32_t packed_len; /* 0: not packed */
    union {
        struct zip_dict *dict; /* packed with it */
        struct press *press;   /* where it waits for that, at `place` */
    };
    uint32_t place;
};

/* Makes a snapshot from one object's JSON text. `gvk` may be NULL; otherwise
 * it fills apiVersion and kind where the text has none (list items) or where
 * the text is PartialObjectMetadata. On success *ret_snap holds one reference.
 * -ERR_INVALID (not JSON, no metadata, no name), -ERR_LIMIT (nested deeper
 * than JSON_MAX_DEPTH), -ERR_NOMEM. */
int snapshot_parse(const char *json, size_t len, const struct gvk *gvk,
                   struct snapshot **ret_snap, struct err *err);

/* The same, of whose body only some fields are kept (kept.h); NULL: all. */
int snapshot_parse_kept(const char *json, size_t len, const struct gvk *gvk,
                        const char *kept, struct snapshot **ret_snap,
                        struct err *err);

/* `why` is a literal naming the holder ("store", "job"), the same in the pair
 * of calls: for the reader, and for a breakpoint that follows one holder. */
struct snapshot *snapshot_ref(struct snapshot *s, const char *why);
void snapshot_unref(struct snapshot *s, const char *why); /* NULL is fine */

/* Whose child it is: the controller's uid or, where there is none, that of the
 * label. Only the first may ever be a reason to delete it. */
static inline const char *snapshot_owner(const struct snapshot *s)
{
    return *s->owner_uid ? s->owner_uid : s->label_owner_uid;
}

/* The text, `text_len` bytes and a NUL. Borrowed until a store changes; it may
 * have to be made in `a`, so no longer than that lives. 0 or -ERR_NOMEM. */
int snapshot_text(const struct snapshot *s, struct arena *a,
                  const char **ret_text, struct err *err);
/* The same where it needs no opening, NULL where it does. */
static inline const char *snapshot_plain(const struct snapshot *s)
{
    return s->packed_len == 0 ? s->bytes : NULL;
}
/* Have both the same text? No, too, when there is no memory to look. */
bool snapshot_same_text(const struct snapshot *a, const struct snapshot *b);

/* Parse the text into a tree in `a`. */
int snapshot_value(const struct snapshot *s, struct arena *a,
                   struct value **ret_value, struct err *err);

/* How many snapshots are alive, and the bytes they hold. */
struct snapshot_stats {
    uint64_t count;
    uint64_t bytes;
};
struct snapshot_stats snapshot_stats(void);

/* ---- resourceVersion order (KEP-5504, ST-1) ---- */
enum rv_order { RV_OLDER, RV_SAME, RV_NEWER, RV_UNCOMPARABLE };
/* Is `a` older than, same as, newer than `b`? By length, then text; anything
 * that is not decimal without leading zero is uncomparable unless equal. */
enum rv_order rv_compare(const char *a, const char *b);

#endif
