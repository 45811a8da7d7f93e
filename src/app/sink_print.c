/*
 * sink_print.c -- see sink_print.h for the contract.
 *
 * DESIGN
 *
 * One `asking` per changeset walks its changes and sends the dryRun form of
 * each apply and patch. Deletes, finalizers and Events need no question: their
 * effect is plain. A root that is not on the server cannot confirm its status.
 */
#include "app/sink_print.h"

#include <string.h>

#include "answer_impl.h"
#include "base/mem.h"
#include "core/diff.h"
#include "core/sensitive.h"
#include "kube/snapshot.h"

struct print_sink {
    struct sink sink;
    struct cluster *cluster;
    struct loop *loop;
    struct asking *list;
};

struct asking {
    struct print_sink *sink;
    struct asking *prev, *next;
    struct changeset *cs;
    sink_done_fn done;
    void *arg;
    size_t index;
    bool looking; /* the GET after a refused create */
    bool probing; /* is what was refused valid by itself? */
    struct cluster_call *call;
    loop_timer_id timer;
    struct err err;
};

static void asking_free(struct asking *q)
{
    if (q->prev)
        q->prev->next = q->next;
    else
        q->sink->list = q->next;
    if (q->next)
        q->next->prev = q->prev;
    cluster_cancel(q->call);
    loop_cancel(q->sink->loop, q->timer);
    mem_free(q);
}

static void asking_report(void *arg)
{
    struct asking *q = arg;
    struct asking copy = *q;
    bool failed = copy.err.code != ERR_NONE;
    struct sink_outcome outcome = {
        .err = &copy.err,
        .writes = failed ? copy.index : copy.cs->count,
        .failed = failed ? &copy.cs->items[copy.index] : NULL,
    };

    q->timer = 0;
    asking_free(q);
    copy.done(copy.arg, copy.cs, &outcome);
}

static void asking_finish(struct asking *q)
{
    q->timer = loop_after(q->sink->loop, 0, asking_report, q);
    if (!q->timer)
        asking_report(q);
}

static void asking_fail(struct asking *q, const struct err *err)
{
    const struct change *c = &q->cs->items[q->index];

    q->err = *err;
    err_wrap(&q->err, "cannot %s '%s %s%s%s'", change_verb_word(c->verb),
             c->resource->kind, c->key.ns, *c->key.ns ? "/" : "", c->key.name);
    asking_finish(q);
}

static void asking_next(struct asking *q);

static void on_answer(void *arg, const struct cluster_answer *answer);

static bool worth_asking(const struct change *c)
{
    return c->verb == CHANGE_CREATE || c->verb == CHANGE_APPLY ||
           c->verb == CHANGE_PATCH || c->verb == CHANGE_STATUS ||
           c->verb == CHANGE_SCALE;
}

static int ask(struct asking *q, const struct change *c, struct err *err)
{
    const struct render_options options = {.dry_run = true};
    struct arena arena = {0};
    struct request_pair pair;
    int rc = change_requests(q->cs, c, &options, &arena, &pair, err);

    if (rc == 0) {
        q->call =
            cluster_send(q->sink->cluster, &pair.items[0], on_answer, q, err);
        rc = q->call ? 0 : -(int)err->code;
    }
    arena_release(&arena);
    return rc;
}

static void asking_next(struct asking *q)
{
    struct err err = {0};

    while (q->index < q->cs->count &&
           (!q->sink->cluster || !worth_asking(&q->cs->items[q->index]))) {
        q->cs->items[q->index].confirmed = q->sink->cluster != NULL;
        q->index++;
    }
    if (q->index == q->cs->count)
        asking_finish(q);
    else if (ask(q, &q->cs->items[q->index], &err) < 0)
        asking_fail(q, &err);
}

/* ---- answers ---- */

/* The server's answer against what is there now: the real differences. */
static int confirm(struct asking *q, struct change *c, const char *body,
                   size_t len, struct err *err)
{
    struct arena *a = q->cs->arena;
    struct object_pair pair = {
        .gvk = {c->resource->api_version, c->resource->kind},
    };
    struct value *before = NULL;
    struct value *after = NULL;
    int rc = value_parse(a, body, len, &after, err);

    if (rc == 0 && c->live)
        rc = snapshot_value(c->live, a, &before, err);
    sensitive_mark(before, c->body);
    sensitive_mark(after, c->body);
    pair.before = before;
    pair.after = after;
    if (c->verb == CHANGE_STATUS || c->verb == CHANGE_SCALE) {
        /* a subresource answers with the whole root, or with a Scale */
        c->confirmed = rc == 0;
        return rc;
    }
    if (rc == 0)
        rc = diff_fields(q->sink->cluster->schemas, &pair, a, &c->fields,
                         &c->field_count, err);
    c->confirmed = rc == 0;
    return rc;
}

static void look(struct asking *q, const struct change *c)
{
    const struct target target = {c->resource, c->key};
    struct arena arena = {0};
    struct request request;
    struct err err = {0};

    q->looking = true;
    if (request_get(&arena, &target, &request, &err) == 0)
        q->call = cluster_send(q->sink->cluster, &request, on_answer, q, &err);
    if (!q->call)
        asking_fail(q, &err);
    arena_release(&arena);
}

/* A create met an object of that name: ours, when the view was a moment old. */
static void after_look(struct asking *q, const struct cluster_answer *answer)
{
    const struct change *c = &q->cs->items[q->index];
    const struct target target = {c->resource, c->key};
    struct snapshot *live = NULL;
    struct err err = *answer->err;

    if (err.code == ERR_NONE)
        answer_object(&target, answer->body, answer->len, &live, &err);
    if (live && strcmp(snapshot_owner(live), q->cs->root->uid) == 0)
        err_set(&err, ERR_CONFLICT, "it was created meanwhile: plan again");
    else if (live) {
        err_set(&err, ERR_NAME_CONFLICT,
                "'%s %s' exists and is not owned by this object",
                c->resource->kind, c->key.name);
        err_hint(&err, "rename one of the two, or delete the foreign one; "
                       "tidelock never adopts an object");
    }
    snapshot_unref(live, "answer");
    asking_fail(q, &err);
}

/* The change was refused. It cannot be made in place, if the object could be
 * created; else it is not valid at all. */
static void probe(struct asking *q, const struct change *c,
                  const struct err *why)
{
    struct arena arena = {0};
    struct request request;
    struct err err = {0};

    q->probing = true;
    q->err = *why;
    if (change_probe(q->cs, c, &arena, &request, &err) == 0)
        q->call = cluster_send(q->sink->cluster, &request, on_answer, q, &err);
    if (!q->call)
        asking_fail(q, &err);
    arena_release(&arena);
}

static void after_probe(struct asking *q, const struct cluster_answer *answer)
{
    struct change *c = &q->cs->items[q->index];

    q->probing = false;
    if (answer->err->code != ERR_NONE) {
        asking_fail(q, &q->err);
        return;
    }
    err_clear(&q->err);
    c->verb = CHANGE_RECREATE;
    c->reason = "a changed field is immutable: recreate";
    c->confirmed = true;
    q->index++;
    asking_next(q);
}

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct asking *q = arg;
    struct change *c = &q->cs->items[q->index];
    struct err why = *answer->err;

    q->call = NULL;
    if (q->looking) {
        after_look(q, answer);
        return;
    }
    if (q->probing) {
        after_probe(q, answer);
        return;
    }
    answer_hide(answer, c, &why);
    if (c->verb == CHANGE_CREATE &&
        (why.code == ERR_CONFLICT || why.code == ERR_EXISTS ||
         why.code == ERR_FIELD_CONFLICT)) {
        look(q, c);
        return;
    }
    if (why.code == ERR_REJECTED && c->check_immutable) {
        probe(q, c, &why);
        return;
    }
    if (why.code == ERR_NONE)
        confirm(q, c, answer->body, answer->len, &why);
    else if (why.code == ERR_FORBIDDEN || c->verb == CHANGE_STATUS)
        err_clear(&why); /* as computed */
    if (why.code != ERR_NONE) {
        asking_fail(q, &why);
        return;
    }
    q->index++;
    asking_next(q);
}

/* ---- the sink ---- */

static int print_submit(struct sink *sink, struct changeset *cs,
                        sink_done_fn done, void *arg, struct err *err)
{
    struct print_sink *s = (struct print_sink *)sink;
    struct asking *q = mem_calloc(1, sizeof(*q));

    if (!q)
        return err_nomem(err);
    q->sink = s;
    q->cs = cs;
    q->done = done;
    q->arg = arg;
    q->next = s->list;
    if (q->next)
        q->next->prev = q;
    s->list = q;
    asking_next(q);
    return 0;
}

static void print_free(struct sink *sink)
{
    struct print_sink *s = (struct print_sink *)sink;

    while (s->list)
        asking_free(s->list);
    mem_free(s);
}

static const struct sink_ops print_ops = {
    .name = "print",
    .submit = print_submit,
    .free = print_free,
};

struct sink *sink_print_new(struct cluster *cluster, struct loop *loop)
{
    struct print_sink *s = mem_calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->sink.ops = &print_ops;
    s->cluster = cluster;
    s->loop = loop;
    return &s->sink;
}
