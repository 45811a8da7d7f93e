/*
 * diff_schema.c -- what the schema says about a declared child.
 *
 * DESIGN
 *
 * Two repairs before a declaration is hashed, and a check before it is sent
 * (what is in sync was sent before):
 *
 *      {} and []      a script cannot tell an empty table from an empty list:
 *                     the schema says which is meant
 *      stringData     of a Secret becomes data. The server does the same, but
 *                     keeps our ownership at .stringData: a foreign change of
 *                     .data would go unseen, and a key that is declared no
 *                     more would stay (both tried on 1.36)
 *      wrong types    are refused with the script's line; the server would
 *                     answer 500 to an apply that it cannot type
 *      unknown fields are refused where the schemas came from the server that
 *                     is written to; else they are noted: a newer server may
 *                     know more than the table that was built in
 *
 * Fields that are missing, values that are out of range: the server knows.
 */
#include "core/diff_private.h"

#include <string.h>

#include "core/shallow.h"

/* ---- types ---- */

struct checking {
    struct diff_work *w;
    const struct diff_step *s;
    int rc;
};

static void hint_type(const struct diff_work *w, const char *message)
{
    if (text_starts(message, "expected integer, got string") ||
        text_starts(message, "expected number, got string"))
        err_hint(w->err, "use tonumber(); YAML quotes make a string");
    else if (text_starts(message, "expected string, got"))
        err_hint(w->err, "use tostring()");
    else if (text_starts(message, "expected boolean, got string"))
        err_hint(w->err, "write true or false without quotes");
    else if (text_starts(message, "expected array, got object"))
        err_hint(w->err, "items of a list have no names: { first, second }");
    else if (text_starts(message, "expected array, got"))
        err_hint(w->err, "make it a list of one: { value }");
    else if (text_starts(message, "expected object, got array"))
        err_hint(w->err, "fields of an object have names: { name = value }");
}

static bool on_issue(void *arg, const struct schema_issue *issue)
{
    struct checking *c = arg;
    bool unknown = issue->problem == SCHEMA_UNKNOWN_FIELD;

    if (issue->problem == SCHEMA_WRONG_TYPE ||
        (unknown && c->w->in->schemas_are_live)) {
        c->rc = diff_refuse(c->w, c->s->step, "%s: %s", issue->path,
                            issue->message);
        hint_type(c->w, issue->message);
    } else if (unknown)
        c->rc = diff_note_step(
            c->w, c->s,
            arena_printf(c->w->a, "%s: %s", issue->path, issue->message));
    return c->rc == 0;
}

int diff_check_types(struct diff_work *w, const struct diff_step *s)
{
    struct checking c = {w, s, 0};
    int rc = schema_check(w->in->schemas, &s->step->ref.gvk, s->step->body,
                          on_issue, &c, w->err);

    if (rc == -ERR_NO_KIND) { /* a CRD without a schema at hand */
        err_clear(w->err);
        return 0;
    }
    return rc < 0 ? rc : c.rc;
}

/* ---- Secrets ---- */

static struct value *encoded(struct diff_work *w, const struct value *text)
{
    struct value *v;

    str_clear(&w->text);
    if (hash_base64_encode(text->as.string, text->count, &w->text) < 0)
        return NULL;
    v = value_stringn(w->a, str_text(&w->text), w->text.len);
    if (v)
        v->sensitive = true;
    return v;
}

/* A copy of the Secret with stringData merged into data, as the server does:
 * stringData wins. */
static int merge_string_data(struct diff_work *w, const struct diff_step *s,
                             struct value **body)
{
    const struct value *plain = value_get(*body, "stringData");
    struct value *copy, *data;

    if (!value_is(plain, VALUE_OBJECT))
        return 0;
    copy = shallow_copy(w->a, *body);
    data = shallow_copy(w->a, value_get(*body, "data"));
    if (!copy || !data)
        return err_nomem(w->err);
    for (uint32_t i = 0; i < plain->count; i++) {
        const struct value_member *m = &plain->as.members[i];

        if (!value_is(m->value, VALUE_STRING))
            return diff_refuse(w, s->step,
                               ".stringData.%s: expected string, got %s",
                               m->key, value_type_name(m->value));
        if (value_setn(w->a, data, m->key, m->key_len, encoded(w, m->value)) <
            0)
            return err_nomem(w->err);
    }
    value_unset(copy, "stringData");
    if (value_set(w->a, copy, "data", data) < 0)
        return err_nomem(w->err);
    *body = copy;
    return 0;
}

bool diff_is_secret(const struct resource *r)
{
    return !*r->group && strcmp(r->kind, "Secret") == 0;
}

/* Most declarations have nothing empty, and need no look at the schema. */
static bool has_empty(const struct value *v)
{
    bool array = value_is(v, VALUE_ARRAY);

    if (!array && !value_is(v, VALUE_OBJECT))
        return false;
    for (uint32_t i = 0; i < v->count; i++)
        if (has_empty(array ? v->as.items[i] : v->as.members[i].value))
            return true;
    return v->count == 0;
}

int diff_normalise(struct diff_work *w, const struct diff_step *s,
                   struct value **ret, bool *ret_changed)
{
    int rc = 0;

    *ret_changed = has_empty(s->step->body);
    if (*ret_changed)
        schema_fix_empty(w->in->schemas, &s->step->ref.gvk, s->step->body);
    *ret = s->step->body;
    if (diff_is_secret(s->resource))
        rc = merge_string_data(w, s, ret);
    *ret_changed = *ret_changed || *ret != s->step->body;
    return rc;
}

/* ---- status ---- */

struct dropping {
    struct diff_work *w;
    struct str path;
};

static int drop(struct dropping *d, struct schema_node node, struct value **v);

static int note_dropped(struct dropping *d)
{
    struct diff_work *w = d->w;
    const struct snapshot *root = w->in->view->root;
    struct object_ref ref = {w->in->decl->root, root->key};
    char *text;

    w->cs->incomplete = true;
    text = arena_printf(w->a,
                        "status field %s is not in the schema of %s: "
                        "not written",
                        str_text(&d->path), w->in->decl->root.kind);
    if (!text ||
        changeset_note(w->cs, &ref, w->in->plan->status_line, text) < 0)
        return err_nomem(w->err);
    return 0;
}

/* The runtime's own additions are no mistake of the script. */
static bool is_runtime_field(const char *name)
{
    return strcmp(name, "observedGeneration") == 0 ||
           strcmp(name, "lastTransitionTime") == 0;
}

static int drop_members(struct dropping *d, struct schema_node node,
                        struct value *object)
{
    size_t len = d->path.len;
    int rc = 0;

    for (uint32_t i = object->count; rc == 0 && i-- > 0;) {
        struct value_member *m = &object->as.members[i];
        struct schema_node below = schema_fieldn(node, m->key, m->key_len);

        str_addf(&d->path, ".%s", m->key);
        rc = str_check(&d->path, "a field's path", d->w->err);
        if (rc == 0 && schema_known(below))
            rc = drop(d, below, &m->value);
        else if (rc == 0) {
            if (!is_runtime_field(m->key))
                rc = note_dropped(d);
            value_unsetn(object, m->key, m->key_len);
        }
        d->path.len = len;
    }
    return rc;
}

/* Replaces *v by a copy without the fields that the schema does not have. */
static int drop(struct dropping *d, struct schema_node node, struct value **v)
{
    enum schema_type type = schema_type(node);
    struct value *copy;
    int rc = 0;

    if (!((type == SCHEMA_OBJECT && value_is(*v, VALUE_OBJECT)) ||
          (type == SCHEMA_ARRAY && value_is(*v, VALUE_ARRAY))))
        return 0;
    copy = shallow_copy(d->w->a, *v);
    if (!copy)
        return err_nomem(d->w->err);
    *v = copy;
    if (type == SCHEMA_OBJECT)
        return drop_members(d, node, copy);
    for (uint32_t i = 0; rc == 0 && i < copy->count; i++)
        rc = drop(d, schema_item(node), &copy->as.items[i]);
    return rc;
}

int diff_drop_unknown(struct diff_work *w, struct value **status)
{
    const struct gvk *gvk = &w->in->decl->root;
    struct schema_node kind =
        schema_find(w->in->schemas, gvk->api_version, gvk->kind);
    struct schema_node node = schema_field(kind, "status");
    struct dropping d = {.w = w};
    int rc;

    if (!schema_known(kind))
        return 0;
    if (!schema_known(node)) {
        w->cs->incomplete = (*status)->count > 0;
        *status = value_object(w->a);
        return *status ? 0 : err_nomem(w->err);
    }
    str_init(&d.path, 0);
    rc = drop(&d, node, status);
    str_release(&d.path);
    return rc;
}
