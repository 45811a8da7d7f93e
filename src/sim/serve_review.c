/*
 * serve_review.c -- reviews: asked, answered, not stored. Whoever is known may
 *                   do everything: RBAC is kept as objects, not evaluated.
 */
#include <string.h>

#include "base/text.h"
#include "serve_write.h"

bool review_is(const struct kind *kind)
{
    return strcmp(kind->r.group, "authorization.k8s.io") == 0 ||
           strcmp(kind->r.group, "authentication.k8s.io") == 0;
}

static int allow(struct ask *k, struct value *status)
{
    return value_set(k->a, status, "allowed", value_bool(k->a, true));
}

static struct value *everything(struct ask *k, const char *const *keys,
                                size_t count)
{
    struct value *rule = value_object(k->a), *list = value_array(k->a);

    for (size_t i = 0; i < count; i++) {
        struct value *all = value_array(k->a);

        if (!rule || !all ||
            value_append(k->a, all, value_string(k->a, "*")) < 0 ||
            value_set(k->a, rule, keys[i], all) < 0)
            return NULL;
    }
    return list && value_append(k->a, list, rule) == 0 ? list : NULL;
}

static int give_rules(struct ask *k, struct value *status)
{
    static const char *const resource[] = {"verbs", "apiGroups", "resources"};
    static const char *const other[] = {"verbs", "nonResourceURLs"};

    if (value_set(k->a, status, "resourceRules", everything(k, resource, 3)) <
            0 ||
        value_set(k->a, status, "nonResourceRules", everything(k, other, 2)) <
            0)
        return -1;
    return value_set(k->a, status, "incomplete", value_bool(k->a, false));
}

static int name_user(struct ask *k, struct value *status)
{
    struct value *user = value_make(k->a, status, "userInfo");
    struct value *groups = value_array(k->a);

    if (!user || !groups ||
        value_append(k->a, groups, value_string(k->a, "system:masters")) < 0 ||
        value_append(k->a, groups, value_string(k->a, "system:authenticated")) <
            0 ||
        value_set(k->a, user, "username",
                  value_string(k->a, k->q->user ? k->q->user : "")) < 0)
        return -1;
    return value_set(k->a, user, "groups", groups);
}

/* Tokens are checked by whoever takes requests, not here. */
static int no_token(struct ask *k, struct value *status)
{
    return value_set(k->a, status, "user", value_object(k->a));
}

static int check_access(struct ask *k)
{
    const struct value *spec = value_get(k->body, "spec");
    bool resource = value_get(spec, "resourceAttributes") != NULL;
    bool other = value_get(spec, "nonResourceAttributes") != NULL;

    if (resource == other &&
        failure_cause(&k->f, CAUSE_INVALID, "spec.resourceAttributes",
                      "Invalid value: exactly one of nonResourceAttributes or "
                      "resourceAttributes must be specified") < 0)
        return -1;
    if (strcmp(k->kind->r.kind, "SelfSubjectAccessReview") != 0 &&
        !value_text_at(spec, "user") && !value_get(spec, "groups") &&
        failure_cause(&k->f, CAUSE_INVALID, "spec.user",
                      "Invalid value: \"\": at least one of user or group must "
                      "be specified") < 0)
        return -1;
    return failure_invalid(&k->f, k->kind->r.group, k->kind->r.kind, "");
}

int serve_review(struct ask *k)
{
    const char *kind = k->kind->r.kind;
    struct value *status = value_object(k->a);
    int rc;

    if (!status || value_set(k->a, k->body, "status", status) < 0)
        return failure_nomem(&k->f);
    if (text_ends(kind, "AccessReview") && check_access(k) < 0)
        return -1;
    if (strcmp(kind, "SelfSubjectRulesReview") == 0)
        rc = give_rules(k, status);
    else if (strcmp(kind, "SelfSubjectReview") == 0)
        rc = name_user(k, status);
    else if (strcmp(kind, "TokenReview") == 0)
        rc = no_token(k, status);
    else
        rc = allow(k, status);
    return rc < 0 ? failure_nomem(&k->f) : answer_with(k, 201, k->body);
}
