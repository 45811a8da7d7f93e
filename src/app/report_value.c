/*
 * report_value.c -- see report_value.h.
 *
 * A request is shown as it is sent, but for Secret data: a value that the plan
 * marked sensitive, and everything under data and stringData of a Secret, is
 * replaced by "(sensitive)" in a copy of the body.
 */
#include "report_impl.h"

#include <string.h>

static const char hidden[] = "(sensitive)";

bool report_needs_quotes(const struct value *string)
{
    const char *s = string->as.string;

    if (string->count == 0 || strlen(s) != string->count)
        return true;
    for (; *s; s++)
        if ((unsigned char)*s < 0x20)
            return true;
    return false;
}

/* ---- hiding ---- */

static struct value *hide_all(struct arena *a, const struct value *v)
{
    struct value *out;

    if (!value_is(v, VALUE_OBJECT))
        return value_string(a, hidden);
    out = value_object(a);
    for (uint32_t i = 0; out && i < v->count; i++)
        if (value_set(a, out, v->as.members[i].key, value_string(a, hidden)) <
            0)
            return NULL;
    return out;
}

static struct value *hide_marked(struct arena *a, struct value *v,
                                 const struct value *marked);

/* Lists are compared from their ends: the preconditions of a JSON patch stand
 * before what was marked. */
static struct value *hide_items(struct arena *a, struct value *v,
                                const struct value *marked)
{
    uint32_t more = v->count - marked->count;
    struct value *out = value_array(a);

    if (v->count < marked->count)
        return value_string(a, hidden); /* never: what is sent was lost */
    for (uint32_t i = 0; out && i < v->count; i++) {
        const struct value *mark = i < more ? NULL : marked->as.items[i - more];

        if (value_append(a, out, hide_marked(a, v->as.items[i], mark)) < 0)
            return NULL;
    }
    return out;
}

/* Copy `v`; where the same place of `marked` is sensitive, hide it. */
static struct value *hide_marked(struct arena *a, struct value *v,
                                 const struct value *marked)
{
    struct value *out;

    if (!marked)
        return v;
    if (marked->sensitive)
        return value_string(a, hidden);
    if (value_is(v, VALUE_OBJECT) && value_is(marked, VALUE_OBJECT)) {
        out = value_object(a);
        for (uint32_t i = 0; out && i < v->count; i++) {
            const struct value_member *m = &v->as.members[i];

            if (value_setn(
                    a, out, m->key, m->key_len,
                    hide_marked(a, m->value,
                                value_getn(marked, m->key, m->key_len))) < 0)
                return NULL;
        }
        return out;
    }
    if (!value_is(v, VALUE_ARRAY) || !value_is(marked, VALUE_ARRAY))
        return v;
    return hide_items(a, v, marked);
}

static struct value *hide_secret(struct arena *a, struct value *body)
{
    static const char *const fields[] = {"data", "stringData"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct value *data = value_get(body, fields[i]);

        if (data && value_set(a, body, fields[i], hide_all(a, data)) < 0)
            return NULL;
    }
    return body;
}

int report_print_value(const struct value *v, struct str *out, struct err *err)
{
    struct arena a = {0};
    struct value *copy = value_copy(&a, v);
    int rc;

    if (copy)
        copy = hide_marked(&a, copy, v);
    rc = copy ? value_print(copy, out, err) : err_nomem(err);
    arena_release(&a);
    return rc;
}

/* ---- requests ---- */

struct value *report_value_request(struct arena *a, const struct request *r,
                                   const struct change *marked, struct err *err)
{
    struct value *out = value_object(a);
    struct value *body = NULL;

    if (!out ||
        value_set_text(a, out, "method", http_method_name(r->method)) < 0 ||
        value_set_text(a, out, "path", r->path) < 0 ||
        value_set_text(a, out, "contentType", r->content_type) < 0)
        return NULL;
    if (!r->body)
        return out;
    if (value_parse(a, r->body, r->body_len, &body, err) < 0)
        return NULL;
    if (marked)
        body = hide_marked(a, body, marked->body);
    if (body && marked && strcmp(marked->resource->kind, "Secret") == 0)
        body = hide_secret(a, body);
    return value_set(a, out, "body", body) < 0 ? NULL : out;
}

static struct value *field_value(struct arena *a, const struct change_field *f)
{
    struct value *out = value_object(a);
    struct value *before = f->before ? value_copy(a, f->before) : NULL;
    struct value *after = f->after ? value_copy(a, f->after) : NULL;

    before = before ? hide_marked(a, before, f->before) : NULL;
    after = after ? hide_marked(a, after, f->after) : NULL;
    if (f->sensitive) {
        before = before ? value_string(a, hidden) : NULL;
        after = after ? value_string(a, hidden) : NULL;
    }
    if (!out || value_set_text(a, out, "path", f->path) < 0 ||
        (before && value_set(a, out, "before", before) < 0) ||
        (after && value_set(a, out, "after", after) < 0))
        return NULL;
    return out;
}

static int add_fields(struct arena *a, struct value *out,
                      const struct change *c)
{
    struct value *fields = value_array(a);

    for (size_t i = 0; i < c->field_count; i++)
        if (value_append(a, fields, field_value(a, &c->fields[i])) < 0)
            return -ERR_NOMEM;
    return c->field_count ? value_set(a, out, "fields", fields) : 0;
}

static int add_requests(struct arena *a, struct value *out,
                        const struct changeset *cs, const struct change *c,
                        struct err *err)
{
    const struct render_options options = {0};
    struct request_pair pair = {0};
    struct value *list = value_array(a);
    int rc = change_requests(cs, c, &options, a, &pair, err);

    for (size_t i = 0; rc == 0 && i < pair.count; i++)
        if (value_append(a, list,
                         report_value_request(a, &pair.items[i], c, err)) < 0)
            rc = err_nomem(err);
    if (rc == 0 && value_set(a, out, "requests", list) < 0)
        rc = err_nomem(err);
    return rc;
}

static int change_value(struct arena *a, const struct changeset *cs,
                        const struct change *c, struct value **ret,
                        struct err *err)
{
    struct value *out = value_object(a);

    if (!out ||
        value_set_text(a, out, "action", change_verb_word(c->verb)) < 0 ||
        value_set_text(a, out, "apiVersion", c->resource->api_version) < 0 ||
        value_set_text(a, out, "kind", c->resource->kind) < 0 ||
        value_set_text(a, out, "namespace", *c->key.ns ? c->key.ns : NULL) <
            0 ||
        value_set_text(a, out, "name", c->key.name) < 0 ||
        value_set_text(a, out, "line", c->line) < 0 ||
        value_set_text(a, out, "reason", c->reason) < 0 ||
        value_set(a, out, "confirmed", value_bool(a, c->confirmed)) < 0 ||
        add_fields(a, out, c) < 0)
        return err_nomem(err);
    *ret = out;
    return add_requests(a, out, cs, c, err);
}

static int add_changes(struct arena *a, struct value *item,
                       const struct changeset *cs, struct err *err)
{
    struct value *changes = value_array(a);
    struct value *notes = value_array(a);
    int rc = 0;

    for (size_t i = 0; i < cs->count && rc == 0; i++) {
        struct value *v = NULL;

        rc = change_value(a, cs, &cs->items[i], &v, err);
        if (rc == 0 && value_append(a, changes, v) < 0)
            rc = err_nomem(err);
    }
    for (size_t i = 0; i < cs->note_count && rc == 0; i++) {
        struct value *note = value_object(a);

        if (!note ||
            value_set_text(a, note, "kind", cs->notes[i].ref.gvk.kind) < 0 ||
            value_set_text(a, note, "name", cs->notes[i].ref.key.name) < 0 ||
            value_set_text(a, note, "text", cs->notes[i].text) < 0 ||
            value_append(a, notes, note) < 0)
            rc = err_nomem(err);
    }
    if (rc == 0 &&
        (value_set(a, item, "changes", changes) < 0 ||
         (cs->note_count && value_set(a, item, "notes", notes) < 0) ||
         value_set_text(a, item, "hash", cs->hash) < 0 ||
         value_set(a, item, "unchanged",
                   value_integer(a, (int64_t)cs->unchanged)) < 0))
        rc = err_nomem(err);
    return rc;
}

static struct value *root_value(struct arena *a, const struct pass *pass)
{
    struct value *root = value_object(a);

    if (!root ||
        value_set_text(a, root, "apiVersion", pass->root->api_version) < 0 ||
        value_set_text(a, root, "kind", pass->root->kind) < 0 ||
        value_set_text(a, root, "namespace",
                       *pass->key.ns ? pass->key.ns : NULL) < 0 ||
        value_set_text(a, root, "name", pass->key.name) < 0 ||
        value_set_text(a, root, "uid",
                       *pass->root->uid ? pass->root->uid : NULL) < 0)
        return NULL;
    return root;
}

static struct value *error_value(struct arena *a, const struct pass *pass)
{
    const struct err *err = pass->err;
    struct value *v = value_object(a);

    if (!v || value_set_text(a, v, "code", err_name(err->code)) < 0 ||
        value_set_text(a, v, "message", err->msg) < 0 ||
        value_set_text(a, v, "hint", *err->hint ? err->hint : NULL) < 0 ||
        value_set_text(a, v, "trace", pass->trace) < 0)
        return NULL;
    return v;
}

static struct value *row_value(struct arena *a, const struct pass *pass)
{
    struct value *v = value_object(a);

    if (!v || value_set_text(a, v, "id", pass->row->id) < 0 ||
        value_set_text(a, v, "why", pass->why) < 0 ||
        value_set_text(a, v, "line", pass->row->place) < 0 ||
        value_set(a, v, "held", value_bool(a, pass->held)) < 0)
        return NULL;
    return v;
}

int report_value_pass(struct arena *a, const struct pass *pass,
                      struct value **ret, struct err *err)
{
    struct value *item = value_object(a);
    int rc = 0;

    if (!item || value_set(a, item, "root", root_value(a, pass)) < 0)
        return err_nomem(err);
    if (pass->err->code != ERR_NONE &&
        value_set(a, item, "error", error_value(a, pass)) < 0)
        return err_nomem(err);
    if (pass->row && value_set(a, item, "row", row_value(a, pass)) < 0)
        return err_nomem(err);
    if (pass->plan && pass->plan->nothing &&
        value_set_text(a, item, "nothing", pass->plan->nothing) < 0)
        return err_nomem(err);
    if (pass->requeue_ms >= 0 &&
        value_set(a, item, "requeueAfterMilliseconds",
                  value_integer(a, pass->requeue_ms)) < 0)
        return err_nomem(err);
    if (pass->cs)
        rc = add_changes(a, item, pass->cs, err);
    if (rc == 0)
        *ret = item;
    return rc;
}

static struct value *summary_value(struct arena *a,
                                   const struct report_counts *n)
{
    const struct {
        const char *key;
        size_t count;
    } rows[] = {
        {"roots", n->roots},       {"create", n->create}, {"change", n->change},
        {"recreate", n->recreate}, {"delete", n->remove}, {"status", n->status},
        {"events", n->events},     {"errors", n->errors},
    };
    struct value *out = value_object(a);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!out || value_set(a, out, rows[i].key,
                              value_integer(a, (int64_t)rows[i].count)) < 0)
            return NULL;
    return out;
}

struct value *report_value_document(struct arena *a, const char *operator_name,
                                    struct value *items,
                                    struct value *operator_writes,
                                    const struct report_counts *counts)
{
    struct value *doc = value_object(a);

    if (!doc ||
        value_set_text(a, doc, "apiVersion", "tidelock.dev/v1alpha1") < 0 ||
        value_set_text(a, doc, "kind", "Plan") < 0 ||
        value_set_text(a, doc, "operator", operator_name) < 0 ||
        value_set(a, doc, "items", items) < 0 ||
        value_set(a, doc, "operatorWrites", operator_writes) < 0 ||
        value_set(a, doc, "summary", summary_value(a, counts)) < 0)
        return NULL;
    return doc;
}
