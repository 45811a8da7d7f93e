/*
 * control_scheduler.c -- pods get a node that fits: taints, selectors, required
 *                        affinities, resources, claims; the least used one.
 */
#include <string.h>

#include "base/text.h"
#include "control_pods.h"
#include "control_steps.h"

#define WISH_KEY "sim.tidelock.dev/pod"
#define SELECTED_KEY "volume.kubernetes.io/selected-node"
#define REASONS_MAX 16

struct search {
    struct work *w;
    const struct value *pod;
    const struct member *member;
    struct value *nodes; /* all of them */
    const struct value *best;
    const char *reasons[REASONS_MAX];
    int counts[REASONS_MAX];
    size_t reason_count;
};

static bool waits(const struct member *m)
{
    return m->node[0] == '\0' && !m->ended && !m->deleting;
}

void scheduler_changed(struct controllers *c, const struct news *n)
{
    const char *pods = c->kinds[POD]->bucket;
    bool claims = n->kind == CLAIM;

    if (!claims && n->kind != NODE && !(n->kind == POD && n->deleted))
        return;
    for (struct shelf *s = NULL; (s = graph_next_shelf(c->graph, s));) {
        if (!text_equal(s->bucket, pods) ||
            (claims && !text_equal(s->ns, n->key->ns)))
            continue;
        for (const struct member *m = s->first; m; m = m->next)
            if (waits(m))
                control_add(c, CONTROL_SCHEDULER, m->key.ns, m->key.name);
    }
}

/* ---- affinity between pods ---- */

static const struct value *find_node(const struct search *s, const char *name)
{
    for (size_t i = 0; i < array_count(s->nodes); i++)
        if (text_equal(object_name(array_at(s->nodes, i)), name))
            return array_at(s->nodes, i);
    return NULL;
}

/* Is there a pod that the term means in the node's topology domain? */
static bool domain_has(struct search *s, const struct value *term,
                       const struct value *node)
{
    const char *key = value_text_at(term, "topologyKey");
    const char *domain = key ? object_label(node, key) : NULL, *other;
    struct selector *labels =
        work_selector(s->w, value_get(term, "labelSelector"));
    const struct value *spaces = value_get(term, "namespaces");
    const char *pods = work_kind(s->w, POD)->bucket;

    for (struct shelf *f = NULL; (f = graph_next_shelf(s->w->c->graph, f));) {
        if (!labels || !domain || !text_equal(f->bucket, pods) ||
            (array_count(spaces) > 0 ? !array_has_text(spaces, f->ns)
                                     : !text_equal(f->ns, object_ns(s->pod))))
            continue;
        for (const struct member *m = f->first; m; m = m->next) {
            if (m->node[0] == '\0' || m->ended ||
                !selector_match_labels(labels, m->labels))
                continue;
            other = object_label(find_node(s, m->node), key);
            if (text_equal(other, domain))
                return true;
        }
    }
    return false;
}

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"

static bool terms_hold(struct search *s, const char *path,
                       const struct value *node, bool wanted)
{
    const struct value *terms = value_path(s->pod, path), *term;
    struct selector *self;

    for (size_t i = 0; i < array_count(terms); i++) {
        term = array_at(terms, i);
        if (domain_has(s, term, node) == wanted)
            continue;
        if (!wanted)
            return false;
        /* The first of a group may start it. */
        self = work_selector(s->w, value_get(term, "labelSelector"));
        if (!self || !selector_match_labels(self, s->member->labels))
            return false;
    }
    return true;
}

/* ---- one node ---- */

/* As if a cordoned node had its taint. */
static bool tolerates_cordon(struct search *s)
{
    struct value *taint = draft_object(&s->w->d);

    draft_text(&s->w->d, taint, "key", "node.kubernetes.io/unschedulable");
    draft_text(&s->w->d, taint, "effect", "NoSchedule");
    return pod_tolerates(value_get(s->pod, "spec"), taint, NULL);
}

/* Why it does not fit; NULL: it does. */
static const char *misfit(struct search *s, const struct value *node)
{
    const struct value *spec = value_get(s->pod, "spec");
    const struct value *has = value_path(node, "status.allocatable");
    struct node_use use = graph_node_use(s->w->c->graph, object_name(node));
    int64_t cpu = quantity_milli(value_text_at(has, "cpu"));
    int64_t memory = quantity_milli(value_text_at(has, "memory")) / 1000;
    int64_t pods = quantity_milli(value_text_at(has, "pods")) / 1000;

    if (value_bool_at(node, "spec.unschedulable", false) &&
        !tolerates_cordon(s))
        return "node(s) were unschedulable";
    if (pod_repelled(spec, node))
        return "node(s) had untolerated taint(s)";
    if (!pod_fits_labels(spec, node))
        return "node(s) didn't match Pod's node affinity/selector";
    if (use.pods + 1 > pods)
        return "Too many pods";
    if (s->member->cpu_milli > 0 && use.cpu_milli + s->member->cpu_milli > cpu)
        return "Insufficient cpu";
    if (s->member->memory > 0 && use.memory + s->member->memory > memory)
        return "Insufficient memory";
    if (!terms_hold(s, "spec.affinity.podAffinity." REQUIRED, node, true))
        return "node(s) didn't match pod affinity rules";
    if (!terms_hold(s, "spec.affinity.podAntiAffinity." REQUIRED, node, false))
        return "node(s) didn't match pod anti-affinity rules";
    return NULL;
}

static void count_reason(struct search *s, const char *reason)
{
    size_t i = 0;

    while (i < s->reason_count && !text_equal(s->reasons[i], reason))
        i++;
    if (i == REASONS_MAX)
        return;
    s->reasons[i] = reason;
    s->counts[i]++;
    s->reason_count += i == s->reason_count;
}

static void look_at_nodes(struct search *s)
{
    const struct value *node;
    const char *why;
    struct node_use use, best = {0};

    for (size_t i = 0; i < array_count(s->nodes); i++) {
        node = array_at(s->nodes, i);
        why = misfit(s, node);
        if (why) {
            count_reason(s, why);
            continue;
        }
        use = graph_node_use(s->w->c->graph, object_name(node));
        if (!s->best || use.pods < best.pods) {
            s->best = node;
            best = use;
        }
    }
}

/* ---- what comes of it ---- */

static const char *explain(struct search *s)
{
    struct draft *d = &s->w->d;
    size_t total = array_count(s->nodes);
    const char *text;

    if (total == 0)
        return "no nodes available to schedule pods";
    text = draft_printf(d, "0/%zu nodes are available:", total);
    for (size_t i = 0; i < s->reason_count; i++)
        text = draft_printf(d, "%s%s %d %s", text, i > 0 ? "," : "",
                            s->counts[i], s->reasons[i]);
    return draft_printf(d, "%s.", text);
}

static void leave_pending(struct search *s, const char *why)
{
    struct value *status = draft_copy(&s->w->d, value_get(s->pod, "status"));
    struct condition c = {.type = "PodScheduled",
                          .status = "False",
                          .reason = "Unschedulable",
                          .message = why,
                          .probes = true,
                          .generation =
                              value_int_at(s->pod, "metadata.generation", 0)};

    if (!draft_condition(&s->w->d, status, &c))
        return;
    work_status(s->w, POD, s->pod, status);
    work_event(s->w, s->pod, true, "FailedScheduling", why);
}

static void bind(struct search *s)
{
    struct draft *d = &s->w->d;
    struct value *body = draft_object(d), *target;
    const char *node = object_name(s->best);
    struct sim_call call = {.method = HTTP_POST,
                            .kind = work_kind(s->w, POD),
                            .key = *s->w->key,
                            .subresource = "binding",
                            .body = body};

    draft_text(d, body, "apiVersion", "v1");
    draft_text(d, body, "kind", "Binding");
    draft_text(d, draft_make(d, body, "metadata"), "name", s->w->key->name);
    draft_text(d, draft_make(d, body, "metadata"), "namespace", s->w->key->ns);
    target = draft_make(d, body, "target");
    draft_text(d, target, "kind", "Node");
    draft_text(d, target, "name", node);
    if (work_call(s->w, &call) < 300)
        work_event(s->w, s->pod, false, "Scheduled",
                   draft_printf(d, "Successfully assigned %s/%s to %s",
                                s->w->key->ns, s->w->key->name, node));
}

/* ---- claims ---- */

static bool waits_for_pod(struct work *w, const struct value *claim)
{
    const char *name = value_text_at(claim, "spec.storageClassName");
    struct value *class = name ? work_get(w, STORAGE_CLASS, "", name) : NULL;

    return text_equal(value_text_at(class, "volumeBindingMode"),
                      "WaitForFirstConsumer");
}

/* True: the pod has to wait for this one. *ret_why says so when it is no
 * matter of a moment. */
static bool look_at_claim(struct search *s, const char *name,
                          const char **ret_why)
{
    struct draft *d = &s->w->d;
    struct value *claim = work_get(s->w, CLAIM, s->w->key->ns, name), *notes;

    if (!claim) {
        *ret_why =
            draft_printf(d, "persistentvolumeclaim \"%s\" not found", name);
        return true;
    }
    if (text_equal(value_text_at(claim, "status.phase"), "Bound"))
        return false;
    if (!waits_for_pod(s->w, claim)) {
        *ret_why = "pod has unbound immediate PersistentVolumeClaims";
        return true;
    }
    if (s->best && !object_annotation(claim, SELECTED_KEY)) {
        notes = draft_make(d, value_get(claim, "metadata"), "annotations");
        draft_text(d, notes, SELECTED_KEY, object_name(s->best));
        work_update(s->w, CLAIM, claim);
    }
    return true;
}

static bool claims_missing(struct search *s, const char **ret_why)
{
    const struct value *all = value_path(s->pod, "spec.volumes");
    const char *name;
    bool missing = false;

    for (size_t i = 0; i < array_count(all); i++) {
        name =
            value_text_at(array_at(all, i), "persistentVolumeClaim.claimName");
        if (name)
            missing |= look_at_claim(s, name, ret_why);
    }
    return missing;
}

static bool is_ours(const struct value *pod)
{
    const char *name = value_text_at(pod, "spec.schedulerName");

    return pod && !value_text_at(pod, "spec.nodeName") && pod_is_active(pod) &&
           array_count(value_path(pod, "spec.schedulingGates")) == 0 &&
           (!name || text_equal(name, "default-scheduler"));
}

void scheduler_step(struct work *w)
{
    struct search s = {.w = w};
    const char *why = NULL;

    s.pod = work_get(w, POD, w->key->ns, w->key->name);
    s.member = graph_find(w->c->graph, work_kind(w, POD)->bucket, w->key);
    if (!is_ours(s.pod) || !s.member)
        return;
    if (sim_list(w->c->s, w->d.a, work_kind(w, NODE), "", &s.nodes) < 0)
        w->d.failed = true;
    if (w->d.failed)
        return;
    if (text_equal(object_annotation(s.pod, WISH_KEY), "pending")) {
        leave_pending(&s, "kept pending by its annotation " WISH_KEY);
        return;
    }
    look_at_nodes(&s);
    if (claims_missing(&s, &why)) {
        if (why)
            leave_pending(&s, why);
    } else if (s.best) {
        bind(&s);
    } else {
        leave_pending(&s, explain(&s));
    }
}
