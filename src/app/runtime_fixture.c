/*
 * runtime_fixture.c -- a recorded pass in place of the world: its objects are
 *                      the source, its time the clock.
 */
#include "app/source_files.h"
#include "runtime_impl.h"

static int add_object(void *arg, const struct value *object, struct err *err)
{
    struct runtime *rt = arg;
    struct value *copy = value_copy(&rt->arena, object);

    if (!copy ||
        manifests_add(&rt->manifests, copy, rt->options->fixture->file) < 0)
        return err_nomem(err);
    return 0;
}

int runtime_read_fixture(struct runtime *rt, struct err *err)
{
    const struct fixture *f = rt->options->fixture;

    clock_fake_init(&rt->clock);
    rt->clock.unix_seconds = f->now;
    return fixture_each(f, add_object, rt, err);
}

int runtime_fixture_bundle(struct runtime *rt, const char *path,
                           struct bundle *ret, struct err *err)
{
    const struct bundle_recorded from = {
        .path = path,
        .params = rt->options->fixture->params,
        .sets = rt->options->bundle.sets,
        .set_count = rt->options->bundle.set_count,
    };

    return bundle_load_recorded(&rt->arena, &from, ret, err);
}

/* Waiting will not help: as of a kind that the server lacks, passes go on
 * without it, and reading it fails with the reason. */
static int hide(struct unit *u, const struct gvk *gvk, const char *reason,
                struct err *err)
{
    struct err why = {0};

    err_set(&why, ERR_NO_KIND, "%s", reason);
    return source_files_hide(u->source, gvk, &why, err);
}

/* What the script owns now and did not own then has no children. */
int runtime_hide_unknown(struct unit *u, struct err *err)
{
    const struct fixture *f = u->runtime->options->fixture;
    const struct operator_decl *d = u->bundle.decl;
    const char *reason;
    int rc = 0;

    for (size_t i = 0; i < d->reads_count && rc == 0; i++) {
        const struct operator_read *read = &d->reads[i];

        if (!fixture_knows(f, read, &reason))
            rc = hide(u, &read->gvk, reason, err);
    }
    return rc;
}
