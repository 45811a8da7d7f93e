/*
 * sim_apply.c -- manifests of -f, as requests to the embedded cluster.
 *
 * Nobody has to sort them: definitions of kinds go first, and what fails is
 * tried again as long as another object succeeds (a namespace that comes later
 * in the files, an object of a kind that was just defined).
 */
#include <string.h>

#include "base/mem.h"
#include "kube/request.h"
#include "sim/inside.h"
#include "sim_impl.h"

#define MANAGER "tidelock-sim"

/* One pass over what is left. */
struct round {
    const struct sim_apply *apply;
    bool *done;
    bool only_crds;
    size_t succeeded, left;
    struct err *err; /* the first failure of this round */
};

static int make_request(struct arena *a, const struct kind *k,
                        struct value *object, struct request *ret,
                        struct err *err)
{
    struct write_options options = {
        .field_manager = MANAGER, .force = true, .field_validation = "Strict"};
    struct value *meta = value_get(object, "metadata");
    const char *ns = value_text_at(meta, "namespace");
    struct target target = {&k->r, {"", value_text_at(meta, "name")}};

    if (k->r.namespaced) {
        target.key.ns = ns ? ns : "default";
        if (!ns &&
            value_set(a, meta, "namespace", value_string(a, target.key.ns)) < 0)
            return err_nomem(err);
    }
    if (target.key.name)
        return request_apply(a, &target, object, &options, ret, err);
    options.force = false;
    return request_create(a, &target, object, &options, ret, err);
}

/* What the Status of a refusal says. */
static int refused(struct arena *a, const struct sim_response *answer,
                   struct err *err)
{
    struct value *status;
    const char *message = NULL;

    if (value_parse(a, answer->body, answer->body_len, &status, NULL) == 0)
        message = value_text_at(status, "message");
    return err_set(err, ERR_REJECTED, "%s",
                   message ? message : "the object is refused");
}

static int send(struct sim *sim, struct arena *a, const struct request *r,
                struct err *err)
{
    const char *query = strchr(r->path, '?');
    struct sim_request q = {.method = r->method,
                            .content_type = r->content_type,
                            .accept = "application/json",
                            .user_agent = MANAGER,
                            .user = SIM_ADMIN,
                            .body = r->body,
                            .body_len = r->body_len};
    struct sim_response answer;

    q.path =
        query ? arena_strndup(a, r->path, (size_t)(query - r->path)) : r->path;
    q.query = query ? query + 1 : NULL;
    if (!q.path)
        return err_nomem(err);
    sim_handle(sim, a, &q, &answer);
    return answer.status < 300 ? 0 : refused(a, &answer, err);
}

static int apply_one(struct sim *sim, struct arena *a,
                     const struct value *manifest, struct err *err)
{
    const char *api = value_text_at(manifest, "apiVersion");
    const char *kind = value_text_at(manifest, "kind");
    const struct kind *k = kinds_find_kind(sim_kinds(sim), api, kind);
    struct value *object = value_copy(a, manifest);
    struct request request;
    int rc;

    if (!object)
        return err_nomem(err);
    if (!k) {
        err_set(err, ERR_NO_KIND, "there is no kind '%s' in '%s'", kind, api);
        return err_hint(err, "give its CustomResourceDefinition with -f too");
    }
    rc = make_request(a, k, object, &request, err);
    return rc < 0 ? rc : send(sim, a, &request, err);
}

static void run_round(struct round *r)
{
    const struct manifests *m = r->apply->manifests;

    r->succeeded = r->left = 0;
    err_clear(r->err);
    for (size_t i = 0; i < m->count; i++) {
        struct arena a = {0};
        struct err err = {0};

        if (r->done[i] || (r->only_crds && !manifest_is_crd(m->items[i])))
            continue;
        if (apply_one(r->apply->sim, &a, m->items[i], &err) == 0) {
            r->done[i] = true;
            r->succeeded++;
        } else if (r->left++ == 0) {
            *r->err = err;
            err_wrap(r->err, "%s", m->names[i]);
        }
        arena_release(&a);
    }
    r->apply->turn(r->apply->arg);
}

int sim_apply(const struct sim_apply *apply, struct err *err)
{
    struct err first = {0};
    struct round r = {.apply = apply, .err = &first, .only_crds = true};

    if (apply->manifests->count == 0)
        return 0;
    r.done = mem_calloc(apply->manifests->count, sizeof(*r.done));
    if (!r.done)
        return err_nomem(err);
    run_round(&r);
    r.only_crds = false;
    do
        run_round(&r);
    while (r.succeeded > 0 && r.left > 0);
    mem_free(r.done);
    if (r.left == 0)
        return 0;
    *err = first;
    return -(int)err->code;
}
