/*
 * control_kubelet.c -- pods on simulated nodes: control_life.c decides, this
 *                      writes it down and keeps the time.
 */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "control_life.h"
#include "control_pods.h"
#include "control_steps.h"

#define NODE_KEY "sim.tidelock.dev/node"

void kubelet_release(struct controllers *c)
{
    void *run;

    for (size_t it = 0; c->runs && map_next(c->runs, &it, NULL, NULL, &run);)
        mem_free(run);
    map_free(c->runs);
    c->runs = NULL;
}

/* NULL on out of memory. */
static struct run *find_or_make_run(struct controllers *c, const char *uid)
{
    struct run *run = map_get(c->runs, uid, strlen(uid));

    if (run)
        return run;
    run = mem_calloc(1, sizeof *run);
    if (run && map_put(c->runs, uid, strlen(uid), run, NULL) < 0) {
        mem_free(run);
        return NULL;
    }
    return run;
}

/* Addresses of an earlier life are not given again. */
static void note_address(struct controllers *c, const struct value *pod)
{
    const char *ip = value_text_at(pod, "status.podIP");
    unsigned high, low, given;

    if (!ip || sscanf(ip, "10.244.%u.%u", &high, &low) != 2)
        return;
    given = high * 250 + low;
    if (given > c->addresses)
        c->addresses = given;
}

void kubelet_changed(struct controllers *c, const struct news *n)
{
    if (n->kind == POD && n->deleted)
        mem_free(map_remove(c->runs, n->uid, strlen(n->uid)));
    else if (n->kind == POD)
        note_address(c, n->object);
    else if (n->kind == NODE && !n->deleted)
        control_add_node(c, CONTROL_KUBELET, n->key->name, 0);
}

static const char *host_ip(const struct value *node)
{
    const struct value *all = value_path(node, "status.addresses");
    const char *ip = value_text_at(array_at(all, 0), "address");

    return ip ? ip : "127.0.0.1";
}

static void write_status(struct work *w, const struct value *pod,
                         struct life *life)
{
    struct value *body;
    struct sim_call call = {
        .method = HTTP_PUT,
        .kind = work_kind(w, POD),
        .key = *w->key,
        .subresource = "status",
        .user = draft_printf(&w->d, "system:node:%s",
                             value_text_at(pod, "spec.nodeName"))};

    if (value_equal(value_get(pod, "status"), life->status))
        return;
    body = draft_copy(&w->d, pod);
    draft_set(&w->d, body, "status", life->status);
    call.body = body;
    work_call(w, &call);
}

/* The containers have stopped: the object may go. */
static void let_go(struct work *w, const struct value *pod)
{
    struct value *options = draft_object(&w->d);
    struct sim_call call = {.method = HTTP_DELETE,
                            .kind = work_kind(w, POD),
                            .key = *w->key,
                            .body = options};

    draft_text(&w->d, options, "apiVersion", "v1");
    draft_text(&w->d, options, "kind", "DeleteOptions");
    draft_int(&w->d, options, "gracePeriodSeconds", 0);
    draft_text(&w->d, draft_make(&w->d, options, "preconditions"), "uid",
               object_uid(pod));
    work_call(w, &call);
}

static bool is_let_go(const struct value *pod)
{
    return object_deleting(pod) &&
           value_int_at(pod, "metadata.deletionGracePeriodSeconds", -1) == 0 &&
           pod_is_ended(pod);
}

static void live(struct work *w, const struct value *pod, struct run *run,
                 const struct value *node)
{
    unsigned next = w->c->addresses;
    struct life_place place = {
        .ready_ms = sim_options(w->c->s)->pod_ready_ms,
        .host_ip = host_ip(node),
        .pod_ip =
            draft_printf(&w->d, "10.244.%u.%u", next / 250, next % 250 + 1)};
    struct life life;

    life_step(&w->d, &place, pod, run, &life);
    if (w->d.failed)
        return;
    write_status(w, pod, &life);
    for (size_t i = 0; i < life.event_count; i++)
        work_event(w, pod, life.events[i].warning, life.events[i].reason,
                   life.events[i].message);
    if (life.gone && !w->again)
        let_go(w, pod);
    if (life.due_ms < UINT64_MAX)
        work_after(w,
                   life.due_ms > w->d.now_ms ? life.due_ms - w->d.now_ms : 0);
}

void kubelet_step(struct work *w)
{
    struct value *pod = work_get(w, POD, w->key->ns, w->key->name), *node;
    const char *name = value_text_at(pod, "spec.nodeName");
    struct run *run;

    if (!name || !nodes_is_simulated(w->c, name) || is_let_go(pod) ||
        (pod_is_ended(pod) && !object_deleting(pod)))
        return;
    node = work_get(w, NODE, "", name);
    if (!node || text_equal(object_annotation(node, NODE_KEY), "not-ready"))
        return;
    run = find_or_make_run(w->c, object_uid(pod));
    if (run)
        live(w, pod, run, node);
    else
        w->d.failed = true;
}
