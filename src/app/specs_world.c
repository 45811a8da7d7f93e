/*
 * specs_world.c -- questions of specs that take more than one pass: a cluster
 *                  with the operator at work on it, moved on by hand.
 *
 * The controller is the one of `run`, with its queue, its backoff and what it
 * remembers. It makes a pass when a spec asks for one, and time stands still
 * until a spec moves it.
 */
#include <string.h>

#include "app/sink_apply.h"
#include "base/mem.h"
#include "controller_impl.h"
#include "specs_impl.h"

#define POD_READY_MS 1000u
#define MAX_STEPS 100000u /* of the clock, in one question */

/* ---- passes ---- */

static void on_pass(void *arg, const struct pass *pass)
{
    struct specs_world *w = arg;

    w->passed = true;
    w->failed = specs_value_pass(w->a, pass, &w->pass, &w->err) < 0;
}

static int open_controller(struct specs_world *w, struct err *err)
{
    const struct controller_config config = {
        .loop = w->specs->loop,
        .clock = &w->clock.clock,
        .script.script = w->unit->bundle.script,
        .source = &w->source,
        .restmap = w->unit->restmap,
        .schemas = w->unit->schemas,
        .script.params = w->params,
        .ns = "",
        .max_in_flight = 1,
        .on_pass = on_pass,
        .arg = w,
    };
    struct sink_observer observer;

    w->controller = controller_new(&config, err);
    if (!w->controller)
        return -(int)err->code;
    observer = controller_observer(w->controller);
    w->herald = herald_new(&(struct herald_config){.cluster = &w->cluster,
                                                   .clock = &w->clock.clock,
                                                   .ns = "default",
                                                   .lease = "tidelock"});
    if (!w->herald)
        return err_nomem(err);
    w->sink = sink_apply_new(&w->cluster, &observer, w->herald);
    if (!w->sink)
        return err_nomem(err);
    controller_start(w->controller, w->sink);
    return 0;
}

/* Is a pass due, or under way? */
static bool is_busy(const struct specs_world *w)
{
    struct controller_state s = controller_state(w->controller);

    return s.synced && (s.ready > 0 || s.running > 0);
}

static int run_pass(struct specs_world *w, struct err *err)
{
    controller_schedule(w->controller);
    w->passed = w->failed = false;
    while ((!w->passed && is_busy(w)) || herald_pending(w->herald))
        if (!loop_turn(w->specs->loop, true))
            break;
    if (w->failed) {
        *err = w->err;
        return -(int)err->code;
    }
    sim_step(w->sim);
    return specs_sim_sync(w, err);
}

/* ---- time ---- */

/* When something happens next, of the cluster or of the queue. */
static uint64_t next_event(struct specs_world *w)
{
    uint64_t due = sim_step(w->sim);
    uint64_t wait = workqueue_wait_ms(w->controller->queue);
    uint64_t wake = wait == UINT64_MAX ? UINT64_MAX : w->clock.ms + wait;

    return due < wake ? due : wake;
}

/* Move the clock by `ms`, or, when `first`, to what happens next within that
 * time. */
static int advance(struct specs_world *w, uint64_t ms, bool first,
                   struct err *err)
{
    uint64_t until = w->clock.ms + ms;
    unsigned steps = 0;

    while (w->clock.ms < until) {
        uint64_t next = next_event(w);

        if (next <= w->clock.ms)
            next = w->clock.ms + 1; /* it is due, but nothing came of it */
        if (next > until)
            next = until;
        clock_fake_advance(&w->clock, next - w->clock.ms);
        if (first || ++steps > MAX_STEPS)
            break;
    }
    sim_step(w->sim);
    if (steps > MAX_STEPS)
        return err_set(err, ERR_LIMIT,
                       "more than %u things happened in that time", MAX_STEPS);
    return specs_sim_sync(w, err);
}

/* ---- making one ---- */

static int give_children(struct specs_world *w, struct specs_question *q,
                         const struct value *root, struct err *err)
{
    const struct value *list = value_get(q->given, "children");
    const char *ns = value_text_at(root, "metadata.namespace");
    int rc = 0;

    for (uint32_t i = 0;
         value_is(list, VALUE_ARRAY) && i < list->count && rc == 0; i++) {
        struct value *child = value_copy(q->a, list->as.items[i]);
        struct value *meta = value_make(q->a, child, "metadata");

        if (!meta ||
            (ns && !value_get(meta, "namespace") &&
             value_set(q->a, meta, "namespace", value_string(q->a, ns)) < 0))
            return err_nomem(err);
        rc = specs_make_child(w->unit, q->a, child, root, err);
        if (rc == 0)
            rc = specs_sim_put(w, q->a, child,
                               w->unit->bundle.decl->field_manager, NULL, err);
        if (rc < 0)
            err_wrap(err, "children[%u]", i + 1);
    }
    return rc;
}

static int give(struct specs_world *w, struct specs_question *q,
                struct err *err)
{
    const struct value *list = value_get(q->given, "objects");
    const struct value *object = value_get(q->given, "object");
    struct value *root = NULL;
    int rc = 0;

    for (uint32_t i = 0;
         value_is(list, VALUE_ARRAY) && i < list->count && rc == 0; i++) {
        rc = specs_sim_put(w, q->a, list->as.items[i], "tidelock-test", NULL,
                           err);
        if (rc < 0)
            err_wrap(err, "objects[%u]", i + 1);
    }
    if (rc == 0 && object) {
        rc = specs_sim_put(w, q->a, object, "tidelock-test", &root, err);
        if (rc < 0)
            err_wrap(err, "object");
    }
    return rc < 0 || !root ? rc : give_children(w, q, root, err);
}

static void close_world(struct specs_world *w)
{
    if (w->sink)
        w->sink->ops->free(w->sink);
    herald_free(w->herald);
    controller_free(w->controller);
    specs_sim_close(w);
    arena_release(&w->arena);
    mem_free(w);
}

void specs_close_worlds(struct specs *s)
{
    while (s->worlds) {
        struct specs_world *w = s->worlds;

        s->worlds = w->next;
        close_world(w);
    }
}

static int open_world(struct specs_world *w, struct specs_question *q,
                      struct err *err)
{
    const char *controllers = value_text_at(q->given, "controllers");
    const struct sim_options options = {
        .clock = &w->clock.clock,
        .seed = 1, /* the same uids every time */
        .controllers = controllers ? controllers : "all",
        .nodes = 1,
        .pod_ready_ms = (uint64_t)value_int_at(q->given, "podReadyMilliseconds",
                                               POD_READY_MS),
    };
    struct value *params;
    int rc = specs_params(q, w->unit, &params, err);

    if (rc < 0)
        return rc;
    w->params = value_copy(&w->arena, params);
    if (!w->params)
        return err_nomem(err);
    clock_fake_init(&w->clock);
    w->clock.unix_seconds = value_int_at(q->given, "now", 0);
    rc = specs_sim_open(w, &options, err);
    if (rc == 0)
        rc = open_controller(w, err);
    if (rc == 0)
        rc = give(w, q, err);
    if (rc == 0) {
        sim_step(w->sim);
        rc = specs_sim_sync(w, err);
    }
    return rc;
}

/* What of a pass's question, and params, controllers, podReadyMilliseconds
 * -> {world =} */
int specs_answer_world(struct specs_question *q, struct err *err)
{
    struct specs_world *w = mem_calloc(1, sizeof(*w));
    int rc = w ? specs_unit_of(q, &w->unit, err) : err_nomem(err);

    if (rc < 0) {
        mem_free(w);
        return rc;
    }
    w->specs = q->specs;
    w->next = q->specs->worlds;
    w->id = ++q->specs->world_count;
    q->specs->worlds = w;
    rc = open_world(w, q, err);
    if (rc < 0)
        return rc;
    q->answer = value_object(q->a);
    if (!q->answer || value_set(q->a, q->answer, "world",
                                value_integer(q->a, (int64_t)w->id)) < 0)
        return err_nomem(err);
    return 0;
}

/* ---- the other questions ---- */

static int world_of(struct specs_question *q, struct specs_world **ret,
                    struct err *err)
{
    int64_t id = value_int_at(q->given, "world", 0);

    for (struct specs_world *w = q->specs->worlds; w; w = w->next)
        if ((int64_t)w->id == id) {
            *ret = w;
            return 0;
        }
    return err_set(err, ERR_INVALID, "there is no such world");
}

/* {world =} -> the pass, or {} when none is due */
int specs_answer_world_pass(struct specs_question *q, struct err *err)
{
    struct specs_world *w = NULL;
    int rc = world_of(q, &w, err);

    if (rc < 0)
        return rc;
    w->a = q->a;
    w->pass = NULL;
    rc = run_pass(w, err);
    q->answer = w->pass;
    return rc;
}

/* {world =, milliseconds =, first =} -> {quiet =, milliseconds = it took} */
int specs_answer_world_advance(struct specs_question *q, struct err *err)
{
    struct arena *a = q->a;
    struct specs_world *w = NULL;
    uint64_t before;
    int rc = world_of(q, &w, err);

    if (rc < 0)
        return rc;
    before = w->clock.ms;
    rc = advance(w, (uint64_t)value_int_at(q->given, "milliseconds", 0),
                 value_bool_at(q->given, "first", false), err);
    if (rc < 0)
        return rc;
    q->answer = value_object(a);
    if (!q->answer ||
        value_set(a, q->answer, "quiet",
                  value_bool(a, sim_is_quiet(w->sim) && !is_busy(w))) < 0 ||
        value_set(a, q->answer, "milliseconds",
                  value_integer(a, (int64_t)(w->clock.ms - before))) < 0)
        return err_nomem(err);
    return 0;
}

/* {world =, object =} -> the object as it is then */
int specs_answer_world_apply(struct specs_question *q, struct err *err)
{
    const struct value *object = value_get(q->given, "object");
    struct specs_world *w = NULL;
    int rc = world_of(q, &w, err);

    if (rc == 0)
        rc = specs_sim_put(w, q->a, object, "tidelock-test", &q->answer, err);
    if (rc == 0)
        sim_step(w->sim);
    return rc < 0 ? rc : specs_sim_sync(w, err);
}

/* {world =, object = ref} -> the object, nil when there is none */
int specs_answer_world_get(struct specs_question *q, struct err *err)
{
    struct specs_world *w = NULL;
    int rc = world_of(q, &w, err);

    return rc < 0 ? rc
                  : specs_sim_get(w, q->a, value_get(q->given, "object"),
                                  &q->answer, err);
}

/* {world =, object = ref} -> nothing */
int specs_answer_world_delete(struct specs_question *q, struct err *err)
{
    struct specs_world *w = NULL;
    int rc = world_of(q, &w, err);

    if (rc == 0)
        rc = specs_sim_delete(w, q->a, value_get(q->given, "object"), err);
    if (rc == 0)
        sim_step(w->sim);
    return rc < 0 ? rc : specs_sim_sync(w, err);
}
