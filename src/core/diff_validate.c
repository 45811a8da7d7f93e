/*
 * diff_validate.c -- one declared child or reference by itself.
 *
 * DESIGN
 *
 * A plan comes from a script, perhaps through a worker process, so nothing in
 * it is taken for granted: the body is compared with the reference that came
 * along, the name and the namespace with what the server would take, the
 * metadata with what a declaration may say. Everything here fails before the
 * first write of a plan, with the script's line.
 *
 * A namespaced root and a child elsewhere, or a cluster-scoped child, is more
 * than a convention: the server would accept it and the garbage collector
 * would then delete the child, because it looks for the owner in the child's
 * namespace (OR-3).
 */
#include "core/diff_private.h"

#include <string.h>

/* ---- namespaces ---- */

/* A child lives where its owner can be found (OR-3). */
static int check_child_namespace(const struct diff_work *w, struct diff_step *s)
{
    const struct view *view = w->in->view;
    const char *root_ns = view->root->key.ns;
    const char *root_kind = w->in->decl->root.kind;

    if (view->root_resource->namespaced && !s->resource->namespaced) {
        diff_refuse(w, s->step,
                    "the kind is cluster-scoped, %s is namespaced: a "
                    "namespaced object cannot own it",
                    root_kind);
        err_hint(w->err,
                 "make %s cluster-scoped, or install the %s with the "
                 "operator",
                 root_kind, s->resource->kind);
        return -ERR_PLAN;
    }
    if (!view->root_resource->namespaced && s->resource->namespaced &&
        !*s->key.ns) {
        diff_refuse(w, s->step, "a namespace is missing");
        err_hint(w->err,
                 "%s is cluster-scoped: name metadata.namespace of "
                 "each child",
                 root_kind);
        return -ERR_PLAN;
    }
    if (view->root_resource->namespaced && strcmp(s->key.ns, root_ns) != 0) {
        diff_refuse(w, s->step,
                    "namespace '%s' is not the namespace of the root ('%s')",
                    s->key.ns, root_ns);
        err_hint(w->err, "children live in their root's namespace; leave "
                         "metadata.namespace out");
        return -ERR_PLAN;
    }
    return 0;
}

/* Fill in the root's namespace, refuse one where there can be none. */
static int fill_namespace(const struct diff_work *w, struct diff_step *s)
{
    const char *ns = s->step->ref.key.ns;

    s->key.name = s->step->ref.key.name;
    s->key.ns = ns ? ns : "";
    if (!s->resource->namespaced && *s->key.ns)
        return diff_refuse(w, s->step,
                           "namespace '%s': the kind is cluster-scoped",
                           s->key.ns);
    if (s->resource->namespaced && !*s->key.ns)
        s->key.ns = w->in->view->root->key.ns;
    if (s->step->verb == PLAN_APPLY)
        return check_child_namespace(w, s);
    if (s->resource->namespaced && !*s->key.ns)
        return diff_refuse(w, s->step, "a namespace is missing");
    return 0;
}

/* ---- names ---- */

enum name_rule { NAME_SUBDOMAIN, NAME_LABEL, NAME_SEGMENT };

/* What the server validates names of this kind with: RBAC takes nearly any
 * text, Services and Namespaces become DNS labels, the rest are subdomains. */
static enum name_rule name_rule_of(const struct resource *r)
{
    if (strcmp(r->group, "rbac.authorization.k8s.io") == 0)
        return NAME_SEGMENT;
    if (!*r->group &&
        (strcmp(r->kind, "Service") == 0 || strcmp(r->kind, "Namespace") == 0))
        return NAME_LABEL;
    return NAME_SUBDOMAIN;
}

/* The server would answer 422, after the writes that come before. */
static int check_name(const struct diff_work *w, const struct diff_step *s)
{
    const char *name = s->key.name;
    const char *what;
    bool good;

    switch (name_rule_of(s->resource)) {
    case NAME_LABEL:
        good = name_is_dns_label(name);
        what = "at most 63 lower case letters, digits and '-'";
        break;
    case NAME_SEGMENT:
        good = name_is_path_segment(name);
        what = "not '.' or '..', without '/' and '%'";
        break;
    default:
        good = name_is_dns_subdomain(name);
        what = "at most 253 lower case letters, digits, '-' and '.'";
        break;
    }
    if (good)
        return 0;
    diff_refuse(w, s->step, ".metadata.name: the server does not take it");
    err_hint(w->err, "a name of this kind is %s", what);
    return -ERR_PLAN;
}

/* ---- what a declaration may say ---- */

/* Nulls are what "kubectl create --dry-run" leaves behind: harmless. */
static bool is_said(const struct value *v)
{
    if (!v || v->type == VALUE_NULL)
        return false;
    return v->type != VALUE_OBJECT || v->count > 0;
}

/* SA-2: an apply with managedFields is refused, one with a stale uid or
 * resourceVersion is a precondition that the script did not mean. */
static int refuse_server_fields(const struct diff_work *w,
                                const struct diff_step *s)
{
    static const char *const fields[] = {
        "uid",
        "resourceVersion",
        "managedFields",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    };
    const struct value *meta = value_get(s->step->body, "metadata");
    const char *field = NULL;

    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
        if (!field && is_said(value_get(meta, fields[i])))
            field = fields[i];
    if (field)
        diff_refuse(w, s->step, ".metadata.%s: the server's own field", field);
    else if (is_said(value_get(s->step->body, "status")))
        diff_refuse(w, s->step,
                    ".status: belongs to the controller of the kind");
    else
        return 0;
    err_hint(w->err, "declare only what you want: an object of the view is "
                     "no declaration");
    return -ERR_PLAN;
}

/* Row 2: with a generated name a stale cache makes duplicates. */
static int refuse_generate_name(const struct diff_work *w,
                                const struct diff_step *s)
{
    if (!is_said(value_path(s->step->body, "metadata.generateName")))
        return 0;
    diff_refuse(w, s->step,
                ".metadata.generateName: a child needs a fixed "
                "name");
    err_hint(w->err, "two passes would make two objects; build the name from "
                     "the root's name");
    return -ERR_PLAN;
}

/* Other, plain owners are the script's to give (OR-1: one controller). */
static int check_owners(const struct diff_work *w, const struct diff_step *s)
{
    const struct value *owners =
        value_path(s->step->body, "metadata.ownerReferences");
    const char *root_uid = w->in->view->root->uid;

    if (!is_said(owners))
        return 0;
    if (!value_is(owners, VALUE_ARRAY))
        return diff_refuse(w, s->step,
                           ".metadata.ownerReferences: expected array, got %s",
                           value_type_name(owners));
    for (uint32_t i = 0; i < owners->count; i++) {
        const struct value *ref = owners->as.items[i];

        if (!value_bool_at(ref, "controller", false) &&
            !text_equal(value_text_at(ref, "uid"), root_uid))
            continue;
        diff_refuse(w, s->step,
                    ".metadata.ownerReferences[%u]: the runtime "
                    "sets the controller reference",
                    i);
        err_hint(w->err, "leave it out; use on_delete = \"orphan\" for a "
                         "child that outlives its root");
        return -ERR_PLAN;
    }
    return 0;
}

/* Maps of text to text, and none of the runtime's own keys. */
static int check_text_map(const struct diff_work *w, const struct diff_step *s,
                          const char *field)
{
    const struct value *map =
        value_get(value_get(s->step->body, "metadata"), field);

    if (!is_said(map) || (map->type == VALUE_ARRAY && !map->count))
        return 0;
    if (map->type != VALUE_OBJECT)
        return diff_refuse(w, s->step, ".metadata.%s: expected object, got %s",
                           field, value_type_name(map));
    for (uint32_t i = 0; i < map->count; i++) {
        const struct value_member *m = &map->as.members[i];

        if (!value_is(m->value, VALUE_STRING)) {
            diff_refuse(w, s->step, ".metadata.%s[%s]: expected string, got %s",
                        field, m->key, value_type_name(m->value));
            err_hint(w->err, "use tostring()");
            return -ERR_PLAN;
        }
        if (strcmp(m->key, ANNOTATION_APPLIED) == 0 ||
            strcmp(m->key, LABEL_OPERATOR) == 0 ||
            strcmp(m->key, LABEL_OWNER_UID) == 0)
            return diff_refuse(w, s->step,
                               ".metadata.%s[%s]: is set by the "
                               "runtime",
                               field, m->key);
    }
    return 0;
}

/* People find what is ours by this label; saying it again is fine. */
static int check_managed_by(const struct diff_work *w,
                            const struct diff_step *s)
{
    const struct value *labels = value_path(s->step->body, "metadata.labels");
    const char *given = value_text(value_get(labels, LABEL_MANAGED_BY));

    if (!given || strcmp(given, "tidelock") == 0)
        return 0;
    return diff_refuse(w, s->step,
                       ".metadata.labels[%s]: is set by the runtime",
                       LABEL_MANAGED_BY);
}

/* The reference came beside the body: they must name the same object. */
static int check_reference(const struct diff_work *w, const struct diff_step *s)
{
    const struct object_ref *ref = &s->step->ref;
    const struct value *body = s->step->body;
    const char *ns = value_text_at(body, "metadata.namespace");

    if (!value_is(body, VALUE_OBJECT))
        return diff_refuse(w, s->step, "expected object, got %s",
                           value_type_name(body));
    if (!text_equal(value_text_at(body, "apiVersion"), ref->gvk.api_version) ||
        !text_equal(value_text_at(body, "kind"), ref->gvk.kind) ||
        !text_equal(value_text_at(body, "metadata.name"), ref->key.name) ||
        (ns && strcmp(ns, s->key.ns) != 0))
        return diff_refuse(w, s->step,
                           "the object does not bear the name "
                           "that the step gives");
    return 0;
}

static int check_child(const struct diff_work *w, const struct diff_step *s)
{
    int rc = check_reference(w, s);

    if (rc == 0)
        rc = refuse_server_fields(w, s);
    if (rc == 0)
        rc = refuse_generate_name(w, s);
    if (rc == 0)
        rc = check_owners(w, s);
    if (rc == 0)
        rc = check_text_map(w, s, "labels");
    if (rc == 0)
        rc = check_text_map(w, s, "annotations");
    if (rc == 0)
        rc = check_managed_by(w, s);
    return rc;
}

int diff_validate_step(const struct diff_work *w, struct diff_step *s)
{
    int rc;

    if (!s->step->ref.key.name)
        return diff_refuse(w, s->step, "a name is missing");
    rc = fill_namespace(w, s);
    if (rc == 0)
        rc = check_name(w, s);
    if (rc == 0 && s->step->verb == PLAN_APPLY)
        rc = check_child(w, s);
    return rc;
}
