/*
 * runtime_lead.c -- leader election of a run: a warm standby until it leads.
 *
 * DESIGN
 *
 *      start: feeds fill the stores, nothing is reconciled   (standby)
 *        | the Lease is ours
 *      ledgers: read again, the former leader may have written; entered
 *        |
 *      work ... end: drain, then give the Lease back
 *
 * A lost Lease ends the process at once: requests under way are let go, and
 * the fence (elector.h) has held back every write since.
 */
#include "app/reasons.h"
#include "base/log.h"
#include "runtime_impl.h"

/* ---- the first thing a leader does ---- */

/* As client-go says it (LE-9); two actions, so that they are two series. */
static void say_role(struct runtime *rt, const char *action, const char *what)
{
    struct str note = {0};

    str_addf(&note, "%s %s", elector_identity(rt->elector), what);
    runtime_tell(rt, &(struct event_spec){.type = "Normal",
                                          .reason = REASON_LEADER_ELECTION,
                                          .action = action,
                                          .note = str_text(&note)});
    str_release(&note);
}

static void entered(struct runtime *rt)
{
    if (--rt->entering > 0 || rt->failed || rt->stopping)
        return;
    say_role(rt, "Lead", "became leader"); /* its Lease was read by now */
    runtime_begin_work(rt);
}

static void on_entered(void *arg, const struct err *err)
{
    struct unit *u = arg;

    if (err->code != ERR_NONE)
        runtime_fail(u->runtime, err);
    entered(u->runtime);
}

static void on_checked(void *arg, const struct err *answer)
{
    struct unit *u = arg;
    struct err err = *answer;

    if (err.code == ERR_NONE && ledger_incomplete(u->ledger) &&
        ledger_write(u->ledger, on_entered, u, &err) == 0)
        return;
    if (err.code != ERR_NONE)
        runtime_fail(u->runtime, &err);
    entered(u->runtime);
}

static void on_lead(void *arg)
{
    struct runtime *rt = arg;
    struct err err = {0};

    if (rt->stopping || rt->failed)
        return;
    rt->entering = 1; /* held until all were begun */
    for (size_t i = 0; i < rt->unit_count && err.code == ERR_NONE; i++)
        if (ledger_check(rt->units[i].ledger, on_checked, &rt->units[i],
                         &err) == 0)
            rt->entering++;
    if (err.code != ERR_NONE)
        runtime_fail(rt, &err);
    entered(rt);
}

static void on_lost(void *arg, const struct err *why)
{
    struct runtime *rt = arg;

    runtime_fail(rt, why);
}

/* ---- standing and leaving ---- */

int runtime_stand(struct runtime *rt, struct err *err)
{
    const struct elector_config config = {
        .cluster = rt->cluster,
        .ns = rt->cluster->config.ns,
        .name = runtime_lease(rt),
        .timing = *rt->options->elect,
        .on_lead = on_lead,
        .on_lost = on_lost,
        .arg = rt,
    };

    rt->elector = elector_new(&config, err);
    if (!rt->elector)
        return -(int)err->code;
    log_info("standing for leader", "lease", config.name, "namespace",
             config.ns, "identity", elector_identity(rt->elector), NULL);
    elector_start(rt->elector);
    return 0;
}

static void give_back(void *arg)
{
    struct runtime *rt = arg;

    if (rt->elector)
        elector_release(rt->elector, rt->left, rt);
    else
        rt->left(rt);
}

/* The Event goes out while the Lease is still ours. */
void runtime_leave(struct runtime *rt, void (*done)(void *arg))
{
    rt->left = done;
    if (rt->elector && elector_leads(rt->elector))
        say_role(rt, "Release", "stopped leading");
    herald_flush(rt->herald, give_back, rt);
}
