/*
 * control_slice.c -- the addresses behind a Service: EndpointSlices, and
 *                    Endpoints for those who still read them.
 */
#include "base/text.h"
#include "control_pods.h"
#include "control_steps.h"

#define SLICE_MOST 100
#define SERVICE_LABEL "kubernetes.io/service-name"
#define MANAGED_LABEL "endpointslice.kubernetes.io/managed-by"
#define HEADLESS "service.kubernetes.io/headless"
#define MANAGED_BY "endpointslice-controller.k8s.io"

struct backend {
    struct work *w;
    struct draft *d;
    const struct value *service;
    struct value *pods; /* with an address, by name */
    bool publish;       /* also what is not ready */
};

/* ---- hearing ---- */

/* Of two maps of texts: are all pairs of the first in the second? */
static bool is_within(const struct value *selector, const struct value *labels)
{
    for (uint32_t i = 0; i < selector->count; i++)
        if (!text_equal(
                value_text(selector->as.members[i].value),
                value_text(value_get(labels, selector->as.members[i].key))))
            return false;
    return true;
}

static void add_services(struct controllers *c, enum controller_id id,
                         const struct news *n)
{
    const struct value *labels = value_path(n->object, "metadata.labels");
    const struct member *m =
        graph_first(c->graph, c->kinds[SERVICE]->bucket, n->key->ns);

    for (; m; m = m->next)
        if (m->selector &&
            (is_within(m->selector, labels) || (n->relabelled && !n->created)))
            control_add(c, id, m->key.ns, m->key.name);
}

void slice_changed(struct controllers *c, const struct news *n)
{
    const char *service;

    if (n->kind == POD)
        add_services(c, CONTROL_SLICE, n);
    if (n->kind != SLICE)
        return;
    service = object_label(n->object, SERVICE_LABEL);
    if (service)
        control_add(c, CONTROL_SLICE, n->key->ns, service);
}

void endpoints_changed(struct controllers *c, const struct news *n)
{
    if (n->kind == POD)
        add_services(c, CONTROL_ENDPOINTS, n);
    else if (n->kind == ENDPOINTS)
        control_add(c, CONTROL_ENDPOINTS, n->key->ns, n->key->name);
}

/* ---- what is behind ---- */

static bool is_headless(const struct value *service)
{
    return text_equal(value_text_at(service, "spec.clusterIP"), "None");
}

static void find_pods(struct backend *b)
{
    const struct value *selector = value_path(b->service, "spec.selector");
    const struct member *m = graph_first(
        b->w->c->graph, work_kind(b->w, POD)->bucket, b->w->key->ns);
    struct value *pod;

    b->pods = draft_array(b->d);
    for (; m; m = m->next) {
        if (m->ended || m->node[0] == '\0' || !is_within(selector, m->labels))
            continue;
        pod = work_get(b->w, POD, m->key.ns, m->key.name);
        if (value_text_at(pod, "status.podIP"))
            draft_append(b->d, b->pods, pod);
    }
    pods_sort(b->pods, pods_by_name);
}

/* False: nothing is to be kept for it. */
static bool read_backend(struct backend *b)
{
    const struct value *selector;

    b->service = work_get(b->w, SERVICE, b->w->key->ns, b->w->key->name);
    selector = value_path(b->service, "spec.selector");
    if (!value_is(selector, VALUE_OBJECT) || selector->count == 0 ||
        object_deleting(b->service) ||
        text_equal(value_text_at(b->service, "spec.type"), "ExternalName"))
        return false;
    b->publish =
        value_bool_at(b->service, "spec.publishNotReadyAddresses", false);
    find_pods(b);
    return !b->d->failed;
}

/* -1: no container has a port of that name. */
static int64_t port_named(const struct value *pod, const char *name)
{
    const struct value *all = value_path(pod, "spec.containers"), *ports;

    for (size_t i = 0; i < array_count(all); i++) {
        ports = value_get(array_at(all, i), "ports");
        for (size_t k = 0; k < array_count(ports); k++)
            if (text_equal(value_text_at(array_at(ports, k), "name"), name))
                return value_int_at(array_at(ports, k), "containerPort", -1);
    }
    return -1;
}

static int64_t target_of(const struct backend *b, const struct value *port)
{
    const struct value *target = value_get(port, "targetPort");
    const char *name = value_text(target);
    int64_t found = -1;

    if (!name)
        return value_int_at(port, "targetPort", value_int_at(port, "port", 0));
    for (size_t i = 0; i < array_count(b->pods) && found < 0; i++)
        found = port_named(array_at(b->pods, i), name);
    return found;
}

static struct value *ports_of(struct backend *b, bool always_named)
{
    struct draft *d = b->d;
    const struct value *all = value_path(b->service, "spec.ports"), *from;
    struct value *ports = draft_array(d), *one;
    const char *name, *protocol;
    int64_t target;

    for (size_t i = 0; array_count(b->pods) && i < array_count(all); i++) {
        from = array_at(all, i);
        target = target_of(b, from);
        if (target < 0)
            continue;
        one = draft_object(d);
        name = value_text_at(from, "name");
        protocol = value_text_at(from, "protocol");
        if (name || always_named)
            draft_text(d, one, "name", name ? name : "");
        draft_int(d, one, "port", target);
        draft_text(d, one, "protocol", protocol ? protocol : "TCP");
        if (value_text_at(from, "appProtocol"))
            draft_text(d, one, "appProtocol",
                       value_text_at(from, "appProtocol"));
        draft_append(d, ports, one);
    }
    return ports;
}

static struct value *target_ref(struct backend *b, const struct value *pod)
{
    struct value *ref = draft_object(b->d);

    draft_text(b->d, ref, "kind", "Pod");
    draft_text(b->d, ref, "name", object_name(pod));
    draft_text(b->d, ref, "namespace", object_ns(pod));
    draft_text(b->d, ref, "uid", object_uid(pod));
    return ref;
}

/* Its own name in DNS, when the pod says that it belongs to this service. */
static const char *hostname_of(const struct backend *b, const struct value *pod)
{
    return text_equal(value_text_at(pod, "spec.subdomain"),
                      object_name(b->service))
               ? value_text_at(pod, "spec.hostname")
               : NULL;
}

/* ---- EndpointSlices ---- */

static struct value *endpoint_of(struct backend *b, const struct value *pod)
{
    struct draft *d = b->d;
    struct value *one = draft_object(d), *addresses = draft_array(d), *is;
    bool serving = pod_is_ready(pod), going = object_deleting(pod);

    draft_append(d, addresses,
                 value_string(d->a, value_text_at(pod, "status.podIP")));
    draft_set(d, one, "addresses", addresses);
    is = draft_make(d, one, "conditions");
    draft_bool(d, is, "ready", b->publish || (serving && !going));
    draft_bool(d, is, "serving", serving);
    draft_bool(d, is, "terminating", going);
    draft_text(d, one, "hostname", hostname_of(b, pod));
    draft_text(d, one, "nodeName", value_text_at(pod, "spec.nodeName"));
    draft_set(d, one, "targetRef", target_ref(b, pod));
    return one;
}

static struct value *draft_slice(struct backend *b)
{
    struct draft *d = b->d;
    struct value *slice = draft_object(d), *meta, *labels, *owners, *owner;
    const struct value *from = value_path(b->service, "metadata.labels");

    meta = draft_make(d, slice, "metadata");
    draft_text(d, meta, "generateName",
               draft_printf(d, "%s-", object_name(b->service)));
    draft_text(d, meta, "namespace", object_ns(b->service));
    labels = draft_copy(d, from);
    draft_set(d, meta, "labels", labels);
    draft_text(d, labels, SERVICE_LABEL, object_name(b->service));
    draft_text(d, labels, MANAGED_LABEL, MANAGED_BY);
    if (is_headless(b->service))
        draft_text(d, labels, HEADLESS, "");
    owners = draft_array(d);
    owner = work_owner(b->w, SERVICE, b->service);
    draft_append(d, owners, owner);
    draft_set(d, meta, "ownerReferences", owners);
    draft_text(d, slice, "addressType", "IPv4");
    return slice;
}

static struct value *part_of(struct backend *b, size_t from)
{
    struct value *part = draft_array(b->d);

    for (size_t i = from; i < array_count(b->pods) && i < from + SLICE_MOST;
         i++)
        draft_append(b->d, part, endpoint_of(b, array_at(b->pods, i)));
    return part;
}

static void write_slice(struct backend *b, struct value *had, size_t from)
{
    struct draft *d = b->d;
    struct value *slice = had ? had : draft_slice(b);
    struct value *part = part_of(b, from), *ports = ports_of(b, true);

    if (had && value_equal(value_get(had, "endpoints"), part) &&
        value_equal(value_get(had, "ports"), ports))
        return;
    draft_set(d, slice, "endpoints", part);
    draft_set(d, slice, "ports", ports);
    if (had)
        work_update(b->w, SLICE, slice);
    else
        work_create(b->w, SLICE, slice);
}

void slice_step(struct work *w)
{
    struct backend b = {.w = w, .d = &w->d};
    struct value *all;
    size_t used = 0, from = 0;

    if (!read_backend(&b))
        return;
    all = work_owned(w, SLICE, w->key->ns, object_uid(b.service));
    do {
        write_slice(&b, array_at(all, used++), from);
        from += SLICE_MOST;
    } while (from < array_count(b.pods));
    for (; used < array_count(all); used++)
        work_delete(w, work_kind(w, SLICE), array_at(all, used), NULL);
}

/* ---- Endpoints ---- */

static struct value *address_of(struct backend *b, const struct value *pod)
{
    struct draft *d = b->d;
    struct value *one = draft_object(d);

    draft_text(d, one, "hostname", hostname_of(b, pod));
    draft_text(d, one, "ip", value_text_at(pod, "status.podIP"));
    draft_text(d, one, "nodeName", value_text_at(pod, "spec.nodeName"));
    draft_set(d, one, "targetRef", target_ref(b, pod));
    return one;
}

static struct value *subsets_of(struct backend *b)
{
    struct draft *d = b->d;
    struct value *all = draft_array(d), *subset = draft_object(d), *ports;
    struct value *ready = draft_array(d), *waiting = draft_array(d);
    const struct value *pod;

    for (size_t i = 0; i < array_count(b->pods); i++) {
        pod = array_at(b->pods, i);
        if (object_deleting(pod))
            continue;
        draft_append(d, b->publish || pod_is_ready(pod) ? ready : waiting,
                     address_of(b, pod));
    }
    if (array_count(ready) + array_count(waiting) == 0)
        return all;
    if (array_count(ready) > 0)
        draft_set(d, subset, "addresses", ready);
    if (array_count(waiting) > 0)
        draft_set(d, subset, "notReadyAddresses", waiting);
    ports = ports_of(b, false);
    if (array_count(ports) > 0)
        draft_set(d, subset, "ports", ports);
    draft_append(d, all, subset);
    return all;
}

static void write_endpoints(struct backend *b)
{
    struct draft *d = b->d;
    struct value *had =
        work_get(b->w, ENDPOINTS, b->w->key->ns, b->w->key->name);
    struct value *subsets = subsets_of(b), *meta, *body = had;

    if (had && (value_equal(value_get(had, "subsets"), subsets) ||
                (!value_get(had, "subsets") && array_count(subsets) == 0)))
        return;
    if (!had) {
        body = draft_object(d);
        meta = draft_make(d, body, "metadata");
        draft_text(d, meta, "name", b->w->key->name);
        draft_text(d, meta, "namespace", b->w->key->ns);
        draft_set(d, meta, "labels",
                  draft_copy(d, value_path(b->service, "metadata.labels")));
        draft_text(d, draft_make(d, meta, "labels"),
                   "endpoints.kubernetes.io/managed-by", "endpoint-controller");
    }
    if (!had && is_headless(b->service))
        draft_text(d, value_path(body, "metadata.labels"), HEADLESS, "");
    draft_set(d, body, "subsets", subsets);
    if (had)
        work_update(b->w, ENDPOINTS, body);
    else
        work_create(b->w, ENDPOINTS, body);
}

void endpoints_step(struct work *w)
{
    struct backend b = {.w = w, .d = &w->d};
    struct value *left;

    if (read_backend(&b)) {
        write_endpoints(&b);
        return;
    }
    left = b.service ? NULL : work_get(w, ENDPOINTS, w->key->ns, w->key->name);
    if (left &&
        text_equal(object_label(left, "endpoints.kubernetes.io/managed-by"),
                   "endpoint-controller"))
        work_delete(w, work_kind(w, ENDPOINTS), left, NULL);
}
