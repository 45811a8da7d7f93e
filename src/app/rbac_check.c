/*
 * rbac_check.c -- has the current user these rights? Asked of the server, one
 *                 SelfSubjectAccessReview for each verb, a few at a time.
 *
 * The server's own answer counts, whatever its authorizers are: a right that
 * comes from another role is a right.
 */
#include "rbac_impl.h"

#include <string.h>

#include "base/mem.h"
#include "kube/request.h"

#define AT_A_TIME 8

struct asked {
    struct rbac_check *check;
    const struct rbac_role *role;
    const struct rbac_rule *rule;
    size_t verb;
    bool missing;
    struct cluster_call *call; /* while it is under way */
};

struct rbac_check {
    struct cluster *cluster;
    struct asked *items;
    size_t count, next, running;
    rbac_check_fn done; /* NULL when it was called */
    void *arg;
};

static const struct resource review_kind = {
    .api_version = "authorization.k8s.io/v1",
    .group = "authorization.k8s.io",
    .version = "v1",
    .kind = "SelfSubjectAccessReview",
    .plural = "selfsubjectaccessreviews",
};

static int ask_more(struct rbac_check *c, struct err *err);

/* ---- one question ---- */

static int set_text(struct arena *a, struct value *object, const char *key,
                    const char *text)
{
    return text && *text ? value_set(a, object, key, value_string(a, text)) : 0;
}

static struct value *review(struct arena *a, const struct asked *q)
{
    const struct rbac_rule *rule = q->rule;
    const char *slash = strchr(rule->resource, '/');
    size_t len =
        slash ? (size_t)(slash - rule->resource) : strlen(rule->resource);
    struct value *body = value_object(a);
    struct value *at =
        body ? value_make(a, value_make(a, body, "spec"), "resourceAttributes")
             : NULL;

    if (!at || set_text(a, body, "apiVersion", review_kind.api_version) < 0 ||
        set_text(a, body, "kind", review_kind.kind) < 0 ||
        set_text(a, at, "namespace", q->role->ns) < 0 ||
        set_text(a, at, "verb", rbac_verb_name(q->verb)) < 0 ||
        set_text(a, at, "group", rule->group) < 0 ||
        value_set(a, at, "resource", value_stringn(a, rule->resource, len)) <
            0 ||
        set_text(a, at, "subresource", slash ? slash + 1 : NULL) < 0 ||
        set_text(a, at, "name", rule->name) < 0)
        return NULL;
    return body;
}

static void tell(struct rbac_check *c, const struct err *err)
{
    rbac_check_fn done = c->done;

    c->done = NULL;
    if (done)
        done(c->arg, err);
}

static void on_answer(void *arg, const struct cluster_answer *answer)
{
    struct asked *q = arg;
    struct rbac_check *c = q->check;
    struct arena a = {0};
    struct value *v = NULL;
    struct err err = *answer->err;

    q->call = NULL;
    c->running--;
    if (err.code == ERR_NONE)
        value_parse(&a, answer->body, answer->len, &v, &err);
    q->missing = !value_bool_at(v, "status.allowed", false);
    arena_release(&a);
    if (err.code == ERR_NONE)
        ask_more(c, &err);
    if (err.code != ERR_NONE) {
        err_wrap(&err, "cannot ask what is allowed");
        tell(c, &err);
    } else if (c->running == 0)
        tell(c, &err);
}

static int ask(struct asked *q, struct err *err)
{
    struct arena a = {0};
    struct value *body = review(&a, q);
    const struct target target = {&review_kind, {"", ""}};
    const struct write_options options = {0};
    struct request request;
    int rc = body ? request_create(&a, &target, body, &options, &request, err)
                  : err_nomem(err);

    if (rc == 0) {
        q->call = cluster_send(q->check->cluster, &request, on_answer, q, err);
        rc = q->call ? 0 : -(int)err->code;
    }
    arena_release(&a);
    return rc;
}

static int ask_more(struct rbac_check *c, struct err *err)
{
    int rc = 0;

    while (c->next < c->count && c->running < AT_A_TIME && rc == 0) {
        rc = ask(&c->items[c->next], err);
        c->next++;
        c->running++;
    }
    return rc;
}

/* ---- all of them ---- */

static void add_questions(struct rbac_check *c, const struct rbac_role *role,
                          const struct rbac_rule *rule)
{
    for (size_t i = 0; i < RBAC_VERBS; i++)
        if (rule->verbs & (1u << i))
            c->items[c->count++] = (struct asked){
                .check = c, .role = role, .rule = rule, .verb = i};
}

static void add_role_questions(struct rbac_check *c,
                               const struct rbac_role *role)
{
    for (size_t i = 0; i < role->rule_count; i++)
        add_questions(c, role, &role->rules[i]);
}

static size_t count_rules(const struct rbac_rights *rights)
{
    size_t count = 0;

    for (size_t i = 0; i < rights->role_count; i++)
        count += rights->roles[i].rule_count;
    return count;
}

struct rbac_check *rbac_check_start(struct cluster *cluster,
                                    const struct rbac_rights *rights,
                                    rbac_check_fn done, void *arg,
                                    struct err *err)
{
    struct rbac_check *c = mem_calloc(1, sizeof(*c));

    if (!c) {
        err_nomem(err);
        return NULL;
    }
    c->cluster = cluster;
    c->done = done;
    c->arg = arg;
    c->items = mem_calloc(count_rules(rights) * RBAC_VERBS, sizeof(*c->items));
    for (size_t i = 0; c->items && i < rights->role_count; i++)
        add_role_questions(c, &rights->roles[i]);
    if (!c->items)
        err_nomem(err);
    else if (ask_more(c, err) == 0)
        return c;
    rbac_check_free(c);
    return NULL;
}

void rbac_check_free(struct rbac_check *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        cluster_cancel(c->items[i].call);
    mem_free(c->items);
    mem_free(c);
}

/* ---- the answer ---- */

/* "missing: patch deployments.apps in all namespaces   (owns apps/v1 ...)" */
static void print_missing(const struct asked *q, struct str *out)
{
    const struct rbac_rule *rule = q->rule;
    size_t len = strcspn(rule->resource, "/");

    str_addf(out, "missing: %s %.*s%s%s%s", rbac_verb_name(q->verb), (int)len,
             rule->resource, *rule->group ? "." : "", rule->group,
             rule->resource + len);
    if (rule->name)
        str_addf(out, " '%s'", rule->name);
    if (*q->role->ns)
        str_addf(out, " in namespace '%s'", q->role->ns);
    else
        str_add(out,
                rule->namespaced ? " in all namespaces" : " in the cluster");
    str_addf(out, "   (%s)\n", rule->reasons[0]);
}

size_t rbac_check_print(const struct rbac_check *c, struct str *out)
{
    size_t missing = 0;

    for (size_t i = 0; i < c->count; i++) {
        if (!c->items[i].missing)
            continue;
        missing++;
        print_missing(&c->items[i], out);
    }
    if (missing)
        str_addf(out, "%zu of %zu rights %s missing.\n", missing, c->count,
                 missing == 1 ? "is" : "are");
    else
        str_addf(out, "All %zu rights are there.\n", c->count);
    return missing;
}
