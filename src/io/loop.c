/*
 * loop.c -- see loop.h for the contract.
 *
 * DESIGN
 *
 * All timers share one uv_timer_t, armed for the earliest deadline of a heap.
 * Deadlines are in milliseconds of the base clock, not of libuv's: libuv
 * caches its time for a turn and may read a coarse kernel clock, so its timer
 * can only be trusted to fire "about then". When it fires early the heap has
 * nothing due yet and the timer is armed again.
 *
 * What is due already waits for an idle handle instead: libuv 1.44 runs a
 * timer of 0 ms that its own callback armed within the same sweep, for ever,
 * and sockets would starve. Idle handles run once a turn, before the poll.
 *
 * A turn of libuv runs timers first and sleeps in the poll afterwards. For
 * loop_turn() that is a trap: a timer sets what the caller waits for, and the
 * same turn goes to sleep. So a turn in which a timer ran does not sleep: the
 * prepare handle, which runs right before the poll, starts a second idle
 * handle, and libuv does not sleep while one is active.
 *
 * INVARIANTS (loop_check)
 *
 *   I1  a timer is in `ids` and in `timers`, or it is freed
 *   I2  outside loop_fire(), the heap is empty and neither `tick` nor `due`
 *       is active, or exactly one of them is
 */
#include "io/loop.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <uv.h>

#include "base/heap.h"
#include "base/mem.h"
#include "io/slots.h"

struct timer {
    struct heap_node node; /* first: a node is its timer */
    loop_timer_id id;
    loop_fn fn;
    void *arg;
};

struct signal_watch {
    uv_signal_t uv; /* first: the handle is its watch */
    loop_signal_fn fn;
    void *arg;
    struct signal_watch *next;
};

struct loop {
    uv_loop_t uv;
    uv_timer_t tick; /* for the earliest deadline */
    uv_idle_t due;   /* it has come */
    uv_prepare_t before_poll;
    uv_idle_t awake; /* this turn must not sleep */
    struct heap timers;
    struct slots ids;
    struct signal_watch *signals;
    bool turning;  /* inside loop_turn() that may sleep */
    bool progress; /* a timer ran in this turn */
    bool firing;   /* loop_fire() arms the tick itself at its end */
};

static void loop_arm(struct loop *l);
static void on_before_poll(uv_prepare_t *prepare);

static struct timer *timer_of(struct heap_node *node)
{
    return (struct timer *)((char *)node - offsetof(struct timer, node));
}

struct loop *loop_new(struct err *err)
{
    struct loop *l = mem_calloc(1, sizeof *l);
    int rc;

    if (!l) {
        err_nomem(err);
        return NULL;
    }
    rc = uv_loop_init(&l->uv);
    if (rc < 0) {
        err_set(err, ERR_IO, "cannot create the event loop: %s",
                uv_strerror(rc));
        mem_free(l);
        return NULL;
    }
    uv_timer_init(&l->uv, &l->tick);
    l->tick.data = l;
    uv_idle_init(&l->uv, &l->due);
    l->due.data = l;
    uv_idle_init(&l->uv, &l->awake);
    uv_prepare_init(&l->uv, &l->before_poll);
    l->before_poll.data = l;
    uv_prepare_start(&l->before_poll, on_before_poll);
    uv_unref((uv_handle_t *)&l->awake);
    uv_unref((uv_handle_t *)&l->before_poll);
    heap_init(&l->timers);
    signal(SIGPIPE, SIG_IGN);
    return l;
}

static void signal_closed(uv_handle_t *handle)
{
    mem_free(handle);
}

static void timer_drop(struct loop *l, struct timer *t)
{
    heap_remove(&l->timers, &t->node);
    slots_remove(&l->ids, t->id);
    mem_free(t);
}

void loop_free(struct loop *l)
{
    struct heap_node *node;
    int rc;

    if (!l)
        return;
    while ((node = heap_peek(&l->timers)))
        timer_drop(l, timer_of(node));
    heap_release(&l->timers);
    slots_release(&l->ids);

    uv_close((uv_handle_t *)&l->tick, NULL);
    uv_close((uv_handle_t *)&l->due, NULL);
    uv_close((uv_handle_t *)&l->awake, NULL);
    uv_close((uv_handle_t *)&l->before_poll, NULL);
    while (l->signals) {
        struct signal_watch *s = l->signals;

        l->signals = s->next;
        uv_close((uv_handle_t *)&s->uv, signal_closed);
    }
    uv_run(&l->uv, UV_RUN_DEFAULT); /* until the last handle is closed */
    rc = uv_loop_close(&l->uv);
    assert(rc == 0);
    (void)rc;
    mem_free(l);
}

void loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

static void on_awake(uv_idle_t *awake)
{
    uv_idle_stop(awake); /* that turn is over */
}

static void on_before_poll(uv_prepare_t *prepare)
{
    struct loop *l = prepare->data;

    if (l->turning && l->progress)
        uv_idle_start(&l->awake, on_awake);
    l->progress = false;
}

void loop_progress(struct loop *l)
{
    l->progress = true;
}

bool loop_turn(struct loop *l, bool wait)
{
    bool left;

    l->turning = wait;
    l->progress = false;
    left = uv_run(&l->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT) != 0;
    l->turning = false;
    return left;
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

const struct clock *loop_clock(const struct loop *l)
{
    (void)l;
    return clock_real();
}

struct uv_loop_s *loop_uv(struct loop *l)
{
    return &l->uv;
}

/* ---- timers ---- */

static uint64_t now_ms(void)
{
    return clock_now_ms(clock_real());
}

/* Run what is due, but nothing that was added meanwhile: those have an
 * `order` not below the counter at the start. */
static void loop_fire(struct loop *l)
{
    const uint64_t now = now_ms(), fresh = l->timers.counter;
    struct heap_node *node;

    l->firing = true;
    while ((node = heap_peek(&l->timers)) && node->when <= now &&
           node->order < fresh) {
        const struct timer due = *timer_of(node);

        timer_drop(l, timer_of(node)); /* its id is stale in its callback */
        l->progress = true;
        due.fn(due.arg);
    }
    l->firing = false;
    loop_arm(l);
}

static void on_tick(uv_timer_t *tick)
{
    loop_fire(tick->data);
}

static void on_due(uv_idle_t *due)
{
    loop_fire(due->data);
}

/* Make I2 true again. */
static void loop_arm(struct loop *l)
{
    const struct heap_node *first = heap_peek(&l->timers);
    uint64_t now;

    if (l->firing)
        return;
    uv_timer_stop(&l->tick);
    uv_idle_stop(&l->due);
    if (!first)
        return;
    now = now_ms();
    if (first->when <= now) {
        uv_idle_start(&l->due, on_due);
        return;
    }
    uv_update_time(&l->uv);
    uv_timer_start(&l->tick, on_tick, first->when - now, 0);
}

loop_timer_id loop_after(struct loop *l, uint64_t delay_ms, loop_fn fn,
                         void *arg)
{
    const uint64_t now = now_ms();
    struct timer *t = mem_calloc(1, sizeof *t);

    if (!t)
        return 0;
    t->fn = fn;
    t->arg = arg;
    t->id = slots_add(&l->ids, t);
    if (!t->id) {
        mem_free(t);
        return 0;
    }
    if (heap_add(&l->timers, &t->node,
                 delay_ms > UINT64_MAX - now ? UINT64_MAX : now + delay_ms)) {
        timer_drop(l, t);
        return 0;
    }
    loop_arm(l);
    return t->id;
}

void loop_cancel(struct loop *l, loop_timer_id id)
{
    struct timer *t = slots_find(&l->ids, id);

    if (!t)
        return;
    timer_drop(l, t);
    loop_arm(l);
}

bool loop_check(const struct loop *l)
{
    bool tick = uv_is_active((const uv_handle_t *)&l->tick);
    bool due = uv_is_active((const uv_handle_t *)&l->due);

    if (!heap_check(&l->timers) || l->ids.count != l->timers.count) /* I1 */
        return false;
    return l->firing || (l->timers.count ? tick != due : !tick && !due);
}

/* ---- signals ---- */

static void signal_arrived(uv_signal_t *handle, int signum)
{
    const struct signal_watch *s = (struct signal_watch *)handle;

    s->fn(signum, s->arg);
}

int loop_on_signal(struct loop *l, int signum, loop_signal_fn fn, void *arg,
                   struct err *err)
{
    struct signal_watch *s = mem_calloc(1, sizeof *s);
    int rc;

    if (!s)
        return err_nomem(err);
    s->fn = fn;
    s->arg = arg;
    rc = uv_signal_init(&l->uv, &s->uv);
    if (rc < 0) {
        mem_free(s);
        return err_set(err, ERR_IO, "cannot watch signal %d: %s", signum,
                       uv_strerror(rc));
    }
    s->next = l->signals; /* from here on loop_free() closes it */
    l->signals = s;
    rc = uv_signal_start(&s->uv, signal_arrived, signum);
    if (rc < 0)
        return err_set(err, ERR_IO, "cannot watch signal %d: %s", signum,
                       uv_strerror(rc));
    uv_unref((uv_handle_t *)&s->uv);
    return 0;
}
