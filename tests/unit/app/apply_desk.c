/* See apply_desk.h. */
#include "apply_desk.h"

#include "base/mem.h"
#include "test.h"

static void object(void *arg, const struct resource *resource,
                   struct snapshot *snap, const char *hash)
{
    struct desk *d = arg;

    str_addf(&d->seen, "%s %s %s%s%s\n", resource->kind, snap->key.name,
             snap->resource_version, hash ? " " : "", hash ? hash : "");
}

static void gone(void *arg, const struct resource *resource,
                 const struct object_key *key, const char *uid)
{
    struct desk *d = arg;

    str_addf(&d->seen, "gone %s %s %s\n", resource->kind, key->name, uid);
}

static bool holds(void *arg, const struct changeset *cs)
{
    struct desk *d = arg;

    check(cs == &d->stage.cs);
    return !d->view_changed;
}

static int may_delete(void *arg, const struct changeset *cs, struct err *err)
{
    struct desk *d = arg;

    check(cs == &d->stage.cs);
    if (d->deletes_left == 0)
        return err_set(err, ERR_BLAST_RADIUS, "no more in this minute");
    d->deletes_left--;
    return 0;
}

void desk_set(struct desk *d)
{
    *d = (struct desk){.deletes_left = 100};
    stage_init(&d->stage);
    api_init(&d->api);
}

bool desk_open(struct desk *d)
{
    struct sink_observer observer = {.object = object,
                                     .gone = gone,
                                     .holds = holds,
                                     .may_delete = may_delete,
                                     .arg = d};

    if (d->stage.oom || !api_open(&d->api))
        return false;
    d->herald = herald_new(&(struct herald_config){
        .cluster = d->api.cluster, .ns = "default", .lease = "tidelock"});
    if (d->herald)
        d->sink = sink_apply_new(d->api.cluster, &observer, d->herald);
    return d->sink != NULL;
}

void desk_release(struct desk *d)
{
    if (d->sink)
        d->sink->ops->free(d->sink);
    herald_free(d->herald);
    api_release(&d->api);
    stage_release(&d->stage);
    str_release(&d->seen);
}

void desk_done(void *arg, struct changeset *cs,
               const struct sink_outcome *outcome)
{
    struct desk *d = arg;

    check(cs == &d->stage.cs);
    d->done++;
    d->err = *outcome->err;
    d->writes = outcome->writes;
    d->failed = outcome->failed;
    d->unknown = outcome->unknown;
    d->looked = outcome->looked;
}

bool desk_is_done(void *arg)
{
    return ((struct desk *)arg)->done > 0;
}

int desk_run(struct desk *d)
{
    int rc;

    if (!d->sink && !desk_open(d))
        return -ERR_NOMEM;
    d->done = 0;
    str_clear(&d->seen);
    rc = sink_submit(d->sink, &d->stage.cs, desk_done, d, &d->err);
    if (rc < 0)
        return rc;
    check(api_until(&d->api, desk_is_done, d));
    check_int(d->done, 1);
    return -(int)d->err.code;
}
