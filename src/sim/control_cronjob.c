/*
 * control_cronjob.c -- CronJobs: a Job at each moment of the schedule; and Jobs
 *                      that have been finished for long enough go.
 */
#include "base/text.h"
#include "control_cron.h"
#include "control_pods.h"
#include "control_steps.h"

#define STAMP_KEY "batch.kubernetes.io/cronjob-scheduled-timestamp"
#define MISSED_MOST 100

struct cronjob {
    struct work *w;
    struct draft *d;
    const struct value *cron;
    struct value *jobs, *status;
    struct cron schedule;
    const struct zone *zone;
};

/* "Complete", "Failed" or NULL. */
static const char *finish_of(const struct value *job)
{
    const struct value *status = value_get(job, "status");

    return condition_is(status, "Complete", "True") ? "Complete"
           : condition_is(status, "Failed", "True") ? "Failed"
                                                    : NULL;
}

static void say(struct cronjob *c, bool warning, const char *reason,
                const char *message)
{
    work_event(c->w, c->cron, warning, reason, message);
}

/* ---- Jobs that are there ---- */

static bool is_listed(const struct value *active, const struct value *job)
{
    for (size_t i = 0; i < array_count(active); i++)
        if (text_equal(value_text_at(array_at(active, i), "uid"),
                       object_uid(job)))
            return true;
    return false;
}

static void list_active(struct cronjob *c, const struct value *job)
{
    struct draft *d = c->d;
    struct value *ref = draft_object(d);
    struct value *active = value_get(c->status, "active");

    draft_text(d, ref, "apiVersion", "batch/v1");
    draft_text(d, ref, "kind", "Job");
    draft_text(d, ref, "name", object_name(job));
    draft_text(d, ref, "namespace", object_ns(job));
    draft_text(d, ref, "uid", object_uid(job));
    draft_text(d, ref, "resourceVersion",
               value_text_at(job, "metadata.resourceVersion"));
    if (!value_is(active, VALUE_ARRAY)) {
        active = draft_array(d);
        draft_set(d, c->status, "active", active);
    }
    draft_append(d, active, ref);
}

static void note_success(struct cronjob *c, const struct value *job)
{
    int64_t done = object_time(job, "status.completionTime");

    if (done > object_time(c->status, "lastSuccessfulTime"))
        draft_time(c->d, c->status, "lastSuccessfulTime", done);
}

/* status.active from what is there. */
static void look_at_jobs(struct cronjob *c)
{
    const struct value *was = value_path(c->cron, "status.active"), *job;
    const char *finish;

    if (value_is(c->status, VALUE_OBJECT))
        value_unset(c->status, "active");
    for (size_t i = 0; i < array_count(c->jobs); i++) {
        job = array_at(c->jobs, i);
        finish = finish_of(job);
        if (!finish) {
            list_active(c, job);
            continue;
        }
        if (text_equal(finish, "Complete"))
            note_success(c, job);
        if (is_listed(was, job))
            say(c, false, "SawCompletedJob",
                draft_printf(c->d, "Saw completed job: %s, condition: %s",
                             object_name(job), finish));
    }
}

static int by_start(const struct value *a, const struct value *b)
{
    int64_t x = object_time(a, "status.startTime");
    int64_t y = object_time(b, "status.startTime");

    return x == y ? pods_by_name(a, b) : (x > y) - (x < y);
}

static void trim(struct cronjob *c, const char *finish, int64_t limit)
{
    int64_t count = 0;

    for (size_t i = 0; i < array_count(c->jobs); i++)
        count += text_equal(finish_of(array_at(c->jobs, i)), finish);
    for (size_t i = 0; i < array_count(c->jobs) && count > limit; i++) {
        if (!text_equal(finish_of(array_at(c->jobs, i)), finish))
            continue;
        work_delete(c->w, work_kind(c->w, JOB), array_at(c->jobs, i),
                    "Background");
        count--;
    }
}

/* ---- a new one ---- */

static bool create_job(struct cronjob *c, int64_t when)
{
    struct draft *d = c->d;
    const struct value *from = value_path(c->cron, "spec.jobTemplate");
    struct value *job = draft_object(d), *meta, *owners = draft_array(d);
    char stamp[32];

    meta = draft_copy(d, value_get(from, "metadata"));
    draft_set(d, job, "metadata", meta);
    draft_text(
        d, meta, "name",
        draft_printf(d, "%s-%lld", object_name(c->cron), (long long)when / 60));
    draft_text(d, meta, "namespace", object_ns(c->cron));
    text_rfc3339(when, stamp);
    draft_text(d, draft_make(d, meta, "annotations"), STAMP_KEY, stamp);
    draft_append(d, owners, work_owner(c->w, CRON_JOB, c->cron));
    draft_set(d, meta, "ownerReferences", owners);
    draft_set(d, job, "spec", draft_copy(d, value_get(from, "spec")));
    if (work_create(c->w, JOB, job) >= 300) {
        if (c->w->again)
            say(c, true, "FailedCreate",
                draft_printf(d, "Error creating job: %s",
                             value_text_at(c->w->answer, "message")));
        return false;
    }
    say(c, false, "SuccessfulCreate",
        draft_printf(d, "Created job %s", object_name(c->w->answer)));
    list_active(c, c->w->answer);
    draft_time(d, c->status, "lastScheduleTime", when);
    return true;
}

static void replace_active(struct cronjob *c)
{
    for (size_t i = 0; i < array_count(c->jobs); i++)
        if (!finish_of(array_at(c->jobs, i)))
            work_delete(c->w, work_kind(c->w, JOB), array_at(c->jobs, i),
                        "Background");
    value_unset(c->status, "active");
}

static void start(struct cronjob *c, int64_t when)
{
    const char *policy = value_text_at(c->cron, "spec.concurrencyPolicy");
    int64_t limit = value_int_at(c->cron, "spec.startingDeadlineSeconds", -1);
    size_t active = array_count(value_get(c->status, "active"));

    if (limit >= 0 && when + limit < c->d->unix_now) {
        say(c, true, "MissSchedule", "Missed scheduled time to start a job");
        return;
    }
    if (active > 0 && text_equal(policy, "Forbid")) {
        say(c, false, "JobAlreadyActive",
            "Not starting job because prior execution is running and "
            "concurrency policy is Forbid");
        return;
    }
    if (active > 0 && text_equal(policy, "Replace"))
        replace_active(c);
    if (!c->w->again)
        create_job(c, when);
}

/* The last moment that has come and was not used; 0: none. */
static int64_t missed(struct cronjob *c)
{
    int64_t at = object_time(c->cron, "status.lastScheduleTime"), last = 0;
    int64_t limit = value_int_at(c->cron, "spec.startingDeadlineSeconds", -1);
    int64_t now = c->d->unix_now, count = 0;

    if (at == 0)
        at = object_time(c->cron, "metadata.creationTimestamp");
    if (limit >= 0 && now - limit > at)
        at = now - limit - 1;
    while ((at = cron_next(&c->schedule, c->zone, at)) > 0 && at <= now) {
        last = at;
        if (++count == MISSED_MOST + 1)
            say(c, true, "TooManyMissedTimes",
                "too many missed start times. Set or decrease "
                ".spec.startingDeadlineSeconds or check clock skew");
    }
    return last;
}

static bool read_schedule(struct cronjob *c)
{
    const char *text = value_text_at(c->cron, "spec.schedule");
    const char *zone = value_text_at(c->cron, "spec.timeZone");

    c->zone = zone ? sim_zone(c->w->c->s, zone) : zone_utc();
    if (!c->zone) {
        say(c, true, "UnknownTimeZone",
            draft_printf(c->d, "invalid timeZone: %s: unknown time zone %s",
                         zone, zone));
        return false;
    }
    if (!text || !cron_parse(text, &c->schedule)) {
        say(c, true, "UnparseableSchedule",
            draft_printf(c->d, "unparseable schedule: %s", text ? text : ""));
        return false;
    }
    return true;
}

static void keep_schedule(struct cronjob *c)
{
    int64_t when = missed(c), next;

    if (when > 0)
        start(c, when);
    next = cron_next(&c->schedule, c->zone, c->d->unix_now);
    if (next > 0)
        work_after(c->w, (uint64_t)(next - c->d->unix_now) * 1000);
}

void cron_step(struct work *w)
{
    struct cronjob c = {.w = w, .d = &w->d};

    c.cron = work_get(w, CRON_JOB, w->key->ns, w->key->name);
    if (!c.cron || object_deleting(c.cron))
        return;
    c.jobs = work_owned(w, JOB, w->key->ns, object_uid(c.cron));
    c.status = draft_copy(&w->d, value_get(c.cron, "status"));
    if (w->d.failed)
        return;
    pods_sort(c.jobs, by_start);
    look_at_jobs(&c);
    if (read_schedule(&c) && !value_bool_at(c.cron, "spec.suspend", false))
        keep_schedule(&c);
    work_status(w, CRON_JOB, c.cron, c.status);
    trim(&c, "Complete",
         value_int_at(c.cron, "spec.successfulJobsHistoryLimit", 3));
    trim(&c, "Failed", value_int_at(c.cron, "spec.failedJobsHistoryLimit", 1));
}

/* ---- time to live ---- */

void ttl_step(struct work *w)
{
    struct value *job = work_get(w, JOB, w->key->ns, w->key->name);
    int64_t ttl = value_int_at(job, "spec.ttlSecondsAfterFinished", -1), left;
    const char *finish = finish_of(job);
    const struct value *c;

    if (ttl < 0 || !finish || object_deleting(job))
        return;
    c = condition_find(value_get(job, "status"), finish);
    left = object_time(c, "lastTransitionTime") + ttl - w->d.unix_now;
    if (left <= 0)
        work_delete(w, work_kind(w, JOB), job, "Foreground");
    else
        work_after(w, (uint64_t)left * 1000);
}
