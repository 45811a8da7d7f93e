/*
 * sink_apply.c -- see sink_apply.h for the contract.
 *
 * DESIGN
 *
 * One `exec` per changeset walks its changes. Each change is one request, or
 * two (recreate: delete, then create), or starts with questions
 * (sink_apply_ask.c). An answer that shows that the view was wrong is followed
 * by one live GET, so that the next plan is made from the truth:
 *
 *      create  409  -> GET: ours -> CONFLICT, plan again
 *                           foreign -> NAME_CONFLICT (row 3)
 *      apply   409  -> GET, CONFLICT (rows 5, 8, 11)
 *      delete  409  -> GET, CONFLICT;  404 -> done (row 10)
 *      no answer    -> GET, TIMEOUT: the outcome is unknown
 *
 * INVARIANTS
 *
 *   I1  an exec has exactly one request under way, or is about to finish
 *   I2  `done` is called once, from a loop turn
 */
#include "sink_apply_impl.h"

#include <string.h>

#include "answer_impl.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/status.h"

static void exec_free(struct exec *e)
{
    if (e->prev)
        e->prev->next = e->next;
    else
        e->sink->execs = e->next;
    if (e->next)
        e->next->prev = e->prev;
    cluster_cancel(e->call);
    loop_cancel(e->sink->cluster->loop, e->timer);
    mem_free(e->root_rv);
    mem_free(e->before_rv);
    mem_free(e->after_rv);
    mem_free(e);
}

static void exec_report(void *arg)
{
    struct exec *e = arg;
    struct exec copy = *e;
    struct sink_outcome outcome = {.err = &copy.err,
                                   .writes = copy.writes,
                                   .failed = copy.failed,
                                   .unknown = copy.unknown,
                                   .looked = copy.looked};

    e->timer = 0;
    exec_free(e);
    copy.done(copy.arg, copy.cs, &outcome);
}

static void exec_finish(struct exec *e)
{
    e->stage = STAGE_FINISH;
    e->timer = loop_after(e->sink->cluster->loop, 0, exec_report, e);
    if (!e->timer) /* out of memory: better reentrant than never */
        exec_report(e);
}

void exec_fail(struct exec *e, const struct err *err)
{
    e->err = *err;
    e->failed = e->index < e->cs->count ? &e->cs->items[e->index] : NULL;
    exec_finish(e);
}

void exec_wrap(const struct change *c, struct err *err)
{
    err_wrap(err, "cannot %s '%s %s%s%s'", change_verb_word(c->verb),
             c->resource->kind, c->key.ns, *c->key.ns ? "/" : "", c->key.name);
}

/* ---- answers that are objects ---- */

static bool is_root(const struct exec *e, const struct change *c)
{
    return c->resource == e->cs->root_resource &&
           object_key_equal(&c->key, &e->cs->root->key);
}

static bool is_delete(const struct exec *e, const struct change *c)
{
    return c->verb == CHANGE_DELETE || c->verb == CHANGE_PRUNE ||
           ((c->verb == CHANGE_RECREATE || e->recreate) && e->request == 0);
}

/* Which declaration is answered, when it is one. */
static const char *answered_hash(const struct exec *e)
{
    if (e->stage != STAGE_WRITE || is_delete(e, exec_change(e)))
        return NULL;
    return exec_change(e)->declared_hash;
}

/* For the log alone: what there is no memory for is not said. */
static void keep_versions(struct exec *e, const char *before, const char *after)
{
    mem_free(e->before_rv);
    mem_free(e->after_rv);
    e->before_rv = before ? mem_strdup(before) : NULL;
    e->after_rv = after ? mem_strdup(after) : NULL;
}

static const char *known_version(const struct exec *e, const struct change *c)
{
    if (is_root(e, c))
        return e->root_rv;
    if (c->live && e->request == 0)
        return c->live->resource_version;
    return NULL;
}

int exec_observe(struct exec *e, const struct target *t, const char *body,
                 size_t len, struct err *err)
{
    struct snapshot *snap;
    int rc = answer_object(t, body, len, &snap, err);

    if (rc < 0)
        return rc;
    if (e->index < e->cs->count)
        keep_versions(e, known_version(e, exec_change(e)),
                      snap->resource_version);
    if (t->resource == e->cs->root_resource &&
        object_key_equal(&t->key, &e->cs->root->key)) {
        char *rv = mem_strdup(snap->resource_version);

        if (rv) {
            mem_free(e->root_rv);
            e->root_rv = rv;
        }
    }
    if (answer_is_last(snap))
        e->sink->observer.gone(e->sink->observer.arg, t->resource, &t->key,
                               snap->uid);
    else
        e->sink->observer.object(e->sink->observer.arg, t->resource, snap,
                                 answered_hash(e));
    snapshot_unref(snap, "answer");
    return 0;
}

static void observe_gone(struct exec *e, const struct change *c)
{
    e->sink->observer.gone(e->sink->observer.arg, c->resource, &c->key,
                           c->uid ? c->uid : "");
}

/* ---- sending ---- */

static void on_answer(void *arg, const struct cluster_answer *answer);

void exec_send(struct exec *e, const struct request *r, enum exec_stage stage)
{
    struct err err = {0};

    e->stage = stage;
    e->call = cluster_send(e->sink->cluster, r, on_answer, e, &err);
    if (!e->call)
        exec_fail(e, &err);
}

void exec_get(struct exec *e, struct target target, enum exec_stage stage)
{
    struct arena arena = {0};
    struct request request;
    struct err err = {0};

    if (request_get(&arena, &target, &request, &err) < 0)
        exec_fail(e, &err);
    else
        exec_send(e, &request, stage);
    arena_release(&arena);
}

void exec_write(struct exec *e, bool ask)
{
    struct arena arena = {0};
    struct change change = *exec_change(e);
    const struct render_options options = {e->root_rv, ask};
    struct request_pair pair;
    struct err err = {0};
    int rc;

    if (e->recreate)
        change.verb = CHANGE_RECREATE;
    rc = change_requests(e->cs, &change, &options, &arena, &pair, &err);
    if (rc == 0 && !ask && e->request < pair.count && is_delete(e, &change))
        rc = e->sink->observer.may_delete(e->sink->observer.arg, e->cs, &err);
    if (rc < 0)
        exec_fail(e, &err);
    else if (e->request >= pair.count) {
        e->index++;
        e->request = 0;
        e->recreate = false;
        exec_next(e);
    } else
        exec_send(e, &pair.items[e->request], ask ? STAGE_ASK : STAGE_WRITE);
    arena_release(&arena);
}

/* What says that the plan was carried out, when it was not. */
static bool waits_for_peace(const struct exec *e, const struct change *c)
{
    return e->contested &&
           (c->verb == CHANGE_STATUS || c->verb == CHANGE_REMOVE_FINALIZER);
}

static void leave_alone(struct exec *e)
{
    const struct change *c = exec_change(e);

    if (!e->contested)
        e->contested = c;
    if (c->rival)
        exec_skip(e);
    else
        exec_get(e, (struct target){c->resource, c->key}, STAGE_RIVAL);
}

void exec_next(struct exec *e)
{
    const struct change *c;

    while (e->index < e->cs->count && exec_change(e)->verb == CHANGE_EVENT) {
        herald_event(e->sink->herald, &exec_change(e)->key,
                     exec_change(e)->body);
        e->index++;
    }
    while (e->index < e->cs->count && waits_for_peace(e, exec_change(e)))
        e->index++;
    if (e->index == e->cs->count) {
        ask_say_contested(e);
        exec_finish(e);
        return;
    }
    c = exec_change(e);
    if (c->contested)
        leave_alone(e);
    else if (c->destructive && !e->root_checked)
        exec_get(e, exec_root(e), STAGE_ROOT);
    else
        exec_write(e, c->check_immutable && !e->recreate && e->request == 0);
}

/* ---- what the answers mean ---- */

void exec_skip(struct exec *e)
{
    e->index++;
    e->request = 0;
    e->recreate = false;
    exec_next(e);
}

/* A refusal that is no trouble: the thing is gone already. */
static bool refusal_is_fine(struct exec *e, const struct err *err)
{
    const struct change *c = exec_change(e);
    bool gone = err->code == ERR_NOT_FOUND;

    if (gone && is_delete(e, c)) {
        observe_gone(e, c);
        return true;
    }
    return gone && is_root(e, c) &&
           (c->verb == CHANGE_STATUS || c->verb == CHANGE_REMOVE_FINALIZER);
}

static void write_refused(struct exec *e, bool sent, const struct err *status)
{
    const struct change *c = exec_change(e);
    bool unknown =
        sent && (status->code == ERR_TIMEOUT || status->code == ERR_CONNECT ||
                 status->code == ERR_PROTOCOL);
    bool conflict = status->code == ERR_CONFLICT ||
                    status->code == ERR_EXISTS ||
                    status->code == ERR_FIELD_CONFLICT;

    if (refusal_is_fine(e, status)) {
        exec_skip(e);
        return;
    }
    e->err = *status;
    if (c->verb == CHANGE_REMOVE_FINALIZER && status->code == ERR_REJECTED) {
        e->err.code = ERR_CONFLICT; /* the patch's test failed (FI-2) */
        conflict = true;
    }
    exec_wrap(c, &e->err);
    if (unknown)
        e->err.code = ERR_TIMEOUT;
    if (unknown || conflict)
        exec_get(e, (struct target){c->resource, c->key}, STAGE_LOOK);
    else
        exec_fail(e, &e->err);
}

/* ---- a write that was accepted ---- */

/* The trail of who changed what, and by which decision. Never a value. */
static void say_written(const struct exec *e, const struct change *c)
{
    const struct changeset *cs = e->cs;
    enum change_verb verb = is_delete(e, c) ? CHANGE_DELETE : c->verb;
    struct str object = {0}, root = {0};

    if (!log_enabled(LOG_INFO))
        return;
    object_key_print(&c->key, &object);
    object_key_print(&cs->root->key, &root);
    log_info("wrote", "operator", cs->decl->name, "verb",
             change_verb_word(verb), "apiVersion", c->resource->api_version,
             "kind", c->resource->kind, "object", str_text(&object), "root",
             str_text(&root), "uid", cs->root->uid, "plan", cs->hash, "row",
             cs->row, "script", cs->script, "before", e->before_rv, "after",
             e->after_rv, NULL);
    str_release(&object);
    str_release(&root);
}

static void count_write(struct exec *e)
{
    e->writes++;
    say_written(e, exec_change(e));
    keep_versions(e, NULL, NULL);
}

static void request_done(struct exec *e)
{
    count_write(e);
    e->request++;
    exec_write(e, false);
}

static void delete_done(struct exec *e, const char *body, size_t len)
{
    const struct change *c = exec_change(e);
    const struct target target = {c->resource, c->key};
    struct snapshot *last;
    struct err err = {0};
    bool waits;

    keep_versions(e, known_version(e, c), NULL);
    if (answer_is_a("Status", body, len)) {
        observe_gone(e, c);
        request_done(e);
        return;
    }
    if (answer_object(&target, body, len, &last, &err) < 0) {
        write_refused(e, true, &err);
        return;
    }
    waits = last->deleting && !answer_is_last(last);
    snapshot_unref(last, "answer");
    if (!waits) { /* some kinds answer with what was deleted */
        observe_gone(e, c);
        request_done(e);
        return;
    }
    exec_observe(e, &target, body, len, &err);
    /* it waits for finalizers or grace: the create of a recreate comes with
     * the pass that its deletion will cause */
    count_write(e);
    exec_skip(e);
}

/* The answer is a Scale: what became of the object itself is read. */
static void scale_done(struct exec *e, const char *body, size_t len)
{
    const struct change *c = exec_change(e);
    struct err err = {0};

    if (answer_is_a("Scale", body, len)) {
        exec_get(e, (struct target){c->resource, c->key}, STAGE_SEE);
        return;
    }
    err_set(&err, ERR_PROTOCOL, "the answer is not the object");
    write_refused(e, true, &err);
}

static void write_done(struct exec *e, const char *body, size_t len)
{
    const struct change *c = exec_change(e);
    const struct target target = {c->resource, c->key};
    struct err err = {0};

    if (is_delete(e, c))
        delete_done(e, body, len);
    else if (c->verb == CHANGE_SCALE)
        scale_done(e, body, len);
    else if (exec_observe(e, &target, body, len, &err) < 0)
        write_refused(e, true, &err);
    else
        request_done(e);
}

/* Whatever it says, the write before it was done. */
static void after_see(struct exec *e, const char *body, size_t len,
                      const struct err *status)
{
    const struct change *c = exec_change(e);
    const struct target target = {c->resource, c->key};
    struct err err = *status;

    if (err.code == ERR_NONE)
        exec_observe(e, &target, body, len, &err);
    request_done(e);
}

/* The live object after a refusal tells whose it is. */
static void after_look(struct exec *e, const char *body, size_t len,
                       const struct err *status)
{
    const struct change *c = exec_change(e);
    const struct target target = {c->resource, c->key};
    struct snapshot *live;
    struct err err = {0};
    struct err why = e->err;
    bool create = c->verb == CHANGE_CREATE || e->request == 1;

    e->unknown = why.code == ERR_TIMEOUT && status->code != ERR_NONE &&
                 status->code != ERR_NOT_FOUND;
    if (status->code == ERR_NOT_FOUND)
        observe_gone(e, c);
    if (status->code == ERR_NONE &&
        answer_object(&target, body, len, &live, &err) == 0) {
        bool ours = strcmp(snapshot_owner(live), e->cs->root->uid) == 0;

        if (create && !ours && why.code != ERR_TIMEOUT) {
            err_set(&why, ERR_NAME_CONFLICT,
                    "'%s %s' exists and is not owned by this object",
                    c->resource->kind, c->key.name);
            err_hint(&why, "rename one of the two, or delete the foreign "
                           "one; tidelock never adopts an object");
        } else
            exec_observe(e, &target, body, len, &err);
        snapshot_unref(live, "answer");
    }
    if (why.code == ERR_EXISTS || (why.code == ERR_FIELD_CONFLICT && create))
        why.code = ERR_CONFLICT;
    if (why.code == ERR_FIELD_CONFLICT)
        err_hint(&why, "leave the field out of the plan, or make the other "
                       "writer let go of it: only children are forced");
    exec_fail(e, &why);
}

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct exec *e = arg;
    struct err err = *answer->err;

    e->call = NULL;
    if (e->stage == STAGE_ASK || e->stage == STAGE_PROBE ||
        e->stage == STAGE_WRITE)
        answer_hide(answer, exec_change(e), &err);
    switch (e->stage) {
    case STAGE_GATE:
        ask_after_gate(e, answer->body, answer->len, answer->err);
        break;
    case STAGE_ROOT:
        ask_after_root(e, answer->body, answer->len, answer->err);
        break;
    case STAGE_ASK:
        ask_after_change(e, &err);
        break;
    case STAGE_PROBE:
        ask_after_probe(e, &err);
        break;
    case STAGE_WRITE:
        if (err.code == ERR_NONE)
            write_done(e, answer->body, answer->len);
        else
            write_refused(e, answer->sent, &err);
        break;
    case STAGE_SEE:
        after_see(e, answer->body, answer->len, answer->err);
        break;
    case STAGE_LOOK:
        after_look(e, answer->body, answer->len, answer->err);
        break;
    case STAGE_RIVAL:
        ask_after_rival(e, answer->body, answer->len, answer->err);
        break;
    case STAGE_FINISH:
        break;
    }
}

/* ---- the sink ---- */

static int apply_submit(struct sink *sink, struct changeset *cs,
                        sink_done_fn done, void *arg, struct err *err)
{
    struct apply_sink *s = (struct apply_sink *)sink;
    struct exec *e = mem_calloc(1, sizeof(*e));

    if (!e)
        return err_nomem(err);
    e->sink = s;
    e->cs = cs;
    e->done = done;
    e->arg = arg;
    e->root_rv = mem_strdup(cs->root->resource_version);
    if (!e->root_rv) {
        mem_free(e);
        return err_nomem(err);
    }
    e->next = s->execs;
    if (e->next)
        e->next->prev = e;
    s->execs = e;
    if (cs->look.resource)
        exec_get(e, cs->look, STAGE_GATE);
    else
        exec_next(e);
    return 0;
}

static void apply_free(struct sink *sink)
{
    struct apply_sink *s = (struct apply_sink *)sink;

    while (s->execs)
        exec_free(s->execs);
    mem_free(s);
}

static const struct sink_ops apply_ops = {
    .name = "apply",
    .submit = apply_submit,
    .free = apply_free,
};

struct sink *sink_apply_new(struct cluster *cluster,
                            const struct sink_observer *observer,
                            struct herald *herald)
{
    struct apply_sink *s = mem_calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->sink.ops = &apply_ops;
    s->cluster = cluster;
    s->observer = *observer;
    s->herald = herald;
    return &s->sink;
}
