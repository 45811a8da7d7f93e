/*
 * control_nodes.c -- simulated nodes, their heartbeats, and what happens to
 *                    pods when a node is not ready or not there.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "control_pods.h"
#include "control_steps.h"

#define NODE_KEY "sim.tidelock.dev/node"
#define NOT_READY "node.kubernetes.io/not-ready"
#define LEASE_NS "kube-node-lease"
#define HEARTBEAT_MS 10000u
#define LEASE_SECONDS 40
/* How long a pod may name a node that is not there. */
#define ORPHAN_MS 40000u

bool nodes_is_simulated(const struct controllers *c, const char *name)
{
    int64_t number;

    return text_starts(name, "node-") &&
           text_to_int64(name + 5, strlen(name + 5), &number) && number >= 1 &&
           number <= (int64_t)sim_options(c->s)->nodes;
}

/* ---- making ---- */

static void set_texts(struct draft *d, struct value *object,
                      const char *const (*pairs)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        draft_text(d, object, pairs[i][0], pairs[i][1]);
}

static struct value *capacity(struct draft *d)
{
    static const char *const pairs[][2] = {{"cpu", "64"},
                                           {"ephemeral-storage", "1Ti"},
                                           {"memory", "256Gi"},
                                           {"pods", "10k"}};
    struct value *all = draft_object(d);

    set_texts(d, all, pairs, sizeof pairs / sizeof *pairs);
    return all;
}

static void add_address(struct draft *d, struct value *all, const char *type,
                        const char *address)
{
    struct value *one = draft_object(d);

    draft_text(d, one, "type", type);
    draft_text(d, one, "address", address);
    draft_append(d, all, one);
}

static void judge_node(struct draft *d, struct value *status, bool ready)
{
    static const char *const fine[][3] = {
        {"MemoryPressure", "KubeletHasSufficientMemory",
         "kubelet has sufficient memory available"},
        {"DiskPressure", "KubeletHasNoDiskPressure",
         "kubelet has no disk pressure"},
        {"PIDPressure", "KubeletHasSufficientPID",
         "kubelet has sufficient PID available"}};

    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        draft_condition(d, status,
                        &(struct condition){.type = fine[i][0],
                                            .status = "False",
                                            .reason = fine[i][1],
                                            .message = fine[i][2]});
    draft_condition(d, status,
                    &(struct condition){
                        .type = "Ready",
                        .status = ready ? "True" : "False",
                        .reason = ready ? "KubeletReady" : "KubeletNotReady",
                        .message = ready ? "kubelet is posting ready status"
                                         : "container runtime is down"});
}

static struct value *node_status(struct draft *d, const char *name)
{
    static const char *const info[][2] = {
        {"architecture", "amd64"},
        {"bootID", ""},
        {"containerRuntimeVersion", "sim://1"},
        {"kernelVersion", "sim"},
        {"kubeProxyVersion", ""},
        {"kubeletVersion", "v1.36.3"},
        {"machineID", ""},
        {"operatingSystem", "linux"},
        {"osImage", "tidelock sim"},
        {"systemUUID", ""}};
    struct value *status = draft_object(d), *addresses = draft_array(d);
    int64_t number = 0;

    text_to_int64(name + 5, strlen(name + 5), &number);
    draft_set(d, status, "capacity", capacity(d));
    draft_set(d, status, "allocatable", capacity(d));
    add_address(d, addresses, "InternalIP",
                draft_printf(d, "10.0.%d.%d", (int)(number / 250) & 255,
                             (int)(number % 250) + 1));
    add_address(d, addresses, "Hostname", name);
    draft_set(d, status, "addresses", addresses);
    draft_int(d,
              draft_make(d, draft_make(d, status, "daemonEndpoints"),
                         "kubeletEndpoint"),
              "Port", 10250);
    set_texts(d, draft_make(d, status, "nodeInfo"), info,
              sizeof info / sizeof *info);
    judge_node(d, status, true);
    return status;
}

static void make_node(struct work *w, const char *name)
{
    const char *const labels[][2] = {{"beta.kubernetes.io/arch", "amd64"},
                                     {"beta.kubernetes.io/os", "linux"},
                                     {"kubernetes.io/arch", "amd64"},
                                     {"kubernetes.io/hostname", name},
                                     {"kubernetes.io/os", "linux"}};
    struct draft *d = &w->d;
    struct value *node = draft_object(d);
    struct value *meta = draft_make(d, node, "metadata");

    draft_text(d, meta, "name", name);
    set_texts(d, draft_make(d, meta, "labels"), labels,
              sizeof labels / sizeof *labels);
    if (work_create(w, NODE, node) < 300)
        work_status(w, NODE, w->answer, node_status(d, name));
}

int nodes_make(struct controllers *c, struct err *err)
{
    struct work w;
    char name[32];

    for (unsigned i = 1; i <= sim_options(c->s)->nodes; i++) {
        snprintf(name, sizeof name, "node-%u", i);
        w = work_begin(c, CONTROL_NODES, NULL);
        if (!work_get(&w, NODE, "", name))
            make_node(&w, name);
        if (w.d.failed || w.again)
            return work_refusal(&w, name, err);
    }
    return 0;
}

/* ---- heartbeats ---- */

static void renew_lease(struct work *w, const struct value *node)
{
    struct draft *d = &w->d;
    const char *name = object_name(node);
    struct value *lease = work_get(w, LEASE, LEASE_NS, name), *spec;
    bool had = lease != NULL;
    char now[32];

    if (!had) {
        lease = draft_object(d);
        draft_text(d, draft_make(d, lease, "metadata"), "name", name);
        draft_text(d, draft_make(d, lease, "metadata"), "namespace", LEASE_NS);
    }
    text_rfc3339(d->unix_now, now);
    spec = draft_make(d, lease, "spec");
    draft_text(d, spec, "holderIdentity", name);
    draft_int(d, spec, "leaseDurationSeconds", LEASE_SECONDS);
    draft_text(d, spec, "renewTime", draft_printf(d, "%.19s.000000Z", now));
    if (had)
        work_update(w, LEASE, lease);
    else
        work_create(w, LEASE, lease);
}

/* ---- not ready ---- */

static bool is_not_ready_taint(const struct value *taint)
{
    return text_equal(value_text_at(taint, "key"), NOT_READY);
}

static void add_taint(struct draft *d, struct value *all, const char *effect)
{
    struct value *one = draft_object(d);

    draft_text(d, one, "key", NOT_READY);
    draft_text(d, one, "effect", effect);
    draft_time(d, one, "timeAdded", d->unix_now);
    draft_append(d, all, one);
}

/* Both effects together, or none. */
static void taint_node(struct work *w, struct value *node, bool ready)
{
    struct draft *d = &w->d;
    struct value *spec = draft_make(d, node, "spec");
    struct value *all = value_get(spec, "taints");
    size_t found = 0;

    for (size_t i = array_count(all); i-- > 0;) {
        if (!is_not_ready_taint(array_at(all, i)))
            continue;
        found++;
        if (ready)
            array_drop(all, i);
    }
    if (ready ? found == 0 : found > 0)
        return;
    if (!ready && !value_is(all, VALUE_ARRAY)) {
        all = draft_array(d);
        draft_set(d, spec, "taints", all);
    }
    if (!ready) {
        add_taint(d, all, "NoSchedule");
        add_taint(d, all, "NoExecute");
    }
    if (array_count(all) == 0)
        value_unset(spec, "taints");
    work_update(w, NODE, node);
}

static void unready_pod(struct work *w, const struct member *m)
{
    struct value *pod = work_get(w, POD, m->key.ns, m->key.name), *status;

    if (!pod_is_ready(pod))
        return;
    status = draft_copy(&w->d, value_get(pod, "status"));
    draft_condition(&w->d, status,
                    &(struct condition){.type = "Ready",
                                        .status = "False",
                                        .reason = "NodeNotReady",
                                        .message = "Node is not ready",
                                        .probes = true});
    work_status(w, POD, pod, status);
}

static void unready_pods(struct work *w, const char *node)
{
    for (struct shelf *s = NULL; (s = graph_next_shelf(w->c->graph, s));)
        for (const struct member *m = s->first; m; m = m->next)
            if (text_equal(m->node, node) && !m->ended)
                unready_pod(w, m);
}

void nodes_step(struct work *w)
{
    struct value *node = work_get(w, NODE, "", w->key->name), *status;
    bool ready = !text_equal(object_annotation(node, NODE_KEY), "not-ready");

    if (!node || !nodes_is_simulated(w->c, w->key->name))
        return;
    status = draft_copy(&w->d, value_get(node, "status"));
    judge_node(&w->d, status, ready);
    if (!value_equal(status, value_get(node, "status"))) {
        if (work_status(w, NODE, node, status) >= 300)
            return;
        node = w->answer;
        work_event(w, node, false, ready ? "NodeReady" : "NodeNotReady",
                   draft_printf(&w->d, "Node %s status is now: %s",
                                object_name(node),
                                ready ? "NodeReady" : "NodeNotReady"));
    }
    taint_node(w, node, ready);
    if (ready)
        renew_lease(w, node);
    else
        unready_pods(w, w->key->name);
    work_after(w, HEARTBEAT_MS);
}

/* ---- taints that evict ---- */

void taint_changed(struct controllers *c, const struct news *n)
{
    if (n->kind == NODE && !n->deleted)
        control_add_node(c, CONTROL_TAINT, n->key->name, 0);
}

static void evict(struct work *w, struct value *pod)
{
    struct value *status = draft_copy(&w->d, value_get(pod, "status"));
    struct condition c = {.type = "DisruptionTarget",
                          .status = "True",
                          .reason = "DeletionByTaintManager",
                          .message =
                              "Taint manager: deleting due to NoExecute taint",
                          .probes = true};

    work_event(w, pod, false, "TaintManagerEviction",
               draft_printf(&w->d, "Marking for deletion Pod %s/%s", w->key->ns,
                            w->key->name));
    draft_condition(&w->d, status, &c);
    if (work_status(w, POD, pod, status) < 300)
        work_delete(w, work_kind(w, POD), pod, NULL);
}

void taint_step(struct work *w)
{
    struct value *pod = work_get(w, POD, w->key->ns, w->key->name), *node;
    const char *name = value_text_at(pod, "spec.nodeName");
    const struct value *taints, *one;
    int64_t seconds, left, least = -1;

    node = name && !object_deleting(pod) ? work_get(w, NODE, "", name) : NULL;
    taints = value_path(node, "spec.taints");
    for (size_t i = 0; i < array_count(taints); i++) {
        one = array_at(taints, i);
        if (!text_equal(value_text_at(one, "effect"), "NoExecute"))
            continue;
        left = 0;
        if (pod_tolerates(value_get(pod, "spec"), one, &seconds)) {
            if (seconds < 0)
                continue;
            left = object_time(one, "timeAdded") + seconds - w->d.unix_now;
        }
        left = left < 0 ? 0 : left;
        least = least < 0 || left < least ? left : least;
    }
    if (least == 0)
        evict(w, pod);
    else if (least > 0)
        work_after(w, (uint64_t)least * 1000);
}

/* ---- pods of nodes that are gone ---- */

static bool is_orphan(struct controllers *c, const char *node)
{
    struct object_key key = {"", node};

    return node[0] != '\0' &&
           !graph_find(c->graph, c->kinds[NODE]->bucket, &key);
}

void pod_gc_changed(struct controllers *c, const struct news *n)
{
    if (n->kind == NODE && n->deleted)
        control_add_node(c, CONTROL_POD_GC, n->key->name, ORPHAN_MS);
    else if (n->kind == POD && n->member && is_orphan(c, n->member->node))
        control_add_after(c, CONTROL_POD_GC, n->key, ORPHAN_MS);
}

void pod_gc_step(struct work *w)
{
    struct value *pod = work_get(w, POD, w->key->ns, w->key->name), *options;
    const char *node = value_text_at(pod, "spec.nodeName");
    struct value *status;
    struct sim_call call = {
        .method = HTTP_DELETE, .kind = work_kind(w, POD), .key = *w->key};

    if (!pod || !is_orphan(w->c, node ? node : ""))
        return;
    status = draft_copy(&w->d, value_get(pod, "status"));
    if (!pod_is_ended(pod))
        draft_text(&w->d, status, "phase", "Failed");
    draft_condition(
        &w->d, status,
        &(struct condition){.type = "DisruptionTarget",
                            .status = "True",
                            .reason = "DeletionByPodGC",
                            .message = "PodGC: node no longer exists",
                            .probes = true});
    if (work_status(w, POD, pod, status) >= 300)
        return;
    options = draft_object(&w->d);
    draft_text(&w->d, options, "apiVersion", "v1");
    draft_text(&w->d, options, "kind", "DeleteOptions");
    draft_int(&w->d, options, "gracePeriodSeconds", 0);
    call.body = options;
    work_call(w, &call);
}
