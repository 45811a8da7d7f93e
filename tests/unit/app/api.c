/* See api.h. */
#include "api.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define DEADLINE_MS 60000

/* ---- the server's threads ---- */

/* "GET /api/v1/namespaces/default/configmaps/a?x" to "GET configmaps/a". */
static void shorten(const struct peer *p, char *out, size_t size)
{
    const char *slash = strchr(p->head, '/');
    const char *end = slash + strcspn(slash, "? ");
    const char *line = slash + strcspn(slash, " ");
    const char *ns = strstr(slash, "/namespaces/default/");
    bool watch = memmem(end, (size_t)(line - end), "watch=true", 10);
    bool dry = memmem(end, (size_t)(line - end), "dryRun=All", 10) ||
               strstr(p->body, "\"dryRun\":[\"All\"]");

    slash = ns && ns < end ? ns + strlen("/namespaces/default/") : slash + 1;
    snprintf(out, size, "%.*s%.*s%s%s", (int)(strchr(p->head, '/') - p->head),
             p->head, (int)(end - slash), slash, dry ? " (dry)" : "",
             watch ? " (watch)" : "");
}

static bool take_rule(struct api *api, const struct peer *p,
                      struct api_rule *ret)
{
    size_t used = strlen(api->log);
    char request[256];
    bool found = false;

    shorten(p, request, sizeof request);
    pthread_mutex_lock(&api->lock);
    for (size_t i = 0; i < api->rule_count && !found; i++) {
        struct api_rule *r = &api->rules[i];

        if (r->used || strcmp(r->request, request) != 0)
            continue;
        r->used = !r->forever;
        *ret = *r;
        found = true;
    }
    if (strncmp(request, "GET", 3) != 0)
        memcpy(api->body, p->body, sizeof api->body);
    used = strlen(api->log);
    snprintf(api->log + used, sizeof api->log - used, "%s%s\n",
             found ? "" : "unexpected: ", request);
    pthread_mutex_unlock(&api->lock);
    return found;
}

static bool answer(struct peer *p, const struct api_rule *r)
{
    char head[256], body[4096];
    bool watch = strstr(r->request, "(watch)");

    snprintf(body, sizeof body, "%s", r->body);
    for (char *c = body; *c; c++)
        if (*c == '\'')
            *c = '"';
    snprintf(head, sizeof head,
             "HTTP/1.1 %d Said\r\nContent-Type: application/json%s%s",
             r->status, r->header ? "\r\n" : "", r->header ? r->header : "");
    if (!watch || r->status != 200)
        return peer_answer(p, head, body);
    /* a stream without end: the length is that of the connection */
    if (peer_send(p, head) && peer_send(p, "\r\nConnection: close\r\n\r\n") &&
        peer_send(p, body))
        peer_wait(p);
    return false;
}

static void serve(struct peer *p)
{
    struct api *api = p->arg;
    struct api_rule rule;

    while (peer_request(p)) {
        if (!take_rule(api, p, &rule))
            rule = (struct api_rule){.request = "", .status = 418, .body = ""};
        if (rule.status == API_SILENT)
            peer_wait(p);
        if (rule.status <= 0 || !answer(p, &rule))
            return;
    }
}

/* ---- the test's thread ---- */

void api_init(struct api *api)
{
    memset(api, 0, sizeof *api);
    folder_init(&api->folder);
    pthread_mutex_init(&api->lock, NULL);
    api->server =
        server_start((struct server_spec){.script = serve, .arg = api});
}

bool api_open(struct api *api)
{
    struct cluster_options options = {0};
    char text[512];

    snprintf(text, sizeof text,
             "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
             "clusters:\n- name: c\n  cluster:\n"
             "    server: http://127.0.0.1:%u\n"
             "users:\n- name: u\n  user: {}\n"
             "contexts:\n- name: test\n  context: {cluster: c, user: u}\n",
             server_port(api->server));
    options.kubeconfig = folder_write(&api->folder, "config", text);
    api->loop = loop_new(&api->err);
    if (!api->loop)
        return false;
    if (cluster_open(api->loop, &options, &api->cluster, &api->err) == 0)
        return true;
    if (!torturing())
        check_ok(-(int)api->err.code, &api->err);
    return false;
}

void api_release(struct api *api)
{
    cluster_close(api->cluster);
    server_stop(api->server);
    if (api->loop)
        loop_free(api->loop);
    pthread_mutex_destroy(&api->lock);
    folder_release(&api->folder);
}

struct api_rule *api_rule(struct api *api, const char *request, int status,
                          const char *body)
{
    struct api_rule *r = NULL;

    pthread_mutex_lock(&api->lock);
    if (check(api->rule_count < API_RULES)) {
        r = &api->rules[api->rule_count++];
        *r = (struct api_rule){
            .request = request, .status = status, .body = body};
    }
    pthread_mutex_unlock(&api->lock);
    return r;
}

const char *api_log(struct api *api)
{
    static char copy[sizeof api->log];

    pthread_mutex_lock(&api->lock);
    memcpy(copy, api->log, sizeof copy);
    api->log[0] = '\0';
    pthread_mutex_unlock(&api->lock);
    return copy;
}

const char *api_body(struct api *api)
{
    static char copy[sizeof api->body];

    pthread_mutex_lock(&api->lock);
    memcpy(copy, api->body, sizeof copy);
    pthread_mutex_unlock(&api->lock);
    return copy;
}

/* ---- waiting ---- */

static void nothing(void *arg)
{
    (void)arg;
}

bool api_until(struct api *api, bool (*held)(void *arg), void *arg)
{
    const struct clock *clock = loop_clock(api->loop);
    uint64_t end = clock_now_ms(clock) + DEADLINE_MS;

    while (!held(arg)) {
        loop_timer_id id;

        if (clock_now_ms(clock) > end)
            return false;
        id = loop_after(api->loop, 2, nothing, NULL);
        loop_turn(api->loop, true);
        loop_cancel(api->loop, id);
    }
    return true;
}

struct goal {
    struct api *api;
    unsigned lines;
};

static bool logged(void *arg)
{
    struct goal *g = arg;
    unsigned n = 0;

    pthread_mutex_lock(&g->api->lock);
    for (const char *c = g->api->log; *c; c++)
        n += *c == '\n';
    pthread_mutex_unlock(&g->api->lock);
    return n >= g->lines;
}

bool api_requests(struct api *api, unsigned n)
{
    struct goal goal = {api, n};

    return api_until(api, logged, &goal);
}

void api_settle(struct api *api)
{
    for (unsigned i = 0; i < 20; i++)
        loop_turn(api->loop, false);
}
