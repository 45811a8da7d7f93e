/*
 * control_deployment.c -- Deployments: how a rollout moves on.
 */
#include "base/text.h"
#include "control_rollout.h"
#include "control_steps.h"

/* ---- sizes ---- */

static struct rolling_set numbers(const struct value *set)
{
    return (struct rolling_set){
        .size = set ? rollout_size(set) : 0,
        .available = value_int_at(set, "status.availableReplicas", 0),
        .most = rollout_number(set, MOST_KEY)};
}

static bool resize(struct rollout *r, struct value *set, int64_t size,
                   bool force)
{
    int64_t was = rollout_size(set);
    bool changed = rollout_annotate(r, set) && force;

    if (was == size && !changed)
        return false;
    draft_int(r->d, value_get(set, "spec"), "replicas", size);
    if (work_update(r->w, REPLICA_SET, set) >= 300 || was == size)
        return was != size;
    work_event(r->w, r->deployment, false, "ScalingReplicaSet",
               draft_printf(r->d, "Scaled %s replica set %s from %lld to %lld",
                            was < size ? "up" : "down", object_name(set),
                            (long long)was, (long long)size));
    return true;
}

static bool shrink_old(struct rollout *r)
{
    size_t count = array_count(r->old);
    struct rolling_set newest = numbers(r->newest);
    struct rolling_set *old = arena_calloc(r->d->a, count + 1, sizeof *old);
    bool moved;

    if (!old) {
        r->d->failed = true;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        old[i] = numbers(array_at(r->old, i));
    moved = rolling_shrink(&r->rolling, &newest, old, count);
    for (size_t i = 0; moved && i < count; i++)
        resize(r, array_at(r->old, i), old[i].want, false);
    return moved;
}

/* Active sets by size, larger first; ties by age. */
static struct value *active_by_size(struct rollout *r, bool newer_first)
{
    struct value *all = draft_array(r->d), *one;
    size_t j;
    int64_t diff;

    for (size_t i = 0; i < rollout_count(r); i++)
        if (rollout_size(rollout_at(r, i)) > 0)
            draft_append(r->d, all, rollout_at(r, i));
    for (size_t i = 1; i < array_count(all); i++) {
        one = all->as.items[i];
        for (j = i; j > 0; j--) {
            diff = rollout_size(one) - rollout_size(all->as.items[j - 1]);
            if (diff < 0 || (diff == 0 && rollout_is_older(all->as.items[j - 1],
                                                           one) != newer_first))
                break;
            all->as.items[j] = all->as.items[j - 1];
        }
        all->as.items[j] = one;
    }
    return all;
}

static void spread(struct rollout *r)
{
    size_t count = rollout_count(r);
    struct rolling_set *sets = arena_calloc(r->d->a, count + 1, sizeof *sets);
    struct value *all;

    if (!sets) {
        r->d->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        sets[i] = numbers(rollout_at(r, i));
    all = active_by_size(r, rolling_excess(&r->rolling, sets, count) > 0);
    count = array_count(all);
    for (size_t i = 0; i < count; i++)
        sets[i] = numbers(array_at(all, i));
    rolling_spread(&r->rolling, sets, count);
    for (size_t i = 0; i < count; i++)
        resize(r, array_at(all, i), sets[i].want, true);
}

/* The only active set, or the newest when none is; NULL: several are. */
static struct value *active_or_latest(const struct rollout *r)
{
    struct value *active = NULL;
    size_t count = 0;

    for (size_t i = 0; i < rollout_count(r); i++) {
        if (rollout_size(rollout_at(r, i)) > 0) {
            active = rollout_at(r, i);
            count++;
        }
    }
    if (count == 0)
        return rollout_count(r) > 0 ? rollout_at(r, rollout_count(r) - 1)
                                    : NULL;
    return count == 1 ? active : NULL;
}

static bool is_saturated(const struct rollout *r)
{
    int64_t n = r->rolling.replicas;

    return r->newest && rollout_size(r->newest) == n &&
           rollout_number(r->newest, DESIRED_KEY) == n &&
           value_int_at(r->newest, "status.availableReplicas", 0) == n;
}

static void scale(struct rollout *r)
{
    struct value *one = active_or_latest(r);

    if (one) {
        resize(r, one, r->rolling.replicas, false);
    } else if (is_saturated(r)) {
        for (size_t i = 0; i < array_count(r->old); i++)
            resize(r, array_at(r->old, i), 0, false);
    } else if (!r->rolling.recreate) {
        spread(r);
    }
}

static bool is_scaled(const struct rollout *r)
{
    const struct value *set;

    for (size_t i = 0; i < rollout_count(r); i++) {
        set = rollout_at(r, i);
        if (rollout_size(set) > 0 && object_annotation(set, DESIRED_KEY) &&
            rollout_number(set, DESIRED_KEY) != r->rolling.replicas)
            return true;
    }
    return false;
}

/* ---- what is left over ---- */

static void clean_up(struct rollout *r)
{
    int64_t limit =
        value_int_at(r->deployment, "spec.revisionHistoryLimit", INT32_MAX);
    int64_t spare = (int64_t)array_count(r->old) - limit;
    const struct value *set;

    for (int64_t i = 0; i < spare; i++) {
        set = array_at(r->old, (size_t)i);
        if (rollout_size(set) == 0 &&
            value_int_at(set, "status.replicas", 0) == 0 &&
            !object_deleting(set))
            work_delete(r->w, work_kind(r->w, REPLICA_SET), set, NULL);
    }
}

/* ---- strategies ---- */

static bool old_pods_run(struct rollout *r)
{
    const struct value *pods;

    for (size_t i = 0; i < array_count(r->old); i++) {
        pods = work_owned(r->w, POD, object_ns(r->deployment),
                          object_uid(array_at(r->old, i)));
        for (size_t j = 0; j < array_count(pods); j++) {
            const char *phase =
                value_text_at(array_at(pods, j), "status.phase");
            if (!text_equal(phase, "Failed") && !text_equal(phase, "Succeeded"))
                return true;
        }
    }
    return false;
}

static void roll_recreate(struct rollout *r)
{
    bool shrunk = false;

    for (size_t i = 0; i < array_count(r->old); i++)
        shrunk |= resize(r, array_at(r->old, i), 0, false);
    if (shrunk || old_pods_run(r)) {
        rollout_write_status(r, true);
        return;
    }
    if (!rollout_sync_newest(r, true))
        return;
    resize(r, r->newest, r->rolling.replicas, false);
    rollout_write_status(r, true);
}

static void roll(struct rollout *r)
{
    int64_t size;

    if (!rollout_sync_newest(r, true))
        return;
    size = rolling_grow(&r->rolling, rollout_sum(r, "spec.replicas"),
                        rollout_size(r->newest));
    if (!resize(r, r->newest, size, false))
        shrink_old(r);
    rollout_write_status(r, true);
}

/* Paused or resumed is said in the condition. True: it was, come again. */
static bool note_pause(struct rollout *r, bool paused)
{
    struct value *status = draft_copy(r->d, value_get(r->deployment, "status"));
    const char *reason =
        value_text_at(condition_find(status, "Progressing"), "reason");
    bool noted = text_equal(reason, "DeploymentPaused");
    const char *words[2] = {paused ? "DeploymentPaused" : "DeploymentResumed",
                            paused ? "Deployment is paused"
                                   : "Deployment is resumed"};

    if (rollout_deadline(r) == NO_DEADLINE || paused == noted ||
        text_equal(reason, "ProgressDeadlineExceeded"))
        return false;
    rollout_progress(r, status, "Unknown", words);
    if (work_status(r->w, DEPLOYMENT, r->deployment, status) < 300)
        r->deployment = r->w->answer ? r->w->answer : r->deployment;
    return true;
}

static void roll_on(struct rollout *r)
{
    bool paused = value_bool_at(r->deployment, "spec.paused", false);

    if (note_pause(r, paused) && r->w->again)
        return;
    if (paused || is_scaled(r)) {
        if (!rollout_sync_newest(r, false))
            return;
        scale(r);
        rollout_write_status(r, false);
    } else if (r->rolling.recreate) {
        roll_recreate(r);
    } else {
        roll(r);
    }
    if (!paused && rollout_is_complete(r, value_get(r->deployment, "status")))
        clean_up(r);
}

void deployment_step(struct work *w)
{
    struct rollout r = {.w = w, .d = &w->d};

    r.deployment = work_get(w, DEPLOYMENT, w->key->ns, w->key->name);
    if (!r.deployment)
        return;
    r.rolling = rolling_read(r.deployment);
    rollout_tell_apart(&r, work_claim(w, REPLICA_SET, r.deployment));
    if (w->d.failed)
        return;
    if (object_deleting(r.deployment))
        rollout_write_status(&r, false);
    else
        roll_on(&r);
}
