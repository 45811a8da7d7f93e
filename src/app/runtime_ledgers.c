/*
 * runtime_ledgers.c -- before anything is reconciled: which kinds did each
 *                      operator ever own, and does it still declare them?
 *
 * With leader election only a leader enters new kinds: runtime_lead.c.
 */
#include "base/log.h"
#include "runtime_impl.h"

static void on_ledger_written(void *arg, const struct err *err)
{
    struct unit *u = arg;

    if (err->code != ERR_NONE)
        runtime_fail(u->runtime, err);
    runtime_step_done(u->runtime);
}

static void on_ledger_read(void *arg, const struct err *answer)
{
    struct unit *u = arg;
    struct runtime *rt = u->runtime;
    struct err err = *answer;

    if (err.code == ERR_FORBIDDEN && runtime_prints(rt)) {
        /* a plan needs no Lease; it only cannot show that write */
        log_warn("the Lease cannot be read", "err", err.msg, NULL);
        ledger_free(u->ledger);
        u->ledger = NULL;
    } else if (err.code != ERR_NONE)
        runtime_fail(rt, &err);
    else if (!runtime_prints(rt) && !rt->options->elect &&
             ledger_incomplete(u->ledger)) {
        if (ledger_write(u->ledger, on_ledger_written, u, &err) == 0)
            return;
        runtime_fail(rt, &err);
    }
    runtime_step_done(rt);
}

void runtime_check_ledgers(struct runtime *rt)
{
    const char *lease = runtime_lease(rt);
    const char *ns = rt->cluster->config.ns;
    struct err err = {0};

    for (size_t i = 0; i < rt->unit_count && !rt->failed; i++) {
        struct unit *u = &rt->units[i];

        u->ledger = ledger_new(rt->cluster, u->bundle.decl, ns, lease);
        rt->pending++;
        if (!u->ledger)
            err_nomem(&err);
        else
            ledger_check(u->ledger, on_ledger_read, u, &err);
        if (err.code != ERR_NONE)
            runtime_fail(rt, &err);
    }
}
