/*
 * controller.c -- see controller.h for the contract.
 *
 * DESIGN
 *
 *      delta --mapping--> queue --get--> job --plan--> changeset --> sink
 *                           ^                                        |
 *                           +------------- outcome ------------------+
 *
 * Nothing is dispatched while the root kind or an owned kind is not known
 * (G12): "cannot see" is never taken for "is not there". A pass that failed
 * for a reason that a person must know is followed by a changeset that writes
 * just that reason into the status.
 *
 * INVARIANTS
 *
 *   I1  a key is in at most one job (the queue is exclusive)
 *   I2  workqueue_done() is called exactly once per job, at its very end
 */
#include "controller_impl.h"
#include "job_mode.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define DEFAULT_IN_FLIGHT 10
#define SLOW_RETRY_MS 60000u
#define MAX_CONFLICTS 3u
#define MEMO_MAX 100000u
#define NO_MEMORY_MS 1000u

void controller_tell(struct controller *c)
{
    if (c->config.on_change)
        c->config.on_change(c->config.arg);
}

/* ---- outcome: what comes after a pass ---- */

static int64_t requeue_ms(const struct job *job)
{
    int64_t ms = job->plan.requeue_ms;

    if (job->plan.requeue_at >= 0) {
        int64_t until = (job->plan.requeue_at - job->view.now) * 1000;

        until = until < 0 ? 0 : until;
        ms = ms < 0 || until < ms ? until : ms;
    }
    return ms;
}

/* A delay may fail for lack of memory; running keys can always be added. */
static void requeue_after(struct controller *c, const struct object_key *key,
                          uint64_t ms)
{
    if (workqueue_add_after(c->queue, key, ms) < 0)
        workqueue_add_after(c->queue, key, 0);
}

static void requeue_with_backoff(struct controller *c,
                                 const struct object_key *key)
{
    if (workqueue_add_rate_limited(c->queue, key) < 0)
        workqueue_add_after(c->queue, key, 0);
}

static void requeue_failed(struct controller *c, const struct job *job)
{
    const struct object_key *key = &job->key;
    struct root_memory *m = mapping_memory(c, key, false);
    enum err_retry retry = err_retry(job->err.code);

    /* the kind was there when this was planned: if it is gone, its feed will
     * tell, and hold everything back */
    if (job->err.code == ERR_NO_KIND && c->synced)
        retry = RETRY_BACKOFF;
    /* what is seen and what is refused do not agree: no hot loop */
    if (retry == RETRY_NOW && m && ++m->conflicts > MAX_CONFLICTS)
        retry = RETRY_BACKOFF;
    switch (retry) {
    case RETRY_NOW:
        workqueue_add_after(c->queue, key, 0);
        break;
    case RETRY_SLOW:
    case RETRY_NEVER:
        /* a new version of anything it depends on wakes it at once */
        requeue_after(c, key,
                      job->err.retry_after_ms ? job->err.retry_after_ms
                                              : SLOW_RETRY_MS);
        break;
    case RETRY_BACKOFF:
        if (job->err.retry_after_ms)
            requeue_after(c, key, job->err.retry_after_ms);
        else
            requeue_with_backoff(c, key);
        break;
    }
}

static void log_failure(struct controller *c, const struct job *job)
{
    struct str name = {0};
    const struct root_memory *m = mapping_memory(c, &job->key, false);
    /* a conflict is usual, unless it goes on; `plan` prints failures where the
     * plan would stand */
    bool usual =
        job->err.code == ERR_CONFLICT && (!m || m->conflicts < MAX_CONFLICTS);
    bool told = !c->synced; /* what is waited for was said for all of them */
    bool quiet = usual || told || c->config.one_pass;

    object_key_print(&job->key, &name);
    log_line(quiet ? LOG_DEBUG : LOG_ERROR, "reconcile failed", "operator",
             c->now.decl->name, "object", str_text(&name), "code",
             err_name(job->err.code), "err", job->err.msg, "hint",
             job->err.hint, "row", job->row ? job->row->id : "",
             job->trace ? "trace" : NULL, job->trace, NULL);
    str_release(&name);
}

static void set_failing(struct controller *c, const struct job *job)
{
    struct root_memory *m = mapping_memory(c, &job->key, true);
    bool failing = job->err.code != ERR_NONE;

    if (!m)
        return;
    m->blocked = job->err.code == ERR_NAME_CONFLICT;
    m->lost_child |= failing && job->lost_child;
    if (!failing)
        m->conflicts = 0;
    if (!failing && job->row && !job->shown)
        m->row = (size_t)(job->row - c->now.decl->rows) + 1;
    if (m->failing == failing)
        return;
    m->failing = failing;
    c->failing += failing ? 1 : (size_t)-1;
}

static struct pass pass_of(const struct job *job, const struct err *err)
{
    return (struct pass){
        .key = job->key,
        .root = job->view.root,
        .plan = job->planned ? &job->plan : NULL,
        .cs = job->planned ? &job->cs : NULL,
        .err = err,
        .trace = job->trace,
        .row = job->row,
        .why = job->why,
        .held = job->row && job->row->hold &&
                job->controller->now.decl->has_desired,
        .shown = job->shown,
        .requeue_ms = job->planned ? requeue_ms(job) : -1,
    };
}

static void job_finish(struct job *job, size_t writes)
{
    struct controller *c = job->controller;
    bool ok = job->err.code == ERR_NONE;
    struct pass pass = pass_of(job, &job->err);
    int64_t held_ms = hold_wait_ms(c, &job->key);

    pass.writes = writes;
    pass.took_ms = clock_now_ms(loop_clock(c->config.loop)) - job->started_ms;
    c->passes++;
    set_failing(c, job);
    if (!ok)
        log_failure(c, job);
    if (c->config.on_pass)
        c->config.on_pass(c->config.arg, &pass);
    if (c->config.one_pass || c->draining)
        workqueue_forget(c->queue, &job->key);
    else if (!ok)
        requeue_failed(c, job);
    else {
        workqueue_forget(c->queue, &job->key);
        if (pass.requeue_ms >= 0)
            requeue_after(c, &job->key, (uint64_t)pass.requeue_ms);
        if (held_ms >= 0)
            requeue_after(c, &job->key, (uint64_t)held_ms);
    }
    workqueue_done(c->queue, &job->key);
    job_end(job);
    permits_give(&c->taker);
    controller_schedule(c);
    controller_tell(c);
}

/* ---- the sink's answer ---- */

static void on_reported(void *arg, struct changeset *cs,
                        const struct sink_outcome *outcome)
{
    struct job *job = arg;

    (void)cs;
    if (outcome->err->code != ERR_NONE)
        log_debug("cannot write why a pass failed", "err", outcome->err->msg,
                  NULL);
    job_finish(job, outcome->writes);
}

/* The pass failed: say so in the object, where a person will look. */
static void job_report(struct job *job)
{
    struct controller *c = job->controller;
    struct err err = {0};

    if (job->planned)
        memory_forget_events(job);
    job->planned = false;
    if (c->config.one_pass || !job_plan_failure(job, &job->err) ||
        sink_submit(c->sink, &job->cs, on_reported, job, &err) < 0)
        job_finish(job, 0);
}

static void on_submitted(void *arg, struct changeset *cs,
                         const struct sink_outcome *outcome)
{
    struct job *job = arg;

    (void)cs;
    job->err = *outcome->err;
    contest_note(job, outcome);
    hold_note(job, outcome);
    if (job->err.code != ERR_NONE) {
        job_report(job);
        return;
    }
    memory_forget_failure(job);
    job_finish(job, outcome->writes);
}

/* ---- one job ---- */

static void log_script_lines(const struct job *job)
{
    struct str name = {0};

    object_key_print(&job->key, &name);
    for (size_t i = 0; i < job->plan.log_count; i++)
        log_line(job->plan.logs[i].warn ? LOG_WARN : LOG_INFO, "script",
                 "operator", job->controller->now.decl->name, "object",
                 str_text(&name), "text", job->plan.logs[i].text, NULL);
    str_release(&name);
}

static void tell_planned(struct job *job, const struct err *err)
{
    const struct controller_config *config = &job->controller->config;
    const struct pass pass = pass_of(job, err);

    if (config->on_planned)
        config->on_planned(config->arg, &pass, &job->view);
}

void job_planned(struct job *job, struct err *err)
{
    struct controller *c = job->controller;
    int rc = -(int)err->code;

    memory_note_overrun(job, err);
    log_script_lines(job);
    tell_planned(job, err);
    job->cs.row = job->row ? job->row->id : NULL;
    job->cs.script = c->config.digest;
    if (rc == 0) {
        memory_guard_creates(job);
        if (job->mode == JOB_PLAN)
            job_show(job);
        else if (!c->config.one_pass) {
            memory_drop_known_events(job);
            contest_mark(job);
            hold_ask(job);
        }
        rc = sink_submit(c->sink, &job->cs, on_submitted, job, err);
    }
    if (rc < 0) {
        job->err = *err;
        job_report(job);
    }
}

/* Nothing can be planned: the root says which kind cannot be seen, and why. */
static void job_say_blind(struct job *job)
{
    job->err = job->controller->why;
    if (job->err.code == ERR_NOT_FOUND)
        job->err.code = ERR_NO_KIND;
    job_report(job);
}

static void job_run(struct job *job)
{
    int rc = 0;

    job->mode = JOB_APPLY;
    if (!job->controller->config.one_pass)
        rc = job_mode(job, &job->mode, &job->err);
    if (rc < 0)
        job_report(job);
    else if (job->mode == JOB_PAUSE)
        job_finish(job, 0);
    else if (!job->controller->synced)
        job_say_blind(job);
    else
        job_plan(job);
}

/* NULL: out of memory. */
static struct job *free_job(struct controller *c)
{
    void *jobs = c->jobs;
    struct job *job = NULL;

    for (size_t i = 0; i < c->job_count; i++)
        if (!c->jobs[i]->busy)
            return c->jobs[i];
    if (mem_grow(&jobs, &c->job_cap, c->job_count + 1, sizeof(*c->jobs)) == 0)
        job = mem_calloc(1, sizeof(*job));
    c->jobs = jobs;
    if (job)
        c->jobs[c->job_count++] = job;
    return job;
}

/* Is a pass under way now, or over already? */
static bool dispatch(struct controller *c, struct job *job,
                     const struct object_key *key)
{
    struct snapshot *root = store_get(c->root.feed->store, key);
    struct root_memory *m;
    uint64_t wait_ms;

    if (!root) {
        mapping_forget(c, key);
        workqueue_forget(c->queue, key);
        workqueue_done(c->queue, key);
        return false;
    }
    if (memory_is_stale(c, root)) {
        requeue_with_backoff(c, key);
        workqueue_done(c->queue, key);
        return false;
    }
    if (c->config.one_pass && memory_passed_before(c, key)) {
        workqueue_done(c->queue, key);
        return false;
    }
    if (memory_quarantines(c, root, &wait_ms)) {
        requeue_after(c, key, wait_ms);
        workqueue_done(c->queue, key);
        return false;
    }
    m = mapping_memory(c, key, false);
    job->controller = c;
    job->started_ms = clock_now_ms(loop_clock(c->config.loop));
    if (job_begin(job, root) == 0) {
        job_run(job);
        return true;
    }
    log_error("out of memory: a root has to wait", "object", key->name, NULL);
    if (m)
        m->passed = false;
    job_end(job);
    requeue_with_backoff(c, key);
    workqueue_done(c->queue, key);
    return false;
}

/* ---- the pump ---- */

static bool may_begin(const struct controller *c)
{
    return c->started && (c->synced || c->blind) && !c->draining && !c->held;
}

static void pump(void *arg);

/* Pump then; 0: in a later turn. Out of memory: the next event does. */
static void pump_after(struct controller *c, uint64_t ms)
{
    loop_cancel(c->config.loop, c->timer);
    c->timer = loop_after(c->config.loop, ms, pump, c);
    c->soon = ms == 0 && c->timer;
}

static bool is_any_ready(struct controller *c)
{
    return may_begin(c) && workqueue_wait_ms(c->queue) == 0;
}

static void pump(void *arg)
{
    struct controller *c = arg;
    struct job *job = NULL;

    c->timer = 0;
    c->soon = false;
    if (c->epoch != c->root.feed->epoch)
        mapping_forget_versions(c);
    c->epoch = c->root.feed->epoch;
    while (is_any_ready(c) && (job = free_job(c)) && permits_take(&c->taker))
        if (!dispatch(c, job, workqueue_get(c->queue)))
            permits_give(&c->taker);
    if (is_any_ready(c) && !job)
        pump_after(c, NO_MEMORY_MS);
    else
        controller_schedule(c);
    controller_tell(c);
}

/* Pump in a later turn: never from inside a delta or an answer. */
void controller_schedule(struct controller *c)
{
    uint64_t wait;

    if (c->soon)
        return;
    wait = may_begin(c) ? workqueue_wait_ms(c->queue) : UINT64_MAX;
    if (wait > 0)
        permits_forgo(&c->taker);
    if (wait == 0 && c->taker.wants)
        return; /* until on_turn() */
    if (wait < UINT64_MAX) {
        pump_after(c, wait);
        return;
    }
    loop_cancel(c->config.loop, c->timer); /* what comes next, or the sync, */
    c->timer = 0;                          /* schedules again */
}

/* A permit is free for us. */
static void on_turn(void *arg)
{
    struct controller *c = arg;

    if (!c->soon)
        pump_after(c, 0);
    if (!c->soon) /* out of memory: let others have it */
        permits_forgo(&c->taker);
}

/* ---- life ---- */

static int controller_join(struct controller *c)
{
    unsigned most =
        c->config.max_in_flight ? c->config.max_in_flight : DEFAULT_IN_FLIGHT;
    struct permits *permits = c->config.permits;

    if (!permits)
        permits = c->own_permits = permits_new(most);
    if (!permits)
        return -ERR_NOMEM;
    c->taker = (struct taker){.on_turn = on_turn, .arg = c};
    permits_join(permits, &c->taker);
    return 0;
}

static int controller_alloc(struct controller *c, struct err *err)
{
    c->memo = diff_memo_new(MEMO_MAX);
    c->queue = workqueue_new(c->config.clock);
    c->memory = map_new();
    c->uids = map_new();
    c->wanted = map_new();
    if (!c->memo || !c->queue || !c->memory || !c->uids || !c->wanted ||
        controller_join(c) < 0)
        return err_nomem(err);
    workqueue_on_get(c->queue, c->config.on_get, c->config.arg);
    return 0;
}

int controller_program(struct controller *c, const struct controller_script *s,
                       struct version *ret, struct err *err)
{
    ret->params = s->params;
    ret->program = s->program;
    if (!ret->program && !c->executor)
        c->executor = inline_new();
    if (!ret->program && c->executor)
        ret->program = inline_program(c->executor, s->script);
    if (!ret->program)
        return err_nomem(err);
    ret->decl = ret->program->decl;
    return 0;
}

void controller_let_go(struct controller *c, struct version *v)
{
    if (c->executor)
        program_free(v->program);
}

struct controller *controller_new(const struct controller_config *config,
                                  struct err *err)
{
    struct controller *c = mem_calloc(1, sizeof(*c));

    if (!c) {
        err_nomem(err);
        return NULL;
    }
    c->config = *config;
    if (!c->config.clock)
        c->config.clock = loop_clock(config->loop);
    if (controller_program(c, &c->config.script, &c->now, err) == 0 &&
        controller_alloc(c, err) == 0 && feeds_subscribe(c, err) == 0)
        return c;
    controller_free(c);
    return NULL;
}

void controller_free(struct controller *c)
{
    if (!c)
        return;
    c->started = false;
    controller_note(c, NULL, NULL, NULL);
    controller_forget(c);
    loop_cancel(c->config.loop, c->timer);
    loop_cancel(c->config.loop, c->blind_timer);
    for (size_t i = 0; i < c->job_count; i++) {
        if (c->jobs[i]->busy)
            job_end(c->jobs[i]);
        mem_free(c->jobs[i]);
    }
    permits_leave(&c->taker);
    permits_free(c->own_permits);
    mapping_stop(c);
    feeds_unsubscribe(c);
    mapping_free(c);
    controller_let_go(c, &c->now);
    executor_free(c->executor);
    workqueue_free(c->queue);
    fights_release(&c->fights);
    diff_memo_free(c->memo);
    mem_free(c->jobs);
    mem_free(c);
}

void controller_start(struct controller *c, struct sink *sink)
{
    c->sink = sink;
    c->started = true;
    feeds_check(c);
    controller_schedule(c);
}

void controller_drain(struct controller *c)
{
    c->draining = true;
}
