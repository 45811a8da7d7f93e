/*
 * controller_look.c -- what a controller tells of itself: its state, its rows,
 *                      its keys.
 */
#include "controller_impl.h"

#include <string.h>

/* How long do the jobs that run now last? */
static void add_running(const struct controller *c, struct controller_state *s)
{
    uint64_t now = clock_now_ms(loop_clock(c->config.loop));

    for (size_t i = 0; i < c->job_count; i++) {
        uint64_t ms = c->jobs[i]->busy ? now - c->jobs[i]->started_ms : 0;

        s->running_ms += ms;
        s->longest_ms = ms > s->longest_ms ? ms : s->longest_ms;
    }
}

void controller_count_rows(const struct controller *c, size_t *counts)
{
    const char *key;
    size_t len;
    void *memory;

    memset(counts, 0, c->now.decl->rows_count * sizeof(*counts));
    for (size_t it = 0; map_next(c->memory, &it, &key, &len, &memory);) {
        size_t row = ((const struct root_memory *)memory)->row;

        if (row)
            counts[row - 1]++;
    }
}

struct controller_state controller_state(struct controller *c)
{
    struct controller_state s = {
        .synced = c->synced,
        .unsynced = c->synced ? NULL : &c->why,
        .final = !c->synced && feeds_final(&c->why),
        .ready = workqueue_ready(c->queue),
        .ready_low = workqueue_depth(c->queue, WORKQUEUE_LOW),
        .running = workqueue_running(c->queue) + c->mapped_count,
        .delayed = workqueue_delayed(c->queue),
        .failing = c->failing,
        .known = map_count(c->memory),
        .max_running = permits_limit(c->taker.permits),
        .adds = workqueue_adds(c->queue),
        .retries = workqueue_retries(c->queue),
        .passes = c->passes,
        .gate_waits = c->gate_waits,
        .gate_reads = c->gate_reads,
    };

    add_running(c, &s);
    return s;
}

void controller_each_delayed(struct controller *c,
                             void (*fn)(void *arg, const struct object_key *k,
                                        uint64_t wait_ms),
                             void *arg)
{
    workqueue_each_delayed(c->queue, fn, arg);
}

struct looking {
    const struct controller *controller;
    workqueue_item_fn fn;
    void *arg;
};

static void look_at(void *arg, const struct workqueue_item *given)
{
    const struct looking *l = arg;
    const struct controller *c = l->controller;
    struct workqueue_item item = *given;

    for (unsigned i = 0; i < c->job_count; i++)
        if (c->jobs[i]->busy && object_key_equal(&c->jobs[i]->key, item.key))
            item.ms = clock_now_ms(loop_clock(c->config.loop)) -
                      c->jobs[i]->started_ms;
    l->fn(l->arg, &item);
}

void controller_each_key(const struct controller *c, workqueue_item_fn fn,
                         void *arg)
{
    struct looking l = {c, fn, arg};

    workqueue_each(c->queue, look_at, &l);
}
