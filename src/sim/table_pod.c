/*
 * table_pod.c -- what `kubectl get pods` says about a pod: how many containers
 *                are ready, and why it is not running, in one word.
 */
#include "table_impl.h"

#include <stdio.h>
#include <string.h>

struct pod {
    const struct value *object;
    int64_t ready, total;
    int64_t restarts;      /* of all init containers, then of the pod */
    int64_t side_restarts; /* of init containers that keep running */
    int64_t last_restart, last_side_restart; /* Unix time; 0: none */
    bool initializing;
    char reason[128];
};

static const struct value *list_at(const struct value *object, const char *path)
{
    static const struct value none = {.type = VALUE_ARRAY};
    const struct value *v = value_path(object, path);

    return value_is(v, VALUE_ARRAY) ? v : &none;
}

static void set_reason(struct pod *p, const char *prefix, const char *text)
{
    snprintf(p->reason, sizeof(p->reason), "%s%s", prefix, text);
}

static bool has_condition(const struct value *object, const char *type)
{
    const struct value *all = list_at(object, "status.conditions");

    for (uint32_t i = 0; i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "type"), type))
            return text_equal(value_text_at(all->as.items[i], "status"),
                              "True");
    return false;
}

/* An init container that restarts always is a sidecar. */
static bool is_sidecar(const struct value *object, const char *name)
{
    const struct value *all = list_at(object, "spec.initContainers");

    for (uint32_t i = 0; i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "name"), name))
            return text_equal(value_text_at(all->as.items[i], "restartPolicy"),
                              "Always");
    return false;
}

static void later(int64_t *last, const struct value *status)
{
    const char *text = value_text_at(status, "lastState.terminated.finishedAt");
    int64_t at;

    if (text && text_parse_rfc3339(text, &at) && at > *last)
        *last = at;
}

/* "Error", "Signal:9", "ExitCode:1" */
static void ended(struct pod *p, const char *prefix,
                  const struct value *terminated)
{
    const char *reason = row_text(terminated, "reason");
    long long code = row_int(terminated, "exitCode");
    long long sig = row_int(terminated, "signal");

    if (*reason)
        set_reason(p, prefix, reason);
    else if (sig)
        snprintf(p->reason, sizeof(p->reason), "%sSignal:%lld", prefix, sig);
    else
        snprintf(p->reason, sizeof(p->reason), "%sExitCode:%lld", prefix, code);
}

/* ---- init containers ---- */

/* Is this one past its part? */
static bool init_done(struct pod *p, const struct value *s, uint32_t i)
{
    const struct value *terminated = value_path(s, "state.terminated");
    const char *waiting = row_text(s, "state.waiting.reason");
    bool sidecar = is_sidecar(p->object, row_text(s, "name"));

    if (terminated && row_int(terminated, "exitCode") == 0)
        return true;
    if (sidecar && value_bool_at(s, "started", false)) {
        p->ready += value_bool_at(s, "ready", false);
        return true;
    }
    p->initializing = true;
    if (terminated)
        ended(p, "Init:", terminated);
    else if (*waiting && !text_equal(waiting, "PodInitializing"))
        set_reason(p, "Init:", waiting);
    else
        snprintf(p->reason, sizeof(p->reason), "Init:%u/%u", i,
                 list_at(p->object, "spec.initContainers")->count);
    return false;
}

static void read_init(struct pod *p)
{
    const struct value *all =
        list_at(p->object, "status.initContainerStatuses");
    bool done = true;

    for (uint32_t i = 0; i < all->count && done; i++) {
        const struct value *s = all->as.items[i];

        p->restarts += row_int(s, "restartCount");
        later(&p->last_restart, s);
        if (is_sidecar(p->object, row_text(s, "name"))) {
            p->side_restarts += row_int(s, "restartCount");
            later(&p->last_side_restart, s);
        }
        done = init_done(p, s, i);
    }
}

/* ---- containers ---- */

struct ends {
    bool running;
    char error[128];
};

static void read_container(struct pod *p, const struct value *s, struct ends *e)
{
    const struct value *terminated = value_path(s, "state.terminated");
    const char *waiting = row_text(s, "state.waiting.reason");

    p->restarts += row_int(s, "restartCount");
    later(&p->last_restart, s);
    if (*waiting) {
        set_reason(p, "", waiting);
    } else if (terminated) {
        ended(p, "", terminated);
        if (row_int(terminated, "exitCode") != 0)
            memcpy(e->error, p->reason, sizeof(e->error));
    } else if (value_bool_at(s, "ready", false) &&
               value_path(s, "state.running")) {
        e->running = true;
        p->ready++;
    }
}

static void read_containers(struct pod *p)
{
    const struct value *all = list_at(p->object, "status.containerStatuses");
    struct ends e = {.running = false};

    p->restarts = p->side_restarts;
    p->last_restart = p->last_side_restart;
    for (uint32_t i = all->count; i-- > 0;)
        read_container(p, all->as.items[i], &e);
    if (strcmp(p->reason, "Completed") != 0)
        return;
    if (e.running && has_condition(p->object, "Ready"))
        set_reason(p, "", "Running");
    else if (*e.error)
        set_reason(p, "", e.error);
    else if (e.running)
        set_reason(p, "", "NotReady");
}

/* ---- the pod ---- */

static void read_gates(struct pod *p)
{
    const struct value *all = list_at(p->object, "status.conditions");

    for (uint32_t i = 0; i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "type"),
                       "PodScheduled") &&
            text_equal(value_text_at(all->as.items[i], "reason"),
                       "SchedulingGated"))
            set_reason(p, "", "SchedulingGated");
}

static struct pod read_pod(const struct row *r)
{
    const struct value *o = r->object;
    struct pod p = {.object = o};
    const struct value *init = list_at(o, "spec.initContainers");
    const char *phase = row_text(o, "status.phase");
    const char *reason = row_text(o, "status.reason");

    p.total = list_at(o, "spec.containers")->count;
    for (uint32_t i = 0; i < init->count; i++)
        p.total += text_equal(value_text_at(init->as.items[i], "restartPolicy"),
                              "Always");
    set_reason(&p, "", *reason ? reason : phase);
    read_gates(&p);
    read_init(&p);
    if (!p.initializing || has_condition(o, "Initialized"))
        read_containers(&p);
    if (!row_at(r, "metadata.deletionTimestamp"))
        return p;
    if (text_equal(reason, "NodeLost"))
        set_reason(&p, "", "Unknown");
    else if (!text_equal(phase, "Succeeded") && !text_equal(phase, "Failed"))
        set_reason(&p, "", "Terminating");
    return p;
}

struct value *cell_pod_ready(const struct row *r, const struct column *c)
{
    struct pod p = read_pod(r);
    char text[64];

    (void)c;
    snprintf(text, sizeof(text), "%lld/%lld", (long long)p.ready,
             (long long)p.total);
    return value_string(r->a, text);
}

struct value *cell_pod_status(const struct row *r, const struct column *c)
{
    struct pod p = read_pod(r);

    (void)c;
    return value_string(r->a, p.reason);
}

struct value *cell_pod_restarts(const struct row *r, const struct column *c)
{
    struct pod p = read_pod(r);
    struct value *ago;
    struct str text;

    (void)c;
    str_init(&text, 0);
    str_addf(&text, "%lld", (long long)p.restarts);
    if (p.restarts && p.last_restart) {
        ago = cell_duration(r->a, r->unix_now - p.last_restart);
        if (ago)
            str_addf(&text, " (%s ago)", value_text(ago));
        else
            text.failed = ERR_NOMEM;
    }
    return cell_take(r->a, &text);
}

struct value *cell_pod_gates(const struct row *r, const struct column *c)
{
    const struct value *gates = list_at(r->object, "spec.readinessGates");
    unsigned open = 0;
    char text[64];

    (void)c;
    if (gates->count == 0)
        return value_string(r->a, "<none>");
    for (uint32_t i = 0; i < gates->count; i++)
        open += has_condition(r->object,
                              row_text(gates->as.items[i], "conditionType"));
    snprintf(text, sizeof(text), "%u/%u", open, gates->count);
    return value_string(r->a, text);
}
