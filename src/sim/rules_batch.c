/*
 * rules_batch.c -- validation of Jobs and CronJobs (k8s.io/kubernetes
 *                  pkg/apis/batch/validation).
 */
#include <ctype.h>
#include <string.h>

#include "kube/selector.h"
#include "rules_job.h"

/* ---- jobs ---- */

static void check_restart(struct check *k, const struct place *at,
                          const struct value *job)
{
    const char *policy = value_text_at(job, "template.spec.restartPolicy");
    const struct place *spec = PLACE(at, "spec");

    if (!policy || !*policy || strcmp(policy, "Always") == 0)
        check_required(k, spec, "restartPolicy",
                       "valid values: \"OnFailure\", \"Never\"");
    else if (strcmp(policy, "OnFailure") != 0 && strcmp(policy, "Never") != 0)
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(spec, "restartPolicy"),
                  "Unsupported value: \"%s\": supported values: "
                  "\"OnFailure\", \"Never\"",
                  policy);
    else if (value_get(job, "podFailurePolicy") && strcmp(policy, "Never") != 0)
        check_add(k, CAUSE_INVALID, PLACE(spec, "restartPolicy"),
                  "Invalid value: \"%s\": only \"Never\" is supported when "
                  "podFailurePolicy is specified",
                  policy);
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
    rules_check_job_policies(k, at, spec);
    rules_check_template(k, PLACE(at, "template"), template);
    check_restart(k, PLACE(at, "template"), spec);
}

/* What the pods of a Job are labelled with, the older names first. */
static const struct {
    const char *key, *of;
} OWN_LABELS[] = {
    {"controller-uid", "metadata.uid"},
    {"job-name", "metadata.name"},
    {"batch.kubernetes.io/controller-uid", "metadata.uid"},
    {"batch.kubernetes.io/job-name", "metadata.name"},
};
#define OWN_COUNT (sizeof OWN_LABELS / sizeof OWN_LABELS[0])

static const char *own_label(const struct check *k, size_t i)
{
    const char *text = value_text_at(k->object, OWN_LABELS[i].of);

    return text ? text : "";
}

/* Jobs of before the newer names need not have them. */
static size_t count_own(const struct check *k)
{
    const struct value *was = value_path(k->old, "spec.template.metadata");
    const struct value *labels = value_get(was, "labels");

    return !k->old || (value_get(labels, OWN_LABELS[2].key) &&
                       value_get(labels, OWN_LABELS[3].key))
               ? OWN_COUNT
               : OWN_COUNT / 2;
}

/* Does it select by nothing but what the server labels the pods with? */
static bool matches_own(struct check *k, const struct value *selector)
{
    struct value *own = value_object(k->c->a);
    size_t count = count_own(k);
    struct selector *s;

    if (!own)
        return true;
    for (size_t i = 0; i < count; i++)
        if (rules_set_text(k->c, own, OWN_LABELS[i].key, own_label(k, i),
                           k->f) < 0)
            return true;
    return selector_from_label_selector(k->c->a, selector, &s, NULL) < 0 ||
           selector_match_labels(s, own);
}

/* Labels and selector are those that the server makes of uid and name. */
static void check_generated(struct check *k, const struct place *at,
                            const struct value *spec)
{
    const struct value *labels = value_path(spec, "template.metadata.labels");
    const struct place *place =
        PLACE(PLACE(PLACE(at, "template"), "metadata"), "labels");
    const struct value *selector = value_get(spec, "selector");
    size_t count = count_own(k);

    if (value_bool_at(spec, "manualSelector", false) ||
        rules_is_absent(selector))
        return;
    for (size_t i = 0; i < count; i++) {
        const char *key = OWN_LABELS[i].key;
        const char *is = value_text(value_get(labels, key));

        if (!is)
            check_add(k, CAUSE_REQUIRED, PLACE_KEY(place, key),
                      "Required value: must be '%s'", own_label(k, i));
        else if (strcmp(is, own_label(k, i)) != 0)
            check_invalid(k, PLACE_KEY(place, key), labels,
                          "must be what the server made it");
    }
    if (!matches_own(k, selector))
        check_invalid(k, PLACE(at, "selector"), selector,
                      "`selector` not auto-generated");
}

/* The last of its pods must have a name that hosts may have. */
static void check_last_host(struct check *k, const struct value *spec)
{
    const char *name = value_text_at(k->object, "metadata.name");
    int64_t count = value_int_at(spec, "completions", 0);
    const char *host;

    if (!text_equal(value_text_at(spec, "completionMode"), "Indexed") ||
        count <= 0)
        return;
    name = name ? name : "";
    host = arena_printf(k->c->a, "%s-%lld", name, (long long)count - 1);
    if (!host)
        failure_nomem(k->f);
    else if (is_wrong(wrong_dns_label, host))
        check_add(k, CAUSE_INVALID, PLACE(PLACE(NULL, "metadata"), "name"),
                  "Invalid value: \"%s\": will not able to create pod with "
                  "invalid DNS label: %s",
                  name, host);
}

/* An update is judged as a Job of its own, then as a change of one. */
void rules_check_job(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *selector = value_get(spec, "selector");
    bool absent = rules_is_absent(selector);

    check_generated(k, at, spec);
    check_last_host(k, spec);
    for (int pass = 0; pass < (k->old ? 2 : 1); pass++) {
        check_job_spec(k, at, spec);
        if (absent)
            check_required(k, at, "selector", "");
        else
            check_selector(k, PLACE(at, "selector"), selector);
        rules_check_selected(k, PLACE(at, "template"), absent ? NULL : selector,
                             value_get(spec, "template"));
    }
}

/* ---- changes of jobs ---- */

/* While it is suspended and nothing of it runs, its pods may be placed anew
 * and be given other resources. */
static bool may_change_pods(const struct value *old)
{
    return value_bool_at(old, "spec.suspend", false) &&
           (!value_path(old, "status.startTime") ||
            job_has_condition(old, "Suspended")) &&
           value_int_at(old, "status.active", 0) == 0;
}

static void take_member(struct check *k, struct value *object,
                        const struct value *from, const char *key)
{
    struct value *v = value_get(from, key);

    if (!v)
        value_unset(object, key);
    else if (value_set(k->c->a, object, key, v) < 0)
        failure_nomem(k->f);
}

/* Of an affinity what concerns nodes. */
static void take_node_affinity(struct check *k, struct value *pod,
                               const struct value *from)
{
    const struct value *is = value_get(from, "affinity");
    struct value *was = value_get(pod, "affinity");

    if (is && !was)
        was = value_make(k->c->a, pod, "affinity");
    if (!was)
        return;
    take_member(k, was, is, "nodeAffinity");
    if (!is && was->count == 0)
        value_unset(pod, "affinity");
}

static void take_resources(struct check *k, struct value *pod,
                           const struct value *from, const char *key)
{
    const struct value *is = value_get(from, key);
    struct value *was = value_get(pod, key);

    if (!is || !was || is->count != was->count)
        return;
    for (size_t i = 0; i < is->count; i++)
        if (text_equal(value_text_at(rules_item(is, i), "name"),
                       value_text_at(rules_item(was, i), "name")))
            take_member(k, rules_item(was, i), rules_item(is, i), "resources");
}

static void check_template_update(struct check *k)
{
    static const char *const placed[] = {"nodeSelector", "tolerations",
                                         "schedulingGates"};
    const struct value *is = value_path(k->object, "spec.template.spec");
    struct value *was =
        value_copy(k->c->a, value_path(k->old, "spec.template.spec"));

    if (!may_change_pods(k->old) || !is || !was) {
        check_immutable(k, "spec.template");
        return;
    }
    for (size_t i = 0; i < sizeof placed / sizeof placed[0]; i++)
        take_member(k, was, is, placed[i]);
    take_node_affinity(k, was, is);
    take_resources(k, was, is, "containers");
    take_resources(k, was, is, "initContainers");
    if (!value_equal(is, was))
        check_invalid(k, PLACE(PLACE(PLACE(NULL, "spec"), "template"), "spec"),
                      is, "field is immutable");
}

/* Fixed, but that of numbered pods as many may run as are to be done. */
static void check_completions_update(struct check *k)
{
    const struct value *spec = value_get(k->object, "spec");
    const struct value *is = value_get(spec, "completions");
    const struct value *was = value_path(k->old, "spec.completions");

    if (!text_equal(value_text_at(spec, "completionMode"), "Indexed"))
        check_immutable(k, "spec.completions");
    else if (is && !(was && value_equal(is, was)) &&
             value_int_at(spec, "completions", 0) !=
                 value_int_at(spec, "parallelism", 0))
        check_invalid(k, PLACE(PLACE(NULL, "spec"), "completions"), is,
                      "can only be modified in tandem with spec.parallelism");
}

void rules_check_job_update(struct check *k)
{
    check_completions_update(k);
    check_immutable(k, "spec.selector");
    check_template_update(k);
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

static void check_schedule(struct check *k, const struct place *at,
                           const char *schedule)
{
    const char *wrong = wrong_schedule(schedule);

    if (wrong)
        check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", schedule,
                  wrong);
}

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
        check_schedule(k, PLACE(at, "schedule"), schedule);
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
