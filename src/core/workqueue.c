/*
 * workqueue.c -- see workqueue.h for the contract.
 *
 * DESIGN
 *
 * One entry per key, in one of four places:
 *
 *                add                get                 done
 *      IDLE ------------> READY ----------> RUNNING ------------> IDLE
 *       |                   ^                | | done, dirty
 *       | add_after         | due, add       | +-----------------> READY
 *       +----------> DELAYED                 | done, has a deadline
 *                      ^---------------------+
 *
 * READY is a linked list, DELAYED a heap by deadline, and a table finds an
 * entry from its key. An IDLE entry lives only as long as it has failures to
 * remember. A RUNNING key that gets a delay stands in the heap already, so
 * that _done() needs no memory; when that deadline comes first, it is dirty.
 *
 * Every call first moves what is due from the heap to the list: a key whose
 * deadline passed stands before one that was added after that moment, however
 * late anybody looked (fair).
 *
 * INVARIANTS (workqueue_check)
 *
 *   I1  state == READY    <=>  entry is on the list, and not in the heap
 *   I2  state == DELAYED   ==> entry is in the heap
 *   I3  dirty              ==> state == RUNNING, and not in the heap (PQ-1)
 *   I4  state == IDLE      ==> failures > 0, and not in the heap
 */
#include "core/workqueue.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/mem.h"
#include "core/backoff.h"
#include "core/keytab.h"

enum state { IDLE, READY, DELAYED, RUNNING, STATES };

struct entry {
    struct heap_node node; /* first: entry_of_node() */
    struct object_key key; /* points into `text` */
    struct entry *next;    /* on the READY list */
    uint64_t ready_ms;     /* READY: since when */
    unsigned failures;
    enum state state;
    bool dirty; /* added while it was running */
    char text[];
};

struct workqueue {
    const struct clock *clock;
    struct keytab entries;
    struct heap heap;
    struct entry *first, **last; /* READY, oldest first */
    size_t counts[STATES];
    uint64_t adds, retries;
    workqueue_waited_fn on_get; /* or NULL */
    void *arg;
};

static struct entry *entry_of_node(struct heap_node *node)
{
    return (struct entry *)(void *)node;
}

static struct entry *entry_of_key(const struct object_key *key)
{
    char *at = (char *)(uintptr_t)key;

    return key ? (struct entry *)(void *)(at - offsetof(struct entry, key))
               : NULL;
}

/* ---- life ---- */

struct workqueue *workqueue_new(const struct clock *clock)
{
    struct workqueue *q = mem_calloc(1, sizeof *q);

    if (!q)
        return NULL;
    q->clock = clock;
    q->last = &q->first;
    heap_init(&q->heap);
    return q;
}

void workqueue_free(struct workqueue *q)
{
    const struct object_key *key;

    if (!q)
        return;
    heap_release(&q->heap);
    for (size_t it = 0; (key = keytab_next(&q->entries, &it));)
        mem_free(entry_of_key(key));
    keytab_release(&q->entries);
    mem_free(q);
}

static struct entry *find(const struct workqueue *q,
                          const struct object_key *key)
{
    return entry_of_key(keytab_get(&q->entries, key));
}

/* NULL on out of memory. */
static struct entry *find_or_make(struct workqueue *q,
                                  const struct object_key *key)
{
    size_t ns = strlen(key->ns) + 1, name = strlen(key->name) + 1;
    struct entry *e = find(q, key);

    if (e || keytab_reserve(&q->entries, 1) < 0)
        return e;
    e = mem_alloc(sizeof *e + ns + name);
    if (!e)
        return NULL;
    *e = (struct entry){.key = {e->text, e->text + ns}, .state = IDLE};
    memcpy(e->text, key->ns, ns);
    memcpy(e->text + ns, key->name, name);
    keytab_put(&q->entries, &e->key);
    q->counts[IDLE]++;
    return e;
}

/* Forget an entry that has nothing left to say. */
static void retire(struct workqueue *q, struct entry *e)
{
    if (e->state != IDLE || e->failures > 0)
        return;
    keytab_remove(&q->entries, &e->key);
    q->counts[IDLE]--;
    mem_free(e);
}

/* ---- moving ---- */

static void move(struct workqueue *q, struct entry *e, enum state to)
{
    q->counts[e->state]--;
    q->counts[to]++;
    e->state = to;
}

static void make_ready(struct workqueue *q, struct entry *e)
{
    heap_remove(&q->heap, &e->node);
    e->dirty = false;
    e->ready_ms = clock_now_ms(q->clock);
    e->next = NULL;
    *q->last = e;
    q->last = &e->next;
    move(q, e, READY);
}

/* Wanted now: on the list, or after _done(). Either way a wait is over. */
static void want(struct workqueue *q, struct entry *e)
{
    q->adds += e->state != READY && !e->dirty;
    if (e->state == RUNNING) {
        heap_remove(&q->heap, &e->node);
        e->dirty = true;
    } else if (e->state != READY) {
        make_ready(q, e);
    }
}

static void promote(struct workqueue *q)
{
    uint64_t now = clock_now_ms(q->clock);
    struct heap_node *node;

    while ((node = heap_peek(&q->heap)) && node->when <= now)
        want(q, entry_of_node(node));
}

/* Give the entry a deadline unless it has an earlier one or is wanted now. */
static int delay(struct workqueue *q, struct entry *e, uint64_t ms)
{
    uint64_t now = clock_now_ms(q->clock);
    uint64_t when = ms < UINT64_MAX - now ? now + ms : UINT64_MAX;

    if (e->state == READY || e->dirty)
        return 0;
    if (ms == 0) {
        want(q, e);
        return 0;
    }
    if (e->node.index > 0 && e->node.when <= when)
        return 0;
    heap_remove(&q->heap, &e->node);
    if (heap_add(&q->heap, &e->node, when) < 0)
        return -ERR_NOMEM; /* it had no deadline: a freed place is reused */
    if (e->state == IDLE)
        move(q, e, DELAYED);
    return 0;
}

/* ---- in ---- */

int workqueue_add(struct workqueue *q, const struct object_key *key)
{
    return workqueue_add_after(q, key, 0);
}

int workqueue_add_after(struct workqueue *q, const struct object_key *key,
                        uint64_t delay_ms)
{
    struct entry *e;
    int rc;

    promote(q);
    e = find_or_make(q, key);
    if (!e)
        return -ERR_NOMEM;
    rc = delay(q, e, delay_ms);
    retire(q, e);
    return rc;
}

int workqueue_add_rate_limited(struct workqueue *q,
                               const struct object_key *key)
{
    struct entry *e;
    int rc;

    promote(q);
    e = find_or_make(q, key);
    if (!e)
        return -ERR_NOMEM;
    rc = delay(q, e,
               backoff_ms(WORKQUEUE_BACKOFF_BASE_MS, WORKQUEUE_BACKOFF_CAP_MS,
                          e->failures));
    if (rc == 0 && e->failures < UINT32_MAX)
        e->failures++;
    q->retries += rc == 0;
    retire(q, e);
    return rc;
}

void workqueue_forget(struct workqueue *q, const struct object_key *key)
{
    struct entry *e = find(q, key);

    if (!e)
        return;
    e->failures = 0;
    retire(q, e);
}

unsigned workqueue_failures(const struct workqueue *q,
                            const struct object_key *key)
{
    const struct entry *e = find(q, key);

    return e ? e->failures : 0;
}

/* ---- out ---- */

const struct object_key *workqueue_get(struct workqueue *q)
{
    struct entry *e;

    promote(q);
    e = q->first;
    if (!e)
        return NULL;
    q->first = e->next;
    if (!q->first)
        q->last = &q->first;
    move(q, e, RUNNING);
    if (q->on_get)
        q->on_get(q->arg, clock_now_ms(q->clock) - e->ready_ms);
    return &e->key;
}

void workqueue_done(struct workqueue *q, const struct object_key *key)
{
    struct entry *e;

    promote(q);
    e = find(q, key);
    assert(e && e->state == RUNNING);
    if (e->dirty) {
        make_ready(q, e);
    } else if (e->node.index > 0) {
        move(q, e, DELAYED);
    } else {
        move(q, e, IDLE);
        retire(q, e);
    }
}

/* ---- looking ---- */

/* Delayed keys that the next call will promote. */
static size_t count_due(const struct workqueue *q)
{
    uint64_t now = clock_now_ms(q->clock);
    const struct heap_node *first = heap_peek(&q->heap);
    const struct object_key *key;
    size_t due = 0;

    if (!first || first->when > now)
        return 0;
    for (size_t it = 0; (key = keytab_next(&q->entries, &it));) {
        const struct entry *e = entry_of_key(key);

        due += e->state == DELAYED && e->node.when <= now;
    }
    return due;
}

size_t workqueue_ready(const struct workqueue *q)
{
    return q->counts[READY] + count_due(q);
}

size_t workqueue_delayed(const struct workqueue *q)
{
    return q->counts[DELAYED] - count_due(q);
}

size_t workqueue_running(const struct workqueue *q)
{
    return q->counts[RUNNING];
}

uint64_t workqueue_adds(const struct workqueue *q)
{
    return q->adds;
}

uint64_t workqueue_retries(const struct workqueue *q)
{
    return q->retries;
}

void workqueue_on_get(struct workqueue *q, workqueue_waited_fn fn, void *arg)
{
    q->on_get = fn;
    q->arg = arg;
}

size_t workqueue_known(const struct workqueue *q)
{
    return q->entries.count;
}

uint64_t workqueue_wait_ms(struct workqueue *q)
{
    const struct heap_node *next;

    promote(q);
    if (q->first)
        return 0;
    next = heap_peek(&q->heap);
    return next ? next->when - clock_now_ms(q->clock) : UINT64_MAX;
}

void workqueue_each_delayed(const struct workqueue *q, workqueue_each_fn fn,
                            void *arg)
{
    uint64_t now = clock_now_ms(q->clock);
    const struct object_key *key;

    for (size_t it = 0; (key = keytab_next(&q->entries, &it));) {
        const struct entry *e = entry_of_key(key);

        if (e->state == DELAYED)
            fn(arg, key, e->node.when > now ? e->node.when - now : 0);
    }
}

/* ---- checking ---- */

static bool entry_check(const struct entry *e)
{
    bool in_heap = e->node.index > 0;

    if (e->dirty && (e->state != RUNNING || in_heap))
        return false;
    switch (e->state) {
    case IDLE:
        return !in_heap && e->failures > 0;
    case READY:
        return !in_heap;
    case DELAYED:
        return in_heap;
    case RUNNING:
        return true;
    case STATES:
        break;
    }
    return false;
}

bool workqueue_check(const struct workqueue *q)
{
    size_t counts[STATES] = {0}, listed = 0;
    const struct object_key *key;

    for (size_t it = 0; (key = keytab_next(&q->entries, &it));) {
        const struct entry *e = entry_of_key(key);

        if (!entry_check(e))
            return false;
        counts[e->state]++;
    }
    for (const struct entry *e = q->first; e; e = e->next, listed++)
        if (e->state != READY)
            return false;
    return memcmp(counts, q->counts, sizeof counts) == 0 &&
           listed == counts[READY] && keytab_check(&q->entries) &&
           heap_check(&q->heap);
}
