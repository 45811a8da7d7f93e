/*
 * reload_unit.c -- one operator's next version, from its files to its charge.
 *
 * DESIGN
 *
 *   LOADING    compiled, declaration and parameters checked
 *   READING    no kind that was owned is forgotten (note 01)
 *   WARMING    every kind that it needs is known, while the former one goes on
 *   ENTERING   kinds that are new to it are in the Lease, by a leader
 *   ENDING     passes under way end, none is begun: no plan is made by both
 *
 * Refused is what only another edit mends. What may pass by itself (a request
 * that fails, a kind that is not there, a missing right) is waited for, and the
 * version in charge goes on.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "reload_impl.h"

#define AGAIN_MS 5000u

void reload_drop(struct reload_unit *u)
{
    struct reload *r = u->reload;

    if (u->loading) {
        workers_load_cancel(u->loading);
        u->loading = NULL;
        r->loading--;
    }
    if (u->stage >= RELOAD_READING && u->unit->controller)
        controller_forget(u->unit->controller);
    loop_cancel(r->rt->loop, u->again_timer);
    u->again_timer = 0;
    ledger_free(u->ledger);
    u->ledger = NULL;
    bundle_release(&u->bundle);
    u->bundle = (struct bundle){0};
    arena_release(&u->arena);
    u->stage = RELOAD_IDLE;
    u->unit->reloading = false;
}

/* What only this machine was short of is tried again at the next look. */
static void refuse(struct reload_unit *u, const struct err *why)
{
    reload_tell_refused(u, why);
    if (why->code == ERR_NOMEM || why->code == ERR_WORKER ||
        why->code == ERR_DEADLINE)
        *u->seen = '\0';
    reload_drop(u);
}

/* ---- loading ---- */

/* What a running operator cannot become. */
static int check_identity(const struct reload_unit *u, struct err *err)
{
    const struct operator_decl *now = u->unit->bundle.decl;
    const struct operator_decl *d = u->bundle.decl;

    if (strcmp(d->name, now->name) != 0) {
        err_set(err, ERR_CONFIG,
                "%s: the operator is now named '%s', and was '%s'",
                u->bundle.path, d->name, now->name);
        return err_hint(err,
                        "the name is in finalizers, field managers and labels "
                        "of what it made: give back the name '%s', or "
                        "uninstall that operator and start another one",
                        now->name);
    }
    if (!gvk_equal(&d->root, &now->root)) {
        err_set(err, ERR_CONFIG,
                "%s: the operator now reconciles %s %s, and did %s %s",
                u->bundle.path, d->root.api_version, d->root.kind,
                now->root.api_version, now->root.kind);
        return err_hint(err, "another root kind is another operator: stop this "
                             "process and start it anew");
    }
    if (u->unit->recorder && d->reads_secret_values)
        return err_set(err, ERR_CONFIG,
                       "%s: it now reads the values of Secrets, and passes are "
                       "recorded (--record)",
                       u->bundle.path);
    return 0;
}

/* --set is of the process: a version without that parameter does not fit. */
static void explain_set(const struct reload_unit *u, struct err *err)
{
    if (u->reload->rt->options->bundle.set_count && !*err->hint)
        err_hint(err, "--set of the running process stays in force: restart it "
                      "with other values");
}

static void check_loaded(struct reload_unit *u, struct err *err)
{
    if (err->code == ERR_NONE)
        check_identity(u, err);
    if (err->code == ERR_NONE &&
        bundle_give_params(&u->arena, &u->reload->rt->options->bundle,
                           &u->bundle, err) < 0)
        explain_set(u, err);
    if (err->code == ERR_NONE)
        u->stage = RELOAD_LOADED;
    else
        refuse(u, err);
}

static void on_loaded(void *arg, struct program *p, const struct err *answer)
{
    struct reload_unit *u = arg;
    struct err err = *answer;

    u->loading = NULL;
    u->bundle.program = p;
    if (p)
        u->bundle.decl = p->decl;
    check_loaded(u, &err);
    reload_loaded(u->reload);
}

void reload_begin(struct reload_unit *u, const struct bundle_files *files)
{
    struct runtime *rt = u->reload->rt;
    struct err err = {0};

    u->stage = RELOAD_LOADING;
    memcpy(u->digest, u->seen, sizeof u->digest);
    u->bundle = (struct bundle){.path = u->unit->bundle.path, .files = *files};
    if (rt->executor) {
        u->loading = workers_load_start(rt->executor, files->items,
                                        files->count, on_loaded, u, &err);
        if (u->loading)
            u->reload->loading++;
        else
            refuse(u, &err);
        return;
    }
    if (script_load(files->items, files->count, NULL, &u->bundle.script,
                    &err) == 0)
        u->bundle.decl = script_decl(u->bundle.script);
    check_loaded(u, &err);
}

/* ---- what was ever owned ---- */

static void on_read(void *arg, const struct err *err);

static void read_ledger(struct reload_unit *u)
{
    struct runtime *rt = u->reload->rt;
    struct err err = {0};

    if (u->unit->dropping) /* the Lease is being written */
        return;
    ledger_free(u->ledger);
    u->ledger = ledger_new(rt->cluster, u->bundle.decl, rt->cluster->config.ns,
                           runtime_lease(rt));
    if (!u->ledger)
        err_nomem(&err);
    else
        ledger_check(u->ledger, on_read, u, &err);
    if (err.code != ERR_NONE)
        on_read(u, &err);
}

static void on_again(void *arg)
{
    struct reload_unit *u = arg;

    u->again_timer = 0;
    reload_step(u);
}

static void try_again(struct reload_unit *u, const struct err *why)
{
    log_warn("the new version of an operator waits", "operator",
             u->unit->bundle.decl->name, "err", why->msg, NULL);
    u->again_timer = loop_after(u->reload->rt->loop, AGAIN_MS, on_again, u);
}

static void prepare(struct reload_unit *u)
{
    const struct controller_script next = {u->bundle.program, u->bundle.script,
                                           u->bundle.params};
    struct err err = {0};

    if (controller_prepare(u->unit->controller, &next, &err) < 0) {
        refuse(u, &err);
        return;
    }
    u->stage = RELOAD_WARMING;
    reload_check(u->reload);
}

static void on_read(void *arg, const struct err *err)
{
    struct reload_unit *u = arg;

    if (err->code == ERR_FORBIDDEN && runtime_prints(u->reload->rt)) {
        ledger_free(u->ledger); /* as at the start: a plan needs no Lease */
        u->ledger = NULL;
        prepare(u);
    } else if (err->code == ERR_PLAN || err->code == ERR_LIMIT)
        refuse(u, err);
    else if (err->code != ERR_NONE)
        try_again(u, err);
    else
        prepare(u);
}

void reload_go(struct reload_unit *u)
{
    u->stage = RELOAD_READING;
    u->unit->reloading = true;
    reload_check(u->reload);
}

/* ---- to its charge ---- */

/* Is everything that it needs known? What will not come by waiting a moment is
 * told: somebody has to do something. */
static bool is_warm(struct reload_unit *u)
{
    const struct err *why = controller_lacks(u->unit->controller);

    if (!why)
        return true;
    if (controller_is_final(why) &&
        !(u->refused && strcmp(u->why.msg, why->msg) == 0))
        reload_tell_waits(u, why);
    return false;
}

static void on_entered(void *arg, const struct err *err)
{
    struct reload_unit *u = arg;

    if (err->code != ERR_NONE)
        try_again(u, err);
    else
        reload_check(u->reload);
}

/* A leader enters new kinds; one that is about to lead does so then. */
static bool is_entered(struct reload_unit *u)
{
    struct runtime *rt = u->reload->rt;
    struct err err = {0};

    if (!u->ledger || runtime_prints(rt) || !ledger_incomplete(u->ledger) ||
        (!rt->working && !rt->entering))
        return true;
    if (!rt->working)
        return false;
    u->stage = RELOAD_ENTERING;
    if (ledger_write(u->ledger, on_entered, u, &err) < 0)
        try_again(u, &err);
    return false;
}

static void take_charge(struct reload_unit *u)
{
    struct unit *unit = u->unit;
    struct err err = {0};

    if (controller_replace(unit->controller, &err) < 0) {
        controller_forget(unit->controller);
        refuse(u, &err);
        return;
    }
    unit_become(unit, &u->bundle, &u->arena, u->ledger);
    telemetry_version(u->reload->rt->telemetry, unit->bundle.decl->name,
                      unit->digest, u->digest);
    memcpy(unit->digest, u->digest, sizeof unit->digest);
    u->bundle = (struct bundle){0};
    u->arena = (struct arena){0};
    u->ledger = NULL;
    u->stage = RELOAD_IDLE;
    reload_tell_good(u, "reloaded");
    runtime_check(u->reload->rt);
}

void reload_step(struct reload_unit *u)
{
    if (u->again_timer)
        return;
    if (u->stage == RELOAD_READING && !u->ledger) {
        if (u->reload->rt->cluster)
            read_ledger(u);
        else
            prepare(u);
    } else if (u->stage == RELOAD_READING && !ledger_is_busy(u->ledger))
        read_ledger(u);
    if (u->stage == RELOAD_ENTERING && ledger_is_busy(u->ledger))
        return;
    if (u->stage == RELOAD_WARMING || u->stage == RELOAD_ENTERING) {
        u->stage = RELOAD_WARMING;
        if (!is_warm(u) || !is_entered(u))
            return;
        u->stage = RELOAD_ENDING;
        controller_hold(u->unit->controller);
    }
    if (u->stage == RELOAD_ENDING && controller_is_quiet(u->unit->controller))
        take_charge(u);
}
