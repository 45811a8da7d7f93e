/*
 * gate.c -- see gate.h for the contract.
 *
 * DESIGN
 *
 * A `visit` is one question under way: first who it is, then whether they may.
 * What came of it is kept under the hash of token and path; both reviews are
 * writes to the API server that change nothing, so no fence stops them: a
 * standby has metrics, too.
 */
#include "app/gate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

#define MAX_TOKEN 16384u
#define SCHEME "Bearer "

static const struct resource token_review = {
    .api_version = "authentication.k8s.io/v1",
    .group = "authentication.k8s.io",
    .version = "v1",
    .kind = "TokenReview",
    .plural = "tokenreviews",
    .can_create = true,
};
static const struct resource access_review = {
    .api_version = "authorization.k8s.io/v1",
    .group = "authorization.k8s.io",
    .version = "v1",
    .kind = "SubjectAccessReview",
    .plural = "subjectaccessreviews",
    .can_create = true,
};

struct known {
    enum gate_verdict verdict;
    uint64_t until_ms;
};

struct visit {
    struct gate *gate;
    struct visit *prev, *next;
    char id[HASH_HEX_SIZE];
    char *path;
    struct cluster_call *call;
    gate_fn fn;
    void *arg;
};

struct gate {
    struct cluster *cluster;
    struct map *known; /* id -> what was answered */
    struct visit *visits;
    unsigned count;
    bool told; /* the log knows that it cannot be asked */
};

static uint64_t now_ms(const struct gate *g)
{
    return clock_now_ms(loop_clock(g->cluster->loop));
}

/* ---- what is known ---- */

/* What is older than `now`, or everything. */
static void forget_known(struct gate *g, uint64_t now)
{
    const char *key;
    size_t len;
    void *value;

    for (size_t it = 0; map_next(g->known, &it, &key, &len, &value);)
        if (((struct known *)value)->until_ms <= now) {
            map_remove(g->known, key, len);
            mem_free(value);
        }
}

/* Out of memory, or room: then it is asked again. */
static void keep(struct gate *g, const char *id, enum gate_verdict verdict)
{
    struct known *k = map_get(g->known, id, strlen(id));

    if (!k) {
        if (map_count(g->known) >= GATE_MAX_KNOWN)
            forget_known(g, now_ms(g));
        if (map_count(g->known) >= GATE_MAX_KNOWN)
            return;
        k = mem_calloc(1, sizeof(*k));
        if (!k || map_put(g->known, id, strlen(id), k, NULL) < 0) {
            mem_free(k);
            return;
        }
    }
    k->verdict = verdict;
    k->until_ms =
        now_ms(g) + (verdict == GATE_OPEN ? GATE_OPEN_MS : GATE_CLOSED_MS);
}

static bool look_up(const struct gate *g, const char *id,
                    enum gate_verdict *ret)
{
    const struct known *k = map_get(g->known, id, strlen(id));

    if (!k || k->until_ms <= now_ms(g))
        return false;
    *ret = k->verdict;
    return true;
}

/* ---- visits ---- */

static void visit_free(struct visit *v)
{
    struct gate *g = v->gate;

    if (v->prev)
        v->prev->next = v->next;
    else
        g->visits = v->next;
    if (v->next)
        v->next->prev = v->prev;
    g->count--;
    cluster_cancel(v->call);
    mem_free(v->path);
    mem_free(v);
}

static struct visit *visit_new(struct gate *g, const char *path, gate_fn fn,
                               void *arg)
{
    struct visit *v = mem_calloc(1, sizeof(*v));

    if (!v)
        return NULL;
    v->path = mem_strdup(path);
    if (!v->path) {
        mem_free(v);
        return NULL;
    }
    v->gate = g;
    v->fn = fn;
    v->arg = arg;
    v->next = g->visits;
    if (v->next)
        v->next->prev = v;
    g->visits = v;
    g->count++;
    return v;
}

/* The caller may free the gate. */
static void visit_end(struct visit *v, enum gate_verdict verdict)
{
    gate_fn fn = v->fn;
    void *arg = v->arg;

    if (verdict != GATE_BROKEN)
        keep(v->gate, v->id, verdict);
    visit_free(v);
    fn(arg, verdict);
}

static void visit_broken(struct visit *v, const struct err *err)
{
    log_line(v->gate->told ? LOG_DEBUG : LOG_WARN,
             "cannot ask who may see a page", "path", v->path, "err", err->msg,
             "hint",
             err->code == ERR_FORBIDDEN
                 ? "bind the ClusterRole system:auth-delegator to this "
                   "process's service account"
                 : err->hint,
             NULL);
    v->gate->told = true;
    visit_end(v, GATE_BROKEN);
}

static void visit_send(struct visit *v, const struct resource *kind,
                       const struct value *body, cluster_answer_fn on_answer)
{
    const struct target target = {kind, {"", ""}};
    const struct write_options options = {0};
    struct arena a = {0};
    struct request request;
    struct err err = {0};
    int rc = body ? request_create(&a, &target, body, &options, &request, &err)
                  : err_nomem(&err);

    if (rc == 0) {
        v->call = cluster_send_unfenced(v->gate->cluster, &request, on_answer,
                                        v, &err);
        explicit_bzero((char *)(uintptr_t)request.body, request.body_len);
    }
    arena_release(&a);
    if (!v->call)
        visit_broken(v, &err);
}

/* ---- may they? ---- */

static void on_access(void *arg, const struct cluster_answer *answer)
{
    struct visit *v = arg;
    struct arena a = {0};
    struct value *review = NULL;
    struct err err = *answer->err;
    bool allowed;

    v->call = NULL;
    if (err.code == ERR_NONE)
        value_parse(&a, answer->body, answer->len, &review, &err);
    allowed = value_bool_at(review, "status.allowed", false) &&
              !value_bool_at(review, "status.denied", false);
    arena_release(&a);
    if (err.code != ERR_NONE)
        visit_broken(v, &err);
    else
        visit_end(v, allowed ? GATE_OPEN : GATE_FORBIDDEN);
}

/* `user` as the TokenReview has it. NULL on out of memory. */
static struct value *access_body(struct arena *a, const struct value *user,
                                 const char *path)
{
    struct value *body = value_object(a);
    struct value *spec = value_make(a, body, "spec");
    struct value *url = value_make(a, spec, "nonResourceAttributes");
    struct value *groups = value_get(user, "groups");
    struct value *extra = value_get(user, "extra");

    if (!url ||
        value_set_text(a, body, "apiVersion", access_review.api_version) < 0 ||
        value_set_text(a, body, "kind", access_review.kind) < 0 ||
        value_set_text(a, spec, "user", value_text_at(user, "username")) < 0 ||
        value_set_text(a, spec, "uid", value_text_at(user, "uid")) < 0 ||
        (groups && value_set(a, spec, "groups", groups) < 0) ||
        (extra && value_set(a, spec, "extra", extra) < 0) ||
        value_set_text(a, url, "path", path) < 0 ||
        value_set_text(a, url, "verb", "get") < 0)
        return NULL;
    return body;
}

/* ---- who is it? ---- */

static void on_token(void *arg, const struct cluster_answer *answer)
{
    struct visit *v = arg;
    struct arena a = {0};
    struct value *review = NULL;
    struct value *user;
    struct err err = *answer->err;

    v->call = NULL;
    if (err.code == ERR_NONE)
        value_parse(&a, answer->body, answer->len, &review, &err);
    user = value_path(review, "status.user");
    if (err.code != ERR_NONE)
        visit_broken(v, &err);
    else if (!value_bool_at(review, "status.authenticated", false) ||
             !value_text_at(user, "username"))
        visit_end(v, GATE_STRANGER);
    else
        visit_send(v, &access_review, access_body(&a, user, v->path),
                   on_access);
    arena_release(&a);
}

static void ask_token(struct visit *v, const char *token)
{
    struct arena a = {0};
    struct value *body = value_object(&a);
    struct value *spec = value_make(&a, body, "spec");
    struct value *text = value_string(&a, token);

    if (!spec ||
        value_set_text(&a, body, "apiVersion", token_review.api_version) < 0 ||
        value_set_text(&a, body, "kind", token_review.kind) < 0 ||
        value_set(&a, spec, "token", text) < 0)
        body = NULL;
    visit_send(v, &token_review, body, on_token);
    if (text) /* a token ends here */
        explicit_bzero((char *)(uintptr_t)text->as.string, text->count);
    arena_release(&a);
}

/* ---- asking ---- */

static bool make_id(const char *token, const char *path, char id[HASH_HEX_SIZE])
{
    struct str text = {0};

    str_addf(&text, "%s\n%s", path, token);
    if (!text.failed)
        hash_sha256_hex(text.data, text.len, id);
    if (text.data)
        explicit_bzero(text.data, text.len);
    str_release(&text);
    return !text.failed;
}

void gate_ask(struct gate *g, const char *authorization, const char *path,
              gate_fn fn, void *arg)
{
    const size_t scheme = sizeof(SCHEME) - 1;
    enum gate_verdict verdict;
    const char *token;
    char id[HASH_HEX_SIZE];
    struct visit *v;

    if (!authorization || strncasecmp(authorization, SCHEME, scheme) != 0) {
        fn(arg, GATE_STRANGER);
        return;
    }
    token = authorization + scheme;
    token += strspn(token, " ");
    if (!*token || strlen(token) > MAX_TOKEN) {
        fn(arg, GATE_STRANGER);
        return;
    }
    if (!make_id(token, path, id)) {
        fn(arg, GATE_BROKEN);
        return;
    }
    if (look_up(g, id, &verdict)) {
        fn(arg, verdict);
        return;
    }
    v = g->count < GATE_MAX_VISITS ? visit_new(g, path, fn, arg) : NULL;
    if (!v) {
        fn(arg, GATE_BROKEN);
        return;
    }
    memcpy(v->id, id, sizeof(v->id));
    ask_token(v, token);
}

void gate_forget(struct gate *g, const void *arg)
{
    struct visit *next;

    for (struct visit *v = g->visits; v; v = next) {
        next = v->next;
        if (v->arg == arg)
            visit_free(v);
    }
}

/* ---- life ---- */

struct gate *gate_new(struct cluster *cluster)
{
    struct gate *g = mem_calloc(1, sizeof(*g));

    if (!g)
        return NULL;
    g->cluster = cluster;
    g->known = map_new();
    if (g->known)
        return g;
    mem_free(g);
    return NULL;
}

void gate_free(struct gate *g)
{
    if (!g)
        return;
    while (g->visits)
        visit_free(g->visits);
    forget_known(g, UINT64_MAX);
    map_free(g->known);
    mem_free(g);
}
