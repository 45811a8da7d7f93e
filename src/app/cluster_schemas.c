/*
 * cluster_schemas.c -- see cluster.h: schemas of kinds that are not built in.
 *
 * DESIGN
 *
 * One group per group version that was ever asked for. It is asked for once,
 * and again while it is in doubt:
 *
 *      settled --relearn--> asking --same----> waiting --timer, relearn-->
 * asking
 *                                  --another-> settled, on_schemas
 *
 * The waits double. A doubt that does not last ends with the first wait that
 * would be too long.
 *
 * INVARIANTS
 *
 *   I1  a group has at most one request under way, and no timer meanwhile
 *   I2  `wait_ms` is 0 when the group is not in doubt
 */
#include "cluster_impl.h"

#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

struct schema_group {
    struct cluster *cluster;
    char *api_version;
    struct cluster_call *call; /* under way, or NULL */
    cluster_done_fn done;      /* of cluster_learn(), or NULL */
    void *arg;
    bool learned;
    char hash[HASH_HEX_SIZE]; /* of the document that was learned */
    char *etag;               /* its own, or NULL */
    uint64_t asked_ms;
    bool lasting;     /* the doubt */
    unsigned wait_ms; /* before it is asked again */
    loop_timer_id timer;
};

static struct schema_group *find_group(struct cluster *c,
                                       const char *api_version)
{
    return map_get(c->schema_groups, api_version, strlen(api_version));
}

static void group_free(struct schema_group *g)
{
    loop_cancel(g->cluster->loop, g->timer);
    mem_free(g->api_version);
    mem_free(g->etag);
    mem_free(g);
}

static struct schema_group *group_new(struct cluster *c,
                                      const char *api_version)
{
    struct schema_group *g = mem_calloc(1, sizeof(*g));

    if (!g)
        return NULL;
    g->cluster = c;
    g->api_version = mem_strdup(api_version);
    if (g->api_version && map_put(c->schema_groups, api_version,
                                  strlen(api_version), g, NULL) == 0)
        return g;
    group_free(g);
    return NULL;
}

void cluster_forget_groups(struct cluster *c)
{
    size_t it = 0, len;
    const char *key;
    void *value;

    while (c->schema_groups &&
           map_next(c->schema_groups, &it, &key, &len, &value))
        group_free(value);
    map_free(c->schema_groups);
}

/* ---- what the server tells ---- */

/* Nothing when it is the document that was learned last. */
static int learn_document(struct schema_group *g,
                          const struct cluster_answer *answer,
                          bool *ret_changed, struct err *err)
{
    struct arena arena = {0};
    struct value *doc;
    char hash[HASH_HEX_SIZE];
    int rc;

    hash_sha256_hex(answer->body, answer->len, hash);
    if (strcmp(hash, g->hash) == 0)
        return 0;
    rc = value_parse(&arena, answer->body, answer->len, &doc, err);
    if (rc == 0)
        rc = schema_set_add_openapi(g->cluster->schemas, doc, err);
    arena_release(&arena);
    if (rc < 0)
        return rc;
    memcpy(g->hash, hash, sizeof(hash));
    mem_free(g->etag);
    g->etag = answer->etag ? mem_strdup(answer->etag) : NULL;
    g->learned = true;
    *ret_changed = true;
    return 0;
}

static void wait_again(struct schema_group *g);

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct schema_group *g = arg;
    struct cluster *c = g->cluster;
    cluster_done_fn done = g->done;
    struct err none = {0};
    struct err why = *answer->err;
    bool changed = false;
    bool doubted = g->wait_ms > 0;

    g->call = NULL;
    g->done = NULL;
    if (why.code == ERR_NONE && answer->status != 304)
        learn_document(g, answer, &changed, &why);
    if (why.code != ERR_NONE)
        log_debug("no schema from the server", "apiVersion", g->api_version,
                  "err", why.msg, NULL);
    if (changed) {
        g->wait_ms = 0;
        g->lasting = false;
    } else if (doubted)
        wait_again(g);
    if (done)
        done(g->arg, changed, &none);
    if (changed && doubted && c->on_schemas)
        c->on_schemas(c->on_schemas_arg);
}

static int ask(struct schema_group *g, struct err *err)
{
    struct cluster *c = g->cluster;
    struct request request = {.method = HTTP_GET, .accept = "application/json"};
    struct str path;
    int rc;

    g->asked_ms = clock_now_ms(loop_clock(c->loop));
    str_init(&path, 1024);
    str_addf(&path, "/openapi/v3/%s%s",
             strchr(g->api_version, '/') ? "apis/" : "api/", g->api_version);
    rc = str_check(&path, "path", err);
    request.path = str_text(&path);
    if (rc == 0) {
        g->call = cluster_ask(c, &request, g->etag, on_answer, g, err);
        rc = g->call ? 0 : -(int)err->code;
    }
    str_release(&path);
    return rc;
}

int cluster_learn(struct cluster *c, const char *api_version,
                  cluster_done_fn done, void *arg, struct err *err)
{
    struct schema_group *g = find_group(c, api_version);
    struct err none = {0};
    int rc;

    if (g && (g->learned || g->call)) {
        done(arg, false, &none);
        return 0;
    }
    if (!g)
        g = group_new(c, api_version);
    if (!g)
        return err_nomem(err);
    rc = ask(g, err);
    if (rc < 0)
        return rc;
    loop_cancel(c->loop, g->timer);
    g->timer = 0;
    g->done = done;
    g->arg = arg;
    return 0;
}

/* ---- doubts ---- */

static void ask_again(void *arg)
{
    struct schema_group *g = arg;
    struct err err = {0};

    g->timer = 0;
    if (ask(g, &err) < 0)
        wait_again(g);
}

static void wait_for(struct schema_group *g, uint64_t ms)
{
    g->timer = loop_after(g->cluster->loop, ms, ask_again, g);
    if (g->timer)
        return;
    g->wait_ms = 0; /* out of memory: the next doubt begins anew */
    g->lasting = false;
}

static void wait_again(struct schema_group *g)
{
    unsigned max = CLUSTER_RELEARN_MAX * g->cluster->relearn_ms;
    unsigned ms = g->wait_ms;

    if (ms > max && !g->lasting) {
        g->wait_ms = 0;
        return;
    }
    if (ms <= max)
        g->wait_ms = ms * 2;
    wait_for(g, ms < max ? ms : max);
}

void cluster_relearn(struct cluster *c, const char *api_version, bool lasting)
{
    struct schema_group *g = find_group(c, api_version);
    uint64_t age, pause = c->relearn_ms;

    if (!g)
        return;
    g->lasting |= lasting;
    if (!g->wait_ms)
        g->wait_ms = c->relearn_ms;
    age = clock_now_ms(loop_clock(c->loop)) - g->asked_ms;
    if (g->call || (g->timer && age < pause))
        return;
    loop_cancel(c->loop, g->timer);
    if (age < pause)
        wait_for(g, pause - age);
    else
        ask_again(g);
}
