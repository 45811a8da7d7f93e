/*
 * event_queue.h -- which Events are written, and when: what is said again
 *                  becomes a series. It says what it wants next and does
 *                  nothing itself.
 *
 *      said --> POST --> quiet --said again--> PATCH (count 2) --> counting
 *                          |                                          |
 *                        6 min            30 min: PATCH what was counted
 *                          |              6 min of silence: PATCH, and over
 *                        over
 *
 * Rules EV-2 .. EV-5: Events are the same when type, reason, action, reporting
 * controller and instance, regarding and related are; the note may differ, the
 * first one stays. A request that fails is tried 12 times, 10 s apart with a
 * quarter of jitter. Bounded in all it holds: what is beyond is dropped and
 * counted, since an Event is never worth more than what it tells of. An object
 * that makes 25 different Events at a time, and then more than one in 300 s,
 * is not heard with the rest.
 *
 *     event_queue_next():
 *         SLEEP: wait, or until something is added, and ask again
 *         SEND: event_queue_request(), send it, event_queue_answered()
 */
#ifndef TIDELOCK_CORE_EVENT_QUEUE_H
#define TIDELOCK_CORE_EVENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/value.h"
#include "kube/request.h"

#define EVENT_QUEUE_MAX 1000u   /* Events that wait to be sent */
#define EVENT_SERIES_MAX 4096u  /* that are remembered */
#define EVENT_SOURCES_MAX 4096u /* objects whose Events are counted */
#define EVENT_TRIES 12u
#define EVENT_RETRY_MS 10000u
#define EVENT_FINISH_MS (6u * 60 * 1000)
#define EVENT_REFRESH_MS (30u * 60 * 1000)
#define EVENT_BURST 25u
#define EVENT_REFILL_MS 300000u

struct event_queue;

/* `clock` is borrowed. NULL on out of memory. */
struct event_queue *event_queue_new(const struct clock *clock, uint64_t seed);
void event_queue_free(struct event_queue *q); /* NULL is fine */

/* `body` is an Event as event_make() makes it, of that key; copied. 0: it will
 * be sent, or counted in its series; -ERR_LIMIT: dropped; -ERR_NOMEM: the
 * same, and nothing has changed. */
int event_queue_add(struct event_queue *q, const struct object_key *key,
                    const struct value *body);

enum event_want { EVENT_SLEEP, EVENT_SEND };
struct event_todo {
    enum event_want want;
    uint64_t delay_ms; /* SLEEP; UINT64_MAX: until something is added */
};
/* After SEND not again before event_queue_answered(). */
struct event_todo event_queue_next(struct event_queue *q);
/* The request that SEND is about. */
int event_queue_request(struct event_queue *q, struct arena *a,
                        struct request *ret, struct err *err);
/* What came of it, also when it could not be sent. */
void event_queue_answered(struct event_queue *q, enum err_code code);

/* The end: whatever was said and not told is sent at once, and once. */
void event_queue_flush(struct event_queue *q);
/* Requests that are wanted, the one under way included. */
size_t event_queue_pending(const struct event_queue *q);

struct event_queue_stats {
    uint64_t created, patched; /* requests that were accepted */
    uint64_t repeated;         /* counted without a request */
    uint64_t overflow;         /* dropped: too many */
    uint64_t spam;             /* dropped: too many of one object */
    uint64_t given_up;         /* dropped: refused, or tried too often */
};
struct event_queue_stats event_queue_stats(const struct event_queue *q);
bool event_queue_check(const struct event_queue *q);

#endif
