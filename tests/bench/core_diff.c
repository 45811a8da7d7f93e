/*
 * core_diff.c -- a pass that finds nothing to do: one root, three children.
 *
 * The commonest thing that the runtime does. With the memo, which knows the
 * children since the last pass, and without, which parses and compares them
 * all: what a start costs for each root. The plan is a value that was parsed
 * before, as a job hands it over.
 */
#include "core_diff.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/diff.h"

#define ROUNDS 200
#define REPEAT 50
#define CHILDREN 3

static const struct child {
    struct resource resource;
    const char *declared, *live;
} children[CHILDREN] = {
    {{.api_version = "apps/v1",
      .group = "apps",
      .version = "v1",
      .kind = "Deployment",
      .plural = "deployments",
      .namespaced = true},
     declared_deployment,
     live_deployment},
    {{.api_version = "v1",
      .group = "",
      .version = "v1",
      .kind = "Service",
      .plural = "services",
      .namespaced = true},
     declared_service,
     live_service},
    {{.api_version = "v1",
      .group = "",
      .version = "v1",
      .kind = "ConfigMap",
      .plural = "configmaps",
      .namespaced = true},
     declared_config_map,
     live_config_map},
};

static const struct resource website = {.api_version = "example.com/v1",
                                        .group = "example.com",
                                        .version = "v1",
                                        .kind = "Website",
                                        .plural = "websites",
                                        .namespaced = true,
                                        .has_status = true};

struct bench {
    struct arena forever; /* the plan */
    struct arena job;     /* of one pass */
    struct operator_owned owns[CHILDREN];
    struct operator_decl decl;
    struct view_kind kinds[CHILDREN];
    struct snapshot *items[CHILDREN];
    struct view view;
    struct plan plan;
    struct diff_memo *memo;
    struct diff_memo *use; /* NULL: without */
    size_t changes;
    struct err err;
};

static int add_child(struct bench *b, size_t i)
{
    const struct child *child = &children[i];
    struct gvk gvk = {child->resource.api_version, child->resource.kind};
    struct plan_step *step = plan_add(&b->plan, PLAN_APPLY, &b->err);

    b->owns[i].gvk = gvk;
    b->kinds[i] = (struct view_kind){.gvk = gvk,
                                     .resource = &child->resource,
                                     .known = true,
                                     .owned = true,
                                     .items = &b->items[i],
                                     .count = 1};
    if (!step)
        return -ERR_NOMEM;
    step->ref = (struct object_ref){gvk, {"", "blog"}};
    step->line = "operator.lua:1";
    if (value_parse(&b->forever, child->declared, strlen(child->declared),
                    &step->body, &b->err) < 0)
        return -ERR_NOMEM;
    return snapshot_parse(child->live, strlen(child->live), NULL, &b->items[i],
                          &b->err);
}

static int setup(struct bench *b)
{
    static const char status[] = "{\"url\":\"http://blog.example.com\"}";
    struct plan_condition *condition;
    int rc;

    b->decl.name = "web";
    b->decl.root = (struct gvk){"example.com/v1", "Website"};
    b->decl.owns = b->owns;
    b->decl.owns_count = CHILDREN;
    b->decl.field_manager = "tidelock-web";
    b->decl.finalizer = "tidelock.dev/web";
    b->view.kinds = b->kinds;
    b->view.count = CHILDREN;
    b->view.root_resource = &website;
    plan_init(&b->plan, &b->forever);
    b->memo = diff_memo_new(100);
    condition = plan_add_condition(&b->plan);
    if (!b->memo || !condition)
        return -ERR_NOMEM;
    *condition = (struct plan_condition){"Ready", "True", "Ok", "fine", NULL};
    rc = value_parse(&b->forever, status, strlen(status), &b->plan.status,
                     &b->err);
    for (size_t i = 0; rc == 0 && i < CHILDREN; i++)
        rc = add_child(b, i);
    if (rc == 0)
        rc = snapshot_parse(root_json, strlen(root_json), NULL, &b->view.root,
                            &b->err);
    return rc;
}

static void release(struct bench *b)
{
    for (size_t i = 0; i < CHILDREN; i++)
        snapshot_unref(b->items[i], "bench");
    snapshot_unref(b->view.root, "bench");
    diff_memo_free(b->memo);
    arena_release(&b->job);
    arena_release(&b->forever);
}

static int pass(struct bench *b)
{
    struct diff_input in = {
        .decl = &b->decl, .view = &b->view, .plan = &b->plan, .memo = b->use};
    struct changeset cs;
    int rc;

    arena_clear(&b->job);
    changeset_init(&cs, &b->job);
    rc = diff_plan(&in, &cs, &b->err);
    b->changes = cs.count;
    return rc;
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int measure(struct bench *b, const char *name, struct diff_memo *memo)
{
    double best = 1e9;

    b->use = memo;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_us(), each;

        for (int i = 0; i < REPEAT; i++)
            if (pass(b) < 0)
                return printf("%s: %s\n", name, b->err.msg);
        each = (now_us() - start) / REPEAT;
        if (each < best)
            best = each;
    }
    printf("  %-24s %6.2f us  %zu changes\n", name, best, b->changes);
    return b->changes > 0;
}

int main(void)
{
    struct bench b = {0};
    int failed = setup(&b) < 0;

    printf("  three children and a status, nothing to do\n");
    failed = failed || measure(&b, "with the memo", b.memo) ||
             measure(&b, "without", NULL);
    release(&b);
    return failed;
}
