/*
 * runtime_pages.c -- what `run --listen` serves: /metrics, /healthz, /livez,
 *                    /readyz.
 *
 * A probe's answer says only whether: the reasons are in the log, which not
 * everybody may read.
 */
#include <stdio.h>
#include <string.h>

#include "app/controller_replace.h"
#include "app/inflight.h"
#include "base/log.h"
#include "runtime_impl.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- metrics ---- */

/* A unit that has not started yet has no state. */
static void sample(struct unit *u)
{
    const struct operator_decl *d = u->bundle.decl;
    size_t rows[OPERATOR_MAX_ROWS + 1];
    struct controller_state s;

    if (!u->controller)
        return;
    s = controller_state(u->controller);
    controller_count_rows(u->controller, rows);
    telemetry_state(u->runtime->telemetry, d, &s, rows);
}

/* Prometheus lists what it takes, best first; OpenMetrics only when it is
 * asked for. */
static enum metric_format format_for(const struct endpoint_request *r)
{
    return strstr(r->accept, "application/openmetrics-text")
               ? METRIC_OPENMETRICS
               : METRIC_PROMETHEUS;
}

static void sample_cluster(struct runtime *rt)
{
    struct event_queue_stats events = herald_stats(rt->herald);

    telemetry_feeds(rt->telemetry, rt->source);
    telemetry_events(rt->telemetry, &events);
    if (rt->elector)
        telemetry_lease(rt->telemetry, runtime_lease(rt),
                        elector_leads(rt->elector), elector_reads(rt->elector));
}

static void metrics_page(void *arg, const struct endpoint_request *r,
                         struct endpoint_answer *ret)
{
    struct runtime *rt = arg;
    enum metric_format format = format_for(r);

    for (size_t i = 0; i < rt->unit_count; i++)
        sample(&rt->units[i]);
    telemetry_in_flight(rt->telemetry,
                        permits_limit(inflight_permits(rt->inflight)));
    telemetry_process(rt->telemetry);
    telemetry_machine(rt->telemetry);
    sample_cluster(rt);
    ret->content_type =
        format == METRIC_OPENMETRICS
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8";
    if (telemetry_print(rt->telemetry, format, &ret->text) < 0) {
        ret->status = 500;
        str_clear(&ret->text);
    }
}

/* ---- probes ---- */

static bool is_started(void *arg)
{
    const struct runtime *rt = arg;

    return rt->started && !rt->failed;
}

static bool is_staying(void *arg)
{
    return !((const struct runtime *)arg)->stopping;
}

/* A standby is ready when it could work at once: a rolling upgrade waits for
 * that before it ends the leader. */
static bool sees_everything(void *arg)
{
    const struct runtime *rt = arg;
    bool all = rt->started;

    for (size_t i = 0; all && i < rt->unit_count; i++)
        all = rt->working ? controller_state(rt->units[i].controller).synced
                          : !controller_lacks(rt->units[i].controller);
    return all;
}

static const struct probe_check ready_checks[] = {
    {"started", is_started},
    {"caches", sees_everything},
    {"shutdown", is_staying},
};

/* The loop turns, or nobody would answer: that is all a restart could mend. */
static void set_probes(struct runtime *rt)
{
    rt->pages.probes[0] = (struct probe){.path = "/healthz"};
    rt->pages.probes[1] = (struct probe){.path = "/livez"};
    rt->pages.probes[2] = (struct probe){.path = "/readyz",
                                         .checks = ready_checks,
                                         .count = COUNT(ready_checks),
                                         .arg = rt};
}

/* ---- life ---- */

static int add_pages(struct runtime *rt)
{
    const struct endpoint_page metrics = {
        .path = "/metrics", .fn = metrics_page, .arg = rt, .guarded = true};
    int rc = 0;

    set_probes(rt);
    for (size_t i = 0; rc == 0 && i < COUNT(rt->pages.probes); i++)
        rc = endpoint_add(
            rt->pages.endpoint,
            &(struct endpoint_page){.path = rt->pages.probes[i].path,
                                    .fn = probe_page,
                                    .arg = &rt->pages.probes[i],
                                    .below = true});
    if (rc == 0)
        rc = endpoint_add(rt->pages.endpoint, &metrics);
    return rc < 0 ? rc : runtime_add_debug(rt);
}

int runtime_serve(struct runtime *rt, struct err *err)
{
    const struct runtime_options *o = rt->options;
    int rc;

    if (!o->listen.address)
        return 0;
    rt->telemetry = telemetry_new();
    rt->pages.passes = pass_log_new();
    if (!rt->telemetry || !rt->pages.passes)
        return err_nomem(err);
    rc = endpoint_open(rt->loop, &o->listen, &rt->pages.endpoint, err);
    if (rc == 0)
        rc = add_pages(rt);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < rt->unit_count; i++)
        telemetry_begin(rt->telemetry, rt->units[i].bundle.decl);
    log_info("listening", "address", endpoint_address(rt->pages.endpoint),
             "scheme",
             endpoint_is_secure(rt->pages.endpoint) ? "https" : "http", NULL);
    return 0;
}

static void on_request_end(void *arg, const struct http_told *told)
{
    const struct runtime *rt = arg;

    telemetry_request(rt->telemetry, rt->pages.host, told);
}

/* "https://10.0.0.1:6443" -> "10.0.0.1:6443" */
static void name_host(struct runtime *rt)
{
    const char *server = rt->cluster->config.server;
    const char *host = strstr(server, "://");

    host = host ? host + 3 : server;
    snprintf(rt->pages.host, sizeof rt->pages.host, "%.*s",
             (int)strcspn(host, "/"), host);
}

int runtime_guard_pages(struct runtime *rt, struct err *err)
{
    if (rt->telemetry) {
        name_host(rt);
        http_on_end(rt->cluster->http, on_request_end, rt);
    }
    if (!rt->pages.endpoint || !endpoint_is_secure(rt->pages.endpoint))
        return 0;
    rt->pages.gate = gate_new(rt->cluster);
    endpoint_set_gate(rt->pages.endpoint, rt->pages.gate);
    return rt->pages.gate ? 0 : err_nomem(err);
}

void runtime_stop_serving(struct runtime *rt)
{
    endpoint_set_gate(rt->pages.endpoint, NULL);
    gate_free(rt->pages.gate);
    endpoint_close(rt->pages.endpoint);
    telemetry_free(rt->telemetry);
    pass_log_free(rt->pages.passes);
    rt->pages.passes = NULL;
    rt->pages.gate = NULL;
    rt->pages.endpoint = NULL;
    rt->telemetry = NULL;
}
