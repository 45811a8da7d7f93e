/*
 * specs_plan.c -- one pass over objects that a spec gives.
 *
 * DESIGN
 *
 * The controller of `run` with other plugs: files are the source, and a sink
 * that takes every changeset as carried out. Each question has a controller of
 * its own, so that no spec sees what another one left. The clock stands where
 * the spec put it.
 */
#include <string.h>

#include "app/source_files.h"
#include "base/mem.h"
#include "specs_impl.h"

#define DEFAULT_NS "default"

/* ---- a sink that keeps nothing ---- */

struct kept {
    struct sink sink;
    struct loop *loop;
    struct changeset *cs;
    sink_done_fn done;
    void *arg;
    loop_timer_id timer;
};

static void kept_done(void *arg)
{
    struct kept *k = arg;
    const struct err fine = {0};
    const struct sink_outcome outcome = {.err = &fine, .writes = k->cs->count};

    k->timer = 0;
    k->done(k->arg, k->cs, &outcome);
}

static int kept_submit(struct sink *sink, struct changeset *cs,
                       sink_done_fn done, void *arg, struct err *err)
{
    struct kept *k = (struct kept *)sink;

    k->cs = cs;
    k->done = done;
    k->arg = arg;
    k->timer = loop_after(k->loop, 0, kept_done, k);
    return k->timer ? 0 : err_nomem(err);
}

static const struct sink_ops kept_ops = {.name = "keep", .submit = kept_submit};

/* ---- one pass ---- */

struct one_pass {
    struct specs_question *q;
    struct specs_unit *unit;
    struct value *root;
    struct source *source;
    struct value *params;
    struct clock_fake clock;
    bool passed;
    struct err err; /* of turning the pass into a tree */
};

static void on_pass(void *arg, const struct pass *pass)
{
    struct one_pass *p = arg;

    p->passed = true;
    specs_value_pass(p->q->a, pass, &p->q->answer, &p->err);
}

static void on_feed(void *arg, struct source_feed *feed)
{
    (void)arg;
    (void)feed; /* files never change */
}

/* Why there was no pass: a kind of the root or of a child is not known. */
static int no_pass(struct one_pass *p, struct controller *c, struct err *err)
{
    struct controller_state state = controller_state(c);
    const struct err *why = state.unsynced;
    struct err none = {0};
    struct value *v = value_object(p->q->a);

    if (!why || why->code == ERR_NONE) {
        err_set(&none, ERR_UNKNOWN, "the object was not looked at");
        why = &none;
    }
    if (!v || value_set(p->q->a, v, "error",
                        specs_value_error(p->q->a, why, NULL)) < 0)
        return err_nomem(err);
    p->q->answer = v;
    return 0;
}

static int run_pass(struct one_pass *p, struct err *err)
{
    struct loop *loop = p->q->specs->loop;
    struct kept sink = {.sink.ops = &kept_ops, .loop = loop};
    struct controller_config config = {
        .loop = loop,
        .clock = &p->clock.clock,
        .script.script = p->unit->bundle.script,
        .source = p->source,
        .restmap = p->unit->restmap,
        .schemas = p->unit->schemas,
        .script.params = p->params,
        .zones = p->q->specs->zones,
        .ns = "",
        .name = value_text_at(p->root, "metadata.name"),
        .max_in_flight = 1,
        .one_pass = true,
        .on_pass = on_pass,
        .arg = p,
    };
    struct controller *c;
    int rc = 0;

    p->source->on_change = on_feed;
    c = controller_new(&config, err);
    if (!c)
        return -(int)err->code;
    controller_start(c, &sink.sink);
    while (!p->passed && loop_turn(loop, true))
        continue;
    if (!p->passed)
        rc = no_pass(p, c, err);
    loop_cancel(loop, sink.timer);
    controller_free(c);
    if (rc == 0 && p->err.code != ERR_NONE) {
        *err = p->err;
        rc = -(int)err->code;
    }
    return rc;
}

/* ---- what is given ---- */

/* The objects at `key`; with `root` as its children. */
static int give_list(struct one_pass *p, const char *key, bool children,
                     struct err *err)
{
    const struct value *list = value_get(p->q->given, key);
    const char *ns = value_text_at(p->root, "metadata.namespace");
    struct arena *a = p->q->a;
    int rc = 0;

    if (!list)
        return 0;
    for (uint32_t i = 0;
         value_is(list, VALUE_ARRAY) && i < list->count && rc == 0; i++) {
        struct value *object = NULL;

        rc = specs_accept(p->unit, a, list->as.items[i], &object, err);
        if (rc == 0 && children)
            rc = specs_make_child(p->unit, a, object, p->root, err);
        if (rc == 0)
            rc = source_files_add(p->source, object, ns ? ns : DEFAULT_NS, err);
        if (rc < 0)
            err_wrap(err, "%s[%u]", key, i + 1);
    }
    return rc;
}

static int give_root(struct one_pass *p, struct err *err)
{
    const struct value *object = value_get(p->q->given, "object");
    const struct operator_decl *decl = p->unit->bundle.decl;
    struct arena *a = p->q->a;
    struct gvk gvk = {value_text_at(object, "apiVersion"),
                      value_text_at(object, "kind")};
    struct value *meta;
    int rc;

    if (!object) {
        err_set(err, ERR_INVALID, "no object is given");
        return err_hint(err, "plan { object = { ... } }: a %s",
                        decl->root.kind);
    }
    rc = specs_accept(p->unit, a, object, &p->root, err);
    if (rc == 0 && !gvk_equal(&gvk, &decl->root)) {
        err_set(err, ERR_INVALID, "the operator is for %s %s, not for %s %s",
                decl->root.api_version, decl->root.kind, gvk.api_version,
                gvk.kind);
        rc = err_hint(err, "other objects are given as objects or children");
    }
    if (rc < 0)
        return err_wrap(err, "object");
    meta = value_get(p->root, "metadata");
    if (!value_get(meta, "uid") &&
        value_set(a, meta, "uid",
                  value_string(a, source_files_uid(a, p->root))) < 0)
        return err_nomem(err);
    return source_files_add(p->source, p->root, DEFAULT_NS, err);
}

/* unknown = { { "v1", "Secret" }, ... }: kinds that nobody can see now;
 * absent = { ... }: kinds that the server does not have. */
static int hide_kinds(struct one_pass *p, const char *key, enum err_code code,
                      struct err *err)
{
    const struct value *list = value_get(p->q->given, key);
    int rc = 0;

    for (uint32_t i = 0;
         value_is(list, VALUE_ARRAY) && i < list->count && rc == 0; i++) {
        const struct value *kind = list->as.items[i];
        bool pair = value_is(kind, VALUE_ARRAY) && kind->count == 2;
        struct gvk gvk = {pair ? value_text(kind->as.items[0]) : NULL,
                          pair ? value_text(kind->as.items[1]) : NULL};
        struct err why = {0};

        if (!gvk.api_version || !gvk.kind) {
            err_set(err, ERR_INVALID, "%s[%u]: a kind is expected", key, i + 1);
            return err_hint(err, "{ \"v1\", \"Secret\" }");
        }
        err_set(&why, code,
                code == ERR_NO_KIND
                    ? "the server does not have kind '%s' in '%s'"
                    : "kind '%s' in '%s' cannot be seen now",
                gvk.kind, gvk.api_version);
        rc = source_files_hide(p->source, &gvk, &why, err);
    }
    return rc;
}

static int give_all(struct one_pass *p, struct err *err)
{
    int rc = give_root(p, err);

    if (rc == 0)
        rc = give_list(p, "children", true, err);
    if (rc == 0)
        rc = give_list(p, "objects", false, err);
    if (rc == 0)
        rc = hide_kinds(p, "unknown", ERR_UNKNOWN, err);
    if (rc == 0)
        rc = hide_kinds(p, "absent", ERR_NO_KIND, err);
    return rc;
}

/* {unit =, object =, children =, objects =, now =, params =, unknown =,
 * absent =} -> the pass, see specs_value.c */
int specs_answer_plan(struct specs_question *q, struct err *err)
{
    struct one_pass p = {.q = q};
    int rc = specs_unit_of(q, &p.unit, err);

    if (rc == 0)
        rc = specs_params(q, p.unit, &p.params, err);
    if (rc < 0)
        return rc;
    clock_fake_init(&p.clock);
    p.clock.unix_seconds = value_int_at(q->given, "now", 0);
    p.source = source_files_new(p.unit->restmap, NULL, NULL, err);
    if (!p.source)
        return -(int)err->code;
    rc = give_all(&p, err);
    if (rc == 0)
        rc = run_pass(&p, err);
    source_free(p.source);
    return rc;
}
