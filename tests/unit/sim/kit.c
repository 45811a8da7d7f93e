#include "kit.h"

#include <stdlib.h>
#include <string.h>

void kit_start_with(struct kit *k, const struct sim_options *o)
{
    struct sim_options own = *o;
    struct err err;
    int rc;

    memset(k, 0, sizeof *k);
    clock_fake_init(&k->clock);
    k->clock.unix_seconds = 1767225600; /* 2026-01-01 */
    own.clock = &k->clock.clock;
    own.seed = 1;
    k->q.user = "admin";
    k->q.user_agent = "kit/1.0";
    rc = sim_new(&own, &k->sim, &err);
    if (rc == 0)
        rc = sim_start(k->sim, &err);
    check_ok(rc, &err);
}

void kit_start(struct kit *k, const char *controllers)
{
    struct sim_options o = {.controllers = controllers ? controllers : "none"};

    kit_start_with(k, &o);
}

void kit_stop(struct kit *k)
{
    sim_free(k->sim);
    arena_release(&k->arena);
    arena_release(&k->watch_arena);
}

/* ---- questions ---- */

static const struct {
    const char *name;
    enum http_method method;
    const char *type;
} methods[] = {
    {"GET", HTTP_GET, NULL},
    {"POST", HTTP_POST, NULL},
    {"PUT", HTTP_PUT, NULL},
    {"DELETE", HTTP_DELETE, NULL},
    {"PATCH", HTTP_PATCH, NULL},
    {"MERGE", HTTP_PATCH, "application/merge-patch+json"},
    {"JSON", HTTP_PATCH, "application/json-patch+json"},
    {"STRATEGIC", HTTP_PATCH, "application/strategic-merge-patch+json"},
    {"APPLY", HTTP_PATCH, "application/apply-patch+yaml"},
};

static void set_method(struct sim_request *q, const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].name, name) != 0)
            continue;
        q->method = methods[i].method;
        if (methods[i].type)
            q->content_type = methods[i].type;
    }
}

static char *quoted(struct arena *a, const char *text)
{
    char *out = arena_strdup(a, text);

    for (char *c = out; c && *c; c++)
        if (*c == '\'')
            *c = '"';
    return out;
}

static void set_url(struct kit *k, struct sim_request *q, const char *url)
{
    const char *mark = strchr(url, '?');

    q->path = mark ? arena_strndup(&k->arena, url, (size_t)(mark - url)) : url;
    q->query = mark ? mark + 1 : NULL;
}

int kit_ask(struct kit *k, const char *method, const char *url,
            const char *body)
{
    struct sim_request q = k->q;

    arena_clear(&k->arena);
    set_method(&q, method);
    set_url(k, &q, url);
    if (body) {
        q.body = quoted(&k->arena, body);
        if (!q.body)
            return 500; /* as if the server had no memory */
        q.body_len = strlen(q.body);
    }
    sim_handle(k->sim, &k->arena, &q, &k->r);
    k->answer = NULL;
    if (k->r.body_len)
        value_parse(&k->arena, k->r.body, k->r.body_len, &k->answer, NULL);
    return k->r.status;
}

const char *kit_text(struct kit *k, const char *path)
{
    const struct value *v = value_path(k->answer, path);
    const char *text = value_text(v);

    if (value_is(v, VALUE_INTEGER))
        text = arena_printf(&k->arena, "%lld", (long long)v->as.integer);
    return text ? text : "";
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

const char *kit_causes(struct kit *k)
{
    const struct value *all = value_path(k->answer, "details.causes");
    const char *lines[16] = {0};
    char *text = arena_strdup(&k->arena, "");
    size_t n = 0;

    for (; value_is(all, VALUE_ARRAY) && n < all->count && n < 16; n++) {
        const struct value *cause = all->as.items[n];

        lines[n] =
            arena_printf(&k->arena, "%s %s",
                         value_text_at(cause, "reason") + strlen("FieldValue"),
                         value_text_at(cause, "field"));
    }
    qsort(lines, n, sizeof lines[0], by_text);
    for (size_t i = 0; i < n; i++)
        text = arena_printf(&k->arena, "%s%s%s", text, i ? "\n" : "", lines[i]);
    return text;
}

const char *kit_body(const struct kit *k)
{
    return k->r.body;
}

void kit_settle(struct kit *k, uint64_t ms)
{
    uint64_t end = clock_now_ms(&k->clock.clock) + ms;

    for (;;) {
        uint64_t now = clock_now_ms(&k->clock.clock);
        uint64_t wake = sim_step(k->sim);

        if (sim_is_quiet(k->sim) || wake > end)
            break;
        if (wake > now)
            clock_fake_advance(&k->clock, wake - now);
    }
}

/* ---- watches ---- */

struct sim_watch *kit_watch(struct kit *k, const char *url)
{
    check_int(kit_ask(k, "GET", url, NULL), 200);
    check(k->r.watch != NULL);
    return k->r.watch;
}

const char *kit_watch_next(struct kit *k, struct sim_watch *w,
                           struct value **ret_event)
{
    const char *text, *type, *name;
    size_t len;
    uint64_t wake;
    enum sim_watch_next next = sim_watch_next(w, &text, &len, &wake);
    struct value *event = NULL;

    arena_clear(&k->watch_arena);
    if (next != SIM_WATCH_TEXT)
        return next == SIM_WATCH_IDLE ? "-" : "END";
    if (!check(len && text[len - 1] == '\n') ||
        !check_int(value_parse(&k->watch_arena, text, len, &event, NULL), 0))
        return "";
    if (ret_event)
        *ret_event = event;
    type = value_text_at(event, "type");
    if (strcmp(type, "BOOKMARK") == 0)
        return type;
    if (strcmp(type, "ERROR") == 0)
        return arena_printf(&k->watch_arena, "ERROR %lld",
                            (long long)value_int_at(event, "object.code", 0));
    name = value_text_at(event, "object.metadata.name");
    return arena_printf(&k->watch_arena, "%s %s", type, name ? name : "");
}

void kit_account(struct kit *k)
{
    check_int(kit_ask(k, "POST", "/api/v1/namespaces/default/serviceaccounts",
                      "{'metadata':{'name':'default'}}"),
              201);
}
