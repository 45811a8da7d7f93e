/*
 * changeset.c -- see changeset.h for the contract.
 *
 * DESIGN
 *
 * A change keeps what is wanted (`body`) apart from what must still be true
 * when it arrives (`uid`, `resource_version`): the sender may learn a newer
 * resourceVersion of the root between two writes, and a recreate needs the
 * same body with other preconditions. They are put together here, once, by
 * shallow copies: a body is never modified.
 *
 *      verb             request                          precondition
 *      CREATE           apply                            rv "1" (note 12)
 *      APPLY            apply                            uid, rv if it was read
 *      RECREATE         delete, apply                    uid + rv, rv "1"
 *      PATCH apply      apply, manager of this root      uid, rv if it was read
 *      PATCH merge      merge patch                      rv
 *      PATCH json       JSON patch                       test of the uid
 *      SCALE            merge patch of /scale            rv
 *      DELETE, PRUNE    delete, Background               uid + rv (G5)
 *      RELEASE          merge patch                      rv
 *      STATUS           apply of /status, forced         uid, root_rv (row 19)
 *      ADD_FINALIZER    apply of .metadata.finalizers    uid, root_rv
 *      REMOVE_FINALIZER JSON patch                       tests: uid, root_rv,
 *                                                        the element (FI-2)
 *      EVENT            create                           -
 *
 * Status is forced although the root is not a child: its status subresource
 * has one writer by contract, and a value that a person left there would
 * otherwise block the operator for good.
 */
#include "core/changeset.h"

#include <string.h>

#include "core/shallow.h"

/* An apply that carries it creates and never merges into what is there. */
#define CREATE_ONLY_RV "1"

void changeset_init(struct changeset *cs, struct arena *a)
{
    *cs = (struct changeset){.arena = a, .blast.limits = blast_limits_default};
}

/* Doubles an array that lives in the arena; the old one is left behind. */
static int arena_grow(struct arena *a, void **items, size_t *cap, size_t count,
                      size_t size)
{
    size_t want = *cap ? *cap * 2 : 8;
    void *grown;

    if (count < *cap)
        return 0;
    grown = arena_calloc(a, want, size);
    if (!grown)
        return -ERR_NOMEM;
    if (count)
        memcpy(grown, *items, count * size);
    *items = grown;
    *cap = want;
    return 0;
}

struct change *changeset_add(struct changeset *cs, enum change_verb verb)
{
    struct change *c;

    if (arena_grow(cs->arena, (void **)&cs->items, &cs->cap, cs->count,
                   sizeof(*cs->items)) < 0)
        return NULL;
    c = &cs->items[cs->count++];
    c->verb = verb;
    return c;
}

int changeset_note(struct changeset *cs, const struct object_ref *ref,
                   const char *line, const char *text)
{
    if (arena_grow(cs->arena, (void **)&cs->notes, &cs->note_cap,
                   cs->note_count, sizeof(*cs->notes)) < 0)
        return -ERR_NOMEM;
    cs->notes[cs->note_count++] =
        (struct change_note){.ref = *ref, .line = line, .text = text};
    return 0;
}

/* ---- bodies with preconditions ---- */

/* `body` with .metadata.uid and .metadata.resourceVersion (NULL: leave out).
 * NULL on out of memory. */
static struct value *with_preconditions(struct arena *a,
                                        const struct value *body,
                                        const char *uid, const char *rv)
{
    struct value *copy = shallow_copy(a, body);
    struct value *meta = shallow_copy(a, value_get(body, "metadata"));

    if (!copy || !meta)
        return NULL;
    if (uid && value_set(a, meta, "uid", value_string(a, uid)) < 0)
        return NULL;
    if (rv && value_set(a, meta, "resourceVersion", value_string(a, rv)) < 0)
        return NULL;
    return value_set(a, copy, "metadata", meta) < 0 ? NULL : copy;
}

/* ---- JSON patches ---- */

/* {"op": op, "path": path, "value": value}; NULL on out of memory. */
static struct value *patch_op(struct arena *a, const char *op, const char *path,
                              struct value *value)
{
    struct value *v = value_object(a);

    if (!v || value_set(a, v, "op", value_string(a, op)) < 0 ||
        value_set(a, v, "path", value_string(a, path)) < 0 ||
        value_set(a, v, "value", value) < 0)
        return NULL;
    return v;
}

/* The operations of `ops` behind tests of uid and resourceVersion. */
static struct value *with_tests(struct arena *a, const struct value *ops,
                                const char *uid, const char *rv)
{
    struct value *all = value_array(a);

    if (!all)
        return NULL;
    if (uid && value_append(a, all,
                            patch_op(a, "test", "/metadata/uid",
                                     value_string(a, uid))) < 0)
        return NULL;
    if (rv && value_append(a, all,
                           patch_op(a, "test", "/metadata/resourceVersion",
                                    value_string(a, rv))) < 0)
        return NULL;
    for (uint32_t i = 0; value_is(ops, VALUE_ARRAY) && i < ops->count; i++)
        if (value_append(a, all, ops->as.items[i]) < 0)
            return NULL;
    return all;
}

/* ---- one request per verb ---- */

struct render {
    const struct changeset *cs;
    const struct change *c;
    const char *root_rv;
    struct write_options options;
    struct arena *a;
    struct err *err;
};

/* A delete carries the version even where an apply would not. */
static const char *live_rv(const struct change *c)
{
    if (c->resource_version)
        return c->resource_version;
    return c->live ? c->live->resource_version : NULL;
}

static struct target target_of(const struct change *c)
{
    return (struct target){c->resource, c->key};
}

/* An apply of the body under the given preconditions. */
static int render_apply(const struct render *r, const char *uid, const char *rv,
                        struct request *ret)
{
    const struct change *c = r->c;
    const struct target t = target_of(c);
    struct value *body = with_preconditions(r->a, c->body, uid, rv);

    if (!body)
        return err_nomem(r->err);
    return request_apply(r->a, &t, body, &r->options, ret, r->err);
}

static int render_patch(const struct render *r, enum patch_type type,
                        const struct value *body, struct request *ret)
{
    const struct target t = target_of(r->c);
    const struct patch p = {type, body};

    if (!body)
        return err_nomem(r->err);
    return request_patch(r->a, &t, &p, &r->options, ret, r->err);
}

/* With both preconditions, always (G5). */
static int render_delete(const struct render *r, struct request *ret)
{
    const struct change *c = r->c;
    const struct target t = target_of(c);
    const struct delete_options o = {.uid = c->uid,
                                     .resource_version = live_rv(c),
                                     .propagation = "Background",
                                     .dry_run = r->options.dry_run};

    return request_delete(r->a, &t, &o, ret, r->err);
}

/* A patch of an object that is not ours. */
static int render_foreign(const struct render *r, struct request *ret)
{
    const struct change *c = r->c;

    switch (c->patch_type) {
    case PATCH_APPLY:
        return render_apply(r, c->uid, c->resource_version, ret);
    case PATCH_JSON:
        return render_patch(r, PATCH_JSON,
                            with_tests(r->a, c->body, c->uid, NULL), ret);
    case PATCH_MERGE:
    case PATCH_STRATEGIC:
        break;
    }
    return render_patch(r, c->patch_type,
                        with_preconditions(r->a, c->body, NULL, live_rv(c)),
                        ret);
}

/* Writes of the root: finalizers and status. */
static int render_root(struct render *r, struct request *ret)
{
    const struct change *c = r->c;

    if (c->verb == CHANGE_REMOVE_FINALIZER)
        return render_patch(r, PATCH_JSON,
                            with_tests(r->a, c->body, c->uid, r->root_rv), ret);
    if (c->verb == CHANGE_STATUS) {
        r->options.subresource = "status";
        r->options.force = true;
    }
    return render_apply(r, c->uid, r->root_rv, ret);
}

static int render(struct render *r, struct request_pair *pair)
{
    struct request *ret = pair->items;
    const struct change *c = r->c;
    const struct target t = target_of(c);
    int rc;

    pair->count = 1;
    switch (c->verb) {
    case CHANGE_CREATE:
        return render_apply(r, NULL, CREATE_ONLY_RV, &ret[0]);
    case CHANGE_APPLY:
        return render_apply(r, c->uid, c->resource_version, &ret[0]);
    case CHANGE_RECREATE:
        rc = render_delete(r, &ret[0]);
        if (rc < 0)
            return rc;
        pair->count = 2;
        r->options.force = false;
        return render_apply(r, NULL, CREATE_ONLY_RV, &ret[1]);
    case CHANGE_PATCH:
        return render_foreign(r, &ret[0]);
    case CHANGE_SCALE:
        r->options.subresource = "scale";
        return render_patch(r, PATCH_MERGE,
                            with_preconditions(r->a, c->body, NULL, live_rv(c)),
                            &ret[0]);
    case CHANGE_DELETE:
    case CHANGE_PRUNE:
        return render_delete(r, &ret[0]);
    case CHANGE_RELEASE:
        return render_patch(r, PATCH_MERGE,
                            with_preconditions(r->a, c->body, NULL, live_rv(c)),
                            &ret[0]);
    case CHANGE_ADD_FINALIZER:
    case CHANGE_STATUS:
    case CHANGE_REMOVE_FINALIZER:
        return render_root(r, &ret[0]);
    case CHANGE_EVENT:
        break;
    }
    return request_create(r->a, &t, c->body, &r->options, &ret[0], r->err);
}

/* A misspelt field of a child is an error, not a warning header. */
static bool wants_strict(enum change_verb verb)
{
    return verb == CHANGE_CREATE || verb == CHANGE_APPLY ||
           verb == CHANGE_RECREATE || verb == CHANGE_PATCH;
}

int change_requests(const struct changeset *cs, const struct change *c,
                    const struct render_options *options, struct arena *a,
                    struct request_pair *ret, struct err *err)
{
    struct render r = {
        .cs = cs,
        .c = c,
        .root_rv =
            options->root_rv ? options->root_rv : cs->root->resource_version,
        .options = {.field_manager = c->field_manager ? c->field_manager
                                                      : cs->decl->field_manager,
                    .force = c->force,
                    .dry_run = options->dry_run,
                    .field_validation =
                        wants_strict(c->verb) ? "Strict" : NULL},
        .a = a,
        .err = err,
    };
    struct request_pair pair = {0};
    int rc = render(&r, &pair);

    if (rc == 0)
        *ret = pair;
    return rc;
}

static struct value *renamed(struct arena *a, const struct value *body,
                             const char *name)
{
    struct value *copy = shallow_copy(a, body);
    struct value *meta = shallow_copy(a, value_get(body, "metadata"));

    if (!copy || !meta ||
        value_set(a, meta, "name", value_string(a, name)) < 0 ||
        value_set(a, copy, "metadata", meta) < 0)
        return NULL;
    return copy;
}

int change_probe(const struct changeset *cs, const struct change *c,
                 struct arena *a, struct request *ret, struct err *err)
{
    const struct render_options options = {.dry_run = true};
    struct change probe = *c;
    struct request_pair pair;
    int rc;

    probe.verb = CHANGE_CREATE;
    probe.force = false;
    probe.key.name = arena_printf(a, "probe-%.8s", c->uid ? c->uid : "");
    if (!probe.key.name)
        return err_nomem(err);
    probe.body = renamed(a, c->body, probe.key.name);
    if (!probe.body)
        return err_nomem(err);
    rc = change_requests(cs, &probe, &options, a, &pair, err);
    if (rc == 0)
        *ret = pair.items[0];
    return rc;
}

/* ---- words ---- */

const char *change_verb_word(enum change_verb verb)
{
    switch (verb) {
    case CHANGE_ADD_FINALIZER:
        return "add finalizer";
    case CHANGE_CREATE:
        return "create";
    case CHANGE_APPLY:
        return "change";
    case CHANGE_RECREATE:
        return "recreate";
    case CHANGE_PATCH:
        return "patch";
    case CHANGE_SCALE:
        return "scale";
    case CHANGE_DELETE:
    case CHANGE_PRUNE:
        return "delete";
    case CHANGE_RELEASE:
        return "release";
    case CHANGE_STATUS:
        return "status";
    case CHANGE_REMOVE_FINALIZER:
        return "remove finalizer";
    case CHANGE_EVENT:
        break;
    }
    return "event";
}

const char *change_verb_sign(enum change_verb verb)
{
    switch (verb) {
    case CHANGE_CREATE:
    case CHANGE_EVENT:
        return "+";
    case CHANGE_RECREATE:
        return "-/+";
    case CHANGE_DELETE:
    case CHANGE_PRUNE:
        return "-";
    default:
        return "~";
    }
}

bool change_is_child(const struct change *c)
{
    switch (c->verb) {
    case CHANGE_ADD_FINALIZER:
    case CHANGE_STATUS:
    case CHANGE_REMOVE_FINALIZER:
    case CHANGE_EVENT:
        return false;
    default:
        return true;
    }
}
