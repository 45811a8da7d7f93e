/*
 * One API server: discovery, schemas, short requests.
 */
#include <string.h>

#include "api.h"
#include "base/mem.h"
#include "test.h"

#define RESOURCE(plural, kind)                                                 \
    "{'resource':'" plural "','responseKind':{'group':'','version':'',"        \
    "'kind':'" kind "'},'scope':'Namespaced','singularResource':'x',"          \
    "'verbs':['create','delete','get','list','patch','watch']}"
#define GROUP(name, resources)                                                 \
    "{'metadata':{'name':'" name "'},'versions':[{'version':'v1',"             \
    "'freshness':'Current','resources':[" resources "]}]}"
#define DISCOVERY(groups)                                                      \
    "{'kind':'APIGroupDiscoveryList',"                                         \
    "'apiVersion':'apidiscovery.k8s.io/v2','metadata':{},'items':[" groups     \
    "]}"

#define CORE DISCOVERY(GROUP("", RESOURCE("configmaps", "ConfigMap")))
#define WIDGETS DISCOVERY(GROUP("example.com", RESOURCE("widgets", "Widget")))
#define GADGETS DISCOVERY(GROUP("example.com", RESOURCE("gadgets", "Gadget")))

/* What a refresh, or a question for schemas, was told with. */
struct told {
    unsigned count;
    bool changed;
    struct err err;
};

static void on_done(void *arg, bool changed, const struct err *err)
{
    struct told *t = arg;

    t->count++;
    t->changed = changed;
    t->err = *err;
}

static bool was_told(void *arg)
{
    return ((struct told *)arg)->count > 0;
}

static int discover(struct api *api, struct told *t)
{
    int rc;

    *t = (struct told){0};
    rc = cluster_discover(api->cluster, on_done, t, &t->err);
    if (rc == 0 && check(api_until(api, was_told, t)))
        rc = -(int)t->err.code;
    return rc;
}

static int learn(struct api *api, struct told *t)
{
    int rc;

    *t = (struct told){0};
    rc = cluster_learn(api->cluster, "example.com/v1", on_done, t, &t->err);
    if (rc == 0 && check(api_until(api, was_told, t)))
        rc = -(int)t->err.code;
    return rc;
}

static bool has(const struct api *api, const char *api_version,
                const char *kind)
{
    return restmap_find(api->cluster->restmap, api_version, kind) != NULL;
}

/* ---- discovery ---- */

TEST(discovery_asks_for_groups_and_core)
{
    struct api api;
    struct told t;

    api_init(&api);
    api_rule(&api, "GET apis", 200, WIDGETS);
    api_rule(&api, "GET api", 200, CORE);
    check(api_open(&api));
    check_ok(discover(&api, &t), &t.err);
    check(t.changed);
    check_str(api_log(&api), "GET apis\nGET api\n");
    check(has(&api, "example.com/v1", "Widget"));
    check(has(&api, "v1", "ConfigMap"));
    api_release(&api);
}

TEST(an_unchanged_server_costs_one_request)
{
    struct api api;
    struct told t;

    api_init(&api);
    api_rule(&api, "GET apis", 200, WIDGETS)->header = "ETag: \"one\"";
    api_rule(&api, "GET api", 200, CORE);
    api_rule(&api, "GET apis", 304, "");
    check(api_open(&api));
    check_ok(discover(&api, &t), &t.err);
    api_log(&api);
    check_ok(discover(&api, &t), &t.err);
    check(!t.changed);
    check_str(api_log(&api), "GET apis\n");
    check_has(server_last(api.server, true), "If-None-Match: \"one\"\r\n");
    check(has(&api, "example.com/v1", "Widget"));
    api_release(&api);
}

TEST(kinds_come_and_go)
{
    struct api api;
    struct told t;

    api_init(&api);
    api_rule(&api, "GET apis", 200, WIDGETS)->header = "ETag: \"one\"";
    api_rule(&api, "GET api", 200, CORE)->forever = true;
    api_rule(&api, "GET apis", 200, GADGETS)->header = "ETag: \"two\"";
    check(api_open(&api));
    check_ok(discover(&api, &t), &t.err);
    check_ok(discover(&api, &t), &t.err);
    check(t.changed);
    check(has(&api, "example.com/v1", "Gadget"));
    check(!has(&api, "example.com/v1", "Widget"));
    api_release(&api);
}

TEST(a_refresh_has_many_waiters)
{
    struct api api;
    struct told t[2] = {0};
    struct err err = {0};

    api_init(&api);
    api_rule(&api, "GET apis", 200, WIDGETS);
    api_rule(&api, "GET api", 200, CORE);
    check(api_open(&api));
    for (size_t i = 0; i < 2; i++)
        check_ok(cluster_discover(api.cluster, on_done, &t[i], &err), &err);
    check_int(t[0].count, 0); /* never from inside the call */
    check(api_until(&api, was_told, &t[0]));
    check_int(t[1].count, 1);
    check_str(api_log(&api), "GET apis\nGET api\n");
    api_release(&api);
}

TEST(waiters_are_not_without_end)
{
    struct api api;
    struct told t[65] = {0};
    struct err err = {0};

    api_init(&api);
    api_rule(&api, "GET apis", API_SILENT, "");
    check(api_open(&api));
    for (size_t i = 0; i < 64; i++)
        check_ok(cluster_discover(api.cluster, on_done, &t[i], &err), &err);
    check_int(cluster_discover(api.cluster, on_done, &t[64], &err), -ERR_LIMIT);
    api_release(&api);
    check_int(t[0].count, 0); /* closing tells nobody */
}

TEST(a_refresh_that_fails_keeps_what_was_known)
{
    struct api api;
    struct told t;

    api_init(&api);
    api_rule(&api, "GET apis", 200, WIDGETS);
    api_rule(&api, "GET api", 200, CORE);
    api_rule(&api, "GET apis", 403, "");
    api_rule(&api, "GET apis", 200, "<html>");
    check(api_open(&api));
    check_ok(discover(&api, &t), &t.err);
    check_int(discover(&api, &t), -ERR_FORBIDDEN);
    check(!t.changed);
    check(discover(&api, &t) < 0);
    check(has(&api, "example.com/v1", "Widget"));
    check(has(&api, "v1", "ConfigMap"));
    api_release(&api);
}

TEST(credentials_that_the_server_does_not_know_are_named)
{
    struct api api;
    struct told t;

    api_init(&api);
    api_rule(&api, "GET apis", 401, "")->forever = true;
    check(api_open(&api));
    check_int(discover(&api, &t), -ERR_UNAUTHORIZED);
    check_has(t.err.msg, "credentials of user 'u'");
    check_has(t.err.hint, "context 'test'");
    api_release(&api);
}

/* ---- schemas ---- */

#define OPENAPI                                                                \
    "{'openapi':'3.0.0','components':{'schemas':{'com.example.v1.Widget':{"    \
    "'type':'object','properties':{'spec':{'type':'object'}},"                 \
    "'x-kubernetes-group-version-kind':[{'group':'example.com',"               \
    "'version':'v1','kind':'Widget'}]}}}}"

static bool knows_widget(const struct api *api)
{
    return schema_known(
        schema_find(api->cluster->schemas, "example.com/v1", "Widget"));
}

TEST(a_schema_is_learned_once)
{
    struct api api;
    struct told t;

    api_init(&api);
    api_rule(&api, "GET openapi/v3/apis/example.com/v1", 200, OPENAPI);
    check(api_open(&api));
    check(!knows_widget(&api));
    check_ok(learn(&api, &t), &t.err);
    check(t.changed);
    check(knows_widget(&api));
    check_ok(learn(&api, &t), &t.err);
    check(!t.changed);
    check_str(api_log(&api), "GET openapi/v3/apis/example.com/v1\n");
    api_release(&api);
}

TEST(the_core_group_has_a_path_of_its_own)
{
    struct api api;
    struct told t = {0};

    api_init(&api);
    api_rule(&api, "GET openapi/v3/api/v1", 404, "");
    check(api_open(&api));
    check_ok(cluster_learn(api.cluster, "v1", on_done, &t, &t.err), &t.err);
    check(api_until(&api, was_told, &t));
    check_str(api_log(&api), "GET openapi/v3/api/v1\n");
    api_release(&api);
}

TEST(a_server_that_does_not_tell_is_asked_again)
{
    static const struct {
        int status;
        const char *body;
    } answers[] = {{404, ""}, {403, ""}, {200, "<html>"}};
    struct api api;
    struct told t;

    api_init(&api);
    for (size_t i = 0; i < 3; i++)
        api_rule(&api, "GET openapi/v3/apis/example.com/v1", answers[i].status,
                 answers[i].body);
    api_rule(&api, "GET openapi/v3/apis/example.com/v1", 200, OPENAPI);
    check(api_open(&api));
    for (size_t i = 0; i < 3; i++) {
        check_ok(learn(&api, &t), &t.err);
        check(!t.changed && !knows_widget(&api));
    }
    check_ok(learn(&api, &t), &t.err);
    check(t.changed && knows_widget(&api));
    api_release(&api);
}

TEST(a_cluster_may_be_closed_at_any_time)
{
    struct api api;
    struct told t = {0}, u = {0};
    struct err err = {0};

    api_init(&api);
    api_rule(&api, "GET apis", API_SILENT, "");
    check(api_open(&api));
    check_ok(cluster_learn(api.cluster, "example.com/v1", on_done, &t, &err),
             &err);
    check_ok(cluster_discover(api.cluster, on_done, &u, &err), &err);
    api_release(&api);
    check_int(t.count + u.count, 0);
}

/* ---- short requests ---- */

struct got {
    unsigned count;
    int status;
    bool sent;
    struct err err;
    char body[64];
};

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct got *g = arg;
    size_t len = answer->len < 63 ? answer->len : 63;

    g->count++;
    g->status = answer->status;
    g->sent = answer->sent;
    g->err = *answer->err;
    memcpy(g->body, answer->body, len);
    g->body[len] = '\0';
}

static bool got_it(void *arg)
{
    return ((struct got *)arg)->count > 0;
}

static const struct request ASK = {.method = HTTP_GET, .path = "/version"};

static struct got ask(struct api *api)
{
    struct got g = {0};

    if (check(cluster_send(api->cluster, &ASK, on_answer, &g, &g.err)))
        check(api_until(api, got_it, &g));
    return g;
}

TEST(an_answer_has_status_body_and_verdict)
{
    struct api api;
    struct got g;

    api_init(&api);
    api_rule(&api, "GET version", 200, "{'a':1}");
    api_rule(&api, "GET version", 409,
             "{'kind':'Status','reason':'Conflict','message':'no'}");
    check(api_open(&api));
    g = ask(&api);
    check_int(g.status, 200);
    check_int(g.err.code, ERR_NONE);
    check_str(g.body, "{\"a\":1}");
    g = ask(&api);
    check_int(g.status, 409);
    check_int(g.err.code, ERR_CONFLICT);
    check_str(g.err.msg, "no");
    api_release(&api);
}

TEST(a_cancelled_request_is_not_answered)
{
    struct api api;
    struct got g = {0};
    struct cluster_call *call;

    api_init(&api);
    api_rule(&api, "GET version", 200, "{}");
    check(api_open(&api));
    call = cluster_send(api.cluster, &ASK, on_answer, &g, &g.err);
    cluster_cancel(call);
    cluster_cancel(NULL);
    api_settle(&api);
    check_int(g.count, 0);
    api_release(&api);
}

/* ---- out of memory ---- */

static bool run_short_of_memory(uint64_t n)
{
    struct api api;
    struct told t = {0};
    bool reached;
    int rc;

    api_init(&api);
    api_rule(&api, "GET apis", 200, WIDGETS)->header = "ETag: \"one\"";
    api_rule(&api, "GET api", 200, CORE);
    api_rule(&api, "GET openapi/v3/apis/example.com/v1", 200, OPENAPI);
    check(api_open(&api));
    mem_fail_at(n);
    rc = discover(&api, &t);
    if (rc == 0)
        rc = learn(&api, &t);
    reached = mem_fail_happened();
    mem_fail_at(0);
    check(rc == 0 || reached);
    if (!reached)
        check(has(&api, "example.com/v1", "Widget") && knows_widget(&api));
    api_release(&api);
    return !reached;
}

TEST(a_cluster_survives_out_of_memory)
{
    uint64_t n = 1;

    while (!run_short_of_memory(n))
        n++;
    check(n > 20);
}
