/*
 * herald.h -- says things as Events, beside the work and never in its way:
 *             core/event_queue on a cluster.
 *
 * What is said goes into a bounded queue and out one request at a time; nobody
 * waits for it, and what cannot be said is counted and dropped. Only the leader
 * is heard: what a standby says is thrown away.
 *
 * Trouble that no root object can carry (a script that does not load, a
 * configuration that is refused) is said about the Lease of the process
 * (note 12): herald_say() with herald_lease().
 */
#ifndef TIDELOCK_APP_HERALD_H
#define TIDELOCK_APP_HERALD_H

#include <stdbool.h>

#include "app/cluster.h"
#include "core/event.h"
#include "core/event_queue.h"

struct herald;

struct herald_config {
    struct cluster *cluster;      /* borrowed */
    const struct clock *clock;    /* borrowed; NULL: the loop's */
    const char *ns, *lease;       /* of the process; borrowed */
    bool (*may_speak)(void *arg); /* NULL: always; else only the leader */
    void *arg;
};
/* Reads the host's name, for reportingInstance. NULL on out of memory. */
struct herald *herald_new(const struct herald_config *config);
/* Cancels what is under way; NULL is fine, here and in all that follows. */
void herald_free(struct herald *h);

/* An Event that a plan declared. */
void herald_event(struct herald *h, const struct object_key *key,
                  const struct value *body);
/* `type` "Normal" or "Warning", `reason` in CamelCase; `note` may be anybody's
 * text: it is cut at EVENT_MAX_NOTE. All copied. */
void herald_say(struct herald *h, const struct event_ref *about,
                const char *type, const char *reason, const char *note);
/* The same with an action of its own: what has another action is another
 * series. `controller` and `now` of the spec are filled in here. */
void herald_tell(struct herald *h, const struct event_spec *spec);
/* The Lease of the process; borrowed. NULL without a herald, which
 * herald_say() does not look at. */
const struct event_ref *herald_lease(const struct herald *h);
/* The Lease was read or written: Events about it carry its uid, which is how
 * `kubectl describe` finds them. Copied. */
void herald_lease_is(struct herald *h, const char *uid);

/* Requests that are wanted and not answered. */
size_t herald_pending(const struct herald *h);
/* The end: what is pending is sent once, for HERALD_FLUSH_MS at most; then
 * `done` is called, from a loop turn, once. */
#define HERALD_FLUSH_MS 2000u
void herald_flush(struct herald *h, void (*done)(void *arg), void *arg);

struct event_queue_stats herald_stats(const struct herald *h);

#endif
