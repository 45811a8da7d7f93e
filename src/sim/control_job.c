/*
 * control_job.c -- Jobs: pods until enough of them have succeeded.
 *
 * A pod that ended is counted once: its uid is written down in the status, then
 * its finalizer goes, then the uid becomes a number. Whatever is lost in
 * between, nothing is counted twice.
 */
#include <string.h>

#include "base/text.h"
#include "control_pods.h"
#include "control_steps.h"

#define TRACKING "batch.kubernetes.io/job-tracking"
#define INDEX_KEY "batch.kubernetes.io/job-completion-index"
#define PAUSE_FIRST 10
#define PAUSE_MOST 600

struct job {
    struct work *w;
    struct draft *d;
    const struct value *job;
    struct value *pods, *status, *active;
    int64_t parallelism, completions; /* -1: none given */
    int64_t succeeded, failed;        /* counted and to be counted */
    int64_t ready, terminating;
    bool indexed, suspended;
};

/* ---- counting ---- */

static struct value *uncounted(struct job *j, const char *which)
{
    struct value *all = draft_make(j->d, j->status, "uncountedTerminatedPods");
    struct value *list = value_get(all, which);

    if (value_is(list, VALUE_ARRAY))
        return list;
    list = draft_array(j->d);
    draft_set(j->d, all, which, list);
    return list;
}

static const struct value *find_uid(const struct job *j, const char *uid)
{
    for (size_t i = 0; i < array_count(j->pods); i++)
        if (text_equal(object_uid(array_at(j->pods, i)), uid))
            return array_at(j->pods, i);
    return NULL;
}

/* A pod that never got a node ends when it is deleted. */
static const char *end_of(const struct value *pod)
{
    const char *phase = value_text_at(pod, "status.phase");

    if (text_equal(phase, "Succeeded"))
        return "succeeded";
    if (text_equal(phase, "Failed") ||
        (object_deleting(pod) && !value_text_at(pod, "spec.nodeName")))
        return "failed";
    return NULL;
}

/* Uids whose pods have lost their finalizer become numbers. */
static void settle_counts(struct job *j, const char *which)
{
    struct value *list = uncounted(j, which);
    const struct value *pod;

    for (size_t i = array_count(list); i-- > 0;) {
        pod = find_uid(j, value_text(array_at(list, i)));
        if (pod && object_has_finalizer(pod, TRACKING))
            continue;
        array_drop(list, i);
        draft_int(j->d, j->status, which,
                  value_int_at(j->status, which, 0) + 1);
    }
}

static int64_t index_of(const struct value *pod)
{
    const char *text = object_annotation(pod, INDEX_KEY);
    int64_t index;

    return text && text_to_int64(text, strlen(text), &index) ? index : -1;
}

static void note_ends(struct job *j)
{
    struct value *pod, *list;
    const char *which;

    for (size_t i = 0; i < array_count(j->pods); i++) {
        pod = array_at(j->pods, i);
        which = end_of(pod);
        if (!which) {
            j->ready += pod_is_ready(pod) && !object_deleting(pod);
            j->terminating += object_deleting(pod);
            if (!object_deleting(pod))
                draft_append(j->d, j->active, pod);
            continue;
        }
        list = uncounted(j, which);
        if (object_has_finalizer(pod, TRACKING) &&
            !array_has_text(list, object_uid(pod)))
            draft_append(j->d, list, value_string(j->d->a, object_uid(pod)));
    }
}

static void untrack(struct work *w, struct value *pod)
{
    struct value *all = value_path(pod, "metadata.finalizers");
    size_t count = array_count(all);

    for (size_t i = count; i-- > 0;)
        if (text_equal(value_text(array_at(all, i)), TRACKING))
            array_drop(all, i);
    if (array_count(all) < count)
        work_update(w, POD, pod);
}

static void drop_finalizers(struct job *j)
{
    for (size_t i = 0; i < array_count(j->pods); i++)
        if (end_of(array_at(j->pods, i)))
            untrack(j->w, array_at(j->pods, i));
}

/* ---- indexes: "0-2,5" ---- */

static const char *read_index(const char *at, int64_t *ret)
{
    *ret = 0;
    while (*at >= '0' && *at <= '9')
        *ret = 10 * *ret + (*at++ - '0');
    return at;
}

static bool has_index(const struct value *status, int64_t index)
{
    const char *at = value_text_at(status, "completedIndexes");
    int64_t low, high;

    while (at && *at) {
        at = read_index(at, &low);
        high = low;
        if (*at == '-')
            at = read_index(at + 1, &high);
        if (index >= low && index <= high)
            return true;
        at = *at == ',' ? at + 1 : NULL;
    }
    return false;
}

static bool is_done(const struct job *j, int64_t index)
{
    const struct value *pod;

    if (has_index(j->status, index))
        return true;
    for (size_t i = 0; i < array_count(j->pods); i++) {
        pod = array_at(j->pods, i);
        if (index_of(pod) == index && text_equal(end_of(pod), "succeeded"))
            return true;
    }
    return false;
}

static bool is_running(const struct job *j, int64_t index)
{
    for (size_t i = 0; i < array_count(j->active); i++)
        if (index_of(array_at(j->active, i)) == index)
            return true;
    return false;
}

static void write_indexes(struct job *j)
{
    const char *text = "";
    int64_t count = 0, end;

    for (int64_t i = 0; i < j->completions; i = end + 1) {
        end = i;
        if (!is_done(j, i))
            continue;
        while (end + 1 < j->completions && is_done(j, end + 1))
            end++;
        count += end - i + 1;
        text = end == i
                   ? draft_printf(j->d, "%s%s%lld", text, *text ? "," : "",
                                  (long long)i)
                   : draft_printf(
                         j->d, end == i + 1 ? "%s%s%lld,%lld" : "%s%s%lld-%lld",
                         text, *text ? "," : "", (long long)i, (long long)end);
    }
    draft_text(j->d, j->status, "completedIndexes", *text ? text : NULL);
    j->succeeded = count;
}

/* ---- verdicts ---- */

static bool judge(struct job *j, const char *type, const char *reason,
                  const char *message)
{
    return draft_condition(j->d, j->status,
                           &(struct condition){.type = type,
                                               .status = "True",
                                               .reason = reason,
                                               .message = message,
                                               .probes = true,
                                               .generation = 0});
}

static void stamp(struct job *j, const char *type)
{
    struct value *c =
        (struct value *)(uintptr_t)condition_find(j->status, type);

    draft_time(j->d, c, "lastProbeTime", j->d->unix_now);
}

static bool judge_now(struct job *j, const char *type, const char *reason,
                      const char *message)
{
    bool said = judge(j, type, reason, message);

    if (said)
        stamp(j, type);
    return said;
}

static int64_t restarts(const struct job *j)
{
    int64_t sum = 0;
    const struct value *all;

    for (size_t i = 0; i < array_count(j->active); i++) {
        all = value_path(array_at(j->active, i), "status.containerStatuses");
        for (size_t k = 0; k < array_count(all); k++)
            sum += value_int_at(array_at(all, k), "restartCount", 0);
    }
    return sum;
}

static bool is_past_backoff(const struct job *j)
{
    int64_t limit = value_int_at(j->job, "spec.backoffLimit", 6);
    bool again = text_equal(
        value_text_at(j->job, "spec.template.spec.restartPolicy"), "OnFailure");

    if (j->failed > limit)
        return true;
    return again && (limit == 0 ? restarts(j) > 0 : restarts(j) >= limit);
}

static bool is_past_deadline(struct job *j)
{
    int64_t limit = value_int_at(j->job, "spec.activeDeadlineSeconds", -1);
    int64_t left = object_time(j->status, "startTime") + limit - j->d->unix_now;

    if (limit < 0 || j->suspended || !value_get(j->status, "startTime"))
        return false;
    if (left > 0)
        work_after(j->w, (uint64_t)left * 1000);
    return left <= 0;
}

static bool is_complete(const struct job *j)
{
    if (j->completions < 0)
        return j->succeeded > 0 && array_count(j->active) == 0;
    return j->succeeded >= j->completions;
}

/* What the Job will end as, told before its pods are gone. */
static void decide(struct job *j)
{
    if (condition_find(j->status, "SuccessCriteriaMet") ||
        condition_find(j->status, "FailureTarget"))
        return;
    if (is_past_backoff(j))
        judge_now(j, "FailureTarget", "BackoffLimitExceeded",
                  "Job has reached the specified backoff limit");
    else if (is_past_deadline(j))
        judge_now(j, "FailureTarget", "DeadlineExceeded",
                  "Job was active longer than specified deadline");
    else if (is_complete(j))
        judge_now(j, "SuccessCriteriaMet", "CompletionsReached",
                  "Reached expected number of succeeded pods");
}

static bool is_settled(struct job *j)
{
    return array_count(j->active) == 0 && j->terminating == 0 &&
           array_count(uncounted(j, "succeeded")) == 0 &&
           array_count(uncounted(j, "failed")) == 0;
}

static void finish(struct job *j)
{
    const struct value *won = condition_find(j->status, "SuccessCriteriaMet");
    const struct value *lost = condition_find(j->status, "FailureTarget");
    const struct value *why = won ? won : lost;
    const char *reason = value_text_at(why, "reason");
    const char *message = value_text_at(why, "message");

    if (!why || !is_settled(j))
        return;
    if (!judge_now(j, won ? "Complete" : "Failed", reason, message))
        return;
    if (won) {
        draft_time(j->d, j->status, "completionTime", j->d->unix_now);
        work_event(j->w, j->job, false, "Completed", "Job completed");
    } else {
        work_event(j->w, j->job, true, reason, message);
    }
}

/* ---- pods ---- */

static void add_index(struct job *j, struct value *pod, int64_t index)
{
    struct draft *d = j->d;
    struct value *meta = value_get(pod, "metadata"), *all, *env, *ref;
    const char *text = draft_printf(d, "%lld", (long long)index);
    const char *name = draft_printf(d, "%s-%s", object_name(j->job), text);
    static const char *const lists[] = {"initContainers", "containers"};

    draft_text(d, meta, "generateName", draft_printf(d, "%s-", name));
    draft_text(d, draft_make(d, meta, "annotations"), INDEX_KEY, text);
    draft_text(d, draft_make(d, meta, "labels"), INDEX_KEY, text);
    draft_text(d, value_get(pod, "spec"), "hostname", name);
    for (size_t l = 0; l < 2; l++) {
        all = value_get(value_get(pod, "spec"), lists[l]);
        for (size_t i = 0; i < array_count(all); i++) {
            env = value_get(array_at(all, i), "env");
            if (!value_is(env, VALUE_ARRAY)) {
                env = draft_array(d);
                draft_set(d, array_at(all, i), "env", env);
            }
            ref = draft_object(d);
            draft_text(d, ref, "name", "JOB_COMPLETION_INDEX");
            draft_text(
                d, draft_make(d, draft_make(d, ref, "valueFrom"), "fieldRef"),
                "fieldPath", "metadata.labels['" INDEX_KEY "']");
            draft_append(d, env, ref);
        }
    }
}

static bool create_pod(struct job *j, int64_t index)
{
    struct value *pod =
        work_pod(j->w, JOB, j->job, value_path(j->job, "spec.template"));
    struct value *held = value_path(pod, "metadata.finalizers");

    if (!value_is(held, VALUE_ARRAY)) {
        held = draft_array(j->d);
        draft_set(j->d, value_get(pod, "metadata"), "finalizers", held);
    }
    draft_append(j->d, held, value_string(j->d->a, TRACKING));
    if (index >= 0)
        add_index(j, pod, index);
    return pods_create(j->w, j->job, pod) < 300;
}

static int64_t end_time(const struct value *pod)
{
    const struct value *all = value_path(pod, "status.containerStatuses");
    int64_t last = object_time(pod, "metadata.creationTimestamp"), one;

    for (size_t i = 0; i < array_count(all); i++) {
        one = object_time(array_at(all, i), "state.terminated.finishedAt");
        last = one > last ? one : last;
    }
    return last;
}

/* Seconds until a pod may follow those that failed. */
static int64_t pause_left(const struct job *j)
{
    int64_t good = 0, bad = 0, count = 0, pause = PAUSE_FIRST, when;
    const struct value *pod;

    for (size_t i = 0; i < array_count(j->pods); i++) {
        pod = array_at(j->pods, i);
        when = end_time(pod);
        if (text_equal(end_of(pod), "succeeded") && when > good)
            good = when;
        if (text_equal(end_of(pod), "failed") && when > bad)
            bad = when;
    }
    for (size_t i = 0; i < array_count(j->pods); i++) {
        pod = array_at(j->pods, i);
        count += text_equal(end_of(pod), "failed") && end_time(pod) > good;
    }
    if (count == 0)
        return 0;
    while (--count > 0 && pause < PAUSE_MOST)
        pause *= 2;
    pause = pause < PAUSE_MOST ? pause : PAUSE_MOST;
    return bad + pause - j->d->unix_now;
}

static void add_pods(struct job *j, int64_t count)
{
    int64_t pause = pause_left(j), next = 0;

    if (pause > 0) {
        work_after(j->w, (uint64_t)pause * 1000);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        if (j->indexed) {
            while (next < j->completions &&
                   (is_done(j, next) || is_running(j, next)))
                next++;
            if (next >= j->completions)
                return;
        }
        if (!create_pod(j, j->indexed ? next++ : -1))
            return;
    }
}

static void drop_pods(struct job *j, size_t count)
{
    pods_sort(j->active, pod_compare);
    for (size_t i = 0; i < count; i++) {
        pods_delete(j->w, j->job, array_at(j->active, i));
        j->terminating++;
    }
}

static int64_t wanted(const struct job *j)
{
    int64_t left = j->completions - j->succeeded;

    if (j->suspended || condition_find(j->status, "SuccessCriteriaMet") ||
        condition_find(j->status, "FailureTarget"))
        return 0;
    if (j->completions < 0)
        return j->succeeded > 0 ? (int64_t)array_count(j->active)
                                : j->parallelism;
    return left < j->parallelism ? left : j->parallelism;
}

static void manage(struct job *j)
{
    int64_t have = (int64_t)array_count(j->active), want = wanted(j);

    if (have > want)
        drop_pods(j, (size_t)(have - want));
    else if (have < want && !object_deleting(j->job))
        add_pods(j, want - have);
}

/* ---- status ---- */

static void suspend_or_start(struct job *j)
{
    struct condition c = {
        .type = "Suspended",
        .status = j->suspended ? "True" : "False",
        .reason = j->suspended ? "JobSuspended" : "JobResumed",
        .message = j->suspended ? "Job suspended" : "Job resumed"};
    bool was = condition_is(j->status, "Suspended", "True");

    if (j->suspended != was && (j->suspended || was)) {
        draft_condition(j->d, j->status, &c);
        stamp(j, "Suspended");
        work_event(j->w, j->job, false, j->suspended ? "Suspended" : "Resumed",
                   c.message);
    }
    if (j->suspended)
        value_unset(j->status, "startTime");
    else if (was || !value_get(j->status, "startTime"))
        draft_time(j->d, j->status, "startTime", j->d->unix_now);
}

static void write_status(struct job *j, const struct value *had)
{
    struct value *all = value_get(j->status, "uncountedTerminatedPods");
    static const char *const lists[] = {"succeeded", "failed"};

    draft_count(j->d, j->status, "active", (int64_t)array_count(j->active));
    draft_int(j->d, j->status, "ready", j->ready);
    draft_int(j->d, j->status, "terminating", j->terminating);
    for (size_t i = 0; i < 2; i++)
        if (all && array_count(value_get(all, lists[i])) == 0)
            value_unset(all, lists[i]);
    work_status(j->w, JOB, had, j->status);
}

static bool is_finished(const struct value *job)
{
    const struct value *status = value_get(job, "status");

    return condition_is(status, "Complete", "True") ||
           condition_is(status, "Failed", "True");
}

/* Pods of a Job that is not there any more are not held by it. */
static void free_orphans(struct work *w)
{
    const struct member *m =
        graph_first(w->c->graph, work_kind(w, POD)->bucket, w->key->ns);
    const struct owner *owner;

    for (; m; m = m->next) {
        owner = member_controller(m);
        if (!owner || !text_equal(owner->kind, "Job") ||
            !text_equal(owner->name, w->key->name))
            continue;
        untrack(w, work_get(w, POD, m->key.ns, m->key.name));
    }
}

static void read_job(struct job *j)
{
    struct draft *d = j->d;

    j->status = draft_copy(d, value_get(j->job, "status"));
    j->active = draft_array(d);
    j->parallelism = value_int_at(j->job, "spec.parallelism", 1);
    j->completions = value_int_at(j->job, "spec.completions", -1);
    j->suspended = value_bool_at(j->job, "spec.suspend", false);
    j->indexed =
        text_equal(value_text_at(j->job, "spec.completionMode"), "Indexed");
    settle_counts(j, "succeeded");
    settle_counts(j, "failed");
    note_ends(j);
    j->succeeded = value_int_at(j->status, "succeeded", 0) +
                   (int64_t)array_count(uncounted(j, "succeeded"));
    j->failed = value_int_at(j->status, "failed", 0) +
                (int64_t)array_count(uncounted(j, "failed"));
    if (j->indexed)
        write_indexes(j);
}

void job_step(struct work *w)
{
    struct job j = {.w = w, .d = &w->d};

    j.job = work_get(w, JOB, w->key->ns, w->key->name);
    if (!j.job) {
        free_orphans(w);
        return;
    }
    if (is_finished(j.job))
        return;
    j.pods = work_claim(w, POD, j.job);
    if (w->d.failed)
        return;
    read_job(&j);
    suspend_or_start(&j);
    if (!j.suspended)
        decide(&j);
    finish(&j);
    if (w->d.failed)
        return;
    manage(&j);
    write_status(&j, j.job);
    if (!w->again)
        drop_finalizers(&j);
}
