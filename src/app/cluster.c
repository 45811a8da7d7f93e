/*
 * cluster.c -- see cluster.h for the contract.
 *
 * DESIGN
 *
 * A refresh of discovery asks /apis first, with the ETag of the last answer:
 * 304 means that no kind came or went, and the refresh is over after one cheap
 * request. Otherwise the restmap says which paths it wants, one after another.
 *
 * INVARIANTS
 *
 *   I1  at most one refresh is under way; its waiters are all told at its end
 *   I2  lookups see the old restmap until the refresh is complete
 */
#include "app/cluster.h"

#include <string.h>

#include "app/inflight.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/version.h"
#include "cluster_impl.h"
#include "kube/status.h"

#define MAX_WAITERS 64

/* ---- short requests ---- */

struct cluster_call {
    struct cluster *cluster;
    struct cluster_call *prev, *next; /* in cluster->calls */
    http_id id;
    cluster_answer_fn fn;
    void *arg;
    unsigned sent_with; /* a write: how many were under way; else 0 */
    /* of a cluster in this process: answered already, told in a later turn */
    loop_timer_id timer;
    struct arena arena;
    struct cluster_answer answer;
};

static void call_unlink(struct cluster_call *call)
{
    if (call->prev)
        call->prev->next = call->next;
    else
        call->cluster->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
}

static void call_link(struct cluster_call *call)
{
    call->next = call->cluster->calls;
    if (call->next)
        call->next->prev = call;
    call->cluster->calls = call;
}

/* A write is over. */
static void call_counted(const struct cluster_call *call, uint64_t took_us,
                         const struct err *err)
{
    if (call->sent_with > 0)
        inflight_answered(call->cluster->inflight, call->sent_with, took_us,
                          err);
}

static void call_done(void *arg, http_id id, const struct http_result *result,
                      const struct err *err)
{
    struct cluster_call call = *(struct cluster_call *)arg;
    struct err why = *err;
    struct cluster_answer answer = {.status = result->status,
                                    .body = result->body,
                                    .len = result->body_len,
                                    .etag = result->etag,
                                    .date = result->date,
                                    .sent = result->sent,
                                    .err = &why};

    (void)id;
    call_unlink(arg);
    mem_free(arg);
    call_counted(&call, result->took_us, err);
    if (result->warning)
        log_debug("the API server warns", "text", result->warning, NULL);
    if (why.code == ERR_NONE && result->status != 304)
        status_check(result->status, result->body, result->body_len,
                     result->retry_after, &why);
    call.fn(call.arg, &answer);
}

/* ---- a cluster in this process ---- */

static void direct_done(void *arg)
{
    struct cluster_call call = *(struct cluster_call *)arg;
    struct err why = {0};

    call_unlink(arg);
    mem_free(arg);
    call.answer.err = &why;
    status_check(call.answer.status, call.answer.body, call.answer.len, NULL,
                 &why);
    call.fn(call.arg, &call.answer);
    arena_release(&call.arena);
}

static struct cluster_call *direct_ask(struct cluster_call *call,
                                       const struct request *r, struct err *err)
{
    const struct cluster_direct *d = call->cluster->direct;
    struct cluster_answer *answer = &call->answer;

    answer->status =
        d->answer(d->arg, r, &call->arena, &answer->body, &answer->len);
    answer->sent = true;
    call->timer = loop_after(call->cluster->loop, 0, direct_done, call);
    if (!call->timer) {
        err_nomem(err);
        arena_release(&call->arena);
        mem_free(call);
        return NULL;
    }
    call_link(call);
    return call;
}

/* ---- requests ---- */

/* `http` lacks on_done and arg. */
static struct cluster_call *send_call(struct cluster *c,
                                      const struct request *r,
                                      struct http_call http,
                                      const struct cluster_call *with,
                                      struct err *err)
{
    struct cluster_call *call = mem_alloc(sizeof(*call));

    if (!call) {
        err_nomem(err);
        return NULL;
    }
    *call = *with;
    call->cluster = c;
    if (c->direct)
        return direct_ask(call, r, err);
    if (c->inflight && r->method != HTTP_GET && !http.unfenced)
        call->sent_with = inflight_sent(c->inflight);
    http.on_done = call_done;
    http.arg = call;
    call->id = http_send(c->http, r, &http, err);
    if (!call->id) {
        call_counted(call, 0, err);
        mem_free(call);
        return NULL;
    }
    call_link(call);
    return call;
}

struct cluster_call *cluster_ask(struct cluster *c, const struct request *r,
                                 const char *etag, cluster_answer_fn fn,
                                 void *arg, struct err *err)
{
    /* applies and deletes carry preconditions: twice is as good as once */
    bool apply = text_equal(r->content_type, "application/apply-patch+yaml");
    const struct http_call http = {.if_none_match = etag,
                                   .retry = true,
                                   .repeatable =
                                       apply || r->method == HTTP_DELETE};
    const struct cluster_call with = {.fn = fn, .arg = arg};

    return send_call(c, r, http, &with, err);
}

struct cluster_call *cluster_send_unfenced(struct cluster *c,
                                           const struct request *r,
                                           cluster_answer_fn fn, void *arg,
                                           struct err *err)
{
    const struct http_call http = {.unfenced = true};
    const struct cluster_call with = {.fn = fn, .arg = arg};

    return send_call(c, r, http, &with, err);
}

struct cluster_call *cluster_send(struct cluster *c, const struct request *r,
                                  cluster_answer_fn fn, void *arg,
                                  struct err *err)
{
    return cluster_ask(c, r, NULL, fn, arg, err);
}

void cluster_cancel(struct cluster_call *call)
{
    if (!call)
        return;
    if (call->cluster->direct)
        loop_cancel(call->cluster->loop, call->timer);
    else
        http_cancel(call->cluster->http, call->id);
    call_counted(call, 0, &(struct err){0});
    call_unlink(call);
    arena_release(&call->arena);
    mem_free(call);
}

/* ---- discovery ---- */

struct waiter {
    cluster_done_fn done;
    void *arg;
};

struct cluster_discovery {
    struct cluster *cluster;
    http_id id;
    bool probing; /* the first request, with the ETag */
    char *etag;   /* of the /apis answer of this refresh */
    char *apis;   /* its body, so that it need not be asked for twice */
    size_t apis_len;
    struct waiter waiters[MAX_WAITERS];
    size_t waiter_count;
};

static void discovery_free(struct cluster_discovery *d)
{
    if (!d)
        return;
    http_cancel(d->cluster->http, d->id);
    mem_free(d->etag);
    mem_free(d->apis);
    mem_free(d);
}

static void discovery_finish(struct cluster_discovery *d, bool changed,
                             const struct err *err)
{
    d->cluster->discovery = NULL;
    d->id = 0;
    for (size_t i = 0; i < d->waiter_count; i++)
        d->waiters[i].done(d->waiters[i].arg, changed, err);
    discovery_free(d);
}

static int discovery_ask(struct cluster_discovery *d, const char *path,
                         const char *etag, struct err *err);

/* Feed the map until it wants something that must be asked for. */
static void discovery_step(struct cluster_discovery *d)
{
    struct restmap *map = d->cluster->restmap;
    struct err err = {0};
    const char *path;

    while ((path = restmap_next_path(map)) && strcmp(path, "/apis") == 0) {
        if (restmap_feed(map, d->apis, d->apis_len, &err) < 0) {
            discovery_finish(d, false, &err);
            return;
        }
    }
    if (path) {
        if (discovery_ask(d, path, NULL, &err) < 0)
            discovery_finish(d, false, &err);
        return;
    }
    if (restmap_end(map, &err) == 0) {
        mem_free(d->cluster->apis_etag);
        d->cluster->apis_etag = d->etag;
        d->etag = NULL;
    }
    discovery_finish(d, err.code == ERR_NONE, &err);
}

/* The answer to the probe: unchanged, or the start of a refresh. */
static void discovery_probed(struct cluster_discovery *d,
                             const struct http_result *result,
                             const struct err *status)
{
    struct err err = *status;

    if (result->status == 304 || status->code != ERR_NONE) {
        discovery_finish(d, false, status);
        return;
    }
    d->probing = false;
    d->apis = mem_strndup(result->body, result->body_len);
    d->apis_len = result->body_len;
    if (result->etag)
        d->etag = mem_strdup(result->etag);
    if (!d->apis)
        err_nomem(&err);
    else
        restmap_begin(d->cluster->restmap, &err);
    if (err.code != ERR_NONE)
        discovery_finish(d, false, &err);
    else
        discovery_step(d);
}

/* The server's own word for it is "Unauthorized", which helps nobody. */
static void explain_credentials(const struct kubeconfig *config,
                                struct err *err)
{
    if (!*config->context) {
        err_set(err, ERR_UNAUTHORIZED,
                "the API server does not know the token in '%s'",
                config->token_file);
        err_hint(err, "was the pod's service account deleted, or is the "
                      "token another cluster's?");
        return;
    }
    err_set(err, ERR_UNAUTHORIZED,
            "the API server does not know the credentials of user '%s'",
            config->user_name ? config->user_name : "");
    err_hint(err,
             "a token or certificate that has expired? Look at context "
             "'%s' of the kubeconfig",
             config->context);
}

static void discovery_answer(void *arg, http_id id,
                             const struct http_result *result,
                             const struct err *transport)
{
    struct cluster_discovery *d = arg;
    struct err err = *transport;
    bool ok;

    (void)id;
    d->id = 0;
    if (err.code == ERR_NONE && result->status != 304)
        status_check(result->status, result->body, result->body_len,
                     result->retry_after, &err);
    if (result->status == 401)
        explain_credentials(&d->cluster->config, &err);
    if (d->probing) {
        discovery_probed(d, result, &err);
        return;
    }
    ok = err.code == ERR_NONE;
    err_clear(&err);
    /* a group that does not answer keeps what was known of it (DI-3) */
    if (restmap_feed(d->cluster->restmap, ok ? result->body : NULL,
                     ok ? result->body_len : 0, &err) < 0)
        discovery_finish(d, false, &err);
    else
        discovery_step(d);
}

static int discovery_ask(struct cluster_discovery *d, const char *path,
                         const char *etag, struct err *err)
{
    struct request request = {
        .method = HTTP_GET, .path = path, .accept = RESTMAP_ACCEPT};
    struct http_call call = {.on_done = discovery_answer,
                             .arg = d,
                             .if_none_match = etag,
                             .retry = true};

    d->id = http_send(d->cluster->http, &request, &call, err);
    return d->id ? 0 : -(int)err->code;
}

int cluster_discover(struct cluster *c, cluster_done_fn done, void *arg,
                     struct err *err)
{
    struct cluster_discovery *d = c->discovery;
    int rc;

    if (!d) {
        d = mem_calloc(1, sizeof(*d));
        if (!d)
            return err_nomem(err);
        d->cluster = c;
        d->probing = true;
        rc = discovery_ask(d, "/apis", c->apis_etag, err);
        if (rc < 0) {
            discovery_free(d);
            return rc;
        }
        c->discovery = d;
    }
    if (d->waiter_count == MAX_WAITERS)
        return err_set(err, ERR_LIMIT, "too many waiters for discovery");
    d->waiters[d->waiter_count++] = (struct waiter){done, arg};
    return 0;
}

/* ---- life ---- */

/* The server asked to slow down. */
static void on_hold(void *arg, uint64_t ms)
{
    struct cluster *c = arg;
    uint64_t now = clock_now_ms(loop_clock(c->loop));

    if (c->inflight)
        inflight_refused(c->inflight);
    if (now < c->held_until_ms)
        return; /* said already */
    c->held_until_ms = now + ms;
    log_warn("the API server asks to slow down", "wait_ms",
             log_num((long long)ms), NULL);
}

static struct http *connect_to(struct cluster *c,
                               const struct cluster_options *o, struct err *err)
{
    struct http_limits limits = {.qps = o->qps, .burst = o->burst};
    struct http *http;
    const char *agent =
        arena_printf(&c->arena, "tidelock/%s (linux) kubernetes/%s",
                     version_text, version_commit);

    if (!agent) {
        err_nomem(err);
        return NULL;
    }
    http = http_new(c->loop, &c->config, &limits, agent, err);
    if (http)
        http_on_hold(http, on_hold, c);
    return http;
}

int cluster_open(struct loop *loop, const struct cluster_options *options,
                 struct cluster **ret, struct err *err)
{
    struct cluster *c = mem_calloc(1, sizeof(*c));
    int rc;

    if (!c)
        return err_nomem(err);
    c->loop = loop;
    c->relearn_ms = CLUSTER_RELEARN_MS;
    arena_init(&c->arena, 0);
    rc = cluster_config_load(&c->arena, options, &c->config, err);
    if (rc < 0)
        goto fail;
    c->restmap = restmap_new();
    c->schemas = schema_set_new();
    c->schema_groups = map_new();
    if (!c->restmap || !c->schemas || !c->schema_groups) {
        rc = err_nomem(err);
        goto fail;
    }
    c->http = connect_to(c, options, err);
    if (!c->http) {
        rc = -(int)err->code;
        goto fail;
    }
    *ret = c;
    return 0;

fail:
    cluster_close(c);
    return rc;
}

void cluster_close(struct cluster *c)
{
    if (!c)
        return;
    discovery_free(c->discovery);
    while (c->calls)
        cluster_cancel(c->calls);
    http_free(c->http);
    restmap_free(c->restmap);
    schema_set_free(c->schemas);
    cluster_forget_groups(c);
    mem_free(c->apis_etag);
    arena_release(&c->arena);
    mem_free(c);
}
