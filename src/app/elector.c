/*
 * elector.c -- see elector.h for the contract.
 *
 * DESIGN
 *
 * One request or one timer at a time: ask lease_next(), do it, tell it what
 * came of it. A request that is not answered within half the renew deadline
 * (LE-2) is given up, its outcome counts as unknown.
 */
#include "app/elector.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define MANAGER "tidelock"

struct elector {
    struct elector_config config;
    struct arena arena;
    struct lease lease;
    struct cluster_call *call;
    loop_timer_id timer; /* the wait, or how long the answer may take */
    bool told_lead, told_lost;
    uint64_t reads;
    char seen[LEASE_MAX_TEXT]; /* the holder that the log knows of */
    void (*done)(void *arg);   /* of the release, or NULL */
    void *done_arg;
};

static uint64_t now_ms(void)
{
    return clock_now_ms(clock_boot());
}

static int64_t unix_us(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return (int64_t)now.tv_sec * 1000000 + now.tv_usec;
}

uint64_t elector_reads(const struct elector *e)
{
    return e->reads;
}

bool elector_leads(const struct elector *e)
{
    return lease_leads(&e->lease, now_ms());
}

static bool may_write(void *arg)
{
    return elector_leads(arg);
}

/* ---- what others want to know ---- */

static void tell_holder(struct elector *e)
{
    const char *holder = lease_holder(&e->lease);

    if (strcmp(e->seen, holder) == 0)
        return;
    snprintf(e->seen, sizeof(e->seen), "%s", holder);
    if (*holder && strcmp(holder, elector_identity(e)) != 0)
        log_info("another process leads", "lease", e->config.name, "holder",
                 holder, NULL);
}

static void tell_lost(struct elector *e)
{
    struct err why = {0};

    if (e->told_lost)
        return;
    e->told_lost = true;
    err_set(&why, ERR_LEASE,
            "leader election lost: the Lease '%s/%s' could not be renewed in "
            "time, or another process holds it",
            e->config.ns, e->config.name);
    err_hint(&why, "this process ends and starts again as a standby; is the "
                   "API server slow, or was this process stopped?");
    e->config.on_lost(e->config.arg, &why);
}

static void tell_released(struct elector *e)
{
    void (*done)(void *arg) = e->done;

    e->done = NULL;
    if (done)
        done(e->done_arg);
}

/* ---- the step ---- */

static void step(struct elector *e);

static void on_due(void *arg)
{
    struct elector *e = arg;

    e->timer = 0;
    if (e->call) {
        cluster_cancel(e->call);
        e->call = NULL;
        log_debug("no answer about the Lease in time", NULL);
        lease_answered(&e->lease, now_ms(), ERR_TIMEOUT, NULL);
    }
    step(e);
}

static void wait_ms(struct elector *e, uint64_t ms)
{
    loop_cancel(e->config.cluster->loop, e->timer);
    e->timer = loop_after(e->config.cluster->loop, ms, on_due, e);
    if (!e->timer)
        log_error("out of memory: leader election has stopped", NULL);
}

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct elector *e = arg;
    struct arena a = {0};
    struct value *object = NULL;
    struct err err = *answer->err;

    e->call = NULL;
    if (err.code == ERR_NONE)
        value_parse(&a, answer->body, answer->len, &object, &err);
    if (err.code != ERR_NONE && err.code != ERR_NOT_FOUND &&
        err.code != ERR_CONFLICT && err.code != ERR_EXISTS)
        log_warn("cannot get the Lease", "lease", e->config.name, "err",
                 err.msg, NULL);
    lease_answered(&e->lease, now_ms(), err.code, object);
    arena_release(&a);
    tell_holder(e);
    step(e);
}

static int make_request(struct elector *e, enum lease_action action,
                        struct arena *a, struct request *ret, struct err *err)
{
    const struct target target = {&lease_resource,
                                  {e->config.ns, e->config.name}};
    const struct write_options options = {.field_manager = MANAGER};
    struct patch patch = {.type = action == LEASE_CREATE ? PATCH_APPLY
                                                         : PATCH_MERGE};

    if (action == LEASE_READ)
        return request_get(a, &target, ret, err);
    patch.body = lease_body(&e->lease, a, e->config.name, unix_us());
    if (!patch.body)
        return err_nomem(err);
    return request_patch(a, &target, &patch, &options, ret, err);
}

/* Half the renew deadline, at least a second (LE-2). */
static uint64_t answer_ms(const struct elector *e)
{
    const uint64_t half = e->config.timing.renew_ms / 2;

    return half < 1000 ? 1000 : half;
}

static void ask(struct elector *e, enum lease_action action)
{
    struct arena a = {0};
    struct request request;
    struct err err = {0};

    lease_asked(&e->lease, action, now_ms());
    e->reads += action == LEASE_READ;
    if (make_request(e, action, &a, &request, &err) == 0)
        e->call = cluster_send_unfenced(e->config.cluster, &request, on_answer,
                                        e, &err);
    arena_release(&a);
    if (!e->call) {
        log_warn("cannot ask for the Lease", "err", err.msg, NULL);
        lease_answered(&e->lease, now_ms(), err.code, NULL);
    }
    wait_ms(e, e->call ? answer_ms(e) : 0);
}

/* Callbacks may free the elector: they come last. */
static void step(struct elector *e)
{
    const uint64_t now = now_ms();
    const struct lease_want want = lease_next(&e->lease, now);

    switch (want.action) {
    case LEASE_WAIT:
        wait_ms(e, want.at - now);
        break;
    case LEASE_READ:
    case LEASE_CREATE:
    case LEASE_WRITE:
        ask(e, want.action);
        break;
    case LEASE_OVER:
        loop_cancel(e->config.cluster->loop, e->timer);
        e->timer = 0;
        if (lease_role(&e->lease) == LEASE_LOST && !e->done)
            tell_lost(e);
        else
            tell_released(e);
        return;
    }
    if (!e->told_lead && lease_leads(&e->lease, now)) {
        e->told_lead = true;
        log_info("this process leads", "lease", e->config.name, "identity",
                 elector_identity(e), NULL);
        e->config.on_lead(e->config.arg);
    }
}

/* ---- life ---- */

/* "host_8c9e6679-7425-40de-944b-e07fc1f90ae7" (LE-9). */
static const char *make_identity(struct arena *a)
{
    unsigned char r[16];
    char host[65];

    if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r) ||
        gethostname(host, sizeof(host)) < 0)
        return NULL;
    host[sizeof(host) - 1] = '\0';
    return arena_printf(a,
                        "%s_%02x%02x%02x%02x-%02x%02x-4%x%02x-%x%x%02x-"
                        "%02x%02x%02x%02x%02x%02x",
                        host, r[0], r[1], r[2], r[3], r[4], r[5], r[6] & 15,
                        r[7], 8 + (r[8] & 3), r[8] >> 4, r[9], r[10], r[11],
                        r[12], r[13], r[14], r[15]);
}

struct elector *elector_new(const struct elector_config *config,
                            struct err *err)
{
    struct elector *e = mem_calloc(1, sizeof(*e));

    if (!e) {
        err_nomem(err);
        return NULL;
    }
    e->config = *config;
    e->config.ns = arena_strdup(&e->arena, config->ns);
    e->config.name = arena_strdup(&e->arena, config->name);
    if (!config->identity)
        e->config.identity = make_identity(&e->arena);
    else
        e->config.identity = arena_strdup(&e->arena, config->identity);
    if (!e->config.ns || !e->config.name || !e->config.identity) {
        arena_release(&e->arena);
        mem_free(e);
        err_nomem(err);
        return NULL;
    }
    lease_init(&e->lease, e->config.identity, &config->timing,
               rng_seed_from_kernel());
    http_set_fence(config->cluster->http, may_write, e);
    return e;
}

void elector_free(struct elector *e)
{
    if (!e)
        return;
    http_set_fence(e->config.cluster->http, NULL, NULL);
    cluster_cancel(e->call);
    loop_cancel(e->config.cluster->loop, e->timer);
    arena_release(&e->arena);
    mem_free(e);
}

void elector_start(struct elector *e)
{
    wait_ms(e, 0);
}

const char *elector_identity(const struct elector *e)
{
    return e->config.identity;
}

void elector_release(struct elector *e, void (*done)(void *arg), void *arg)
{
    e->done = done;
    e->done_arg = arg;
    lease_release(&e->lease);
    if (!e->call)
        wait_ms(e, 0);
}
