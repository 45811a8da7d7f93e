/*
 * rules_apps.c -- validation of what keeps pods running (k8s.io/kubernetes
 *                 pkg/apis/apps/validation).
 */
#include <string.h>

#include "kube/selector.h"
#include "rules_kinds.h"

static bool is_text(const struct value *object, const char *path,
                    const char *text)
{
    return text_equal(value_text_at(object, path), text);
}

/* Absent is refused by all kinds but DaemonSets, empty by all. */
static void check_own_selector(struct check *k, const struct place *at,
                               const struct value *spec, const char *what)
{
    const struct value *selector = value_get(spec, "selector");
    const struct place *place = PLACE(at, "selector");

    if (rules_is_absent(selector)) {
        if (!rules_is(k->c->kind, "apps", "DaemonSet"))
            check_required(k, at, "selector", "");
        return;
    }
    check_selector(k, place, selector);
    if (selector->count == 0)
        check_add(k, CAUSE_INVALID, place,
                  "Invalid value: {}: empty selector is invalid for %s", what);
}

/* Pods that are kept running are always restarted. */
static void check_always(struct check *k, const struct place *at,
                         const struct value *template)
{
    const char *policy = value_text_at(template, "spec.restartPolicy");
    const struct place *spec = PLACE(at, "spec");

    if (!text_equal(policy, "Always"))
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(spec, "restartPolicy"),
                  "Unsupported value: \"%s\": supported values: \"Always\"",
                  policy ? policy : "");
    if (value_path(template, "spec.activeDeadlineSeconds"))
        check_add(k, CAUSE_FORBIDDEN, PLACE(spec, "activeDeadlineSeconds"),
                  "Forbidden: activeDeadlineSeconds in %s is not Supported",
                  k->c->kind->r.kind);
}

static const struct value *selector_of(const struct value *spec)
{
    const struct value *selector = value_get(spec, "selector");

    return rules_is_absent(selector) ? NULL : selector;
}

/* What is wrong in a selector is said once more of the whole. */
static bool is_selector(struct check *k, const struct place *at,
                        const struct value *spec)
{
    const struct value *selector = selector_of(spec);
    struct selector *s;

    if (!selector ||
        selector_from_label_selector(k->c->a, selector, &s, NULL) >= 0)
        return true;
    check_invalid(k, PLACE(at, "selector"), selector, "invalid label selector");
    return false;
}

/* Pods are judged when it is known which they are. */
static void check_pods(struct check *k, const struct place *at,
                       const struct value *spec)
{
    const struct value *template = value_get(spec, "template");
    const struct place *place = PLACE(at, "template");

    if (!is_selector(k, at, spec))
        return;
    rules_check_selected(k, place, selector_of(spec), template);
    rules_check_template(k, place, template);
    check_always(k, place, template);
}

/* ---- Deployment ---- */

/* An amount is not negative, a percentage has its sign. */
static bool check_surge(struct check *k, const struct place *at,
                        const struct value *v)
{
    size_t before = k->f->cause_count;

    rules_check_percent(k, at, v);
    return k->f->cause_count == before;
}

static void check_rolling(struct check *k, const struct place *at,
                          const struct value *rolling)
{
    const struct value *down = value_get(rolling, "maxUnavailable");
    const struct value *up = value_get(rolling, "maxSurge");

    check_surge(k, PLACE(at, "maxUnavailable"), down);
    check_surge(k, PLACE(at, "maxSurge"), up);
    if (rules_percent(down) == 0 && rules_percent(up) == 0)
        check_invalid(k, PLACE(at, "maxUnavailable"), down,
                      "may not be 0 when `maxSurge` is 0");
    else if (rules_percent(down) > 100 && value_is(down, VALUE_STRING))
        check_invalid(k, PLACE(at, "maxUnavailable"), down,
                      "must not be greater than 100%");
}

static void check_strategy(struct check *k, const struct place *at,
                           const struct value *strategy)
{
    const struct value *rolling = value_get(strategy, "rollingUpdate");

    if (is_text(strategy, "type", "Recreate") && rolling)
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "rollingUpdate"),
                  "Forbidden: may not be specified when strategy `type` is "
                  "'Recreate'");
    else if (is_text(strategy, "type", "RollingUpdate"))
        check_rolling(k, PLACE(at, "rollingUpdate"), rolling);
    else if (!is_text(strategy, "type", "Recreate"))
        check_add(k, CAUSE_NOT_SUPPORTED, at,
                  "Unsupported value: {\"Type\":\"%s\"}: supported values: "
                  "\"Recreate\", \"RollingUpdate\"",
                  value_text_at(strategy, "type"));
}

void rules_check_deployment(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    int64_t deadline = value_int_at(spec, "progressDeadlineSeconds", INT32_MAX);

    check_non_negative(k, at, spec, "replicas");
    check_own_selector(k, at, spec, "deployment");
    check_pods(k, at, spec);
    check_strategy(k, PLACE(at, "strategy"), value_get(spec, "strategy"));
    check_non_negative(k, at, spec, "minReadySeconds");
    check_non_negative(k, at, spec, "revisionHistoryLimit");
    check_non_negative(k, at, spec, "progressDeadlineSeconds");
    if (deadline <= value_int_at(spec, "minReadySeconds", 0))
        check_add(k, CAUSE_INVALID, PLACE(at, "progressDeadlineSeconds"),
                  "Invalid value: %lld: must be greater than minReadySeconds",
                  (long long)deadline);
}

void rules_check_selector_update(struct check *k)
{
    check_immutable(k, "spec.selector");
}

/* ---- ReplicaSet, ReplicationController ---- */

void rules_check_replica_set(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");

    check_non_negative(k, at, spec, "replicas");
    check_non_negative(k, at, spec, "minReadySeconds");
    check_own_selector(k, at, spec, "deployment");
    check_pods(k, at, spec);
}

void rules_check_controller(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *selector = value_get(spec, "selector");
    const struct value *template = value_get(spec, "template");
    const struct value *labels = value_path(template, "metadata.labels");
    bool matches = true;

    check_non_negative(k, at, spec, "minReadySeconds");
    if (!selector || selector->count == 0)
        check_required(k, at, "selector", "");
    check_non_negative(k, at, spec, "replicas");
    if (!template) {
        check_required(k, at, "template", "");
        return;
    }
    for (uint32_t i = 0; selector && i < selector->count; i++)
        matches &= text_equal(
            value_text(selector->as.members[i].value),
            value_text(value_get(labels, selector->as.members[i].key)));
    if (!matches)
        check_invalid(k,
                      PLACE(PLACE(PLACE(at, "template"), "metadata"), "labels"),
                      labels, "`selector` does not match template `labels`");
    rules_check_template(k, PLACE(at, "template"), template);
    check_always(k, PLACE(at, "template"), template);
}

/* ---- DaemonSet ---- */

static void check_daemon_strategy(struct check *k, const struct place *at,
                                  const struct value *strategy)
{
    const struct value *rolling = value_get(strategy, "rollingUpdate");
    const struct value *down = value_get(rolling, "maxUnavailable");
    const struct value *up = value_get(rolling, "maxSurge");
    const struct place *place = PLACE(at, "rollingUpdate");

    if (!is_text(strategy, "type", "RollingUpdate") &&
        !is_text(strategy, "type", "OnDelete"))
        check_add(k, CAUSE_NOT_SUPPORTED, at,
                  "Unsupported value: {\"Type\":\"%s\"}: supported values: "
                  "\"RollingUpdate\", \"OnDelete\"",
                  value_text_at(strategy, "type"));
    if (!is_text(strategy, "type", "RollingUpdate"))
        return;
    check_surge(k, PLACE(place, "maxUnavailable"), down);
    check_surge(k, PLACE(place, "maxSurge"), up);
    if (rules_percent(down) == 0 && rules_percent(up) == 0)
        check_required(k, place, "maxUnavailable",
                       "cannot be 0 when maxSurge is 0");
    if (rules_percent(down) > 0 && rules_percent(up) > 0)
        check_invalid(k, PLACE(place, "maxSurge"), up,
                      "may not be set when maxUnavailable is non-zero");
}

void rules_check_daemon_set(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *template = value_get(spec, "template");
    const struct place *place = PLACE(at, "template");

    check_own_selector(k, at, spec, "daemonset");
    rules_check_selected(k, place, selector_of(spec), template);
    rules_check_template(k, place, template);
    check_always(k, place, template);
    check_non_negative(k, at, spec, "minReadySeconds");
    check_daemon_strategy(k, PLACE(at, "updateStrategy"),
                          value_get(spec, "updateStrategy"));
    check_non_negative(k, at, spec, "revisionHistoryLimit");
}

/* ---- StatefulSet ---- */

static void check_stateful_strategy(struct check *k, const struct place *at,
                                    const struct value *strategy)
{
    const struct value *rolling = value_get(strategy, "rollingUpdate");
    const struct place *place = PLACE(at, "rollingUpdate");

    if (is_text(strategy, "type", "OnDelete")) {
        if (rolling)
            check_invalid(k, place, rolling,
                          "only allowed for updateStrategy 'RollingUpdate'");
    } else if (is_text(strategy, "type", "RollingUpdate")) {
        check_non_negative(k, place, rolling, "partition");
        check_surge(k, PLACE(place, "maxUnavailable"),
                    value_get(rolling, "maxUnavailable"));
    } else {
        check_invalid(k, at, strategy, "must be 'RollingUpdate' or 'OnDelete'");
    }
}

static int add_claim(struct check *k, struct value *volumes, const char *name)
{
    struct arena *a = k->c->a;
    struct value *volume = value_object(a), *claim = value_object(a);

    if (!volume || !claim ||
        value_set(a, claim, "claimName", value_string(a, name)) < 0 ||
        value_set(a, volume, "persistentVolumeClaim", claim) < 0 ||
        value_set(a, volume, "name", value_string(a, name)) < 0 ||
        value_append(a, volumes, volume) < 0)
        return failure_nomem(k->f);
    return 0;
}

/* The claims of the templates, then what they leave of the pods' volumes. */
static int join_claims(struct check *k, const struct value *claims,
                       const struct value *own, struct value *ret_volumes)
{
    struct value *item;

    for (size_t i = 0; (item = rules_item(claims, i)); i++) {
        const char *name = value_text_at(item, "metadata.name");

        name = name ? name : "";
        if (!check_seen(ret_volumes, SIZE_MAX, "name", name) &&
            add_claim(k, ret_volumes, name) < 0)
            return -1;
    }
    for (size_t i = 0; (item = rules_item(own, i)); i++) {
        const char *name = value_text_at(item, "name");

        if (!check_seen(claims, SIZE_MAX, "metadata.name", name ? name : "") &&
            value_append(k->c->a, ret_volumes, item) < 0)
            return failure_nomem(k->f);
    }
    return 0;
}

/* The template as its pods will have it: the controller names them and mounts
 * their claims. */
static struct value *with_claims(struct check *k, const struct value *spec)
{
    struct value *template = value_copy(k->c->a, value_get(spec, "template"));
    const struct value *claims = value_get(spec, "volumeClaimTemplates");
    struct value *pod = value_get(template, "spec");
    struct value *volumes = value_array(k->c->a);

    if (!pod)
        return template;
    value_unset(pod, "subdomain");
    value_unset(pod, "hostname");
    if (!claims || claims->count == 0)
        return template;
    if (!volumes ||
        join_claims(k, claims, value_get(pod, "volumes"), volumes) < 0 ||
        value_set(k->c->a, pod, "volumes", volumes) < 0)
        failure_nomem(k->f);
    return template;
}

void rules_check_stateful_set(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const char *service = value_text_at(spec, "serviceName");
    const char *order = value_text_at(spec, "podManagementPolicy");
    const struct value *template = with_claims(k, spec);
    const struct place *place = PLACE(at, "template");

    if (!text_equal(order, "OrderedReady") && !text_equal(order, "Parallel"))
        check_add(k, CAUSE_INVALID, PLACE(at, "podManagementPolicy"),
                  "Invalid value: \"%s\": must be 'OrderedReady' or "
                  "'Parallel'",
                  order ? order : "");
    check_stateful_strategy(k, PLACE(at, "updateStrategy"),
                            value_get(spec, "updateStrategy"));
    for (size_t i = 0; !k->old && i < 1000; i++) {
        const struct value *claim =
            rules_item(value_get(spec, "volumeClaimTemplates"), i);

        if (!claim)
            break;
        rules_check_claim_spec(
            k, PLACE(PLACE_AT(PLACE(at, "volumeClaimTemplates"), i), "spec"),
            value_get(claim, "spec"));
    }
    check_non_negative(k, at, spec, "replicas");
    check_non_negative(k, at, spec, "minReadySeconds");
    if (!k->old && service && *service)
        check_text_by(k, PLACE(at, "serviceName"), service, wrong_dns_label);
    check_own_selector(k, at, spec, "statefulset");
    if (is_selector(k, at, spec)) {
        rules_check_selected(k, place, selector_of(spec), template);
        rules_check_template(k, place, template);
        rules_check_template_meta(k, place, template); /* once more */
    }
    check_always(k, place, template);
}

void rules_check_stateful_set_update(struct check *k)
{
    static const char *const fixed[] = {"podManagementPolicy", "selector",
                                        "serviceName", "volumeClaimTemplates"};
    const struct value *spec = value_get(k->object, "spec");
    const struct value *was = value_get(k->old, "spec");

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const struct value *a = value_get(spec, fixed[i]);
        const struct value *b = value_get(was, fixed[i]);

        if (a && b ? value_equal(a, b) : a == b)
            continue;
        check_add(k, CAUSE_FORBIDDEN, PLACE(NULL, "spec"),
                  "Forbidden: updates to statefulset spec for fields other "
                  "than 'replicas', 'ordinals', 'template', 'updateStrategy', "
                  "'revisionHistoryLimit', "
                  "'persistentVolumeClaimRetentionPolicy' and "
                  "'minReadySeconds' are forbidden");
        return;
    }
}
