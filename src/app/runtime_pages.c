/*
 * runtime_pages.c -- what `run --listen` serves: /metrics, /healthz, /livez,
 *                    /readyz.
 *
 * A probe's answer says only whether: the reasons are in the log, which not
 * everybody may read.
 */
#include <string.h>

#include "app/inflight.h"
#include "base/log.h"
#include "runtime_impl.h"

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
static enum metric_format format_for(const struct listen_request *r)
{
    const char *accept = listen_header(r, "Accept");

    return accept && strstr(accept, "application/openmetrics-text")
               ? METRIC_OPENMETRICS
               : METRIC_PROMETHEUS;
}

static void metrics_page(void *arg, const struct listen_request *r,
                         struct endpoint_answer *ret)
{
    struct runtime *rt = arg;
    enum metric_format format = format_for(r);

    for (size_t i = 0; i < rt->unit_count; i++)
        sample(&rt->units[i]);
    telemetry_in_flight(rt->telemetry,
                        permits_limit(inflight_permits(rt->inflight)));
    telemetry_process(rt->telemetry);
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

/* The loop turns, or nobody would answer. */
static void healthz_page(void *arg, const struct listen_request *r,
                         struct endpoint_answer *ret)
{
    (void)arg;
    (void)r;
    str_add(&ret->text, "ok\n");
}

static bool is_ready(const struct runtime *rt)
{
    bool ready = rt->started && !rt->stopping && !rt->failed;

    for (size_t i = 0; ready && i < rt->unit_count; i++)
        ready = controller_state(rt->units[i].controller).synced;
    return ready;
}

static void readyz_page(void *arg, const struct listen_request *r,
                        struct endpoint_answer *ret)
{
    bool ready = is_ready(arg);

    (void)r;
    ret->status = ready ? 200 : 503;
    str_add(&ret->text, ready ? "ok\n" : "not ready\n");
}

/* ---- life ---- */

int runtime_serve(struct runtime *rt, struct err *err)
{
    static const struct {
        const char *path;
        endpoint_page_fn fn;
    } pages[] = {
        {"/healthz", healthz_page},
        {"/livez", healthz_page},
        {"/metrics", metrics_page},
        {"/readyz", readyz_page},
    };
    int rc;

    if (!rt->options->listen)
        return 0;
    rt->telemetry = telemetry_new();
    if (!rt->telemetry)
        return err_nomem(err);
    rc = endpoint_open(rt->loop, rt->options->listen, &rt->endpoint, err);
    for (size_t i = 0; rc == 0 && i < sizeof pages / sizeof *pages; i++)
        rc = endpoint_add(rt->endpoint, pages[i].path, pages[i].fn, rt);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < rt->unit_count; i++)
        telemetry_begin(rt->telemetry, rt->units[i].bundle.decl);
    log_info("listening", "address", endpoint_address(rt->endpoint), NULL);
    return 0;
}

void runtime_stop_serving(struct runtime *rt)
{
    endpoint_close(rt->endpoint);
    telemetry_free(rt->telemetry);
    rt->endpoint = NULL;
    rt->telemetry = NULL;
}
