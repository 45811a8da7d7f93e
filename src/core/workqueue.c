/*
 * workqueue.c -- see workqueue.h for the contract.
 *
 * DESIGN
 *
 * One entry per key, in one of six states:
 *
 *               add              get               done
 *      IDLE ----------> READY ----------> RUNNING ----------> IDLE
 *       |                 ^                 |  |
 *       | add_after       | due, add        |  +- add -------> RUNNING_DIRTY
 *       +--------> DELAYED                  |                    ^     | done
 *                     ^                     | add_after      due |     v
 *                     |                     v                add |   READY
 *                     +---- done ---- RUNNING_DELAYED -----------+
 *
 * READY is a list per class, the two with a delay stand in a heap by deadline,
 * and a table finds an entry from its key. Nothing stands in two places, so
 * list and heap share their memory. An IDLE entry lives only as long as it has
 * failures to remember. A running key that gets a delay stands in the heap
 * already, so that _done() needs no memory.
 *
 * Every call first moves what is due from the heap to its list: a key whose
 * deadline passed stands before one that was added after that moment, however
 * late anybody looked (fair).
 *
 * Lists are in the order of their times (a raised key gets the time of its
 * raise), so the first of the LOW list is the oldest, and looking at it alone
 * tells whether any is overdue. `skipped` counts the NORMAL keys since the last
 * LOW one; at SHARE - 1 an overdue key has its turn. That is the bound.
 *
 * INVARIANTS (workqueue_check)
 *
 *   I1  state == READY  <=>  entry is on the list of its class
 *   I2  state is DELAYED or RUNNING_DELAYED  <=>  entry is in the heap
 *   I3  state == IDLE   ==>  failures > 0
 *   I4  lists are sorted by ready_ms
 */
#include "core/workqueue.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/mem.h"
#include "core/backoff.h"
#include "core/keytab.h"

enum state {
    IDLE,
    READY,
    DELAYED,
    RUNNING,
    RUNNING_DELAYED, /* a deadline was set meanwhile */
    RUNNING_DIRTY,   /* added meanwhile */
    STATES
};

struct entry {
    union {
        struct heap_node node; /* first: entry_of_node() */
        struct {
            struct entry *prev, *next;
            uint64_t ready_ms; /* since when */
        } in_list;
    } at;
    struct object_key key; /* points into `text` */
    uint32_t failures;
    uint8_t state; /* enum state */
    uint8_t class; /* enum workqueue_class: of the wait, or handed out from */
    uint8_t again; /* the class after _done(), while it is running */
    char text[];
};
static_assert(offsetof(struct entry, text) <= 48, "workqueue.h says so");

struct list {
    struct entry *first, *last; /* oldest first */
    size_t count;
};

struct workqueue {
    const struct clock *clock;
    struct keytab entries;
    struct heap heap;
    struct list ready[WORKQUEUE_CLASSES];
    size_t counts[STATES];
    unsigned skipped;
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

static bool is_running(const struct entry *e)
{
    return e->state >= RUNNING;
}

static bool has_deadline(const struct entry *e)
{
    return e->state == DELAYED || e->state == RUNNING_DELAYED;
}

/* Will it come out without waiting for a deadline? */
static bool is_wanted(const struct entry *e)
{
    return e->state == READY || e->state == RUNNING_DIRTY;
}

/* ---- life ---- */

struct workqueue *workqueue_new(const struct clock *clock)
{
    struct workqueue *q = mem_calloc(1, sizeof *q);

    if (!q)
        return NULL;
    q->clock = clock;
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

/* ---- lists ---- */

static void list_append(struct list *l, struct entry *e)
{
    e->at.in_list.prev = l->last;
    e->at.in_list.next = NULL;
    if (l->last)
        l->last->at.in_list.next = e;
    else
        l->first = e;
    l->last = e;
    l->count++;
}

static void list_remove(struct list *l, struct entry *e)
{
    struct entry *prev = e->at.in_list.prev, *next = e->at.in_list.next;

    if (prev)
        prev->at.in_list.next = next;
    else
        l->first = next;
    if (next)
        next->at.in_list.prev = prev;
    else
        l->last = prev;
    l->count--;
}

/* ---- moving ---- */

static void move(struct workqueue *q, struct entry *e, enum state to)
{
    q->counts[e->state]--;
    q->counts[to]++;
    e->state = (uint8_t)to;
}

static void leave_heap(struct workqueue *q, struct entry *e)
{
    if (has_deadline(e))
        heap_remove(&q->heap, &e->at.node);
}

static void make_ready(struct workqueue *q, struct entry *e, unsigned class)
{
    leave_heap(q, e);
    e->class = (uint8_t) class;
    e->at.in_list.ready_ms = clock_now_ms(q->clock);
    list_append(&q->ready[class], e);
    move(q, e, READY);
}

/* It waits already: to the end of the higher class, if this is one. */
static void raise_ready(struct workqueue *q, struct entry *e, unsigned class)
{
    if (class <= e->class)
        return;
    list_remove(&q->ready[e->class], e);
    make_ready(q, e, class);
}

/* Before its deadline is gone: the class it has now, or this if higher. */
static unsigned raised(const struct entry *e, unsigned class)
{
    unsigned has = e->state == IDLE || e->state == RUNNING ? WORKQUEUE_LOW
                   : is_running(e)                         ? e->again
                                                           : e->class;

    return has > class ? has : class;
}

/* Wanted now: on the list, or after _done(). Either way a wait is over. */
static void want(struct workqueue *q, struct entry *e, unsigned class)
{
    q->adds += !is_wanted(e);
    if (e->state == READY) {
        raise_ready(q, e, class);
    } else if (is_running(e)) {
        e->again = (uint8_t)raised(e, class);
        leave_heap(q, e);
        move(q, e, RUNNING_DIRTY);
    } else {
        make_ready(q, e, raised(e, class));
    }
}

static void promote(struct workqueue *q)
{
    uint64_t now = clock_now_ms(q->clock);
    struct heap_node *node;

    while ((node = heap_peek(&q->heap)) && node->when <= now)
        want(q, entry_of_node(node), WORKQUEUE_LOW);
}

/* Give the entry a deadline unless it has an earlier one or is wanted now. */
static int delay(struct workqueue *q, struct entry *e, uint64_t ms)
{
    uint64_t now = clock_now_ms(q->clock);
    uint64_t when = ms < UINT64_MAX - now ? now + ms : UINT64_MAX;
    unsigned class = e->state == IDLE ? WORKQUEUE_NORMAL : e->class;

    if (ms == 0 || is_wanted(e)) {
        want(q, e, class);
        return 0;
    }
    class = raised(e, class);
    if (!has_deadline(e) || e->at.node.when > when) {
        leave_heap(q, e);
        e->at.node = (struct heap_node){0};
        if (heap_add(&q->heap, &e->at.node, when) < 0)
            return -ERR_NOMEM; /* it had none: a freed place is reused */
        move(q, e, is_running(e) ? RUNNING_DELAYED : DELAYED);
    }
    if (is_running(e))
        e->again = (uint8_t) class;
    else
        e->class = (uint8_t) class;
    return 0;
}

/* ---- in ---- */

static int add(struct workqueue *q, const struct object_key *key,
               unsigned class)
{
    struct entry *e;

    promote(q);
    e = find_or_make(q, key);
    if (!e)
        return -ERR_NOMEM;
    want(q, e, class);
    return 0;
}

int workqueue_add(struct workqueue *q, const struct object_key *key)
{
    return add(q, key, WORKQUEUE_NORMAL);
}

int workqueue_add_low(struct workqueue *q, const struct object_key *key)
{
    return add(q, key, WORKQUEUE_LOW);
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

static bool is_overdue(const struct workqueue *q, const struct entry *e)
{
    return clock_now_ms(q->clock) - e->at.in_list.ready_ms >= WORKQUEUE_AGE_MS;
}

/* Whose turn is it? NULL: nothing is ready. */
static struct entry *choose(const struct workqueue *q)
{
    struct entry *normal = q->ready[WORKQUEUE_NORMAL].first;
    struct entry *low = q->ready[WORKQUEUE_LOW].first;

    if (!normal || !low)
        return normal ? normal : low;
    return q->skipped >= WORKQUEUE_SHARE - 1 && is_overdue(q, low) ? low
                                                                   : normal;
}

const struct object_key *workqueue_get(struct workqueue *q)
{
    struct entry *e;

    promote(q);
    e = choose(q);
    if (!e)
        return NULL;
    list_remove(&q->ready[e->class], e);
    if (e->class == WORKQUEUE_LOW)
        q->skipped = 0;
    else if (q->skipped < WORKQUEUE_SHARE)
        q->skipped++;
    move(q, e, RUNNING);
    if (q->on_get)
        q->on_get(q->arg, clock_now_ms(q->clock) - e->at.in_list.ready_ms);
    return &e->key;
}

void workqueue_done(struct workqueue *q, const struct object_key *key)
{
    struct entry *e;

    promote(q);
    e = find(q, key);
    assert(e && is_running(e));
    if (e->state == RUNNING_DIRTY) {
        make_ready(q, e, e->again);
    } else if (e->state == RUNNING_DELAYED) {
        e->class = e->again;
        move(q, e, DELAYED);
    } else {
        move(q, e, IDLE);
        retire(q, e);
    }
}

/* ---- looking ---- */

size_t workqueue_ready(struct workqueue *q)
{
    promote(q);
    return q->counts[READY];
}

size_t workqueue_depth(struct workqueue *q, enum workqueue_class c)
{
    promote(q);
    return q->ready[c].count;
}

size_t workqueue_delayed(struct workqueue *q)
{
    promote(q);
    return q->counts[DELAYED];
}

size_t workqueue_running(const struct workqueue *q)
{
    return q->counts[RUNNING] + q->counts[RUNNING_DELAYED] +
           q->counts[RUNNING_DIRTY];
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

    if (workqueue_ready(q) > 0)
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
            fn(arg, key, e->at.node.when > now ? e->at.node.when - now : 0);
    }
}

static struct workqueue_item item_of(const struct entry *e, uint64_t now)
{
    struct workqueue_item item = {.key = &e->key,
                                  .state = "running",
                                  .failures = e->failures,
                                  .class = e->class};

    if (e->state == READY) {
        item.state = "ready";
        item.ms = now - e->at.in_list.ready_ms;
    } else if (e->state == DELAYED) {
        item.state = "delayed";
        item.ms = e->at.node.when > now ? e->at.node.when - now : 0;
    }
    return item;
}

void workqueue_each(const struct workqueue *q, workqueue_item_fn fn, void *arg)
{
    uint64_t now = clock_now_ms(q->clock);
    const struct object_key *key;

    for (size_t it = 0; (key = keytab_next(&q->entries, &it));) {
        struct workqueue_item item = item_of(entry_of_key(key), now);

        if (entry_of_key(key)->state != IDLE)
            fn(arg, &item);
    }
}

/* ---- checking ---- */

/* I1 of the READY entries, and I4. */
static bool list_check(const struct list *l, unsigned class)
{
    const struct entry *before = NULL;
    size_t count = 0;

    for (const struct entry *e = l->first; e; e = e->at.in_list.next) {
        if (e->state != READY || e->class != class ||
            e->at.in_list.prev != before)
            return false;
        if (before && before->at.in_list.ready_ms > e->at.in_list.ready_ms)
            return false;
        before = e;
        count++;
    }
    return l->last == before && l->count == count;
}

bool workqueue_check(const struct workqueue *q)
{
    size_t counts[STATES] = {0}, listed = 0;
    const struct object_key *key;

    for (size_t it = 0; (key = keytab_next(&q->entries, &it));) {
        const struct entry *e = entry_of_key(key);

        if (has_deadline(e) && e->at.node.index == 0)
            return false;
        if (e->state == IDLE && e->failures == 0)
            return false;
        counts[e->state]++;
    }
    for (unsigned c = 0; c < WORKQUEUE_CLASSES; c++) {
        if (!list_check(&q->ready[c], c))
            return false;
        listed += q->ready[c].count;
    }
    return memcmp(counts, q->counts, sizeof counts) == 0 &&
           listed == counts[READY] &&
           q->heap.count == counts[DELAYED] + counts[RUNNING_DELAYED] &&
           keytab_check(&q->entries) && heap_check(&q->heap);
}
