/*
 * properties.c -- see properties.h for the contract.
 */
#include "properties.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/value.h"

#define REQUESTS_PER_SERVER 300u
#define REQUESTS_PER_INPUT 8
#define REQUEST_BYTES ((size_t)64 << 20) /* a request that wants more fails */
#define EVENTS_PER_WATCH 20
#define HEADERS_MAX 8

static struct {
    struct clock_fake clock;
    struct sim *sim;
    struct arena arena;
    unsigned requests;
} world;

void properties_release(void)
{
    sim_free(world.sim);
    world.sim = NULL;
    world.requests = 0;
    arena_release(&world.arena);
}

/* ---- objects to ask about ---- */

#define CORE "/api/v1/namespaces/default"
#define MAP "{\"metadata\":{\"name\":\"one\"},\"data\":{\"a\":\"1\"}}"
#define WEB                                                                    \
    "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"selector\":{"                \
    "\"matchLabels\":"                                                         \
    "{\"app\":\"web\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":"      \
    "\"web\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"nginx\"," \
    "\"ports\":[{\"containerPort\":80}]}]}}}}"
#define DEFINITION                                                             \
    "{\"metadata\":{\"name\":\"dials.f.example.com\"},\"spec\":{\"group\":"    \
    "\"f.example.com\",\"scope\":\"Namespaced\",\"names\":{\"kind\":\"Dial\"," \
    "\"plural\":\"dials\"},\"versions\":[{\"name\":\"v1\",\"served\":true,"    \
    "\"storage\":true,\"subresources\":{\"status\":{}},\"schema\":{"           \
    "\"openAPIV3Schema\":{\"type\":\"object\",\"properties\":{\"spec\":{"      \
    "\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\","         \
    "\"default\":1,\"maximum\":9},\"list\":{\"type\":\"array\","               \
    "\"x-kubernetes-list-type\":\"map\",\"x-kubernetes-list-map-keys\":["      \
    "\"k\"],\"items\":{\"type\":\"object\",\"required\":[\"k\"],"              \
    "\"properties\":{\"k\":{\"type\":\"string\"},\"v\":{"                      \
    "\"x-kubernetes-int-or-string\":true}}}},\"free\":{\"type\":\"object\","   \
    "\"x-kubernetes-preserve-unknown-fields\":true}}},\"status\":{\"type\":"   \
    "\"object\",\"properties\":{\"phase\":{\"type\":\"string\"}}}}}}}]}}"
#define DIAL                                                                   \
    "{\"apiVersion\":\"f.example.com/v1\",\"kind\":\"Dial\",\"metadata\":{"    \
    "\"name\":\"one\"},\"spec\":{\"list\":[{\"k\":\"a\",\"v\":1}]}}"
#define DIALS "/apis/f.example.com/v1/namespaces/default/dials"
#define APPS "/apis/apps/v1/namespaces/default/deployments"
#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

static const struct {
    const char *path, *body;
} FIRST[] = {
    {CORE "/configmaps", MAP},
    {APPS, WEB},
    {CRDS, DEFINITION},
    {DIALS, DIAL},
};

static void ask_first(void)
{
    for (size_t i = 0; i < sizeof(FIRST) / sizeof(FIRST[0]); i++) {
        struct sim_response answer = {0};
        struct sim_request q = {.method = HTTP_POST,
                                .path = FIRST[i].path,
                                .content_type = "application/json",
                                .user = "admin",
                                .body = FIRST[i].body,
                                .body_len = strlen(FIRST[i].body)};

        sim_handle(world.sim, &world.arena, &q, &answer);
        arena_clear(&world.arena);
        clock_fake_advance(&world.clock, 1000);
        sim_step(world.sim);
    }
}

static bool world_ready(void)
{
    struct sim_options o = {.clock = &world.clock.clock,
                            .seed = 1,
                            .controllers = "none",
                            .history = 200};

    if (world.sim && world.requests < REQUESTS_PER_SERVER)
        return true;
    properties_release();
    arena_init(&world.arena, REQUEST_BYTES);
    clock_fake_init(&world.clock);
    if (sim_new(&o, &world.sim, NULL) < 0)
        return false;
    if (sim_start(world.sim, NULL) < 0)
        return false;
    ask_first();
    return true;
}

/* ---- what holds for an answer ---- */

static bool is_json(const struct sim_response *r)
{
    return r->content_type &&
           strncmp(r->content_type, "application/json", 16) == 0;
}

static const char *check_refusal(const struct sim_response *r,
                                 const struct value *body)
{
    const char *kind = value_text_at(body, "kind");

    if (!kind || strcmp(kind, "Status") != 0)
        return "a refusal is a Status";
    if (value_int_at(body, "code", 0) != r->status)
        return "a Status carries its code";
    return NULL;
}

static const char *drain(struct sim_watch *w)
{
    const char *text, *wrong = NULL;
    size_t len;
    uint64_t wake;

    for (int i = 0; i < EVENTS_PER_WATCH && !wrong; i++) {
        struct value *event;

        if (sim_watch_next(w, &text, &len, &wake) != SIM_WATCH_TEXT)
            break;
        if (len == 0 || text[len - 1] != '\n')
            wrong = "an event is a line";
        else if (value_parse(&world.arena, text, len, &event, NULL) < 0)
            wrong = "an event is JSON";
    }
    sim_watch_free(w);
    return wrong;
}

static const char *check_answer(const struct sim_request *q,
                                const struct sim_response *r, bool changed)
{
    struct value *body = NULL;

    if (r->status < 100 || r->status > 599)
        return "an answer has a code";
    if (changed && (r->status >= 400 || q->method == HTTP_GET))
        return "a refusal or a read changes nothing";
    if (changed && q->query && strcmp(q->query, "dryRun=All") == 0 &&
        !(q->method == HTTP_DELETE && q->body_len)) /* its body counts */
        return "a dry run changes nothing";
    if (r->watch)
        return drain(r->watch);
    if (!r->body)
        return "an answer has a body";
    if (is_json(r) &&
        value_parse(&world.arena, r->body, r->body_len, &body, NULL) < 0)
        return "what is said to be JSON is JSON";
    if (body && r->status >= 400)
        return check_refusal(r, body);
    return NULL;
}

static const char *ask(handle_fn *handle, const struct sim_request *q)
{
    struct sim_response r = {0};
    const uint64_t before = sim_revision(world.sim);
    const char *wrong;

    handle(world.sim, &world.arena, q, &r);
    world.requests++;
    wrong = check_answer(q, &r, sim_revision(world.sim) != before);
    sim_step(world.sim);
    arena_clear(&world.arena);
    return wrong;
}

/* ---- requests as text ---- */

static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');

    if (end) {
        *end = '\0';
        *at = end + 1;
        if (end > line && end[-1] == '\r')
            end[-1] = '\0';
    } else {
        *at = line + strlen(line);
    }
    return line;
}

static enum http_method method_of(const char *word)
{
    static const enum http_method all[] = {HTTP_GET, HTTP_POST, HTTP_PUT,
                                           HTTP_PATCH, HTTP_DELETE};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(word, http_method_name(all[i])) == 0)
            return all[i];
    return HTTP_GET;
}

static void read_header(char *line, struct sim_request *q)
{
    char *colon = strchr(line, ':');
    const char *value;

    if (!colon)
        return;
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " ");
    if (strcmp(line, "content-type") == 0)
        q->content_type = value;
    else if (strcmp(line, "accept") == 0)
        q->accept = value;
    else if (strcmp(line, "user-agent") == 0)
        q->user_agent = value;
    else if (strcmp(line, "if-none-match") == 0)
        q->if_none_match = value;
    else if (strcmp(line, "user") == 0)
        q->user = *value ? value : NULL;
}

/* `text` is scribbled on; NULL path: there is no request in it. */
static struct sim_request read_request(char *text, size_t len)
{
    struct sim_request q = {.user = "admin"};
    char *end = text + len, *at = text, *line = next_line(&at);
    char *target = strchr(line, ' ');
    char *query;

    if (!target)
        return q;
    *target++ = '\0';
    query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    q.method = method_of(line);
    q.path = target;
    q.query = query;
    for (int i = 0; i < HEADERS_MAX && at < end; i++) {
        line = next_line(&at);
        if (!*line)
            break;
        read_header(line, &q);
    }
    if (at < end) {
        q.body = at;
        q.body_len = (size_t)(end - at);
    }
    return q;
}

const char *property_sim_http(handle_fn *handle, const char *data, size_t len)
{
    char *text = mem_alloc(len + 1);
    char *at = text;
    const char *wrong = NULL;

    if (!text || !world_ready()) {
        mem_free(text);
        return "there is a server";
    }
    memcpy(text, data, len);
    text[len] = '\0';
    for (int i = 0; i < REQUESTS_PER_INPUT && at && !wrong; i++) {
        char *rest = text + len;
        char *mark = memmem(at, (size_t)(rest - at), "\n%%%\n", 5);
        size_t size = (size_t)((mark ? mark : rest) - at);
        struct sim_request q;

        at[size] = '\0';
        q = read_request(at, size);
        if (q.path && *q.path == '/')
            wrong = ask(handle, &q);
        at = mark ? mark + 5 : NULL;
    }
    mem_free(text);
    return wrong;
}

/* ---- bodies ---- */

#define JSON "application/json"
#define YAML "application/yaml"
#define MERGE "application/merge-patch+json"
#define PATCH "application/json-patch+json"
#define STRATEGIC "application/strategic-merge-patch+json"
#define APPLY "application/apply-patch+yaml"
#define MANAGER "fieldManager=fuzz&force=true"

static const struct {
    enum http_method method;
    const char *path, *query, *type;
} FORMS[] = {
    /* a */ {HTTP_POST, CORE "/configmaps", NULL, JSON},
    /* b */ {HTTP_POST, APPS, NULL, JSON},
    /* c */ {HTTP_POST, DIALS, NULL, JSON},
    /* d */ {HTTP_POST, CRDS, NULL, JSON},
    /* e */ {HTTP_PATCH, CORE "/configmaps/one", NULL, MERGE},
    /* f */ {HTTP_PATCH, APPS "/web", NULL, PATCH},
    /* g */ {HTTP_PATCH, APPS "/web", NULL, STRATEGIC},
    /* h */ {HTTP_PATCH, APPS "/web", MANAGER, APPLY},
    /* i */ {HTTP_PATCH, DIALS "/one", MANAGER, APPLY},
    /* j */ {HTTP_PUT, CORE "/configmaps/one", NULL, JSON},
    /* k */ {HTTP_PUT, APPS "/web", NULL, JSON},
    /* l */ {HTTP_DELETE, CORE "/configmaps/one", "dryRun=All", JSON},
    /* m */ {HTTP_POST, CORE "/services", NULL, JSON},
    /* n */ {HTTP_POST, CORE "/pods", "fieldValidation=Strict", JSON},
    /* o */ {HTTP_PATCH, DIALS "/one", NULL, MERGE},
    /* p */ {HTTP_PATCH, DIALS "/one/status", NULL, MERGE},
    /* q */ {HTTP_POST, CORE "/configmaps", NULL, YAML},
    /* r */ {HTTP_PUT, DIALS "/one", "fieldValidation=Warn", JSON},
    /* s */ {HTTP_PATCH, CORE "/configmaps/one", MANAGER, APPLY},
    /* t */ {HTTP_PUT, APPS "/web/scale", NULL, JSON},
    /* u */ {HTTP_PUT, CRDS "/dials.f.example.com", "dryRun=All", JSON},
    /* v */ {HTTP_PATCH, DIALS "/one", NULL, PATCH},
};

const char *property_sim_json(handle_fn *handle, const char *data, size_t len)
{
    const size_t count = sizeof(FORMS) / sizeof(FORMS[0]);
    struct sim_request q = {.user = "admin"};
    size_t form;

    if (len == 0)
        return NULL;
    if (!world_ready())
        return "there is a server";
    form = (size_t)((unsigned char)(data[0] - 'a')) % count;
    q.method = FORMS[form].method;
    q.path = FORMS[form].path;
    q.query = FORMS[form].query;
    q.content_type = FORMS[form].type;
    q.body = data + 1;
    q.body_len = len - 1;
    return ask(handle, &q);
}
