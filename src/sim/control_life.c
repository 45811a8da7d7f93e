/*
 * control_life.c -- see control_life.h.
 */
#include "base/text.h"
#include "control_life_impl.h"
#include "control_pods.h"

/* ---- what the whole is ---- */

struct tally {
    size_t total, waiting, running, ended, failed;
};

static struct tally count_boxes(struct step *s, bool init)
{
    struct tally t = {.total = life_count(s, init)};
    struct box b;

    for (size_t i = 0; i < t.total; i++) {
        b = life_box(s, init, i);
        if (box_state(&b, "running")) {
            t.running++;
        } else if (!box_state(&b, "terminated")) {
            t.waiting +=
                value_int_at(b.status, "restartCount", 0) == 0 &&
                !value_get(value_get(b.status, "lastState"), "terminated");
        } else if (!box_comes_back(s, &b)) {
            t.ended++;
            t.failed +=
                value_int_at(box_state(&b, "terminated"), "exitCode", 0) != 0;
        }
    }
    return t;
}

static const char *phase_of(struct step *s, bool started)
{
    struct tally t = count_boxes(s, false);

    if (!started)
        return count_boxes(s, true).failed > 0 ? "Failed" : "Pending";
    if (t.waiting > 0)
        return "Pending";
    if (t.ended == t.total)
        return t.failed > 0 ? "Failed" : "Succeeded";
    return "Running";
}

static const char *unready(struct step *s, bool init)
{
    struct str names = {0};
    struct box b;
    const char *text;

    for (size_t i = 0; i < life_count(s, init); i++) {
        b = life_box(s, init, i);
        if (!value_bool_at(b.status, "ready", false))
            str_addf(&names, "%s%s", names.len > 0 ? " " : "", box_name(&b));
    }
    text = names.len > 0 ? draft_printf(s->d,
                                        init ? "containers with incomplete "
                                               "status: [%s]"
                                             : "containers with unready "
                                               "status: [%s]",
                                        str_text(&names))
                         : NULL;
    s->d->failed = s->d->failed || names.failed;
    str_release(&names);
    return text;
}

static void judge(struct step *s, const char *type, const char *reason,
                  const char *message)
{
    draft_condition(
        s->d, s->out->status,
        &(struct condition){
            .type = type,
            .status = reason && !text_equal(type, "Initialized") ? "False"
                      : reason && text_equal(reason, "ContainersNotInitialized")
                          ? "False"
                          : "True",
            .reason = reason,
            .message = message,
            .probes = true,
            .generation = value_int_at(s->pod, "metadata.generation", 0)});
}

static bool gates_open(const struct step *s)
{
    const struct value *gates = value_path(s->pod, "spec.readinessGates");

    for (size_t i = 0; i < array_count(gates); i++)
        if (!condition_is(s->out->status,
                          value_text_at(array_at(gates, i), "conditionType"),
                          "True"))
            return false;
    return true;
}

static void judge_all(struct step *s, const char *phase, bool started)
{
    const char *ended = text_equal(phase, "Succeeded") ? "PodCompleted"
                        : text_equal(phase, "Failed")  ? "PodFailed"
                                                       : NULL;
    const char *missing = unready(s, false);
    const char *reason = ended ? ended : missing ? "ContainersNotReady" : NULL;

    judge(s, "PodReadyToStartContainers", NULL, NULL);
    judge(s, "Initialized",
          ended      ? text_equal(ended, "PodCompleted") ? ended : NULL
          : !started ? "ContainersNotInitialized"
                     : NULL,
          started ? NULL : unready(s, true));
    if (!reason && !gates_open(s))
        judge(s, "Ready", "ReadinessGatesNotReady",
              "corresponding condition of pod readiness gate does not exist");
    else
        judge(s, "Ready", reason, ended ? NULL : missing);
    judge(s, "ContainersReady", reason, ended ? NULL : missing);
}

static void set_addresses(struct step *s)
{
    struct draft *d = s->d;
    struct value *status = s->out->status, *ips, *one;
    bool host = value_bool_at(s->pod, "spec.hostNetwork", false);
    const char *ip = host ? s->place->host_ip : s->place->pod_ip;

    if (!value_get(status, "startTime"))
        draft_time(d, status, "startTime", d->unix_now);
    draft_text(d, status, "hostIP", s->place->host_ip);
    if (value_get(status, "podIP"))
        return;
    ips = draft_array(d);
    one = draft_object(d);
    draft_text(d, one, "ip", s->place->host_ip);
    draft_append(d, ips, one);
    draft_set(d, status, "hostIPs", ips);
    draft_text(d, status, "podIP", ip);
    ips = draft_array(d);
    one = draft_object(d);
    draft_text(d, one, "ip", ip);
    draft_append(d, ips, one);
    draft_set(d, status, "podIPs", ips);
}

/* ---- its end ---- */

static void stop_boxes(struct step *s, int64_t code)
{
    struct box b;

    for (int init = 1; init >= 0; init--) {
        for (size_t i = 0; i < life_count(s, init); i++) {
            b = life_box(s, init, i);
            if (!box_state(&b, "terminated"))
                box_end(s, &b, code);
        }
    }
}

static void fail(struct step *s, const char *reason, const char *message)
{
    stop_boxes(s, 137);
    draft_text(s->d, s->out->status, "phase", "Failed");
    draft_text(s->d, s->out->status, "reason", reason);
    draft_text(s->d, s->out->status, "message", message);
    judge_all(s, "Failed", true);
}

static void announce_stop(struct step *s)
{
    struct box b;

    for (size_t i = 0; i < life_count(s, false); i++) {
        b = life_box(s, false, i);
        if (box_state(&b, "running"))
            life_say(s, false, "Killing",
                     draft_printf(s->d, "Stopping container %s", box_name(&b)));
    }
    s->run->stop_ms = s->d->now_ms > 0 ? s->d->now_ms : 1;
}

static void stop(struct step *s)
{
    int64_t grace =
        value_int_at(s->pod, "metadata.deletionGracePeriodSeconds", 0);
    bool hangs = s->wish == WISH_HANG;
    int64_t code = hangs ? 137 : s->restarts ? 0 : 143;
    const char *phase;

    if (s->run->stop_ms == 0)
        announce_stop(s);
    if (hangs && s->d->now_ms < s->run->stop_ms + (uint64_t)grace * 1000) {
        life_look_again(s, s->run->stop_ms + (uint64_t)grace * 1000);
        return;
    }
    s->out->gone = true;
    if (pod_is_ended(s->pod) || !value_get(s->out->status, "containerStatuses"))
        return;
    stop_boxes(s, code);
    phase = code == 0 ? "Succeeded" : "Failed";
    draft_text(s->d, s->out->status, "phase", phase);
    judge_all(s, phase, true);
}

/* True: it failed, for its annotation or its deadline. */
static bool ends_early(struct step *s)
{
    int64_t limit = value_int_at(s->pod, "spec.activeDeadlineSeconds", -1);
    int64_t left =
        object_time(s->out->status, "startTime") + limit - s->d->unix_now;

    if (s->wish == WISH_FAIL) {
        fail(s, "Evicted", "The node was low on resource: memory.");
        return true;
    }
    if (limit < 0)
        return false;
    if (left <= 0) {
        fail(s, "DeadlineExceeded",
             "Pod was active on the node longer than the specified deadline");
        return true;
    }
    life_look_again(s, s->d->now_ms + (uint64_t)left * 1000);
    return false;
}

void life_step(struct draft *d, const struct life_place *place,
               const struct value *pod, struct run *run, struct life *ret)
{
    struct step s = {
        .d = d, .place = place, .pod = pod, .run = run, .out = ret};
    const char *phase;
    bool started;

    ret->status = draft_copy(d, value_get(pod, "status"));
    ret->due_ms = UINT64_MAX;
    ret->gone = false;
    ret->event_count = 0;
    life_read_wish(&s);
    if (d->failed)
        return;
    if (object_deleting(pod)) {
        stop(&s);
        return;
    }
    if (pod_is_ended(pod))
        return;
    set_addresses(&s);
    draft_count(d, ret->status, "observedGeneration",
                value_int_at(pod, "metadata.generation", 0));
    if (ends_early(&s))
        return;
    started = life_run_init(&s);
    life_run_main(&s, started);
    phase = phase_of(&s, started);
    draft_text(d, ret->status, "phase", phase);
    judge_all(&s, phase, started);
}
