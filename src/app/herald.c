/*
 * herald.c -- see herald.h for the contract.
 *
 * DESIGN
 *
 * One request or one timer at a time: ask event_queue_next(), do it, tell it
 * what came of it. What is said while neither is there makes a timer of 0, so
 * nothing is ever sent from inside whoever speaks.
 */
#include "app/herald.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define CONTROLLER "tidelock" /* of what the process itself says */
#define HOST_SIZE 65

struct herald {
    struct herald_config config;
    struct event_queue *queue;
    struct arena arena;
    struct event_ref lease;
    struct cluster_call *call;
    loop_timer_id timer; /* when the queue wants something */
    char host[HOST_SIZE];
    void (*done)(void *arg); /* of the flush, or NULL */
    void *done_arg;
    loop_timer_id flush_timer;
};

static struct loop *loop_of(const struct herald *h)
{
    return h->config.cluster->loop;
}

/* ---- the flush ---- */

static void on_flushed(void *arg)
{
    struct herald *h = arg;
    void (*done)(void *arg) = h->done;

    h->flush_timer = 0;
    h->done = NULL;
    if (done)
        done(h->done_arg);
}

/* Never from inside an answer: the caller may free us. */
static void check_flushed(struct herald *h)
{
    loop_timer_id soon = 0;

    if (h->done && event_queue_pending(h->queue) == 0)
        soon = loop_after(loop_of(h), 0, on_flushed, h);
    if (!soon) /* out of memory: then at the end of the bound */
        return;
    loop_cancel(loop_of(h), h->flush_timer);
    h->flush_timer = soon;
}

/* ---- the step ---- */

static void step(struct herald *h);

static void on_due(void *arg)
{
    struct herald *h = arg;

    h->timer = 0;
    step(h);
}

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct herald *h = arg;

    h->call = NULL;
    if (answer->err->code != ERR_NONE)
        log_debug("cannot write an Event", "err", answer->err->msg, NULL);
    event_queue_answered(h->queue, answer->err->code);
    step(h);
}

static void send(struct herald *h)
{
    struct arena a = {0};
    struct request request;
    struct err err = {0};

    if (event_queue_request(h->queue, &a, &request, &err) == 0)
        h->call = cluster_send(h->config.cluster, &request, on_answer, h, &err);
    arena_release(&a);
    if (!h->call)
        event_queue_answered(h->queue, err.code);
}

static void step(struct herald *h)
{
    struct event_todo todo = {.want = EVENT_SEND};

    while (!h->call && todo.want == EVENT_SEND) {
        todo = event_queue_next(h->queue);
        if (todo.want == EVENT_SEND)
            send(h);
    }
    loop_cancel(loop_of(h), h->timer);
    h->timer = 0;
    if (!h->call && todo.delay_ms != UINT64_MAX)
        h->timer = loop_after(loop_of(h), todo.delay_ms, on_due, h);
    check_flushed(h);
}

/* Something was added: look in a later turn. */
static void wake(struct herald *h)
{
    if (h->call)
        return; /* its answer looks */
    loop_cancel(loop_of(h), h->timer);
    h->timer = loop_after(loop_of(h), 0, on_due, h);
}

/* ---- saying something ---- */

static bool may_speak(const struct herald *h)
{
    return !h->config.may_speak || h->config.may_speak(h->config.arg);
}

/* "tidelock-website-node7", so that two processes are two series. */
static struct value *instance(struct herald *h, struct arena *a,
                              const struct value *body)
{
    const char *controller = value_text_at(body, "reportingController");
    char *text =
        arena_printf(a, "%s-%s", controller ? controller : CONTROLLER, h->host);

    if (!text)
        return NULL;
    return value_stringn(a, text, strnlen(text, EVENT_MAX_INSTANCE));
}

/* `body` is changed. */
static void add(struct herald *h, struct arena *a, const struct object_key *key,
                struct value *body)
{
    if (value_set(a, body, "reportingInstance", instance(h, a, body)) == 0 &&
        event_queue_add(h->queue, key, body) == 0)
        wake(h);
}

void herald_event(struct herald *h, const struct object_key *key,
                  const struct value *body)
{
    struct arena a = {0};
    struct value *copy;

    if (!h || !may_speak(h))
        return;
    copy = value_copy(&a, body);
    if (copy)
        add(h, &a, key, copy);
    arena_release(&a);
}

void herald_tell(struct herald *h, const struct event_spec *given)
{
    struct arena a = {0};
    struct event_spec spec = *given;
    struct object_key key;
    struct value *body;

    if (!h || !may_speak(h))
        return;
    spec.controller = CONTROLLER;
    spec.now = clock_unix(h->config.clock);
    body = event_make(&a, &spec, &key);
    if (body)
        add(h, &a, &key, body);
    arena_release(&a);
}

void herald_say(struct herald *h, const struct event_ref *about,
                const char *type, const char *reason, const char *note)
{
    struct event_spec spec = {.type = type, .reason = reason, .note = note};

    if (!about)
        return;
    spec.regarding = *about;
    herald_tell(h, &spec);
}

const struct event_ref *herald_lease(const struct herald *h)
{
    return h ? &h->lease : NULL;
}

void herald_lease_is(struct herald *h, const char *uid)
{
    char *copy;

    if (!h || !uid || strcmp(h->lease.uid, uid) == 0)
        return;
    copy = arena_strdup(&h->arena, uid);
    if (copy)
        h->lease.uid = copy;
}

/* ---- life ---- */

static void read_host(char host[HOST_SIZE])
{
    if (gethostname(host, HOST_SIZE) < 0)
        host[0] = '\0';
    host[HOST_SIZE - 1] = '\0';
}

struct herald *herald_new(const struct herald_config *config)
{
    struct herald *h = mem_calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->config = *config;
    if (!h->config.clock)
        h->config.clock = loop_clock(loop_of(h));
    h->lease = (struct event_ref){.api_version = "coordination.k8s.io/v1",
                                  .kind = "Lease",
                                  .key = {config->ns, config->lease},
                                  .uid = ""};
    read_host(h->host);
    h->queue = event_queue_new(h->config.clock, rng_seed_from_kernel());
    if (h->queue)
        return h;
    mem_free(h);
    return NULL;
}

void herald_free(struct herald *h)
{
    if (!h)
        return;
    cluster_cancel(h->call);
    loop_cancel(loop_of(h), h->timer);
    loop_cancel(loop_of(h), h->flush_timer);
    event_queue_free(h->queue);
    arena_release(&h->arena);
    mem_free(h);
}

size_t herald_pending(const struct herald *h)
{
    return h ? event_queue_pending(h->queue) : 0;
}

void herald_flush(struct herald *h, void (*done)(void *arg), void *arg)
{
    if (!h) {
        done(arg);
        return;
    }
    h->done = done;
    h->done_arg = arg;
    event_queue_flush(h->queue);
    h->flush_timer = loop_after(loop_of(h), HERALD_FLUSH_MS, on_flushed, h);
    if (!h->flush_timer) { /* no memory: rather unsaid than without an end */
        on_flushed(h);
        return;
    }
    wake(h);
}

struct event_queue_stats herald_stats(const struct herald *h)
{
    return h ? event_queue_stats(h->queue) : (struct event_queue_stats){0};
}
