/*
 * event.h -- one Event of events.k8s.io/v1, as a document (EV-1).
 *
 * Its name is the regarding object's and a number that is made of what is said:
 * equal plans have equal Events. What is sent has the time in its place
 * (core/event_queue), as Kubernetes' own recorders do it, so that what is said
 * an hour later is another Event.
 */
#ifndef TIDELOCK_CORE_EVENT_H
#define TIDELOCK_CORE_EVENT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "kube/key.h"

#define EVENT_MAX_NOTE 1024u /* bytes; cut at a character's border */
#define EVENT_MAX_INSTANCE 128u
#define EVENT_NAME_STEM 200       /* of the object's name; the number follows */
#define EVENT_NAMESPACE "default" /* of Events about cluster-scoped objects */

/* What an Event is about. `uid` may be "". */
struct event_ref {
    const char *api_version, *kind;
    struct object_key key;
    const char *uid;
};

/* All borrowed. */
struct event_spec {
    struct event_ref regarding;
    const char *type;       /* "Normal", "Warning" */
    const char *reason;     /* "ScaleUp" */
    const char *action;     /* what was done; NULL is "Reconcile" */
    const char *note;       /* for people; NULL is "" */
    const char *controller; /* "tidelock-website" */
    int64_t now;            /* unix seconds */
};

/* Events look the same on every server, also before discovery. */
extern const struct resource event_resource;

/* NULL on out of memory. The document and the texts of `ret_key` live in `a`.
 */
struct value *event_make(struct arena *a, const struct event_spec *spec,
                         struct object_key *ret_key);
/* A MicroTime: "2026-01-02T03:04:05.000000Z". */
struct value *event_time(struct arena *a, int64_t unix_seconds);

#endif
