/*
 * serve.c -- a request from its path to its answer.
 *
 * DESIGN
 *
 * The steps come in the order in which the API server takes them, because the
 * first that fails makes the answer: who asks, what does the path name, which
 * verb, what may be answered, what do the parameters say; then the verb.
 */
#include <string.h>

#include "base/text.h"
#include "serve_impl.h"
#include "serve_store.h"
#include "serve_write.h"

/* ---- answers without a verb ---- */

static int plain(struct ask *k, int status, const char *text)
{
    k->ret->status = status;
    k->ret->content_type = "text/plain; charset=utf-8";
    k->ret->body = text;
    k->ret->body_len = strlen(text);
    return 0;
}

static bool is_health(const char *path)
{
    return strcmp(path, "/healthz") == 0 || strcmp(path, "/readyz") == 0 ||
           strcmp(path, "/livez") == 0 || text_starts(path, "/healthz/") ||
           text_starts(path, "/readyz/") || text_starts(path, "/livez/");
}

static int unauthorized(struct ask *k)
{
    return failure_set(&k->f, 401, "Unauthorized", "Unauthorized");
}

static int serve_document(struct ask *k)
{
    struct document_call call = {k->q->path, k->q->accept};
    struct document doc;

    if (kinds_document(k->s->kinds, k->a, &call, &doc, &k->f) < 0)
        return -1;
    if (!doc.body)
        return plain(k, 404, "404 page not found\n");
    k->ret->etag = doc.etag;
    if (doc.etag && k->q->if_none_match &&
        strstr(k->q->if_none_match, doc.etag)) {
        k->ret->status = 304;
        k->ret->content_type = NULL; /* caches would take it for the type */
        return 0;
    }
    k->ret->status = 200;
    k->ret->content_type = doc.content_type;
    k->ret->body = doc.body;
    k->ret->body_len = doc.len;
    return 0;
}

/* ---- which verb ---- */

static int no_method(struct ask *k)
{
    failure_set(&k->f, 405, "MethodNotAllowed",
                "the server does not allow this method on the requested "
                "resource");
    return k->kind && k->kind->crd
               ? failure_about(&k->f, k->kind->r.group, k->kind->r.plural, NULL)
               : -1;
}

static int no_resource(struct ask *k)
{
    size_t it = 0;
    const struct kind *kind;

    while ((kind = kinds_next(k->s->kinds, &it)))
        if (!kind->crd && strcmp(kind->r.group, k->at.group) == 0 &&
            strcmp(kind->r.version, k->at.version) == 0)
            return failure_set(&k->f, 404, "NotFound",
                               "the server could not find the requested "
                               "resource");
    return plain(k, 404, "404 page not found\n");
}

static bool asks_to_watch(struct ask *k)
{
    const char *watch = query_get(k, "watch");

    return k->at.watch ||
           (watch && strcmp(watch, "false") != 0 && strcmp(watch, "0") != 0);
}

static enum verb verb_of(struct ask *k)
{
    bool one = k->at.key.name != NULL;

    switch (k->q->method) {
    case HTTP_GET:
        if (one && !k->at.watch)
            return VERB_GET;
        return asks_to_watch(k) ? VERB_WATCH : VERB_LIST;
    case HTTP_POST:
        return VERB_CREATE;
    case HTTP_PUT:
        return VERB_UPDATE;
    case HTTP_PATCH:
        return VERB_PATCH;
    default:
        return one ? VERB_DELETE : VERB_DELETE_COLLECTION;
    }
}

static bool has_verb(const struct kind *kind, enum verb verb)
{
    static const char *const names[] = {
        "get",    "list",  "watch",  "create",
        "update", "patch", "delete", "deletecollection"};

    for (size_t i = 0; kind->verbs[i]; i++)
        if (strcmp(kind->verbs[i], names[verb]) == 0)
            return true;
    return false;
}

/* Objects are created in a collection, the rest is done to objects. */
static bool path_fits(const struct ask *k)
{
    bool one = k->at.key.name != NULL, sub = *k->at.subresource != '\0';

    if (k->verb == VERB_CREATE) /* custom resources: the name is ignored */
        return !one || sub || k->kind->crd;
    if (k->verb == VERB_UPDATE || k->verb == VERB_PATCH)
        return one || k->kind->crd;
    return true;
}

/* Custom resources have no routes: the verb itself misses the name. */
static int no_name(struct ask *k)
{
    if (k->verb == VERB_PATCH && body_choose(k) < 0)
        return -1;
    return failure_set(&k->f, 400, "BadRequest", "name must be provided");
}

/* A namespaced object has a namespace in its path, others have none. */
static bool scope_fits(const struct ask *k)
{
    bool all = k->verb == VERB_LIST || k->verb == VERB_WATCH ||
               (k->verb == VERB_CREATE && review_is(k->kind));

    if (!k->kind->r.namespaced)
        return !*k->at.key.ns;
    return *k->at.key.ns || all;
}

/* ---- the verbs ---- */

typedef int (*verb_fn)(struct ask *k);

static int run_verb(struct ask *k)
{
    static const verb_fn verbs[] = {
        serve_get,    serve_list,  serve_watch,  serve_create,
        serve_update, serve_patch, serve_delete, serve_delete_collection};
    bool status = strcmp(k->at.subresource, "status") == 0;

    if (*k->at.subresource && !(status && k->kind->r.has_status))
        return serve_subresource(k);
    if (k->kind->crd && !k->at.key.name &&
        (k->verb == VERB_UPDATE || k->verb == VERB_PATCH))
        return failure_set(&k->f, 400, "BadRequest", "name must be provided");
    if (!path_fits(k) || !has_verb(k->kind, k->verb) ||
        (status && k->verb != VERB_GET && k->verb != VERB_UPDATE &&
         k->verb != VERB_PATCH))
        return no_method(k);
    if ((k->verb == VERB_UPDATE || k->verb == VERB_PATCH) && !k->at.key.name)
        return no_name(k);
    if (accept_parse(k) < 0)
        return -1;
    if (k->verb >= VERB_CREATE && body_choose(k) < 0)
        return -1;
    if (query_parse(k) < 0)
        return -1;
    return verbs[k->verb](k);
}

static int serve_kind(struct ask *k)
{
    k->verb = verb_of(k);
    return scope_fits(k) ? run_verb(k) : no_resource(k);
}

static int serve(struct ask *k)
{
    if (is_health(k->q->path))
        return plain(k, 200, "ok");
    if (!k->q->user && strcmp(k->q->path, "/version") != 0)
        return unauthorized(k);
    if (!path_parse(k, &k->at))
        return k->q->method == HTTP_GET ? serve_document(k)
                                        : plain(k, 404, "404 page not found\n");
    k->kind = kinds_find(k->s->kinds, k->at.group, k->at.version, k->at.plural);
    return k->kind ? serve_kind(k) : no_resource(k);
}

/* ---- failures and warnings ---- */

static const char no_memory[] =
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
    "\"Failure\",\"message\":\"out of memory\",\"reason\":\"InternalError\","
    "\"code\":500}";

static void fail(struct ask *k)
{
    struct value *status = failure_status(&k->f);

    k->o.yaml = false;
    k->form = FORM_OBJECT;
    k->ret->content_type = "application/json";
    k->ret->status = k->f.code;
    k->ret->retry_after_s = k->f.retry_after_s;
    if (status && k->token &&
        value_set(k->a, value_get(status, "metadata"), "continue",
                  value_string(k->a, k->token)) < 0)
        status = NULL;
    k->answer = status;
    if (status && answer_print(k) == 0)
        return;
    k->answer = NULL;
    k->ret->status = 500;
    k->ret->body = no_memory;
    k->ret->body_len = sizeof no_memory - 1;
}

static void tell_warnings(struct ask *k)
{
    uint32_t count = k->warnings->count;
    const char **texts = arena_calloc(k->a, count ? count : 1, sizeof *texts);

    for (uint32_t i = 0; texts && i < count; i++)
        texts[i] = value_text(k->warnings->as.items[i]);
    k->ret->warnings = texts;
    k->ret->warning_count = texts ? count : 0;
}

/* ---- from outside and from inside ---- */

static int world_get(void *arg, struct arena *a, const struct gvk *gvk,
                     const struct object_key *key, struct value **ret,
                     struct failure *f)
{
    struct sim *s = arg;
    const struct kind *k =
        kinds_find_kind(s->kinds, gvk->api_version, gvk->kind);

    *ret = NULL;
    return k && sim_get(s, a, k, key, ret) < 0 ? failure_nomem(f) : 0;
}

static int world_list(void *arg, struct arena *a, const struct gvk *gvk,
                      struct value **ret_array, struct failure *f)
{
    struct sim *s = arg;
    const struct kind *k =
        kinds_find_kind(s->kinds, gvk->api_version, gvk->kind);

    *ret_array = NULL;
    return k && sim_list(s, a, k, "", ret_array) < 0 ? failure_nomem(f) : 0;
}

static uint64_t world_random(void *arg)
{
    return sim_random(arg);
}

static bool ask_init(struct ask *k, struct sim *s, struct arena *a,
                     const struct sim_request *q, struct sim_response *ret)
{
    *k = (struct ask){.s = s, .a = a, .q = q, .ret = ret};
    *ret =
        (struct sim_response){.content_type = "application/json", .body = ""};
    failure_init(&k->f, a);
    k->at.subresource = "";
    k->world = (struct rules_world){.arg = s,
                                    .get = world_get,
                                    .list = world_list,
                                    .random = world_random,
                                    .unix_now = clock_unix(s->o.clock)};
    k->warnings = value_array(a);
    return k->warnings != NULL;
}

void sim_handle(struct sim *s, struct arena *a, const struct sim_request *q,
                struct sim_response *ret)
{
    struct ask k;

    if (!ask_init(&k, s, a, q, ret)) {
        failure_nomem(&k.f);
        fail(&k);
        return;
    }
    if (serve(&k) < 0 || answer_print(&k) < 0)
        fail(&k);
    tell_warnings(&k);
}

/* The user's last part: "job-controller". */
static const char *agent_of(const char *user)
{
    const char *colon = user ? strrchr(user, ':') : NULL;

    return colon ? colon + 1 : user;
}

static int call_answer(struct ask *k, struct value **ret)
{
    if (ret)
        *ret = k->answer;
    if (ret && !k->answer && k->ret->body_len &&
        value_parse(k->a, k->ret->body, k->ret->body_len, ret, NULL) < 0)
        return 500;
    return k->ret->status;
}

int sim_call(struct sim *s, struct arena *a, const struct sim_call *call,
             struct value **ret_answer)
{
    struct sim_response ret;
    struct sim_request q = {.method = call->method,
                            .path = "",
                            .query = call->query,
                            .content_type = call->content_type,
                            .user_agent = agent_of(call->user),
                            .user = call->user};
    struct ask k;
    bool ready = ask_init(&k, s, a, &q, &ret);

    k.kind = call->kind;
    k.at.key = call->key;
    k.at.key.ns = call->key.ns ? call->key.ns : "";
    k.at.group = call->kind->r.group;
    k.at.version = call->kind->r.version;
    k.at.plural = call->kind->r.plural;
    k.at.subresource = call->subresource ? call->subresource : "";
    k.body = ready && call->body ? value_copy(a, call->body) : NULL;
    if (!ready || (call->body && !k.body)) {
        failure_nomem(&k.f);
        fail(&k);
    } else if (serve_kind(&k) < 0) {
        fail(&k);
    }
    return call_answer(&k, ret_answer);
}
