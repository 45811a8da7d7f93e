/*
 * scrub.h -- finds changes that a watch has lost, by comparing a store with a
 *            list of the same collection.
 *
 * A watch that drops an event says nothing, and no client can notice: the store
 * is wrong until that object changes again. So the store is checked in the
 * background, as a storage system checks its disks: a consistent list
 * (resourceVersion unset) of metadata only, in pages, one after the other.
 *
 * Most of what differs is only late. The list is as of a version, so a verdict
 * waits until the watch has come as far; then
 *
 *   stored older than listed         the watch lost the change
 *   stored as of the list, unlisted  the watch lost the end
 *   listed and not stored            it lost the beginning, or the object was
 *                                    deleted since: a live read tells which
 *
 *     scrub_item() for each item, scrub_listed() after the last page
 *     when scrub_due(): scrub_judge()
 *     while scrub_unsure(): read that object, scrub_answer()
 *     scrub_result(): with differences, the owner takes a new list
 *
 * Whoever cannot compare versions (LW: they are opaque there) finds only
 * objects that are missing. Pure: no request is made here, no time is known.
 */
#ifndef TIDELOCK_CORE_SCRUB_H
#define TIDELOCK_CORE_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

#include "core/store.h"

/* So many live reads settle single doubts; if more are in doubt, they count as
 * differences: one list is cheaper than all these reads. */
#define SCRUB_MAX_UNSURE 32u

struct scrub;

/* One round. The store is borrowed and must outlive it; it may change as ever.
 * NULL on out of memory. */
struct scrub *scrub_new(struct store *store);
void scrub_free(struct scrub *s); /* NULL is fine */

/* One listed object; its metadata is all that is looked at. No reference is
 * kept. 0, or -ERR_NOMEM: the round is of no further use. */
int scrub_item(struct scrub *s, const struct snapshot *item);
/* The last page came. `rv` is the version of the list. 0 or -ERR_NOMEM. */
int scrub_listed(struct scrub *s, const char *rv);
/* Is there nothing to wait for: everything is as listed, or the watch has told
 * all that the list knew? */
bool scrub_due(const struct scrub *s);
/* Compare, once. 0, or -ERR_NOMEM as above. */
int scrub_judge(struct scrub *s);

/* An object of which a live read must tell what is true; NULL: none is left.
 * Borrowed until scrub_answer(). */
const struct object_key *scrub_unsure(const struct scrub *s);
/* What the read of scrub_unsure() gave: its uid, or NULL when there is no such
 * object. */
void scrub_answer(struct scrub *s, const char *uid);

struct scrub_result {
    size_t objects;     /* listed */
    size_t differences; /* that the watch did not tell, and should have */
    /* one of them, borrowed; names NULL without a difference */
    struct object_key example;
};
struct scrub_result scrub_result(const struct scrub *s);

#endif
