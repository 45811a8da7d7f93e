/*
 * serve_sub.c -- subresources that are neither the object nor its status.
 */
#include <string.h>

#include "base/text.h"
#include "document.h"
#include "serve_store.h"
#include "serve_write.h"

/* Custom resources are served by a handler that knows what it is about. */
static int about_custom(struct ask *k, const char *name)
{
    return k->kind->crd
               ? failure_about(&k->f, k->kind->r.group, k->kind->r.plural, name)
               : -1;
}

static int no_method(struct ask *k)
{
    failure_set(&k->f, 405, "MethodNotAllowed",
                "the server does not allow this method on the requested "
                "resource");
    return about_custom(k, NULL);
}

static int no_resource(struct ask *k)
{
    failure_set(&k->f, 404, "NotFound",
                "the server could not find the requested resource");
    return about_custom(k, k->at.key.name);
}

static int begin(struct ask *k)
{
    if (accept_parse(k) < 0)
        return -1;
    if (k->verb >= VERB_CREATE && body_choose(k) < 0)
        return -1;
    return query_parse(k) < 0 ? -1 : body_read(k);
}

/* ---- pods/log: nothing runs, so nothing was said ---- */

static int serve_log(struct ask *k)
{
    if (!store_item(k, &k->at.key))
        return not_found(k, k->at.key.name);
    k->ret->status = 200;
    k->ret->content_type = "text/plain";
    k->ret->body = "";
    return 0;
}

/* ---- pods/binding ---- */

/* The pod is on its node now; the condition says since when. */
static int bind_pod(struct ask *k, struct value *pod, const char *node)
{
    struct arena *a = k->a;
    struct value *status = value_make(a, pod, "status");
    struct value *conditions, *condition = value_object(a);
    struct value *spec = value_make(a, pod, "spec");
    char now[32];

    text_rfc3339(k->world.unix_now, now);
    conditions = value_get(status, "conditions");
    if (!conditions)
        conditions = value_array(a);
    if (!spec || !status || !conditions || !condition ||
        value_set(a, spec, "nodeName", value_string(a, node)) < 0 ||
        value_set(a, condition, "lastProbeTime", value_null(a)) < 0 ||
        value_set(a, condition, "lastTransitionTime", value_string(a, now)) <
            0 ||
        value_set(a, condition, "status", value_string(a, "True")) < 0 ||
        value_set(a, condition, "type", value_string(a, "PodScheduled")) < 0)
        return failure_nomem(&k->f);
    for (uint32_t i = 0; i < conditions->count; i++)
        if (text_equal(value_text_at(conditions->as.items[i], "type"),
                       "PodScheduled")) {
            conditions->as.items[i] = condition;
            return 0;
        }
    if (value_append(a, conditions, condition) < 0 ||
        value_set(a, status, "conditions", conditions) < 0)
        return failure_nomem(&k->f);
    return 0;
}

static int answer_success(struct ask *k, int code)
{
    struct value *status = value_object(k->a);

    if (!status ||
        value_set(k->a, status, "kind", value_string(k->a, "Status")) < 0 ||
        value_set(k->a, status, "apiVersion", value_string(k->a, "v1")) < 0 ||
        value_set(k->a, status, "metadata", value_object(k->a)) < 0 ||
        value_set(k->a, status, "status", value_string(k->a, "Success")) < 0 ||
        (code == 201 &&
         value_set(k->a, status, "code", value_integer(k->a, code)) < 0))
        return failure_nomem(&k->f);
    return answer_with(k, code, status);
}

static int check_bindable(struct ask *k, const struct value *pod)
{
    const char *node = value_text_at(pod, "spec.nodeName");
    const struct value *gates = value_path(pod, "spec.schedulingGates");
    char *why = NULL;

    if (value_text_at(pod, "metadata.deletionTimestamp"))
        why = arena_printf(k->a,
                           "pod %s is being deleted, cannot be assigned to a "
                           "host",
                           k->at.key.name);
    else if (node && *node)
        why = arena_printf(k->a, "pod %s is already assigned to node \"%s\"",
                           k->at.key.name, node);
    else if (gates && gates->count)
        why = arena_printf(k->a, "pod %s has non-empty .spec.schedulingGates",
                           k->at.key.name);
    else
        return 0;
    if (!why)
        return failure_nomem(&k->f);
    conflict(k, k->at.key.name, why);
    return failure_about(&k->f, "", "pods/binding", k->at.key.name);
}

int serve_binding(struct ask *k)
{
    const char *node;
    struct value *pod;

    if (begin(k) < 0)
        return -1;
    node = value_text_at(k->body, "target.name");
    if (!node || !*node) /* no Status in the API server, so without a reason */
        return failure_set(&k->f, 500, "",
                           "target.name: Required value: the node's name");
    if (store_read(k, &k->at.key, &pod) < 0)
        return -1;
    if (!pod)
        return not_found(k, k->at.key.name);
    if (check_bindable(k, pod) < 0 || bind_pod(k, pod, node) < 0 ||
        store_write(k, pod) < 0)
        return -1;
    return answer_success(k, 201);
}

/* ---- serviceaccounts/token ---- */

#define TOKEN_SECONDS 3600

/* A text of the right form that opens nothing. */
static int serve_token(struct ask *k)
{
    struct arena *a = k->a;
    struct value *status, *spec;
    int64_t seconds;
    char until[32], *token;

    if (begin(k) < 0)
        return -1;
    if (!store_item(k, &k->at.key))
        return not_found(k, k->at.key.name);
    if (!k->body && !(k->body = value_object(a)))
        return failure_nomem(&k->f);
    spec = value_make(a, k->body, "spec");
    status = value_make(a, k->body, "status");
    seconds = value_int_at(spec, "expirationSeconds", TOKEN_SECONDS);
    text_rfc3339(k->world.unix_now + seconds, until);
    token = arena_printf(a, "sim.%s.%s.%016llx", k->at.key.ns, k->at.key.name,
                         (unsigned long long)rng_next(&k->s->rng));
    if (!spec || !status || !token ||
        value_set(a, k->body, "kind", value_string(a, "TokenRequest")) < 0 ||
        value_set(a, k->body, "apiVersion",
                  value_string(a, "authentication.k8s.io/v1")) < 0 ||
        value_set(a, spec, "expirationSeconds", value_integer(a, seconds)) <
            0 ||
        value_set(a, status, "token", value_string(a, token)) < 0 ||
        value_set(a, status, "expirationTimestamp", value_string(a, until)) < 0)
        return failure_nomem(&k->f);
    return answer_with(k, 201, k->body);
}

/* ---- those that are a view of the object ---- */

static int serve_view(struct ask *k)
{
    if (accept_parse(k) < 0)
        return -1;
    if (k->verb >= VERB_CREATE && body_choose(k) < 0)
        return -1;
    if (query_parse(k) < 0)
        return -1;
    if (k->verb == VERB_GET)
        return serve_get(k);
    return k->verb == VERB_UPDATE ? serve_update(k) : serve_patch(k);
}

/* ---- which ---- */

static bool serves(struct ask *k, const struct subresource *sub)
{
    static const char *const names[] = {
        "get",    "list",  "watch",  "create",
        "update", "patch", "delete", "deletecollection"};

    for (size_t i = 0; sub->verbs[i]; i++)
        if (strcmp(sub->verbs[i], names[k->verb]) == 0)
            return true;
    return false;
}

static int run(struct ask *k, const char *name)
{
    static const struct {
        const char *name;
        int (*fn)(struct ask *k);
    } others[] = {{"log", serve_log},
                  {"scale", serve_scale},
                  {"eviction", serve_eviction},
                  {"binding", serve_binding},
                  {"token", serve_token}};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].name, name) == 0)
            return others[i].fn(k);
    return serve_view(k);
}

int serve_subresource(struct ask *k)
{
    struct subresource sub;
    size_t it = 0;

    while (subresource_next(k->kind, &it, &sub))
        if (strcmp(sub.name, k->at.subresource) == 0)
            return serves(k, &sub) ? run(k, sub.name) : no_method(k);
    return no_resource(k);
}
