/*
 * runtime_files.c -- manifests of `plan -f` and `plan --offline`.
 *
 * A root from a file is planned "as if it were applied": the server is asked
 * by a dryRun apply what it would become (defaults, the uid it has). Where
 * that is forbidden the file's text is taken, with the identity of the live
 * object if there is one.
 */
#include <string.h>

#include "app/source_files.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/schema_builtin.h"
#include "runtime_impl.h"

/* No operator's: those are "tidelock-<name>". */
#define PLAN_MANAGER "tidelock_plan"

/* ---- reading ---- */

int runtime_read_files(struct runtime *rt, struct err *err)
{
    int rc = rt->options->fixture ? runtime_read_fixture(rt, err) : 0;

    for (size_t i = 0; i < rt->options->file_count && rc == 0; i++)
        rc = manifests_read(&rt->manifests, &rt->arena, rt->options->files[i],
                            false, err);
    return rc;
}

/* ---- kinds without a server ---- */

static int add_builtin_kinds(struct runtime *rt, struct err *err)
{
    struct resource *resources;
    size_t count;
    int rc = schema_builtin_resources(&rt->arena, &resources, &count, err);

    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = restmap_add(rt->restmap, &resources[i], err);
    return rc;
}

int runtime_offline_kinds(struct runtime *rt, struct err *err)
{
    int rc = 0;

    rt->restmap = restmap_new();
    rt->schemas = schema_set_new();
    if (!rt->restmap || !rt->schemas)
        return err_nomem(err);
    rc = add_builtin_kinds(rt, err);
    for (size_t i = 0; i < rt->unit_count && rc == 0; i++)
        rc = manifests_read_own_crd(&rt->manifests, &rt->arena,
                                    rt->units[i].bundle.path, err);
    for (size_t i = 0; i < rt->manifests.count && rc == 0; i++) {
        if (!manifest_is_crd(rt->manifests.items[i]))
            continue;
        rc = restmap_add_crd(rt->restmap, rt->manifests.items[i], err);
        if (rc == 0)
            rc = schema_set_add_crd(rt->schemas, rt->manifests.items[i], err);
        if (rc < 0)
            err_wrap(err, "%s", rt->manifests.names[i]);
    }
    if (rc == 0 && rt->options->fixture)
        rc = fixture_add_kinds(rt->options->fixture, rt->restmap, err);
    return rc;
}

/* ---- roots ---- */

bool runtime_is_root(const struct runtime *rt, const struct unit *u,
                     const struct value *object)
{
    struct gvk gvk = {value_text_at(object, "apiVersion"),
                      value_text_at(object, "kind")};

    (void)rt;
    return gvk_equal(&gvk, &u->bundle.decl->root);
}

/* Put the files in front of the shared source: all of them offline, only the
 * roots of this operator otherwise. */
int runtime_unit_source(struct runtime *rt, struct unit *u, struct err *err)
{
    const struct gvk *front = rt->cluster ? &u->bundle.decl->root : NULL;
    int rc = 0;

    if (rt->cluster && rt->options->file_count == 0)
        return 0;
    if (u != &rt->units[0] && rt->options->compare)
        return 0; /* the old revision sees what the new one sees */
    u->source = source_files_new(rt->restmap, rt->source, front, err);
    if (!u->source)
        return -(int)err->code;
    rt->source = NULL; /* it belongs to the one in front now */
    for (size_t i = 0; i < rt->manifests.count && rc == 0; i++) {
        if (rt->cluster && !runtime_is_root(rt, u, rt->manifests.items[i]))
            continue;
        rc = source_files_add(u->source, rt->manifests.items[i],
                              runtime_namespace(rt), err);
        if (rc < 0)
            err_wrap(err, "%s", rt->manifests.names[i]);
    }
    return rc == 0 && rt->options->fixture ? runtime_hide_unknown(u, err) : rc;
}

struct question {
    struct runtime *rt;
    void (*done)(struct runtime *rt);
    bool getting; /* the apply was forbidden; this is the GET */
};

static void ask_next(struct question *q);

static void replace_root(struct question *q, const char *body, size_t len)
{
    struct runtime *rt = q->rt;
    struct value *now;
    struct err err = {0};

    if (value_parse(&rt->arena, body, len, &now, &err) < 0) {
        runtime_fail(rt, &err);
        return;
    }
    rt->manifests.items[rt->next_root] = now;
}

/* The live object's identity and what we own of it, the file's wishes. */
static void adopt_identity(struct question *q, const char *body, size_t len)
{
    static const char *const keys[] = {
        "uid",        "resourceVersion",   "generation",
        "finalizers", "deletionTimestamp", "managedFields"};
    struct runtime *rt = q->rt;
    struct value *live;
    struct value *root = rt->manifests.items[rt->next_root];
    struct value *meta = value_get(root, "metadata");
    struct err err = {0};

    if (value_parse(&rt->arena, body, len, &live, &err) < 0)
        return;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct value *v = value_get(value_get(live, "metadata"), keys[i]);

        if (v)
            value_set(&rt->arena, meta, keys[i], v);
    }
    if (value_get(live, "status"))
        value_set(&rt->arena, root, "status", value_get(live, "status"));
}

static void on_root(void *arg, const struct cluster_answer *answer)
{
    struct question *q = arg;
    struct runtime *rt = q->rt;
    struct err why = *answer->err;

    if (q->getting) {
        q->getting = false;
        if (why.code == ERR_NONE)
            adopt_identity(q, answer->body, answer->len);
        rt->next_root++;
    } else if (why.code == ERR_NONE) {
        replace_root(q, answer->body, answer->len);
        rt->next_root++;
    } else if (why.code == ERR_FORBIDDEN)
        q->getting = true;
    else {
        err_wrap(&why, "%s", rt->manifests.names[rt->next_root]);
        runtime_fail(rt, &why);
    }
    ask_next(q);
}

static const struct resource *root_resource(const struct runtime *rt)
{
    const struct value *object = rt->manifests.items[rt->next_root];

    for (size_t i = 0; i < rt->unit_count; i++)
        if (runtime_is_root(rt, &rt->units[i], object))
            return restmap_find(rt->restmap,
                                value_text_at(object, "apiVersion"),
                                value_text_at(object, "kind"));
    return NULL;
}

static int root_request(struct question *q, const struct resource *resource,
                        struct arena *a, struct request *ret, struct err *err)
{
    struct runtime *rt = q->rt;
    struct value *object = rt->manifests.items[rt->next_root];
    struct value *meta = value_get(object, "metadata");
    struct write_options options = {.field_manager = PLAN_MANAGER,
                                    .force = true,
                                    .dry_run = true,
                                    .field_validation = "Strict"};
    struct target target = {resource, {"", value_text_at(meta, "name")}};

    if (resource->namespaced) {
        if (!value_get(meta, "namespace") &&
            value_set(&rt->arena, meta, "namespace",
                      value_string(&rt->arena, runtime_namespace(rt))) < 0)
            return err_nomem(err);
        target.key.ns = value_text_at(meta, "namespace");
    }
    if (q->getting)
        return request_get(a, &target, ret, err);
    value_unset(meta, "managedFields");
    return request_apply(a, &target, object, &options, ret, err);
}

/* Not a root of any operator: it was given by mistake, or it is the CRD. */
static void skip_other(struct question *q)
{
    struct runtime *rt = q->rt;
    const struct value *object = rt->manifests.items[rt->next_root];
    struct err err = {0};

    if (!manifest_is_crd(object)) {
        err_set(&err, ERR_INVALID, "%s: kind '%s' is not the operator's '%s'",
                rt->manifests.names[rt->next_root],
                value_text_at(object, "kind"),
                rt->units[0].bundle.decl->root.kind);
        err_hint(&err, "only roots are taken from files here; the rest is "
                       "live. --offline plans from files alone");
        runtime_fail(rt, &err);
    }
    rt->next_root++;
}

static void ask_next(struct question *q)
{
    struct runtime *rt = q->rt;
    struct arena a = {0};
    struct request request;
    struct err err = {0};

    while (!rt->failed && rt->next_root < rt->manifests.count) {
        const struct resource *r = root_resource(rt);

        if (!r) {
            skip_other(q);
            continue;
        }
        if (root_request(q, r, &a, &request, &err) < 0 ||
            !cluster_send(rt->cluster, &request, on_root, q, &err))
            runtime_fail(rt, &err);
        else {
            arena_release(&a);
            return;
        }
    }
    arena_release(&a);
    q->done(rt);
}

void runtime_ask_roots(struct runtime *rt, void (*done)(struct runtime *rt))
{
    struct question *q = arena_calloc(&rt->arena, 1, sizeof(*q));
    struct err err = {0};

    if (!q || !rt->cluster || rt->manifests.count == 0) {
        if (!q) {
            err_nomem(&err);
            runtime_fail(rt, &err);
        }
        done(rt);
        return;
    }
    q->rt = rt;
    q->done = done;
    ask_next(q);
}
