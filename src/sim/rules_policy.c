/*
 * rules_policy.c -- PodSecurity: the policies that the labels of a namespace
 *                   name, and what they mean for what is written there
 *                   (k8s.io/pod-security-admission admission).
 */
#include <limits.h>
#include <string.h>

#include "rules_admit.h"

#define LABEL "pod-security.kubernetes.io/"

/* ---- policies ---- */

static const char *const LEVELS[] = {"privileged", "baseline", "restricted"};

struct policies {
    struct policy enforce, warn;
};

static bool read_level(const char *text, enum level *ret)
{
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(text, LEVELS[i]) == 0) {
            *ret = (enum level)i;
            return true;
        }
    return false;
}

/* NULL on out of memory. */
static const char *label_of(struct arena *a, const char *mode, const char *end)
{
    return arena_printf(a, LABEL "%s%s", mode, end);
}

static bool read_version(const char *text, unsigned *ret)
{
    int64_t minor;

    *ret = UINT_MAX;
    if (strcmp(text, "latest") == 0)
        return true;
    if (!text_starts(text, "v1.") || text[3] < '0' || text[3] > '9' ||
        (text[3] == '0' && text[4]) ||
        !text_to_int64(text + 3, strlen(text + 3), &minor) || minor >= UINT_MAX)
        return false;
    *ret = (unsigned)minor;
    return true;
}

/* What cannot be read is a cause, and the strictest (of warnings: none). */
static bool read_policy(const struct value *labels, const char *mode,
                        struct policy *ret, struct failure *f)
{
    const char *level = label_of(f->a, mode, "");
    const char *version = label_of(f->a, mode, "-version");
    const char *text;
    bool given = false;

    if (!level || !version) {
        failure_nomem(f);
        return false;
    }
    text = value_text(value_get(labels, level));
    if (text) {
        given = read_level(text, &ret->level);
        if (!given) {
            ret->level = strcmp(mode, "enforce") == 0 ? RESTRICTED : PRIVILEGED;
            failure_cause(f, CAUSE_INVALID,
                          arena_printf(f->a, "metadata.labels[%s]", level),
                          "Invalid value: \"%s\": must be one of privileged, "
                          "baseline, restricted",
                          text);
        }
    }
    text = value_text(value_get(labels, version));
    if (text && !read_version(text, &ret->minor))
        failure_cause(f, CAUSE_INVALID,
                      arena_printf(f->a, "metadata.labels[%s]", version),
                      "Invalid value: \"%s\": must be \"latest\" or \"v1.x\"",
                      text);
    return given;
}

/* Causes in `f` for labels that cannot be read. */
static struct policies read_policies(const struct value *namespace,
                                     struct failure *f)
{
    const struct value *labels = value_path(namespace, "metadata.labels");
    struct policies p = {{PRIVILEGED, UINT_MAX}, {PRIVILEGED, UINT_MAX}};
    struct policy audit = p.warn;
    bool enforced = read_policy(labels, "enforce", &p.enforce, f);

    read_policy(labels, "audit", &audit, f);
    read_policy(labels, "warn", &p.warn, f);
    if (enforced && !value_get(labels, LABEL "warn") &&
        p.enforce.level > p.warn.level) {
        p.warn.level = p.enforce.level;
        if (!value_get(labels, LABEL "warn-version"))
            p.warn.minor = p.enforce.minor;
    }
    return p;
}

static const char *policy_text(struct arena *a, struct policy p)
{
    const char *text =
        p.minor == UINT_MAX
            ? arena_printf(a, "%s:latest", LEVELS[p.level])
            : arena_printf(a, "%s:v1.%u", LEVELS[p.level], p.minor);

    return text ? text : "";
}

/* ---- pods, and what makes them ---- */

static int warn(const struct rules_call *c, const char *text, struct failure *f)
{
    if (!text)
        return failure_nomem(f);
    if (c->warnings &&
        value_append(c->a, c->warnings, value_string(c->a, text)) < 0)
        return failure_nomem(f);
    return 0;
}

static int judge(const struct rules_call *c, struct policy policy,
                 const struct value *spec, struct verdict *ret,
                 struct failure *f)
{
    return rules_judge_pod(c->a, policy, spec, ret) < 0 ? failure_nomem(f) : 0;
}

static bool same_images(const struct value *list, const struct value *was)
{
    const struct value *one;

    if ((list ? list->count : 0) != (was ? was->count : 0))
        return false;
    for (size_t i = 0; (one = rules_item(list, i)); i++)
        if (!text_equal(value_text_at(one, "image"),
                        value_text_at(rules_item(was, i), "image")))
            return false;
    return true;
}

/* What a policy would judge of a pod changes with its images only. */
static bool is_same(const struct value *pod, const struct value *old)
{
    return same_images(value_path(pod, "spec.containers"),
                       value_path(old, "spec.containers")) &&
           same_images(value_path(pod, "spec.initContainers"),
                       value_path(old, "spec.initContainers"));
}

static int find_policies(const struct rules_call *c, const struct value *object,
                         struct policies *ret, struct failure *f)
{
    const char *ns = value_text_at(object, "metadata.namespace");
    const struct gvk what = {"v1", "Namespace"};
    struct object_key key = {.ns = "", .name = ns ? ns : ""};
    struct value *namespace = NULL;
    struct failure causes;

    failure_init(&causes, c->a);
    if (c->world->get(c->world->arg, c->a, &what, &key, &namespace, f) < 0)
        return -1;
    *ret = read_policies(namespace, &causes);
    return causes.code ? failure_nomem(f) : 0;
}

static int judge_spec(const struct rules_call *c, const struct value *object,
                      const struct value *spec, struct failure *f)
{
    struct policies p;
    struct verdict v;

    if (find_policies(c, object, &p, f) < 0)
        return -1;
    if (rules_is(c->kind, "", "Pod")) {
        if (judge(c, p.enforce, spec, &v, f) < 0)
            return -1;
        if (v.found)
            return rules_forbid(
                c, object, f,
                arena_printf(c->a, "violates PodSecurity \"%s\": %s",
                             policy_text(c->a, p.enforce), v.found));
    }
    if (judge(c, p.warn, spec, &v, f) < 0)
        return -1;
    if (!v.found)
        return 0;
    return warn(c,
                arena_printf(c->a, "would violate PodSecurity \"%s\": %s",
                             policy_text(c->a, p.warn), v.found),
                f);
}

/* ---- namespaces ---- */

/* Warnings of pods that are there and break the new policy. */
static int judge_present(const struct rules_call *c, const struct value *object,
                         struct policy policy, struct failure *f)
{
    const struct gvk what = {"v1", "Pod"};
    const char *name = value_text_at(object, "metadata.name");
    struct value *pods, *pod;
    struct verdict v;
    bool told = false;

    if (rules_neighbours(c, &what, object, &pods, f) < 0)
        return -1;
    for (size_t i = 0; (pod = rules_item(pods, i)); i++) {
        if (judge(c, policy, value_get(pod, "spec"), &v, f) < 0)
            return -1;
        if (!v.found)
            continue;
        if (!told &&
            warn(c,
                 arena_printf(c->a,
                              "existing pods in namespace \"%s\" violate the "
                              "new PodSecurity enforce level \"%s\"",
                              name, policy_text(c->a, policy)),
                 f) < 0)
            return -1;
        told = true;
        if (warn(c,
                 arena_printf(c->a, "%s: %s",
                              value_text_at(pod, "metadata.name"), v.reasons),
                 f) < 0)
            return -1;
    }
    return 0;
}

static int admit_namespace(const struct rules_call *c,
                           const struct value *object, const struct value *old,
                           struct failure *f)
{
    struct failure now, before;
    struct policies p, was;

    failure_init(&now, c->a);
    failure_init(&before, c->a);
    p = read_policies(object, &now);
    was = read_policies(old, &before);
    if (now.code || before.code)
        return failure_nomem(f);
    if (now.cause_count && !(old && before.cause_count)) {
        *f = now;
        return failure_invalid(f, c->kind->r.group, c->kind->r.kind,
                               value_text_at(object, "metadata.name"));
    }
    if (!old || p.enforce.level == PRIVILEGED ||
        (p.enforce.minor == was.enforce.minor &&
         p.enforce.level <= was.enforce.level))
        return 0;
    return judge_present(c, object, p.enforce, f);
}

int rules_admit_security(const struct rules_call *c, const struct value *object,
                         const struct value *old, struct failure *f)
{
    const char *path = rules_pod_spec_path(c->kind);
    const struct value *spec;

    if (rules_is(c->kind, "", "Namespace"))
        return admit_namespace(c, object, old, f);
    spec = path ? value_path(object, path) : NULL;
    if (!spec || (old && rules_is(c->kind, "", "Pod") && is_same(object, old)))
        return 0;
    return judge_spec(c, object, spec, f);
}
