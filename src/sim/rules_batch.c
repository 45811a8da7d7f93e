/*
 * rules_batch.c -- validation of Jobs and CronJobs (k8s.io/kubernetes
 *                  pkg/apis/batch/validation).
 */
#include <ctype.h>
#include <string.h>

#include "kube/selector.h"
#include "rules_kinds.h"

/* ---- jobs ---- */

static void check_restart(struct check *k, const struct place *at,
                          const struct value *template)
{
    const char *policy = value_text_at(template, "spec.restartPolicy");
    const struct place *spec = PLACE(at, "spec");

    if (!policy || !*policy || strcmp(policy, "Always") == 0)
        check_required(k, spec, "restartPolicy",
                       "valid values: \"OnFailure\", \"Never\"");
    else if (strcmp(policy, "OnFailure") != 0 && strcmp(policy, "Never") != 0)
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(spec, "restartPolicy"),
                  "Unsupported value: \"%s\": supported values: "
                  "\"OnFailure\", \"Never\"",
                  policy);
}

static void check_completion(struct check *k, const struct place *at,
                             const struct value *spec)
{
    static const char *const modes[] = {"Indexed", "NonIndexed", NULL};
    static const char *const replacement[] = {"Failed", "TerminatingOrFailed",
                                              NULL};
    const char *mode = value_text_at(spec, "completionMode");

    if (mode) {
        check_enum(k, at, spec, "completionMode", modes);
        if (strcmp(mode, "Indexed") == 0 && !value_get(spec, "completions"))
            check_required(k, at, "completions",
                           "when completion mode is Indexed");
    }
    if (value_get(spec, "podReplacementPolicy"))
        check_enum(k, at, spec, "podReplacementPolicy", replacement);
}

static void check_job_spec(struct check *k, const struct place *at,
                           const struct value *spec)
{
    static const char *const counts[] = {"parallelism",
                                         "completions",
                                         "activeDeadlineSeconds",
                                         "backoffLimit",
                                         "ttlSecondsAfterFinished",
                                         "backoffLimitPerIndex"};
    const struct value *template = value_get(spec, "template");

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        check_non_negative(k, at, spec, counts[i]);
    check_completion(k, at, spec);
    rules_check_template(k, PLACE(at, "template"), template);
    check_restart(k, PLACE(at, "template"), template);
}

/* Does it select by nothing but what the server labels the pods with? */
static bool matches_own(struct check *k, const struct value *selector)
{
    const char *uid = value_text_at(k->object, "metadata.uid");
    const char *name = value_text_at(k->object, "metadata.name");
    struct value *own = value_object(k->c->a);
    struct selector *s;

    if (!own || !name ||
        rules_set_text(k->c, own, "controller-uid", uid, k->f) < 0 ||
        rules_set_text(k->c, own, "batch.kubernetes.io/controller-uid", uid,
                       k->f) < 0 ||
        rules_set_text(k->c, own, "job-name", name, k->f) < 0 ||
        rules_set_text(k->c, own, "batch.kubernetes.io/job-name", name, k->f) <
            0 ||
        selector_from_label_selector(k->c->a, selector, &s, NULL) < 0)
        return true;
    return selector_match_labels(s, own);
}

/* Labels and selector are those that the server makes from the uid. */
static void check_generated(struct check *k, const struct place *at,
                            const struct value *spec)
{
    static const char *const keys[] = {"batch.kubernetes.io/controller-uid",
                                       "controller-uid"};
    const struct value *labels = value_path(spec, "template.metadata.labels");
    const struct place *place =
        PLACE(PLACE(PLACE(at, "template"), "metadata"), "labels");
    const struct value *selector = value_get(spec, "selector");
    const char *uid = value_text_at(k->object, "metadata.uid");

    if (value_bool_at(spec, "manualSelector", false) || !uid ||
        rules_is_absent(selector))
        return;
    for (size_t i = 0; i < 2; i++)
        if (!text_equal(value_text(value_get(labels, keys[i])), uid))
            check_invalid(k, PLACE_KEY(place, keys[i]), labels,
                          "must be the uid");
    if (!matches_own(k, selector))
        check_invalid(k, PLACE(at, "selector"), selector,
                      "`selector` not auto-generated");
}

void rules_check_job(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *selector = value_get(spec, "selector");

    check_generated(k, at, spec);
    check_job_spec(k, at, spec);
    if (rules_is_absent(selector)) {
        check_required(k, at, "selector", "");
        selector = NULL;
    }
    check_selector(k, PLACE(at, "selector"), selector);
    for (int pass = 0; pass < (k->old ? 2 : 1); pass++)
        rules_check_selected(k, PLACE(at, "template"), selector,
                             value_get(spec, "template"));
}

/* While it is suspended and has not begun, its pods may be placed anew. */
static bool same_template(const struct check *k)
{
    const struct value *is = value_path(k->object, "spec.template");
    const struct value *was = value_path(k->old, "spec.template");

    return value_equal(is, was) ||
           (value_bool_at(k->old, "spec.suspend", false) &&
            !value_path(k->old, "status.startTime"));
}

void rules_check_job_update(struct check *k)
{
    bool indexed =
        text_equal(value_text_at(k->object, "spec.completionMode"), "Indexed");

    if (!indexed)
        check_immutable(k, "spec.completions");
    check_immutable(k, "spec.selector");
    if (!same_template(k))
        check_immutable(k, "spec.template");
    check_immutable(k, "spec.completionMode");
    check_immutable(k, "spec.podFailurePolicy");
    check_immutable(k, "spec.backoffLimitPerIndex");
    check_immutable(k, "spec.managedBy");
    check_immutable(k, "spec.successPolicy");
}

/* ---- schedules ---- */

struct cron_field {
    int min, max;
    const char *names; /* three letters each, from `min` on */
};

static const struct cron_field CRON[] = {
    {0, 59, ""},
    {0, 23, ""},
    {1, 31, ""},
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {0, 6, "sunmontuewedthufrisat"},
};

/* A number or a name; -1: neither. Moves *at. */
static int cron_number(const char **at, const struct cron_field *field)
{
    size_t digits = strspn(*at, "0123456789");
    int64_t n = -1;

    if (digits) {
        if (digits > 4 || !text_to_int64(*at, digits, &n))
            return -1;
        *at += digits;
        return (int)n;
    }
    for (int i = 0; field->names[3 * i]; i++) {
        if (strncasecmp(*at, field->names + 3 * i, 3) == 0) {
            *at += 3;
            return field->min + i;
        }
    }
    return -1;
}

/* "*", "5", "1-5", each with a step. */
static bool cron_range(const char **at, const struct cron_field *field)
{
    static const struct cron_field plain = {0, 0, ""};
    int low = field->min, high = field->max;

    if (**at == '*' || **at == '?') {
        ++*at;
    } else {
        low = high = cron_number(at, field);
        if (low < 0)
            return false;
        if (**at == '-') {
            ++*at;
            high = cron_number(at, field);
        }
    }
    if (**at == '/') {
        ++*at;
        if (cron_number(at, &plain) <= 0)
            return false;
    }
    return low >= field->min && high <= field->max && low <= high;
}

static bool cron_list(const char **at, const struct cron_field *field)
{
    for (;;) {
        if (!cron_range(at, field))
            return false;
        if (**at != ',')
            return **at == '\0' || isspace((unsigned char)**at);
        ++*at;
    }
}

static bool is_macro(const char *text)
{
    static const char *const names[] = {"@yearly", "@annually", "@monthly",
                                        "@weekly", "@daily",    "@midnight",
                                        "@hourly", NULL};
    int64_t ms;

    for (size_t i = 0; names[i]; i++)
        if (strcmp(text, names[i]) == 0)
            return true;
    return text_starts(text, "@every ") && text_parse_duration(text + 7, &ms);
}

static const char *wrong_schedule(const char *text)
{
    if (*text == '@')
        return is_macro(text) ? NULL : "unrecognized descriptor";
    for (size_t i = 0; i < sizeof CRON / sizeof CRON[0]; i++) {
        text += strspn(text, " \t");
        if (!*text)
            return "expected exactly 5 fields";
        if (!cron_list(&text, &CRON[i]))
            return "failed to parse";
    }
    return text[strspn(text, " \t")] ? "expected exactly 5 fields" : NULL;
}

/* ---- cron jobs ---- */

void rules_check_cron_job(struct check *k)
{
    static const char *const policies[] = {"Allow", "Forbid", "Replace", NULL};
    const struct place *at = PLACE(NULL, "spec");
    const struct place *job = PLACE(PLACE(at, "jobTemplate"), "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *inner = value_path(spec, "jobTemplate.spec");
    const char *schedule = value_text_at(spec, "schedule");
    const char *name = value_text_at(k->object, "metadata.name");

    if (!schedule || !*schedule)
        check_required(k, at, "schedule", "");
    else
        check_text_by(k, PLACE(at, "schedule"), schedule, wrong_schedule);
    check_non_negative(k, at, spec, "startingDeadlineSeconds");
    check_enum(k, at, spec, "concurrencyPolicy", policies);
    check_job_spec(k, job, inner);
    if (value_get(inner, "selector"))
        check_invalid(k, PLACE(job, "selector"), value_get(inner, "selector"),
                      "`selector` will be auto-generated");
    check_non_negative(k, at, spec, "successfulJobsHistoryLimit");
    check_non_negative(k, at, spec, "failedJobsHistoryLimit");
    if (!k->old && name && strlen(name) > 52)
        check_add(k, CAUSE_INVALID, PLACE(PLACE(NULL, "metadata"), "name"),
                  "Invalid value: \"%s\": must be no more than 52 characters",
                  name);
}
