/*
 * control_daemon.c -- DaemonSets: one pod on every node that it fits.
 */
#include "base/text.h"
#include "control_pods.h"
#include "control_revision.h"
#include "control_steps.h"

#define HASH_LABEL "controller-revision-hash"

struct daemon {
    struct work *w;
    struct draft *d;
    const struct value *set;
    struct value *pods, *nodes;
    const struct value *spec; /* of its pods, with their tolerations */
    struct revisions revisions;
    int64_t desired, current, misplaced, ready, available, updated;
};

void daemon_changed(struct controllers *c, const struct news *n)
{
    if (n->kind == NODE)
        control_add_all(c, CONTROL_DAEMON, DAEMON_SET, "");
}

/* ---- a pod for a node ---- */

static void tolerate(struct draft *d, struct value *all, const char *key,
                     const char *effect)
{
    struct value *one = draft_object(d);

    draft_text(d, one, "key", key);
    draft_text(d, one, "operator", "Exists");
    draft_text(d, one, "effect", effect);
    draft_append(d, all, one);
}

static void add_tolerations(struct draft *d, struct value *spec)
{
    static const char *const all[][2] = {
        {"not-ready", "NoExecute"},      {"unreachable", "NoExecute"},
        {"disk-pressure", "NoSchedule"}, {"memory-pressure", "NoSchedule"},
        {"pid-pressure", "NoSchedule"},  {"unschedulable", "NoSchedule"}};
    struct value *list = value_get(spec, "tolerations");

    if (!value_is(list, VALUE_ARRAY)) {
        list = draft_array(d);
        draft_set(d, spec, "tolerations", list);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tolerate(d, list, draft_printf(d, "node.kubernetes.io/%s", all[i][0]),
                 all[i][1]);
    if (value_bool_at(spec, "hostNetwork", false))
        tolerate(d, list, "node.kubernetes.io/network-unavailable",
                 "NoSchedule");
}

/* The scheduler is told which node it is. */
static void aim(struct draft *d, struct value *spec, const char *node)
{
    struct value *at =
        draft_make(d, draft_make(d, spec, "affinity"), "nodeAffinity");
    struct value *terms = draft_array(d), *term = draft_object(d);
    struct value *fields = draft_array(d), *field = draft_object(d);
    struct value *values = draft_array(d);

    draft_append(d, values, value_string(d->a, node));
    draft_text(d, field, "key", "metadata.name");
    draft_text(d, field, "operator", "In");
    draft_set(d, field, "values", values);
    draft_append(d, fields, field);
    draft_set(d, term, "matchFields", fields);
    draft_append(d, terms, term);
    draft_set(
        d, draft_make(d, at, "requiredDuringSchedulingIgnoredDuringExecution"),
        "nodeSelectorTerms", terms);
}

static void create_pod(struct daemon *s, const char *node)
{
    struct value *pod =
        work_pod(s->w, DAEMON_SET, s->set, value_path(s->set, "spec.template"));
    struct value *labels =
        draft_make(s->d, value_get(pod, "metadata"), "labels");

    draft_text(s->d, labels, HASH_LABEL, s->revisions.hash);
    add_tolerations(s->d, value_get(pod, "spec"));
    aim(s->d, value_get(pod, "spec"), node);
    pods_create(s->w, s->set, pod);
}

/* ---- where the pods are ---- */

static const char *node_of(const struct value *pod)
{
    const char *name = value_text_at(pod, "spec.nodeName");
    const struct value *terms =
        value_path(pod, "spec.affinity.nodeAffinity."
                        "requiredDuringSchedulingIgnoredDuringExecution."
                        "nodeSelectorTerms");
    const struct value *field =
        array_at(value_get(array_at(terms, 0), "matchFields"), 0);

    return name ? name : value_text(array_at(value_get(field, "values"), 0));
}

/* The pod of a node: one that is not ended before one that is. */
static struct value *find_pod(const struct daemon *s, const char *node)
{
    struct value *found = NULL, *pod;

    for (size_t i = 0; i < array_count(s->pods); i++) {
        pod = array_at(s->pods, i);
        if (text_equal(node_of(pod), node) && (!found || pod_is_active(pod)))
            found = pod;
    }
    return found;
}

static bool fits(const struct daemon *s, const struct value *node)
{
    return pod_fits_labels(s->spec, node) && !pod_repelled(s->spec, node);
}

static bool is_current(const struct daemon *s, const struct value *pod)
{
    return text_equal(object_label(pod, HASH_LABEL), s->revisions.hash);
}

static void count(struct daemon *s, const struct value *pod)
{
    int64_t wait = value_int_at(s->set, "spec.minReadySeconds", 0), left = 0;

    s->desired++;
    if (!pod)
        return;
    s->current++;
    s->updated += is_current(s, pod);
    s->ready += pod_is_ready(pod);
    s->available += pod_is_available(pod, wait, s->d->unix_now, &left);
    if (left > 0)
        work_after(s->w, (uint64_t)left * 1000);
}

static void tend(struct daemon *s, const struct value *node)
{
    const char *name = object_name(node);
    struct value *pod = find_pod(s, name);

    if (!fits(s, node)) {
        s->misplaced += pod != NULL;
        if (pod && !object_deleting(pod))
            pods_delete(s->w, s->set, pod);
        return;
    }
    count(s, pod);
    if (!pod) {
        create_pod(s, name);
    } else if (pod_is_ended(pod) && !object_deleting(pod)) {
        work_event(s->w, s->set, true, "FailedDaemonPod",
                   draft_printf(s->d,
                                "Found failed daemon pod %s/%s on node "
                                "%s, will try to kill it",
                                object_ns(pod), object_name(pod), name));
        pods_delete(s->w, s->set, pod);
    }
}

/* ---- rolling update ---- */

static bool is_available(struct daemon *s, const struct value *pod)
{
    return pod && !object_deleting(pod) &&
           pod_is_available(pod,
                            value_int_at(s->set, "spec.minReadySeconds", 0),
                            s->d->unix_now, NULL);
}

/* Old pods that do not serve go at once, others as far as it is allowed. */
static void update_pods(struct daemon *s)
{
    const struct value *strategy = value_path(s->set, "spec.updateStrategy");
    int64_t spare = scaled_value(
        value_path(strategy, "rollingUpdate.maxUnavailable"), s->desired, true);
    const struct value *node, *pod;

    if (text_equal(value_text_at(strategy, "type"), "OnDelete"))
        return;
    spare = spare > 0 ? spare : 1;
    for (size_t i = 0; i < array_count(s->nodes); i++) {
        node = array_at(s->nodes, i);
        if (fits(s, node))
            spare -= !is_available(s, find_pod(s, object_name(node)));
    }
    for (size_t i = 0; i < array_count(s->nodes); i++) {
        node = array_at(s->nodes, i);
        pod = fits(s, node) ? find_pod(s, object_name(node)) : NULL;
        if (!pod || is_current(s, pod) || object_deleting(pod) ||
            (is_available(s, pod) && spare-- <= 0))
            continue;
        pods_delete(s->w, s->set, pod);
    }
}

static void write_status(struct daemon *s)
{
    struct draft *d = s->d;
    struct value *status = draft_copy(d, value_get(s->set, "status"));

    draft_int(d, status, "currentNumberScheduled", s->current);
    draft_int(d, status, "numberMisscheduled", s->misplaced);
    draft_int(d, status, "desiredNumberScheduled", s->desired);
    draft_int(d, status, "numberReady", s->ready);
    draft_count(d, status, "observedGeneration",
                value_int_at(s->set, "metadata.generation", 0));
    draft_count(d, status, "updatedNumberScheduled", s->updated);
    draft_count(d, status, "numberAvailable", s->available);
    draft_count(d, status, "numberUnavailable", s->desired - s->available);
    work_status(s->w, DAEMON_SET, s->set, status);
}

static void trim(struct daemon *s)
{
    struct value *live = draft_array(s->d);
    const char *hash;

    for (size_t i = 0; i < array_count(s->pods); i++) {
        hash = object_label(array_at(s->pods, i), HASH_LABEL);
        if (hash)
            draft_append(s->d, live, value_string(s->d->a, hash));
    }
    revisions_trim(s->w, s->set, &s->revisions, live);
}

void daemon_step(struct work *w)
{
    struct daemon s = {.w = w, .d = &w->d};
    struct value *spec;

    s.set = work_get(w, DAEMON_SET, w->key->ns, w->key->name);
    if (!s.set || object_deleting(s.set))
        return;
    s.pods = work_claim(w, POD, s.set);
    if (sim_list(w->c->s, w->d.a, work_kind(w, NODE), "", &s.nodes) < 0)
        w->d.failed = true;
    if (w->d.failed || !revisions_sync(w, s.set, HASH_LABEL, &s.revisions))
        return;
    spec = draft_copy(&w->d, value_path(s.set, "spec.template.spec"));
    add_tolerations(&w->d, spec);
    s.spec = spec;
    for (size_t i = 0; i < array_count(s.nodes); i++)
        tend(&s, array_at(s.nodes, i));
    update_pods(&s);
    write_status(&s);
    trim(&s);
}
