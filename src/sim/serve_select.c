/*
 * serve_select.c -- label and field selectors of lists and watches: which
 *                   fields may be asked for (pkg/apis/.../conversion.go), and
 *                   whether an object fits.
 */
#include <string.h>

#include "base/text.h"
#include "serve_select.h"

static const struct {
    const char *api_version, *kind;
    const char *fields; /* each between spaces */
    bool no_namespace;
} selectable[] = {
    {"v1", "Pod",
     " spec.nodeName spec.restartPolicy spec.schedulerName "
     "spec.serviceAccountName spec.hostNetwork status.phase status.podIP "
     "status.podIPs status.nominatedNodeName ",
     false},
    {"v1", "Node", " spec.unschedulable ", true},
    {"v1", "ReplicationController", " status.replicas ", false},
    {"v1", "Event",
     " involvedObject.kind involvedObject.namespace involvedObject.name "
     "involvedObject.uid involvedObject.apiVersion "
     "involvedObject.resourceVersion involvedObject.fieldPath reason "
     "reportingComponent source type ",
     false},
    {"events.k8s.io/v1", "Event",
     " reason regarding.kind regarding.namespace regarding.name regarding.uid "
     "regarding.apiVersion regarding.resourceVersion regarding.fieldPath "
     "reportingController type ",
     false},
    {"v1", "Namespace", " status.phase ", true},
    {"v1", "Secret", " type ", false},
    {"v1", "Service", " spec.clusterIP spec.type ", false},
    {"apps/v1", "ReplicaSet", " status.replicas ", false},
    {"batch/v1", "Job", " status.successful ", false},
    {"certificates.k8s.io/v1", "CertificateSigningRequest", " spec.signerName ",
     false},
};
#define SELECTABLE (sizeof selectable / sizeof selectable[0])

static bool is_listed(const char *list, const char *field)
{
    size_t len = strlen(field);

    for (const char *at = list; (at = strstr(at, field)); at++)
        if (at[-1] == ' ' && at[len] == ' ')
            return len > 0;
    return false;
}

/* The definition's selectableFields: ".spec.color" is asked for as spec.color.
 */
static bool crd_selects(struct ask *k, const char *field)
{
    const char *name =
        arena_printf(k->a, "%s.%s", k->kind->r.plural, k->kind->r.group);
    struct object_key key = {"", name ? name : ""};
    const struct item *item = history_get(
        k->s->history, "apiextensions.k8s.io/customresourcedefinitions", &key);
    const struct value *versions, *fields = NULL;
    struct value *crd;

    if (!item || value_parse(k->a, item->json, item->len, &crd, NULL) < 0)
        return false;
    versions = value_path(crd, "spec.versions");
    for (uint32_t i = 0; versions && i < versions->count; i++)
        if (text_equal(value_text_at(versions->as.items[i], "name"),
                       k->kind->r.version))
            fields = value_get(versions->as.items[i], "selectableFields");
    for (uint32_t i = 0; fields && i < fields->count; i++) {
        const char *path = value_text_at(fields->as.items[i], "jsonPath");

        if (path && *path == '.' && strcmp(path + 1, field) == 0)
            return true;
    }
    return false;
}

static bool may_select(struct ask *k, const char *field)
{
    const struct kind *kind = k->kind;
    bool no_namespace = false;

    for (size_t i = 0; !kind->crd && i < SELECTABLE; i++) {
        if (strcmp(selectable[i].api_version, kind->r.api_version) != 0 ||
            strcmp(selectable[i].kind, kind->r.kind) != 0)
            continue;
        no_namespace = selectable[i].no_namespace;
        if (is_listed(selectable[i].fields, field))
            return true;
    }
    if (strcmp(field, "metadata.name") == 0)
        return true;
    if (strcmp(field, "metadata.namespace") == 0)
        return !no_namespace;
    return kind->crd && crd_selects(k, field);
}

static int check_fields(struct ask *k, const char *text)
{
    while (*text) {
        size_t len = 0, key;
        char *field;

        while (text[len] && text[len] != ',')
            len += text[len] == '\\' && text[len + 1] ? 2 : 1;
        key = strcspn(text, "=!");
        field = arena_strndup(k->a, text, key < len ? key : len);
        if (!field)
            return failure_nomem(&k->f);
        if (len && !may_select(k, field))
            return failure_set(&k->f, 400, "BadRequest",
                               "field label not supported: %s", field);
        k->o.one = k->o.one || (key < len && text[key] == '=' &&
                                strcmp(field, "metadata.name") == 0);
        text += len + (text[len] == ',');
    }
    return 0;
}

int query_selectors(struct ask *k, const char *labels, const char *fields)
{
    struct selector *l = NULL, *f = NULL;
    struct err err;
    int rc = 0;

    if (*labels)
        rc = selector_parse_labels(k->a, labels, &l, &err);
    if (rc == 0 && *fields)
        rc = selector_parse_fields(k->a, fields, &f, &err);
    if (rc == -ERR_NOMEM)
        return failure_nomem(&k->f);
    if (rc < 0)
        return failure_set(&k->f, 400, "BadRequest",
                           "unable to parse requirement: %s", err.msg);
    k->o.labels = l;
    k->o.fields = f;
    k->o.selects = l || f;
    return check_fields(k, fields);
}

/* ---- does it fit? ---- */

/* Fields that a selector sees and the object does not have like this. */
static struct value *seen_by_fields(struct arena *a, const struct kind *kind,
                                    const struct value *object)
{
    struct value *copy;
    const char *source = value_text_at(object, "source.component");
    bool node = strcmp(kind->bucket, "core/nodes") == 0;
    const char *flag = node ? "unschedulable" : "hostNetwork";
    bool pod = strcmp(kind->bucket, "core/pods") == 0;

    if (!node && !pod && !source)
        return value_copy(a, object);
    copy = value_copy(a, object);
    if (!copy)
        return NULL;
    if (source)
        return value_set(a, copy, "source", value_string(a, source)) < 0 ? NULL
                                                                         : copy;
    if (!value_get(value_get(copy, "spec"), flag) &&
        value_set(a, value_make(a, copy, "spec"), flag, value_bool(a, false)) <
            0)
        return NULL;
    return copy;
}

int select_fits(struct arena *a, const struct kind *kind, const struct query *o,
                const struct value *object)
{
    if (!selector_match_labels(o->labels,
                               value_path(object, "metadata.labels")))
        return 0;
    if (!o->fields)
        return 1;
    object = seen_by_fields(a, kind, object);
    return object ? selector_match_fields(o->fields, object) : -ERR_NOMEM;
}
