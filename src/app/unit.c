/*
 * unit.c -- one operator at work: its source, controller, sink and report.
 */
#include "runtime_impl.h"

#include "app/inflight.h"
#include "app/sink_print.h"
#include "base/log.h"

/* ---- while it runs ---- */

static void on_schemas(void *arg)
{
    struct runtime *rt = arg;

    for (size_t i = 0; i < rt->unit_count; i++)
        controller_plan_all(rt->units[i].controller);
}

/* Built-in kinds have the schemas that they were built with. */
static void relearn(struct unit *u, const struct gvk *gvk, bool lasting)
{
    if (!schema_known(schema_find(NULL, gvk->api_version, gvk->kind)))
        cluster_relearn(u->runtime->cluster, gvk->api_version, lasting);
}

/* Does the plan, or the server, know another schema than we do? A definition
 * may have been changed since it was learned. A pass that failed comes again,
 * one whose status was cut does not. */
static void look_at_schemas(struct unit *u, const struct pass *pass)
{
    const struct operator_decl *d = u->bundle.decl;
    enum err_code code = pass->err->code;
    bool cut = pass->cs && pass->cs->incomplete;

    if (!u->runtime->cluster || u->runtime->options->plan ||
        !(cut || code == ERR_PLAN || code == ERR_SERVER ||
          code == ERR_REJECTED))
        return;
    relearn(u, &d->root, cut);
    for (size_t i = 0; i < d->owns_count && code != ERR_NONE; i++)
        relearn(u, &d->owns[i].gvk, false);
}

static void on_planned(void *arg, const struct pass *pass,
                       const struct view *view)
{
    struct unit *u = arg;

    pass_log_planned(u->runtime->pages.passes, u->bundle.decl->name, pass,
                     clock_unix(loop_clock(u->runtime->loop)));
    if (u->recorder)
        recorder_pass(u->recorder, pass, view);
}

static void on_pass(void *arg, const struct pass *pass)
{
    struct unit *u = arg;
    struct err err = {0};

    telemetry_pass(u->runtime->telemetry, u->bundle.decl, pass);
    pass_log_pass(u->runtime->pages.passes, u->bundle.decl->name, pass);
    look_at_schemas(u, pass);
    if (u->report) {
        if (report_pass(u->report, pass, &err) < 0)
            runtime_fail(u->runtime, &err);
        return;
    }
    if (pass->writes > 0) {
        struct str name = {0};

        object_key_print(&pass->key, &name);
        log_info("reconciled", "operator", u->bundle.decl->name, "object",
                 str_text(&name), "writes", log_num((long long)pass->writes),
                 "plan", pass->cs ? pass->cs->hash : "",
                 pass->row ? "row" : NULL, pass->row ? pass->row->id : NULL,
                 "why", pass->why, NULL);
        str_release(&name);
    }
}

static void on_get(void *arg, uint64_t ms)
{
    struct unit *u = arg;

    telemetry_waited(u->runtime->telemetry, u->bundle.decl, ms);
}

static void on_dropped(void *arg, const struct err *err)
{
    struct unit *u = arg;

    u->dropping = false;
    u->undroppable = err->code != ERR_NONE;
    if (u->undroppable)
        log_warn("cannot take a retired kind out of the Lease", "err", err->msg,
                 NULL);
    runtime_check(u->runtime);
}

/* A retired kind of which nothing is left is forgotten for good. */
void unit_drop_retired(struct unit *u)
{
    const struct operator_decl *d = u->bundle.decl;
    struct err err = {0};

    if (!u->ledger || u->dropping || u->undroppable || u->reloading ||
        runtime_prints(u->runtime))
        return;
    for (size_t i = 0; i < d->owns_count && !u->dropping; i++) {
        if (!d->owns[i].retired || !ledger_holds(u->ledger, &d->owns[i].gvk) ||
            controller_owns_any(u->controller, &d->owns[i].gvk))
            continue;
        u->dropping =
            ledger_drop(u->ledger, &d->owns[i].gvk, on_dropped, u, &err) == 0;
    }
}

/* ---- plugging it together ---- */

static void on_change(void *arg)
{
    struct unit *u = arg;

    runtime_check(u->runtime);
}

static int unit_report(struct unit *u)
{
    struct runtime *rt = u->runtime;
    struct report_options options = {
        .format = rt->options->compare || rt->options->on_item
                      ? REPORT_JSON
                      : rt->options->format,
        .color = rt->options->color,
        .stream = !runtime_ends(rt),
        .offline = rt->options->offline,
        .operator_name = arena_strdup(&rt->arena, u->bundle.decl->name),
        .print = rt->options->print,
        .arg = rt->options->print_arg,
    };

    if (!runtime_prints(rt))
        return 0;
    if (!options.operator_name)
        return -ERR_NOMEM;
    u->report = report_new(&options);
    return u->report ? 0 : -ERR_NOMEM;
}

static int unit_plug(struct unit *u, struct err *err)
{
    struct runtime *rt = u->runtime;
    struct sink_observer observer = controller_observer(u->controller);

    u->sink = runtime_prints(rt)
                  ? sink_print_new(rt->cluster, rt->loop)
                  : sink_apply_new(rt->cluster, &observer, rt->herald);
    if (!u->sink || unit_report(u) < 0)
        return err_nomem(err);
    if (u->report && u->ledger && ledger_incomplete(u->ledger)) {
        struct arena a = {0};
        struct request request;
        int rc = ledger_request(u->ledger, &a, &request, err);

        if (rc == 0)
            rc = report_operator_write(u->report, &request,
                                       "Lease: kinds it owns", err);
        arena_release(&a);
        return rc;
    }
    return 0;
}

int unit_start(struct unit *u, struct err *err)
{
    struct runtime *rt = u->runtime;
    struct controller_config config = {
        .loop = rt->loop,
        .script = {u->bundle.program, u->bundle.script, u->bundle.params},
        .digest = u->digest,
        .restmap = rt->restmap,
        .schemas = rt->schemas,
        .schemas_are_live = rt->cluster != NULL,
        .zones = rt->zones,
        .ns = rt->options->ns ? rt->options->ns : "",
        .name = rt->options->name,
        .permits = inflight_permits(rt->inflight),
        .says_blind = !runtime_ends(rt) && !runtime_prints(rt),
        .one_pass = rt->options->plan,
        .limits = &rt->limits,
        .on_planned = on_planned,
        .on_pass = on_pass,
        .on_change = on_change,
        .on_get = on_get,
        .arg = u,
    };
    int rc = runtime_unit_source(rt, u, err);

    if (rc == 0 && rt->options->record) {
        u->recorder = recorder_new(rt->options->record, u->bundle.decl,
                                   u->bundle.path, err);
        rc = u->recorder ? 0 : -(int)err->code;
    }
    if (rc < 0)
        return rc;
    config.source = u->source ? u->source : rt->source;
    if (!config.source)
        config.source = rt->units[0].source; /* of two revisions */
    if (rt->options->fixture)
        config.clock = &rt->clock.clock;
    config.source->on_change = runtime_feed_changed;
    config.source->arg = rt;
    if (rt->cluster) {
        rt->cluster->on_schemas = on_schemas;
        rt->cluster->on_schemas_arg = rt;
    }
    u->controller = controller_new(&config, err);
    if (!u->controller)
        return -(int)err->code;
    return unit_plug(u, err);
}

void unit_become(struct unit *u, const struct bundle *bundle,
                 const struct arena *arena, struct ledger *ledger)
{
    ledger_free(u->ledger);
    bundle_release(&u->bundle);
    arena_release(&u->arena);
    u->bundle = *bundle;
    u->arena = *arena;
    u->ledger = ledger;
    u->reloading = u->undroppable = false;
    if (u->recorder)
        recorder_use(u->recorder, u->bundle.decl);
    telemetry_rows(u->runtime->telemetry, u->bundle.decl);
}

void unit_release(struct unit *u)
{
    report_free(u->report);
    recorder_free(u->recorder);
    if (u->sink)
        u->sink->ops->free(u->sink);
    controller_free(u->controller);
    ledger_free(u->ledger);
    source_free(u->source);
    bundle_release(&u->bundle);
    arena_release(&u->arena);
}
