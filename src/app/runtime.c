/*
 * runtime.c -- see runtime.h for the contract.
 *
 * DESIGN
 *
 *      load scripts -> connect -> discover -> ledger, -f roots -> start
 *                                                                   |
 *         stop <- drain <- signal, or nothing left to do <----------+
 *
 * Every step before the start is asynchronous on the one loop; `pending`
 * counts the answers that are still out. A step that fails ends the run with
 * its reason. After the start only `run --once` and `plan` end by themselves.
 */
#include "runtime_impl.h"

#include <string.h>

#include "app/inflight.h"
#include "app/source_files.h"
#include "app/source_live.h"
#include "app/workers.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/system.h"

#define TROUBLE_MS 30000u
#define DEFAULT_LEASE "tidelock"

const char *runtime_namespace(const struct runtime *rt)
{
    if (rt->options->ns)
        return rt->options->ns;
    return rt->cluster ? rt->cluster->config.ns : "default";
}

const char *runtime_lease(const struct runtime *rt)
{
    return rt->options->lease ? rt->options->lease : DEFAULT_LEASE;
}

/* ---- while it runs ---- */

static void list_delayed(void *arg, const struct object_key *key,
                         uint64_t wait_ms)
{
    struct unit *u = arg;
    struct str name = {0};

    object_key_print(key, &name);
    log_info("requeue is waiting", "operator", u->bundle.decl->name, "object",
             str_text(&name), "after_ms", log_num((long long)wait_ms), NULL);
    str_release(&name);
}

/* Is there anything left that will come without waiting for a time? */
bool runtime_is_idle(const struct runtime *rt)
{
    if (!rt->started || reload_is_busy(rt->reload))
        return false;
    for (size_t i = 0; i < rt->unit_count; i++) {
        struct controller_state s = controller_state(rt->units[i].controller);

        if (!s.synced || s.ready || s.running || rt->units[i].dropping)
            return false;
    }
    return true;
}

/* A kind that may not be read will not come by waiting: say so and end. */
static bool hopeless(struct runtime *rt)
{
    for (size_t i = 0; i < rt->unit_count; i++) {
        struct controller_state s = controller_state(rt->units[i].controller);

        if (!s.final)
            continue;
        runtime_fail(rt, s.unsynced);
        return true;
    }
    return false;
}

/* Why some view is not complete; NULL when nothing is known to be wrong. */
static const struct err *trouble(struct runtime *rt)
{
    for (size_t i = 0; i < rt->unit_count; i++) {
        struct controller_state s = controller_state(rt->units[i].controller);

        if (s.unsynced && s.unsynced->code != ERR_NONE &&
            s.unsynced->code != ERR_UNKNOWN)
            return s.unsynced;
    }
    return NULL;
}

static void on_trouble(void *arg)
{
    struct runtime *rt = arg;
    const struct err *why = trouble(rt);
    struct err err;

    rt->trouble_timer = 0;
    if (!why)
        return;
    err = *why;
    err_wrap(&err, "gave up after %u s", TROUBLE_MS / 1000);
    runtime_fail(rt, &err);
}

/* What ends by itself also ends when a server goes on failing. */
static void mind_trouble(struct runtime *rt)
{
    if (!trouble(rt)) {
        loop_cancel(rt->loop, rt->trouble_timer);
        rt->trouble_timer = 0;
    } else if (!rt->trouble_timer)
        rt->trouble_timer = loop_after(rt->loop, TROUBLE_MS, on_trouble, rt);
}

void runtime_check(struct runtime *rt)
{
    if (!rt->started || rt->done || rt->failed)
        return;
    if (rt->stopping) {
        runtime_end(rt);
        return;
    }
    reload_check(rt->reload);
    for (size_t i = 0; i < rt->unit_count && rt->working; i++)
        if (controller_state(rt->units[i].controller).synced)
            unit_drop_retired(&rt->units[i]);
    if (!runtime_ends(rt) || hopeless(rt))
        return;
    mind_trouble(rt);
    if (!runtime_is_idle(rt))
        return;
    for (size_t i = 0; i < rt->unit_count && rt->options->once; i++)
        controller_each_delayed(rt->units[i].controller, list_delayed,
                                &rt->units[i]);
    runtime_end(rt);
}

void runtime_feed_changed(void *arg, struct source_feed *feed)
{
    struct runtime *rt = arg;

    for (size_t i = 0; i < rt->unit_count; i++)
        if (rt->units[i].controller)
            controller_feed_changed(rt->units[i].controller, feed);
    runtime_check(rt);
}

/* ---- the start ---- */

void runtime_begin_work(struct runtime *rt)
{
    rt->working = true;
    for (size_t i = 0; i < rt->unit_count; i++)
        controller_start(rt->units[i].controller, rt->units[i].sink);
    runtime_check(rt);
}

/* The feeds begin to fill their stores here, also those of a standby. */
static void start(struct runtime *rt)
{
    struct err err = {0};

    for (size_t i = 0; i < rt->unit_count; i++)
        if (unit_start(&rt->units[i], &err) < 0) {
            runtime_fail(rt, &err);
            return;
        }
    rt->started = true;
    reload_start(rt->reload, rt->options->reload);
    if (!rt->options->elect)
        runtime_begin_work(rt);
    else if (runtime_stand(rt, &err) < 0)
        runtime_fail(rt, &err);
}

void runtime_step_done(struct runtime *rt)
{
    if (--rt->pending > 0 || rt->failed)
        return;
    start(rt);
}

static void on_discovered(void *arg, bool changed, const struct err *err)
{
    struct runtime *rt = arg;
    struct err why = *err;

    (void)changed;
    if (why.code != ERR_NONE) {
        err_wrap(&why, "cannot use the cluster at '%s'",
                 rt->cluster->config.server);
        runtime_fail(rt, &why);
        return;
    }
    rt->source = source_live_new(rt->cluster, rng_seed_from_kernel(), &why);
    if (!rt->source || runtime_begin_saying(rt, &why) < 0 ||
        (rt->options->scrub_ms &&
         source_live_scrub(rt->source, rt->options->scrub_ms, &why) < 0)) {
        runtime_fail(rt, &why);
        return;
    }
    rt->pending++; /* held until every step below was begun */
    runtime_check_ledgers(rt);
    rt->pending++;
    runtime_ask_roots(rt, runtime_step_done);
    runtime_step_done(rt);
}

static void on_offline(void *arg)
{
    start(arg);
}

static int connect_or_not(struct runtime *rt, struct err *err)
{
    int rc;

    if (rt->options->offline) {
        rc = runtime_offline_kinds(rt, err);
        if (rc == 0 && !loop_after(rt->loop, 0, on_offline, rt))
            rc = err_nomem(err);
        return rc;
    }
    rc = cluster_open(rt->loop, &rt->options->cluster, &rt->cluster, err);
    if (rc < 0)
        return rc;
    rt->cluster->inflight = rt->inflight;
    rt->restmap = rt->cluster->restmap;
    rt->schemas = rt->cluster->schemas;
    rc = runtime_guard_pages(rt, err);
    return rc < 0 ? rc
                  : cluster_discover(rt->cluster, on_discovered, rt, err);
}

/* ---- loading ---- */

static int check_names(const struct runtime *rt, struct err *err)
{
    for (size_t i = 0; i < rt->unit_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(rt->units[i].bundle.decl->name,
                       rt->units[k].bundle.decl->name) == 0)
                return err_set(
                    err, ERR_CONFIG, "'%s' and '%s' are both named '%s'",
                    rt->units[k].bundle.path, rt->units[i].bundle.path,
                    rt->units[i].bundle.decl->name);
    return 0;
}

int runtime_check_overlays(struct runtime *rt, struct err *err)
{
    const struct operator_decl **decls =
        arena_calloc(&rt->arena, rt->unit_count + 1, sizeof(*decls));

    if (!decls)
        return err_nomem(err);
    for (size_t i = 0; i < rt->unit_count; i++)
        decls[i] = rt->units[i].bundle.decl;
    return bundle_check_overlays(decls, rt->unit_count, err);
}

static int load_unit(struct runtime *rt, const char *path, struct err *err)
{
    struct unit *u = &rt->units[rt->unit_count++];
    struct bundle_options o = rt->options->bundle;

    u->runtime = rt;
    o.executor = rt->executor;
    if (rt->options->fixture)
        return runtime_fixture_bundle(rt, path, &u->bundle, err);
    if (bundle_load(&u->arena, path, &o, &u->bundle, err) < 0)
        return -(int)err->code;
    return bundle_digest(&u->bundle.files, u->digest) < 0 ? err_nomem(err) : 0;
}

static int load_units(struct runtime *rt, struct err *err)
{
    const struct runtime_options *o = rt->options;
    int rc = 0;

    rt->units =
        arena_calloc(&rt->arena, o->operator_count + 1, sizeof(*rt->units));
    if (!rt->units)
        return err_nomem(err);
    if (o->workers) {
        rt->executor = workers_new(
            rt->loop, &(struct workers_options){.count = o->workers}, err);
        if (!rt->executor)
            return -(int)err->code;
    }
    for (size_t i = 0; i < o->operator_count && rc == 0; i++)
        rc = load_unit(rt, o->operators[i], err);
    if (rc == 0 && o->compare) {
        rc = load_unit(rt, o->compare, err);
        return rc < 0 ? rc : runtime_check_revisions(rt, err);
    }
    if (rc == 0)
        rc = check_names(rt, err);
    return rc < 0 ? rc : runtime_check_overlays(rt, err);
}

static void runtime_release(struct runtime *rt)
{
    reload_free(rt->reload);
    elector_free(rt->elector);
    runtime_stop_serving(rt);
    for (size_t i = rt->unit_count; i-- > 0;) /* the first owns the source */
        unit_release(&rt->units[i]);
    herald_free(rt->herald);
    executor_free(rt->executor);
    source_free(rt->source);
    if (rt->cluster)
        cluster_close(rt->cluster);
    else {
        restmap_free(rt->restmap);
        schema_set_free(rt->schemas);
    }
    inflight_free(rt->inflight);
    zones_free(rt->zones);
    manifests_release(&rt->manifests);
    loop_cancel(rt->loop, rt->stop_timer);
    loop_cancel(rt->loop, rt->deadline_timer);
    loop_cancel(rt->loop, rt->limit_timer);
    loop_cancel(rt->loop, rt->trouble_timer);
    arena_release(&rt->arena);
}

/* ---- the end ---- */

static int hand_over_items(struct runtime *rt, struct err *err)
{
    const struct runtime_options *o = rt->options;
    struct report *report = rt->units[0].report;
    int rc = 0;

    report_sort(report);
    for (size_t i = 0; i < report_count(report) && rc == 0; i++)
        rc = o->on_item(o->on_item_arg, report_item(report, i), err);
    return rc;
}

static int print_reports(struct runtime *rt, struct err *err)
{
    int rc = 0;

    if (rt->options->compare)
        return runtime_compare(rt, err);
    if (rt->options->on_item)
        return hand_over_items(rt, err);
    for (size_t i = 0; i < rt->unit_count && rc == 0; i++)
        if (rt->units[i].report)
            rc = report_finish(rt->units[i].report, err);
    return rc;
}

/* Nobody asks for the plan of an object that is not there on purpose. */
static int check_found(struct runtime *rt, struct err *err)
{
    const struct runtime_options *o = rt->options;
    struct unit *u = &rt->units[0];

    if (!o->name || !u->controller || controller_state(u->controller).passes)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "there is no %s '%s' in %s%s%s",
                   u->bundle.decl->root.kind, o->name,
                   o->ns ? "namespace '" : "any namespace", o->ns ? o->ns : "",
                   o->ns ? "'" : "");
}

static int exit_code(struct runtime *rt)
{
    size_t changes = 0, errors = 0;

    if (rt->options->compare) {
        if (rt->units[0].report && report_errors(rt->units[0].report))
            return EXIT_ERROR;
        return rt->differing ? EXIT_CHANGES : EXIT_OK;
    }
    for (size_t i = 0; i < rt->unit_count; i++) {
        struct unit *u = &rt->units[i];

        if (u->report) {
            changes += report_changes(u->report);
            errors += report_errors(u->report);
        } else if (u->controller && rt->options->once)
            errors += controller_state(u->controller).failing;
    }
    if (errors)
        return EXIT_ERROR;
    return changes ? EXIT_CHANGES : EXIT_OK;
}

static void run_ended(void *arg)
{
    loop_stop(arg);
}

static int run_loop(struct runtime *rt, struct err *err)
{
    int rc = runtime_heed_signals(rt, err);

    if (rc < 0)
        return rc;
    if (!runtime_ends(rt))
        runtime_stay_small(rt);
    runtime_mind_limit(rt);
    loop_run(rt->loop);
    if (rt->failed) {
        *err = rt->err;
        return -(int)err->code;
    }
    if (!rt->done) /* a loop that has nothing to wait for also ends */
        return err_set(
            err, ERR_UNKNOWN,
            "the work ended before it was done: an answer is missing");
    if (rt->interrupted && runtime_ends(rt))
        return err_set(err, ERR_CANCELLED,
                       "stopped by a signal before everything was done");
    rc = check_found(rt, err);
    return rc < 0 ? rc : print_reports(rt, err);
}

static void set_limits(struct runtime *rt)
{
    const struct runtime_options *o = rt->options;

    rt->limits = blast_limits_default;
    if (o->max_deletes)
        rt->limits.per_pass = *o->max_deletes;
    if (o->max_deletes_per_minute)
        rt->limits.per_minute = *o->max_deletes_per_minute;
}

/* Load, connect, begin. */
static int begin(struct runtime *rt, struct err *err)
{
    int rc = load_units(rt, err);

    set_limits(rt);

    if (rc == 0) {
        rt->zones = zones_new(NULL);
        rt->inflight =
            inflight_new(loop_clock(rt->loop), rt->options->max_in_flight);
        rc = rt->zones && rt->inflight ? 0 : err_nomem(err);
    }
    if (rc == 0)
        rc = runtime_serve(rt, err);
    if (rc == 0 && !runtime_ends(rt)) {
        rt->reload = reload_new(rt, err);
        rc = rt->reload ? 0 : -(int)err->code;
    }
    if (rc == 0)
        rc = runtime_read_files(rt, err);
    return rc < 0 ? rc : connect_or_not(rt, err);
}

int runtime_run(const struct runtime_options *options, struct err *err)
{
    struct runtime rt = {.options = options, .host.on_end = run_ended};
    int rc, code;

    system_hide(); /* tokens, and what Secrets hold */
    rt.loop = loop_new(err);
    if (!rt.loop)
        return EXIT_ERROR;
    rt.host.arg = rt.loop;
    rc = begin(&rt, err);
    if (rc == 0)
        rc = run_loop(&rt, err);
    if (rc == 0)
        code = exit_code(&rt);
    else
        code = err->code == ERR_USAGE ? EXIT_BAD_USAGE : EXIT_ERROR;
    runtime_release(&rt);
    loop_free(rt.loop);
    return code;
}

/* ---- as a guest ---- */

int runtime_open(const struct runtime_options *options,
                 const struct runtime_host *host, struct runtime **ret,
                 struct err *err)
{
    struct runtime *rt = mem_calloc(1, sizeof(*rt));
    int rc;

    if (!rt)
        return err_nomem(err);
    rt->options = options;
    rt->host = *host;
    rt->loop = host->loop;
    rc = begin(rt, err);
    if (rc < 0) {
        runtime_close(rt);
        return rc;
    }
    *ret = rt;
    return 0;
}

size_t runtime_failing(const struct runtime *rt)
{
    size_t n = 0;

    for (size_t i = 0; i < rt->unit_count; i++)
        if (rt->units[i].controller)
            n += controller_state(rt->units[i].controller).failing;
    return n;
}

const struct err *runtime_error(const struct runtime *rt)
{
    return &rt->err;
}

void runtime_close(struct runtime *rt)
{
    if (!rt)
        return;
    runtime_release(rt);
    mem_free(rt);
}
