/*
 * runtime_say.c -- Events about the process itself, on its Lease: what no root
 *                  object can carry.
 */
#include "runtime_impl.h"

/* A standby keeps quiet: the leader sees the same trouble and says it. */
static bool may_speak(void *arg)
{
    const struct runtime *rt = arg;

    return !rt->options->elect || (rt->elector && elector_leads(rt->elector));
}

int runtime_begin_saying(struct runtime *rt, struct err *err)
{
    const struct herald_config config = {
        .cluster = rt->cluster,
        .ns = rt->cluster->config.ns,
        .lease = runtime_lease(rt),
        .may_speak = may_speak,
        .arg = rt,
    };

    if (runtime_prints(rt))
        return 0;
    rt->herald = herald_new(&config);
    return rt->herald ? 0 : err_nomem(err);
}

void runtime_tell(struct runtime *rt, const struct event_spec *given)
{
    struct event_spec spec = *given;

    for (size_t i = 0; rt->herald && i < rt->unit_count; i++)
        if (rt->units[i].ledger && *ledger_lease_uid(rt->units[i].ledger))
            herald_lease_is(rt->herald, ledger_lease_uid(rt->units[i].ledger));
    if (!rt->herald)
        return;
    spec.regarding = *herald_lease(rt->herald);
    herald_tell(rt->herald, &spec);
}

void runtime_say(struct runtime *rt, const char *type, const char *reason,
                 const char *note)
{
    runtime_tell(
        rt, &(struct event_spec){.type = type, .reason = reason, .note = note});
}
