/*
 * specs_value.c -- a pass as specs see it: what was declared (`steps`,
 *                  `conditions`, ...) and what would be done (`changes`).
 *
 * The trees of a pass live as long as its job; all of it is copied.
 */
#include <string.h>

#include "base/err.h"
#include "specs_impl.h"

#define RECONCILED "Reconciled" /* the runtime's own condition */

struct maker {
    struct arena *a;
    struct value *into;
    bool failed;
};

static void put(struct maker *m, const char *key, struct value *v)
{
    if (!m->into || value_set(m->a, m->into, key, v) < 0)
        m->failed = true;
}

static void put_text(struct maker *m, const char *key, const char *text)
{
    if (text && *text)
        put(m, key, value_string(m->a, text));
}

static void put_copy(struct maker *m, const char *key, const struct value *v)
{
    if (v)
        put(m, key, value_copy(m->a, v));
}

static void put_flag(struct maker *m, const char *key, bool flag)
{
    if (flag)
        put(m, key, value_bool(m->a, true));
}

static void put_ref(struct maker *m, const struct gvk *gvk,
                    const struct object_key *key)
{
    put_text(m, "apiVersion", gvk->api_version);
    put_text(m, "kind", gvk->kind);
    put_text(m, "namespace", key->ns);
    put_text(m, "name", key->name);
}

/* A new object that is appended to `list`. */
static struct maker append(struct maker *m, struct value *list)
{
    struct maker item = {m->a, value_object(m->a), false};

    if (!list || value_append(m->a, list, item.into) < 0)
        m->failed = item.failed = true;
    return item;
}

/* ---- what was declared ---- */

static const char *step_word(enum plan_verb verb)
{
    static const char *const words[] = {
        [PLAN_APPLY] = "apply",
        [PLAN_PATCH] = "patch",
        [PLAN_DELETE] = "delete",
        [PLAN_SCALE] = "scale",
    };

    return words[verb];
}

static const char *patch_word(enum patch_type type)
{
    return type == PATCH_JSON ? "json" : type == PATCH_MERGE ? "merge" : NULL;
}

static void add_step(struct maker *m, struct value *list,
                     const struct plan_step *s, const char *ns)
{
    struct maker item = append(m, list);
    struct object_key key = {*s->ref.key.ns ? s->ref.key.ns : ns,
                             s->ref.key.name};
    struct value *after = s->after_count ? value_array(m->a) : NULL;

    put_text(&item, "verb", step_word(s->verb));
    put_ref(&item, &s->ref.gvk, &key);
    put_text(&item, "line", s->line);
    put_copy(&item, "body", s->body);
    put_text(&item, "held", s->held);
    put_flag(&item, "orphan", s->orphan);
    put_flag(&item, "recreate", s->recreate);
    if (s->verb == PLAN_SCALE)
        put(&item, "replicas", value_integer(m->a, s->replicas));
    if (s->verb == PLAN_PATCH)
        put_text(&item, "type", patch_word(s->patch_type));
    for (size_t i = 0; i < s->after_count; i++) {
        struct maker ref = append(m, after);

        put_ref(&ref, &s->after[i].gvk, &s->after[i].key);
        m->failed |= ref.failed;
    }
    if (after)
        put(&item, "after", after);
    m->failed |= item.failed;
}

static void add_conditions(struct maker *m, const struct plan *p)
{
    struct value *list = value_array(m->a);

    for (size_t i = 0; i < p->condition_count; i++) {
        const struct plan_condition *c = &p->conditions[i];
        struct maker item;

        if (strcmp(c->type, RECONCILED) == 0)
            continue;
        item = append(m, list);
        put_text(&item, "type", c->type);
        put_text(&item, "status", c->status);
        put_text(&item, "reason", c->reason);
        put_text(&item, "message", c->message);
        put_text(&item, "line", c->line);
        m->failed |= item.failed;
    }
    put(m, "conditions", list);
}

static void add_events(struct maker *m, const struct plan *p)
{
    struct value *list = value_array(m->a);

    for (size_t i = 0; i < p->event_count; i++) {
        const struct plan_event *e = &p->events[i];
        struct maker item = append(m, list);

        put_text(&item, "type", e->type);
        put_text(&item, "reason", e->reason);
        put_text(&item, "note", e->note);
        put_text(&item, "line", e->line);
        m->failed |= item.failed;
    }
    put(m, "events", list);
}

static void add_logs(struct maker *m, const struct plan *p)
{
    struct value *list = value_array(m->a);

    for (size_t i = 0; i < p->log_count; i++) {
        struct maker item = append(m, list);

        put_text(&item, "level", p->logs[i].warn ? "warn" : "info");
        put(&item, "text", value_string(m->a, p->logs[i].text));
        m->failed |= item.failed;
    }
    put(m, "logs", list);
}

static void add_plan(struct maker *m, const struct pass *pass)
{
    const struct plan *p = pass->plan;
    struct value *steps = value_array(m->a);

    for (size_t i = 0; i < p->count; i++)
        add_step(m, steps, &p->steps[i], pass->key.ns);
    put(m, "steps", steps);
    put_copy(m, "status", p->status);
    put_text(m, "statusLine", p->status_line);
    add_conditions(m, p);
    add_events(m, p);
    add_logs(m, p);
    put_text(m, "nothing", p->nothing);
    put_text(m, "pruneAll", p->prune_all);
    put_text(m, "allowBulk", p->allow_bulk);
    put_flag(m, "finalizing", p->finalizing);
    put_flag(m, "finalized", p->finalize_done);
    if (pass->requeue_ms >= 0)
        put(m, "requeueMilliseconds", value_integer(m->a, pass->requeue_ms));
}

/* ---- what would be done ---- */

static void add_fields(struct maker *m, const struct change *c)
{
    struct value *list = value_array(m->a);

    for (size_t i = 0; i < c->field_count; i++) {
        struct maker item = append(m, list);

        put_text(&item, "path", c->fields[i].path);
        put_copy(&item, "before", c->fields[i].before);
        put_copy(&item, "after", c->fields[i].after);
        m->failed |= item.failed;
    }
    if (c->field_count)
        put(m, "fields", list);
}

static void add_changes(struct maker *m, const struct changeset *cs)
{
    struct value *list = value_array(m->a), *notes = value_array(m->a);

    for (size_t i = 0; i < cs->count; i++) {
        const struct change *c = &cs->items[i];
        const struct gvk gvk = {c->resource->api_version, c->resource->kind};
        struct maker item = append(m, list);

        put_text(&item, "action", change_verb_word(c->verb));
        put_text(&item, "sign", change_verb_sign(c->verb));
        put_ref(&item, &gvk, &c->key);
        put_text(&item, "line", c->line);
        put_text(&item, "reason", c->reason);
        put_flag(&item, "child", change_is_child(c));
        add_fields(&item, c);
        m->failed |= item.failed;
    }
    for (size_t i = 0; i < cs->note_count; i++) {
        struct maker item = append(m, notes);

        put_ref(&item, &cs->notes[i].ref.gvk, &cs->notes[i].ref.key);
        put_text(&item, "line", cs->notes[i].line);
        put_text(&item, "text", cs->notes[i].text);
        m->failed |= item.failed;
    }
    put(m, "changes", list);
    put(m, "notes", notes);
    put(m, "unchanged", value_integer(m->a, (int64_t)cs->unchanged));
    put_text(m, "hash", cs->hash);
}

/* ---- the whole ---- */

struct value *specs_value_error(struct arena *a, const struct err *err,
                                const char *trace)
{
    struct maker m = {a, value_object(a), false};

    put_text(&m, "code", err_name(err->code));
    put_text(&m, "message", err->msg);
    put_text(&m, "hint", err->hint);
    put_text(&m, "trace", trace);
    return m.failed ? NULL : m.into;
}

int specs_value_pass(struct arena *a, const struct pass *pass,
                     struct value **ret, struct err *err)
{
    struct maker m = {a, value_object(a), false};

    put_text(&m, "namespace", pass->key.ns);
    put_text(&m, "name", pass->key.name);
    put_text(&m, "kind", pass->root->kind);
    if (pass->row)
        put_text(&m, "row", pass->row->id);
    put_text(&m, "why", pass->why);
    put_flag(&m, "held", pass->held);
    if (pass->plan)
        add_plan(&m, pass);
    if (pass->cs)
        add_changes(&m, pass->cs);
    if (pass->err->code != ERR_NONE)
        put(&m, "error", specs_value_error(a, pass->err, pass->trace));
    if (m.failed)
        return err_nomem(err);
    *ret = m.into;
    return 0;
}
