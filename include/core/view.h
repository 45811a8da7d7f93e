/*
 * view.h -- what one reconcile may read: one moment, frozen at dispatch.
 *
 * For each declared kind the snapshots that were newest when the job was made.
 * "Absent" is a fact only where the kind is known; otherwise reading raises
 * (note 05: UNKNOWN is never "not there").
 */
#ifndef TIDELOCK_CORE_VIEW_H
#define TIDELOCK_CORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "base/zone.h"
#include "core/operator.h"
#include "kube/key.h"
#include "kube/snapshot.h"

struct view_kind {
    struct gvk gvk;
    const struct resource *resource; /* NULL while the server lacks the kind */
    bool known;                      /* synced, allowed, watch not stale */
    const char *unknown;             /* why not; NULL when known */
    bool owned; /* items are this root's children only: its uid is
                 * the controller's, or nobody is the controller and
                 * the label tidelock.dev/owner-uid has it */
    const struct operator_read *read; /* the declaration, NULL when owned */
    struct snapshot *const *items;    /* sorted by namespace, name; borrowed */
    size_t count;
    bool partial; /* with a host: `items` has NULLs for what was not asked */
};

struct selector;
struct view_rows {
    const uint32_t *items; /* places in a kind's items, in their order */
    size_t count;
    uint64_t steps; /* what finding them cost, in script instructions */
};
struct view_filter {
    const char *ns;                         /* NULL: any */
    const struct selector *labels, *fields; /* NULL: none */
};

/* Who has what a view lacks: in a worker process the main process does. Each
 * returns 0 or an error that ends the script. */
struct view_host {
    /* From then on items[item] is there, with its text. */
    int (*item)(void *arg, uint32_t kind, uint32_t item, struct err *err);
    /* Of a partial kind: where is it? *ret_item is UINT32_MAX when it is known
     * to be absent; otherwise it is there afterwards, with its text. */
    int (*find)(void *arg, uint32_t kind, const struct object_key *key,
                uint32_t *ret_item, struct err *err);
    /* Of a partial kind: those are there afterwards, maybe without text. */
    int (*list)(void *arg, uint32_t kind, const struct view_filter *filter,
                struct view_rows *ret, struct err *err);
    void *arg;
};

/* A time zone that a script asked for. */
struct view_zone {
    const char *name;
    const struct zone *zone; /* borrowed; NULL: there is none of that name */
    const char *why; /* then: "there is no time zone 'Europe/Berln', ..." */
};
#define VIEW_MAX_ZONES 32

/*
 * An owned kind and a read of the same kind are two entries: view:get looks
 * into the owned one first, then the reads. Both may be at different moments;
 * what a plan does to a child is pinned by the uid and version of the entry it
 * was found in.
 */
struct view {
    struct snapshot *root;
    const struct resource *root_resource;
    struct view_kind *kinds;
    size_t count;
    int64_t now;                  /* unix seconds */
    struct view_zone *zones;      /* see plan.zone_wanted */
    size_t zone_count;            /* at most VIEW_MAX_ZONES */
    struct value *params;         /* object */
    const struct view_host *host; /* NULL: all is here, with its text */
};

/* What a job read, recorded for validation before destructive writes (G4). */
struct view_read {
    uint32_t kind;                   /* index into view.kinds */
    bool list;                       /* membership was read */
    const struct snapshot *snapshot; /* body read; NULL: absent or list */
    uint32_t item;                   /* its place in the kind's items */
    const char *ns, *name;           /* what was asked for when absent */
};

/* Where is it in `items` (not partial)? false: nowhere. */
bool view_search(const struct view_kind *k, const struct object_key *key,
                 size_t *ret_item);

#endif
