/*
 * fixture_print.c -- a reconcile to a fixture; see app/fixture.h.
 */
#include <string.h>

#include "app/fixture.h"
#include "redact.h"
#include "report_impl.h"

static int set_flag(struct arena *a, struct value *object, const char *key,
                    bool flag)
{
    return flag ? value_set(a, object, key, value_bool(a, true)) : 0;
}

/* ---- kinds ---- */

/* What discovery says of it: `replay` has no server. */
static int set_resource(struct arena *a, struct value *out,
                        const struct resource *r)
{
    if (!r)
        return 0;
    if (value_set_text(a, out, "plural", r->plural) < 0 ||
        value_set_text(a, out, "singular", r->singular) < 0 ||
        set_flag(a, out, "namespaced", r->namespaced) < 0 ||
        set_flag(a, out, "statusSubresource", r->has_status) < 0)
        return -ERR_NOMEM;
    return set_flag(a, out, "scaleSubresource", r->has_scale);
}

/* By what a later script finds the kind again: it may list its reads in
 * another order. */
static int set_read(struct arena *a, struct value *out,
                    const struct operator_read *read)
{
    if (!read)
        return set_flag(a, out, "owned", true);
    if (value_set_text(a, out, "labels", read->labels) < 0 ||
        value_set_text(a, out, "fields", read->fields) < 0 ||
        value_set_text(a, out, "readNamespace", fixture_scope(read)) < 0)
        return -ERR_NOMEM;
    return set_flag(a, out, "byName", read->by_name);
}

static int add_items(struct arena *a, struct value *out,
                     const struct view_kind *kind, struct err *err)
{
    struct value *items = value_array(a);
    int rc = 0;

    for (size_t i = 0; i < kind->count && rc == 0; i++) {
        struct value *v;

        rc = snapshot_value(kind->items[i], a, &v, err);
        if (rc == 0 && value_append(a, items, v) < 0)
            rc = err_nomem(err);
    }
    if (rc == 0 && value_set(a, out, "items", items) < 0)
        rc = err_nomem(err);
    return rc;
}

static int add_kind(struct arena *a, struct value *kinds,
                    const struct view_kind *kind, struct err *err)
{
    struct value *out = value_object(a);

    if (!out ||
        value_set_text(a, out, "apiVersion", kind->gvk.api_version) < 0 ||
        value_set_text(a, out, "kind", kind->gvk.kind) < 0 ||
        set_resource(a, out, kind->resource) < 0 ||
        set_read(a, out, kind->owned ? NULL : kind->read) < 0 ||
        value_append(a, kinds, out) < 0)
        return err_nomem(err);
    if (kind->known)
        return add_items(a, out, kind, err);
    if (value_set_text(a, out, "unknown", kind->unknown ? kind->unknown : "") <
        0)
        return err_nomem(err);
    return 0;
}

/* ---- the document ---- */

/* The root stands among the kinds too, for its resource. */
static int add_root_kind(struct arena *a, struct value *doc,
                         const struct view *view)
{
    struct value *out = value_make(a, doc, "rootKind");

    if (!out ||
        value_set_text(a, out, "apiVersion", view->root->api_version) < 0 ||
        value_set_text(a, out, "kind", view->root->kind) < 0)
        return -ERR_NOMEM;
    return set_resource(a, out, view->root_resource);
}

static int fill(const struct fixture_source *s, struct arena *a,
                struct value *doc, struct err *err)
{
    const struct view *view = s->view;
    struct value *kinds = value_array(a);
    struct value *root, *plan;
    char time[32];
    int rc = snapshot_value(view->root, a, &root, err);

    text_rfc3339(view->now, time);
    if (rc == 0)
        rc = report_value_pass(a, s->pass, &plan, err);
    for (size_t i = 0; i < view->count && rc == 0; i++)
        rc = add_kind(a, kinds, &view->kinds[i], err);
    if (rc < 0)
        return rc;
    if (value_set_text(a, doc, "apiVersion", FIXTURE_API_VERSION) < 0 ||
        value_set_text(a, doc, "kind", FIXTURE_KIND) < 0 ||
        value_set_text(a, doc, "operator", s->decl->name) < 0 ||
        value_set_text(a, doc, "operatorPath", s->operator_path) < 0 ||
        value_set_text(a, doc, "now", time) < 0 ||
        add_root_kind(a, doc, view) < 0 ||
        value_set(a, doc, "parameters",
                  view->params ? value_copy(a, view->params)
                               : value_object(a)) < 0 ||
        value_set(a, doc, "root", root) < 0 ||
        value_set(a, doc, "kinds", kinds) < 0 ||
        value_set(a, doc, "plan", plan) < 0)
        return err_nomem(err);
    return 0;
}

static int redact(struct redactor *r, struct arena *a, struct value *doc)
{
    const struct value *kinds = value_get(doc, "kinds");
    int rc = redact_secret(r, a, value_get(doc, "root"));

    for (uint32_t k = 0; k < kinds->count && rc == 0; k++) {
        const struct value *items = value_get(kinds->as.items[k], "items");

        for (uint32_t i = 0;
             value_is(items, VALUE_ARRAY) && i < items->count && rc == 0; i++)
            rc = redact_secret(r, a, items->as.items[i]);
    }
    return rc < 0 ? rc : redact_strings(r, a, doc);
}

int fixture_print(const struct fixture_source *source, struct str *out,
                  struct err *err)
{
    struct redactor *r = redactor_new(source->view->root->uid);
    struct arena a = {0};
    struct value *doc = value_object(&a);
    int rc = doc && r ? fill(source, &a, doc, err) : err_nomem(err);

    if (rc == 0 && redact(r, &a, doc) < 0)
        rc = err_nomem(err);
    if (rc == 0)
        rc = value_print_yaml(doc, 0, out, err);
    arena_release(&a);
    redactor_free(r);
    return rc;
}
