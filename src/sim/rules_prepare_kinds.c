/*
 * rules_prepare_kinds.c -- what the strategies of single kinds do beyond the
 *                          common part in rules_prepare.c.
 */
#include <stdio.h>
#include <string.h>

#include "rules_impl.h"

typedef int (*prepare_fn)(const struct rules_call *c, struct value *object,
                          const struct value *old, struct failure *f);

static struct value *make_status(const struct rules_call *c,
                                 struct value *object)
{
    return value_make(c->a, object, "status");
}

static int set_phase(const struct rules_call *c, struct value *object,
                     const char *phase, struct failure *f)
{
    struct value *status = make_status(c, object);

    return status ? rules_set_text(c, status, "phase", phase, f)
                  : failure_nomem(f);
}

/* ---- jobs ---- */

static int label(const struct rules_call *c, struct value *labels,
                 const char *key, const char *text, struct failure *f)
{
    return value_get(labels, key) ? 0 : rules_set_text(c, labels, key, text, f);
}

static int label_pods(const struct rules_call *c, struct value *labels,
                      const struct value *meta, struct failure *f)
{
    const char *uid = value_text_at(meta, "uid");
    const char *name = value_text_at(meta, "name");

    if (!labels)
        return failure_nomem(f);
    name = name ? name : "";
    if (label(c, labels, "controller-uid", uid, f) < 0 ||
        label(c, labels, "batch.kubernetes.io/controller-uid", uid, f) < 0 ||
        label(c, labels, "job-name", name, f) < 0)
        return -1;
    return label(c, labels, "batch.kubernetes.io/job-name", name, f);
}

/* Labels that are those of the template by default are the same map, which gets
 * what the pods get; not where a name was generated, for a copy of the object.
 */
static int part_labels(const struct rules_call *c, struct value *meta,
                       struct failure *f)
{
    struct value *own = value_get(meta, "labels");

    return own && c->name_generated
               ? rules_set(c, meta, "labels", value_copy(c->a, own), f)
               : 0;
}

/* A Job without labels is read with those of its template, and stored with them
 * when both were one map from the start. */
static int lend_labels(const struct rules_call *c, struct value *object,
                       bool shared, struct failure *f)
{
    struct value *labels = value_path(object, "spec.template.metadata.labels");
    struct value *meta = value_get(object, "metadata");

    if (value_get(meta, "labels") || !labels || !labels->count)
        return 0;
    if (!shared)
        rules_note_unread(c, UNREAD_DEFAULTS);
    return rules_set(c, meta, "labels", labels, f);
}

int rules_prepare_job_status(const struct rules_call *c, struct value *job,
                             struct failure *f)
{
    return lend_labels(c, job, false, f);
}

/* A Job finds its pods by its own uid, unless it was told otherwise. */
static int prepare_job(const struct rules_call *c, struct value *object,
                       const struct value *old, struct failure *f)
{
    struct value *meta = value_get(object, "metadata");
    struct value *spec = value_get(object, "spec");
    struct value *template = value_path(spec, "template.metadata");
    const char *uid = value_text_at(meta, "uid");
    const bool shared = rules_sent_empty(c, "spec.template.metadata.labels");
    struct value *selector, *labels;

    if (old || !template || !uid ||
        value_bool_at(spec, "manualSelector", false))
        return 0;
    if (part_labels(c, meta, f) < 0)
        return -1;
    labels = value_make(c->a, template, "labels");
    if (label_pods(c, labels, meta, f) < 0 ||
        lend_labels(c, object, shared && !c->name_generated, f) < 0)
        return -1;
    selector = value_make(c->a, spec, "selector");
    selector = selector ? value_make(c->a, selector, "matchLabels") : NULL;
    if (!selector)
        return failure_nomem(f);
    return label(c, selector, "batch.kubernetes.io/controller-uid", uid, f);
}

/* ---- daemon sets ---- */

#define TEMPLATE_GENERATION "deprecated.daemonset.template.generation"

static int64_t template_generation(const struct value *object)
{
    const char *text = value_text(value_get(
        value_path(object, "metadata.annotations"), TEMPLATE_GENERATION));
    int64_t number;

    return text && text_to_int64(text, strlen(text), &number) ? number : 0;
}

static int prepare_daemon_set(const struct rules_call *c, struct value *object,
                              const struct value *old, struct failure *f)
{
    struct value *notes =
        value_make(c->a, value_get(object, "metadata"), "annotations");
    int64_t generation = 1;
    char text[32];

    if (!notes)
        return failure_nomem(f);
    if (old)
        generation = template_generation(old) +
                     !value_equal(value_path(object, "spec.template"),
                                  value_path(old, "spec.template"));
    snprintf(text, sizeof text, "%lld", (long long)generation);
    return rules_set_text(c, notes, TEMPLATE_GENERATION, text, f);
}

/* ---- namespaces, volumes ---- */

/* Found by its name with a selector of labels, also when that is made up. */
static int label_namespace(const struct rules_call *c, struct value *object,
                           struct failure *f)
{
    struct value *meta = value_get(object, "metadata");
    const char *name = value_text_at(meta, "name");
    struct value *labels;

    if (!name || !*name)
        return 0;
    labels = value_make(c->a, meta, "labels");
    return labels ? rules_set_text(c, labels, "kubernetes.io/metadata.name",
                                   name, f)
                  : failure_nomem(f);
}

static int prepare_namespace(const struct rules_call *c, struct value *object,
                             const struct value *old, struct failure *f)
{
    struct value *spec, *list;

    if (old && strcmp(c->subresource, "finalize") == 0)
        return 0; /* which is there to change them */
    if (old) {
        const struct value *was = value_path(old, "spec.finalizers");

        spec = value_make(c->a, object, "spec");
        if (!spec)
            return failure_nomem(f);
        if (!was) {
            value_unset(spec, "finalizers");
            return 0;
        }
        return rules_set(c, spec, "finalizers", value_copy(c->a, was), f);
    }
    if (label_namespace(c, object, f) < 0)
        return -1;
    spec = value_make(c->a, object, "spec");
    if (!spec)
        return failure_nomem(f);
    list = rules_make_array(c, spec, "finalizers");
    if (!list)
        return failure_nomem(f);
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(value_text(list->as.items[i]), "kubernetes") == 0)
            return set_phase(c, object, "Active", f);
    if (value_append(c->a, list, value_string(c->a, "kubernetes")) < 0)
        return failure_nomem(f);
    return set_phase(c, object, "Active", f);
}

static int prepare_claim(const struct rules_call *c, struct value *object,
                         const struct value *old, struct failure *f)
{
    if (old)
        return 0;
    rules_note_unread(c, UNREAD_DEFAULTS); /* the phase is read, not stored */
    return set_phase(c, object, "Pending", f);
}

static int prepare_volume(const struct rules_call *c, struct value *object,
                          const struct value *old, struct failure *f)
{
    char now[32];

    if (old)
        return 0;
    text_rfc3339(c->world->unix_now, now);
    if (set_phase(c, object, "Pending", f) < 0)
        return -1;
    return rules_set_text(c, value_get(object, "status"),
                          "lastPhaseTransitionTime", now, f);
}

/* Version 1 has a zone and a node name instead. */
static int prepare_slice(const struct rules_call *c, struct value *object,
                         const struct value *old, struct failure *f)
{
    const struct value *endpoints = value_get(object, "endpoints");
    struct value *endpoint;

    (void)c, (void)old, (void)f;
    for (size_t i = 0; (endpoint = rules_item(endpoints, i)); i++)
        value_unset(endpoint, "deprecatedTopology");
    return 0;
}

/* ---- the list ---- */

static const struct {
    const char *group, *kind;
    prepare_fn prepare;
} PREPARES[] = {
    {"", "Namespace", prepare_namespace},
    {"", "PersistentVolume", prepare_volume},
    {"", "PersistentVolumeClaim", prepare_claim},
    {"", "Pod", rules_prepare_pod},
    {"", "Service", rules_prepare_service},
    {"apps", "DaemonSet", prepare_daemon_set},
    {"batch", "Job", prepare_job},
    {"discovery.k8s.io", "EndpointSlice", prepare_slice},
};

int rules_prepare_kind(const struct rules_call *c, struct value *object,
                       const struct value *old, struct failure *f)
{
    for (size_t i = 0; i < sizeof PREPARES / sizeof PREPARES[0]; i++)
        if (rules_is(c->kind, PREPARES[i].group, PREPARES[i].kind))
            return PREPARES[i].prepare(c, object, old, f);
    return 0;
}
