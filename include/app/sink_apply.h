/*
 * sink_apply.h -- carries a changeset out on an API server, one request after
 *                 another, and tells what the answers showed.
 *
 * Every answer that is an object goes to the observer before the next request
 * is sent: read-your-writes by write-through (note 12). The first refusal
 * stops the rest of the changeset (note 05, conflict policy), with this
 * exception: a child or a root that is gone already needs no delete. Events go
 * to the herald, which sends them in its own time, once what stands before them
 * is done.
 *
 * The object of changeset.look, if any, is read before anything else (G3).
 *
 * A contested change is not sent: who else owns the field is read from the live
 * object, into change.rival. Then neither status nor the end of a finalizer is
 * written, for the plan was not carried out, and the outcome is ERR_CONTESTED.
 *
 * Before the first destructive change the root is read live; when it is not
 * the one that was planned for (uid, generation, deletion), or something else
 * that the script read has changed, nothing is sent and the outcome is
 * ERR_CONFLICT: plan again (G4). A delete for which there is no room in this
 * minute (G8), or an object that would have to be made anew beyond the limit of
 * one pass, ends the changeset with ERR_BLAST_RADIUS: what stands before it is
 * done, it and what follows are not.
 */
#ifndef TIDELOCK_APP_SINK_APPLY_H
#define TIDELOCK_APP_SINK_APPLY_H

#include "app/cluster.h"
#include "app/herald.h"
#include "core/sink.h"

struct sink_observer {
    /* The newest state of an object; `hash` is the change.declared_hash that
     * it answers, or NULL. Borrowed during the call. */
    void (*object)(void *arg, const struct resource *resource,
                   struct snapshot *snap, const char *hash);
    /* It is gone; `uid` "" when unknown. */
    void (*gone)(void *arg, const struct resource *resource,
                 const struct object_key *key, const char *uid);
    /* Is what the changeset was made from, the root aside, still so? Asked
     * before the first destructive change. */
    bool (*holds)(void *arg, const struct changeset *cs);
    /* May one more object be deleted now? 0, or -ERR_BLAST_RADIUS with the
     * time to wait as retry_after_ms. Asked right before each delete. */
    int (*may_delete)(void *arg, const struct changeset *cs, struct err *err);
    void *arg;
};

/* `cluster` and `herald` are borrowed; without a herald Events are not written.
 * Freeing the sink cancels what is under way: `done` is
 * not called for it. NULL on out of memory. */
struct sink *sink_apply_new(struct cluster *cluster,
                            const struct sink_observer *observer,
                            struct herald *herald);

#endif
