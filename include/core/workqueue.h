/*
 * workqueue.h -- which objects need reconciling, each at most once at a time.
 *
 *   fair      keys of a class come out in the order in which they became ready
 *   urgent    what somebody changed comes before what is only looked at again
 *   patient   ... and that waits no longer than a bound that is stated here
 *   stingy    adding a queued key again changes nothing, or raises its class
 *   exclusive a key handed out by _get() is not handed out again before _done()
 *   loyal     a key added while it is being reconciled comes back after _done()
 *
 * The queue holds keys, never objects: whoever takes a key reads the newest
 * snapshot from the store. Not thread-safe; it belongs to the loop thread.
 * Rules WQ-1..WQ-3 and PQ-1..PQ-5, PQ-9.
 *
 * The bound on waiting: a key of class LOW that was ready for AGE_MS is
 * overdue, and of any SHARE keys in a row that are handed out at least one is
 * the oldest that is overdue. So a LOW key with n others before it in its class
 * is handed out, however many NORMAL keys come meanwhile, at the latest as the
 * SHARE * (n + 1)-th key after it is AGE_MS old. And a NORMAL key waits for at
 * most one LOW key in SHARE, however many of those there are.
 *
 * A call costs O(1) and, where a delay begins or ends, O(log delayed); keys
 * that run cost _get() nothing. A key costs 48 bytes, its two texts and a slot
 * of the table (8 to 16 bytes), and 8 more while it is delayed: while it is
 * queued, delayed or running, and afterwards only while it has failures.
 * Whoever sees that an object is gone must call workqueue_forget() for it.
 */
#ifndef TIDELOCK_CORE_WORKQUEUE_H
#define TIDELOCK_CORE_WORKQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "kube/key.h"

#define WORKQUEUE_BACKOFF_BASE_MS 5u
#define WORKQUEUE_BACKOFF_CAP_MS 1000000u
#define WORKQUEUE_AGE_MS 5000u
#define WORKQUEUE_SHARE 4u

/* As priorities, which is how metrics call them: -100 and 0 (PQ-5). */
enum workqueue_class {
    WORKQUEUE_LOW,    /* of a first list, or everything once more */
    WORKQUEUE_NORMAL, /* somebody changed something */
    WORKQUEUE_CLASSES
};

struct workqueue;

/* The clock is borrowed and must outlive the queue. NULL on out of memory. */
struct workqueue *workqueue_new(const struct clock *clock);
void workqueue_free(struct workqueue *q); /* NULL is fine */

/* All copy the key. 0, or -ERR_NOMEM and the queue is as it was; only a new
 * key, or the first delay of a key, can fail. A class is only ever raised, and
 * a raised key goes to the end of its new class. */
int workqueue_add(struct workqueue *q, const struct object_key *key);
int workqueue_add_low(struct workqueue *q, const struct object_key *key);
/* Earliest of old and new wins; a delay of a READY key changes nothing. Of a
 * running key: counts from now, not from _done(). This and the next keep the
 * class: the one the key waits in or was handed out from, else NORMAL. */
int workqueue_add_after(struct workqueue *q, const struct object_key *key,
                        uint64_t delay_ms);
/* Per-key exponential backoff: 5 ms doubling, capped at 1000 s (WQ-3). Counts
 * one more failure. */
int workqueue_add_rate_limited(struct workqueue *q,
                               const struct object_key *key);
/* The key's next failure counts as the first again. Does not touch a wait. */
void workqueue_forget(struct workqueue *q, const struct object_key *key);
unsigned workqueue_failures(const struct workqueue *q,
                            const struct object_key *key);

/* Borrowed until workqueue_done(); NULL when nothing is ready. */
const struct object_key *workqueue_get(struct workqueue *q);
/* Of a key that is running; `key` may be the pointer that _get() gave. */
void workqueue_done(struct workqueue *q, const struct object_key *key);

size_t workqueue_ready(struct workqueue *q);   /* due delays included */
size_t workqueue_delayed(struct workqueue *q); /* not yet due */
size_t workqueue_running(const struct workqueue *q);
/* The ready keys of one class. */
size_t workqueue_depth(struct workqueue *q, enum workqueue_class c);
/* Milliseconds until the next delayed key is ready: 0 when one is ready now,
 * UINT64_MAX when there is none. */
uint64_t workqueue_wait_ms(struct workqueue *q);
/* Delayed keys with the milliseconds they still wait (0 = due), in no special
 * order. `fn` must not change the queue. */
typedef void (*workqueue_each_fn)(void *arg, const struct object_key *key,
                                  uint64_t wait_ms);
void workqueue_each_delayed(const struct workqueue *q, workqueue_each_fn fn,
                            void *arg);
/* Every key that waits, is ready or runs, in no special order. */
struct workqueue_item {
    const struct object_key *key; /* borrowed during the call, as the rest */
    const char *state;            /* "ready", "delayed", "running" */
    uint64_t ms; /* how long it was ready; how long it still waits; running: 0
                  */
    unsigned failures;
    enum workqueue_class class;
};
typedef void (*workqueue_item_fn)(void *arg, const struct workqueue_item *item);
void workqueue_each(const struct workqueue *q, workqueue_item_fn fn, void *arg);
/* How often a key became wanted, and how often after a failure: since the
 * queue was made. */
uint64_t workqueue_adds(const struct workqueue *q);
uint64_t workqueue_retries(const struct workqueue *q);
/* Told at each _get() how long that key was ready. `fn` NULL: nobody. */
typedef void (*workqueue_waited_fn)(void *arg, uint64_t ms);
void workqueue_on_get(struct workqueue *q, workqueue_waited_fn fn, void *arg);
/* Keys the queue remembers, whatever their state. */
size_t workqueue_known(const struct workqueue *q);
bool workqueue_check(const struct workqueue *q);

#endif
