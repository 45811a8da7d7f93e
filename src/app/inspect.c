/*
 * inspect.c -- see app/inspect.h for the contract.
 *
 *      Leases with a ledger -> who holds them -> a token of NAME-reader
 *          -> .../pods/https:HOLDER:PORT/proxy/debug/queue
 */
#include "app/inspect.h"

#include <string.h>

#include "app/client.h"
#include "app/ledger.h"
#include "kube/lease.h"
#include "rbac_impl.h"

#define PORT "8443"
#define TOKEN_SECONDS 600

struct holder {
    const char *ns, *lease, *pod;
};

struct inspection {
    const struct inspect_options *options;
    struct client client;
    struct arena arena;
    struct holder *holders;
    size_t count;
};

/* ---- who leads ---- */

static bool is_meant(const struct inspection *in, const struct value *lease)
{
    const struct value *map = value_path(lease, "metadata.annotations");
    const char *name = in->options->operator_name;

    for (uint32_t i = 0; value_is(map, VALUE_OBJECT) && i < map->count; i++) {
        const char *key = map->as.members[i].key;

        if (text_starts(key, LEDGER_ANNOTATION_PREFIX) &&
            (!name ||
             strcmp(key + strlen(LEDGER_ANNOTATION_PREFIX), name) == 0))
            return true;
    }
    return false;
}

/* "tidelock-website-5d9c-x7_8c9e6679-...": a pod is called as its host is. */
static int on_lease(void *arg, struct value *item, struct err *err)
{
    struct inspection *in = arg;
    const char *holder = value_text_at(item, "spec.holderIdentity");
    const char *mark = holder ? strrchr(holder, '_') : NULL;
    void *items = in->holders;
    struct holder *h;

    if (!mark || !is_meant(in, item))
        return 0;
    h = rbac_push(&in->arena, &items, &in->count, sizeof(*h));
    in->holders = items;
    if (!h)
        return err_nomem(err);
    h->ns = value_text_at(item, "metadata.namespace");
    h->lease = value_text_at(item, "metadata.name");
    h->pod = arena_strndup(&in->arena, holder, (size_t)(mark - holder));
    return h->pod ? 0 : err_nomem(err);
}

static int find_holders(struct inspection *in, struct err *err)
{
    const struct client_list list = {.resource = &lease_resource,
                                     .options = {.ns = in->options->ns}};
    int rc = client_each(&in->client, &in->arena, &list, on_lease, in, err);

    if (rc < 0)
        return err_wrap(err, "cannot look at Leases");
    if (in->count > 0)
        return 0;
    err_set(err, ERR_NOT_FOUND, "no process leads here%s%s",
            in->options->operator_name ? " with operator " : "",
            in->options->operator_name ? in->options->operator_name : "");
    return err_hint(err, "kubectl get leases -A shows which there are");
}

/* ---- asking it ---- */

static int make_path(struct inspection *in, const struct holder *h,
                     const char **ret, struct err *err)
{
    const struct inspect_options *o = in->options;
    const struct resource pods = {.api_version = "v1",
                                  .group = "",
                                  .version = "v1",
                                  .plural = "pods",
                                  .namespaced = true};
    const char *target = arena_printf(&in->arena, "https:%s:%s", h->pod,
                                      o->port ? o->port : PORT);
    struct str path = {0};
    int rc = target ? request_path(&pods, h->ns, target, "proxy", &path, err)
                    : err_nomem(err);

    str_addf(&path, "/debug/%s", o->page);
    if (rc == 0)
        request_query(&path, "o", o->json ? "json" : "text");
    if (rc == 0 && o->operator_name)
        request_query(&path, "operator", o->operator_name);
    if (rc == 0)
        rc = str_check(&path, "the request", err);
    *ret = rc == 0 ? arena_strdup(&in->arena, str_text(&path)) : NULL;
    str_release(&path);
    if (rc == 0 && !*ret)
        return err_nomem(err);
    return rc;
}

static int get_token(struct inspection *in, const struct holder *h,
                     const char **ret, struct err *err)
{
    struct arena *a = &in->arena;
    const char *body = arena_printf(a,
                                    "{\"apiVersion\":\"authentication.k8s.io/"
                                    "v1\",\"kind\":\"TokenRequest\",\"spec\":{"
                                    "\"expirationSeconds\":%d}}",
                                    TOKEN_SECONDS);
    const struct request r = {
        .method = HTTP_POST,
        .path = arena_printf(
            a, "/api/v1/namespaces/%s/serviceaccounts/%s-reader/token", h->ns,
            h->lease),
        .content_type = "application/json",
        .accept = "application/json",
        .body = body,
        .body_len = body ? strlen(body) : 0,
    };
    struct client_answer answer;
    struct value *v;
    int rc = body && r.path ? client_ask(&in->client, a, &r, &answer, err)
                            : err_nomem(err);

    if (rc == 0)
        rc = value_parse(a, answer.body, answer.len, &v, err);
    if (rc == 0 && !value_text_at(v, "status.token"))
        rc = err_set(err, ERR_PROTOCOL, "the answer has no token");
    if (rc < 0) {
        err_wrap(err, "cannot get a token of ServiceAccount '%s/%s-reader'",
                 h->ns, h->lease);
        return err_hint(err, "it comes with 'tidelock bundle'; you need "
                             "'create' on serviceaccounts/token");
    }
    *ret = value_text_at(v, "status.token");
    return 0;
}

static int show(struct inspection *in, const struct holder *h, struct err *err)
{
    const struct inspect_options *o = in->options;
    struct request r = {.method = HTTP_GET,
                        .accept = o->json ? "application/json" : "text/plain"};
    struct client_answer answer;
    struct str text = {0};
    int rc = make_path(in, h, &r.path, err);

    if (rc == 0)
        rc = get_token(in, h, &r.pass_token, err);
    if (rc == 0)
        rc = client_ask(&in->client, &in->arena, &r, &answer, err);
    if (rc < 0)
        return err_wrap(err, "cannot ask pod '%s/%s'", h->ns, h->pod);
    if (!o->json)
        str_addf(&text, "%s/%s\n", h->ns, h->pod);
    str_add_visible(&text, answer.body, "");
    if (answer.len == 0 || answer.body[answer.len - 1] != '\n')
        str_addc(&text, '\n');
    rc = str_check(&text, "the answer", err);
    if (rc == 0)
        o->print(o->print_arg, str_text(&text), text.len);
    str_release(&text);
    return rc;
}

int inspect_run(const struct inspect_options *options, struct err *err)
{
    struct inspection in = {.options = options};
    int rc = client_open(&in.client, &options->cluster, err);

    if (rc == 0)
        rc = find_holders(&in, err);
    for (size_t i = 0; i < in.count && rc == 0; i++)
        rc = show(&in, &in.holders[i], err);
    client_close(&in.client);
    arena_release(&in.arena);
    return rc;
}
