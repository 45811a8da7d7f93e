/*
 * rules_job_status.c -- validation of what is written to the status of a Job
 *                       (k8s.io/kubernetes pkg/apis/batch/validation; which
 *                       rules hold says getStatusValidationOptions() in
 *                       pkg/registry/batch/job).
 *
 * Whatever controls a Job has to keep the promises of its conditions: what is
 * finished has ended, and stays so. Most rules are asked only when something
 * changed that they are about: what was wrong before may stay.
 */
#include "rules_job.h"

#include "base/text.h"

/* ---- two states ---- */

struct state {
    const struct value *spec, *status;
    bool complete, failed, finished, target, criteria;
};

struct change {
    struct check *k;
    const struct place *at;
    struct state is, was;
};

static struct state state_of(const struct value *job)
{
    struct state s = {
        .spec = value_get(job, "spec"),
        .status = value_get(job, "status"),
        .complete = job_has_condition(job, "Complete"),
        .failed = job_has_condition(job, "Failed"),
        .target = job_has_condition(job, "FailureTarget"),
        .criteria = job_has_condition(job, "SuccessCriteriaMet"),
    };

    s.finished = s.complete || s.failed;
    return s;
}

static const struct value *get(const struct state *s, const char *field)
{
    return value_get(s->status, field);
}

static int64_t count(const struct state *s, const char *field)
{
    return value_int_at(s->status, field, 0);
}

static bool differs(const struct change *c, const char *field)
{
    const struct value *is = get(&c->is, field), *was = get(&c->was, field);

    return is && was ? !value_equal(is, was) : is != was;
}

static void wrong(const struct change *c, const char *field, const char *why)
{
    const struct value *v = get(&c->is, field);

    if (v && v->type != VALUE_ARRAY && v->type != VALUE_OBJECT)
        check_invalid(c->k, PLACE(c->at, field), v, why);
    else
        check_add(c->k, CAUSE_INVALID, PLACE(c->at, field), "Invalid value: %s",
                  why);
}

static int64_t seconds(const struct value *time)
{
    int64_t at = 0;

    return value_text(time) && text_parse_rfc3339(value_text(time), &at) ? at
                                                                         : 0;
}

/* ---- pods that nobody has counted yet ---- */

static bool seen_before(const struct value *status, size_t list, size_t end,
                        const struct value *uid)
{
    static const char *const lists[] = {"uncountedTerminatedPods.succeeded",
                                        "uncountedTerminatedPods.failed"};
    const struct value *item;

    for (size_t n = 0; n <= list; n++)
        for (size_t i = 0;
             (item = rules_item(value_path(status, lists[n]), i)) &&
             (n < list || i < end);
             i++)
            if (value_equal(item, uid))
                return true;
    return false;
}

static void check_uncounted(const struct change *c)
{
    static const char *const lists[] = {"succeeded", "failed"};
    const struct value *pods = get(&c->is, "uncountedTerminatedPods"), *uid;
    const struct place *at = PLACE(c->at, "uncountedTerminatedPods");

    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; (uid = rules_item(value_get(pods, lists[n]), i));
             i++) {
            const struct place *place = PLACE_AT(PLACE(at, lists[n]), i);

            if (!uid->count)
                check_add(c->k, CAUSE_INVALID, place,
                          "Invalid value: \"\": must not be empty");
            else if (seen_before(c->is.status, n, i, uid))
                check_add(c->k, CAUSE_DUPLICATE, place,
                          "Duplicate value: \"%s\"", value_text(uid));
        }
}

static bool has_uncounted(const struct state *s)
{
    const struct value *pods = get(s, "uncountedTerminatedPods");

    return rules_item(value_get(pods, "succeeded"), 0) ||
           rules_item(value_get(pods, "failed"), 0);
}

/* ---- conditions that go together ---- */

static void check_conditions(const struct change *c)
{
    const struct state *is = &c->is, *was = &c->was;
    const bool complete = is->complete != was->complete;
    const bool failed = is->failed != was->failed;

    if ((complete || failed) && is->complete && is->failed)
        wrong(c, "conditions",
              "cannot set Complete=True and Failed=true conditions");
    if ((complete || is->target != was->target) && is->complete && is->target)
        wrong(c, "conditions",
              "cannot set Complete=True and FailureTarget=true conditions");
    if ((failed || differs(c, "failedIndexes")) && is->failed && !is->target)
        wrong(c, "conditions",
              "cannot set Failed=True condition without the FailureTarget=true "
              "condition");
    if ((complete || is->criteria != was->criteria) && is->complete &&
        !is->criteria)
        wrong(c, "conditions",
              "cannot set Complete=True condition without the "
              "SuccessCriteriaMet=true condition");
    if (is->criteria && is->failed)
        wrong(c, "conditions",
              "cannot set SuccessCriteriaMet=True and Failed=true conditions");
    if (is->criteria && is->target)
        wrong(c, "conditions",
              "cannot set SuccessCriteriaMet=True and FailureTarget=true "
              "conditions");
}

/* What is over is over. */
static void check_kept_conditions(const struct change *c)
{
    const struct state *is = &c->is, *was = &c->was;
    const bool lost[] = {was->failed && !is->failed,
                         was->complete && !is->complete,
                         was->target && !is->target};

    for (size_t i = 0; i < 3; i++)
        if (lost[i])
            wrong(c, "conditions", "cannot disable a terminal condition");
    if (was->criteria && !is->criteria)
        wrong(c, "conditions",
              "cannot disable the SuccessCriteriaMet=True condition");
    if (was->complete && !was->criteria && is->criteria)
        wrong(c, "conditions",
              "cannot set SuccessCriteriaMet=True for Job already has "
              "Complete=true conditions");
}

/* ---- times ---- */

static void check_completion_time(const struct change *c)
{
    const struct value *start = get(&c->is, "startTime");
    const struct value *end = get(&c->is, "completionTime");
    const bool ends = differs(c, "completionTime");

    if (c->is.complete != c->was.complete || ends) {
        if (end && !c->is.complete)
            wrong(c, "completionTime",
                  "cannot set completionTime when there is no Complete=True "
                  "condition");
        if (!end && c->is.complete)
            check_required(c->k, c->at, "completionTime",
                           "completionTime is required for Complete jobs");
    }
    if ((ends || differs(c, "startTime")) && start && end &&
        seconds(end) < seconds(start))
        wrong(c, "completionTime", "must be equal to or after `startTime`");
}

static bool is_resuming(const struct check *k)
{
    const struct value *list = value_path(k->object, "status.conditions");
    const struct value *item;

    if (!job_has_condition(k->old, "Suspended"))
        return false;
    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (text_equal(value_text_at(item, "type"), "Suspended") &&
            text_equal(value_text_at(item, "status"), "False"))
            return true;
    return false;
}

static void check_kept_times(const struct change *c)
{
    const bool suspended = value_bool_at(c->is.spec, "suspend", false);

    if (get(&c->is, "completionTime") && get(&c->was, "completionTime") &&
        differs(c, "completionTime"))
        wrong(c, "completionTime", "field is immutable");
    if (differs(c, "startTime") && get(&c->was, "startTime") && !suspended &&
        !is_resuming(c->k))
        wrong(c, "startTime",
              "field is immutable for unsuspended job once set");
}

/* ---- what is finished ---- */

static void check_finished(const struct change *c)
{
    const bool now = c->is.finished != c->was.finished;
    const bool nothing = value_bool_at(c->is.spec, "suspend", false) &&
                         value_int_at(c->is.spec, "completions", 1) == 0;

    if (!c->is.finished)
        return;
    if ((now || differs(c, "active")) && count(&c->is, "active") > 0)
        wrong(c, "active", "active>0 is invalid for finished job");
    if ((now || differs(c, "startTime")) && !nothing &&
        !get(&c->is, "startTime"))
        check_required(c->k, c->at, "startTime",
                       "startTime is required for finished job");
    if ((now || differs(c, "uncountedTerminatedPods")) && has_uncounted(&c->is))
        wrong(c, "uncountedTerminatedPods", "must be empty for finished job");
    if ((now || differs(c, "terminating")) && count(&c->is, "terminating") > 0)
        wrong(c, "terminating", "terminating>0 is invalid for finished job");
}

/* ---- indexes ---- */

static bool overlap(const char *done, const char *lost, int64_t completions)
{
    const char *rest = *done ? done : NULL;
    struct interval x, y;

    while (job_next_interval(&rest, completions, &x)) {
        const char *other = *lost ? lost : NULL;

        while (x.right && job_next_interval(&other, completions, &y))
            if (y.right && x.first <= y.last && y.first <= x.last)
                return true;
    }
    return false;
}

static void check_indexes(const struct change *c)
{
    const bool done_changed = differs(c, "completedIndexes");
    const bool lost_changed = differs(c, "failedIndexes");
    const char *done = value_text(get(&c->is, "completedIndexes"));
    const char *lost = value_text(get(&c->is, "failedIndexes"));
    const bool numbered = value_get(c->is.spec, "completions") != NULL;
    const bool limited = value_get(c->is.spec, "backoffLimitPerIndex") != NULL;
    const int64_t completions = value_int_at(c->is.spec, "completions", 0);

    done = done ? done : "";
    if (done_changed && numbered && !job_indexes_right(done, completions, NULL))
        wrong(c, "completedIndexes", "error parsing completedIndexes");
    if (lost_changed && numbered && limited && lost &&
        !job_indexes_right(lost, completions, NULL))
        wrong(c, "failedIndexes", "error parsing failedIndexes");
    if (done_changed && *done && !job_is_indexed(c->is.spec))
        wrong(c, "completedIndexes",
              "cannot set non-empty completedIndexes when non-indexed "
              "completion mode");
    if (lost_changed && lost && !limited)
        wrong(c, "failedIndexes",
              "cannot set non-null failedIndexes when backoffLimitPerIndex is "
              "null");
    if ((done_changed || lost_changed) && numbered && lost &&
        overlap(done, lost, completions))
        wrong(c, "failedIndexes", "failedIndexes and completedIndexes overlap");
}

/* ---- counts ---- */

static void check_counts(const struct change *c)
{
    const struct value *spec = c->is.spec;
    const struct value *completions = value_get(spec, "completions");
    const struct value *parallelism = value_get(spec, "parallelism");
    const bool scaled =
        job_is_indexed(spec) &&
        (completions && parallelism ? value_equal(completions, parallelism)
                                    : completions == parallelism);

    if (count(&c->is, "failed") < count(&c->was, "failed"))
        wrong(c, "failed", "cannot decrease the failed counter");
    if (!scaled && count(&c->is, "succeeded") < count(&c->was, "succeeded"))
        wrong(c, "succeeded", "cannot decrease the succeeded counter");
    if ((differs(c, "ready") || differs(c, "active")) &&
        count(&c->is, "ready") > count(&c->is, "active"))
        wrong(c, "ready", "cannot set more ready pods than active");
}

void rules_check_job_status(struct check *k)
{
    const struct change c = {.k = k,
                             .at = PLACE(NULL, "status"),
                             .is = state_of(k->object),
                             .was = state_of(k->old)};

    check_uncounted(&c);
    check_conditions(&c);
    check_kept_conditions(&c);
    check_completion_time(&c);
    check_kept_times(&c);
    check_finished(&c);
    check_indexes(&c);
    check_counts(&c);
}
