/*
 * test_plan.c -- the plan as a value: its lists, its timers, its secrets.
 */
#include <string.h>

#include "core/plan.h"
#include "test.h"

/* A view with one kind, Secrets, that has one item. cGFzcw== is "pass". */
struct fixture_plan {
    struct arena arena;
    struct plan plan;
    struct snapshot *items[1];
    struct view_kind kind;
    struct view view;
    struct err err;
};

static bool set_up(struct fixture_plan *f)
{
    static const char secret[] =
        "{\"metadata\":{\"name\":\"s\",\"namespace\":\"d\"},\"data\":{\"p\":"
        "\"cGFzcw==\",\"bad\":\"***\"}}";
    struct gvk gvk = {"v1", "Secret"};

    memset(f, 0, sizeof *f);
    plan_init(&f->plan, &f->arena);
    f->kind = (struct view_kind){
        .gvk = gvk, .known = true, .count = 1, .items = f->items};
    f->view.kinds = &f->kind;
    f->view.count = 1;
    return snapshot_parse(secret, sizeof secret - 1, &gvk, &f->items[0],
                          &f->err) == 0;
}

static void tear_down(struct fixture_plan *f)
{
    snapshot_unref(f->items[0], "test");
    arena_release(&f->arena);
}

static struct value *handle(struct arena *a, uint32_t id, const char *key)
{
    struct value *v = value_null(a);

    if (!v)
        return NULL;
    v->type = VALUE_SECRET;
    v->as.secret.snapshot = id;
    v->as.secret.key = key;
    return v;
}

/* One apply of `kind` with .data.x = the handle. */
static struct value *apply(struct fixture_plan *f, const char *kind,
                           struct value *v)
{
    struct plan_step *step = plan_add(&f->plan, PLAN_APPLY, &f->err);
    struct value *body = value_object(&f->arena);
    struct value *data = body ? value_make(&f->arena, body, "data") : NULL;

    if (!step || !data || value_set(&f->arena, data, "x", v) < 0)
        return NULL;
    step->ref = (struct object_ref){{"v1", kind}, {"", "a"}};
    step->line = "operator.lua:1";
    step->body = body;
    return data;
}

TEST(plan_lists_keep_their_order_while_they_grow)
{
    struct arena a = {0};
    struct plan p;

    plan_init(&p, &a);
    for (int i = 0; i < 100; i++) {
        struct plan_condition *c = plan_add_condition(&p);
        struct view_read *r = plan_add_read(&p);

        if (!check(c && r && plan_add_event(&p)))
            break;
        c->type = i == 42 ? "found" : "other";
        r->kind = (uint32_t)i;
    }
    check_str(p.conditions[42].type, "found");
    check_int(p.reads[99].kind, 99);
    check_int(p.event_count, 100);
    arena_release(&a);
}

TEST(plan_limits_steps_and_logs)
{
    struct arena a = {0};
    struct err err = {0};
    struct plan p;

    plan_init(&p, &a);
    for (int i = 0; i < PLAN_MAX_STEPS; i++)
        check(plan_add(&p, PLAN_DELETE, &err) != NULL);
    check(!plan_add(&p, PLAN_DELETE, &err));
    check_str(err.msg, "the plan has more than 500 steps");
    for (int i = 0; i < PLAN_MAX_LOGS; i++)
        check(plan_add_log(&p) != NULL);
    check(!plan_add_log(&p));
    arena_release(&a);
}

TEST(plan_requeues_at_the_earliest_time)
{
    struct arena a = {0};
    struct plan p;

    plan_init(&p, &a);
    check_int(p.requeue_ms, -1);
    plan_requeue(&p, 500);
    plan_requeue(&p, 200);
    plan_requeue(&p, 900);
    plan_requeue_at(&p, 20);
    plan_requeue_at(&p, 30);
    check_int(p.requeue_ms, 200);
    check_int(p.requeue_at, 20);
    arena_release(&a);
}

TEST_ALLOC(secrets_stay_base64_in_a_secret_and_are_text_elsewhere)
{
    struct fixture_plan f;
    struct value *in_secret = NULL, *in_map = NULL;
    bool ready = set_up(&f);
    int rc = -ERR_NOMEM;

    if (ready)
        in_secret = apply(&f, "Secret", handle(&f.arena, 0, "p"));
    if (in_secret)
        in_map = apply(&f, "ConfigMap", handle(&f.arena, 0, "p"));
    if (in_map)
        rc = plan_resolve_secrets(&f.plan, &f.view, &f.err);
    if (rc == 0) {
        check_str(value_text_at(in_secret, "x"), "cGFzcw==");
        check_str(value_text_at(in_map, "x"), "pass");
        check(value_get(in_map, "x")->sensitive);
    }
    tear_down(&f);
    return rc;
}

TEST(secrets_that_cannot_be_resolved_say_where)
{
    static const struct {
        uint32_t id;
        const char *key, *want;
    } cases[] = {
        {0, "nope",
         "operator.lua:1: ConfigMap 'a': the Secret has no value "
         "'nope'"},
        {PLAN_SECRET_ID(3, 0), "p",
         "operator.lua:1: ConfigMap 'a': a secret "
         "value of another view"},
        {PLAN_SECRET_ID(0, 9), "p",
         "operator.lua:1: ConfigMap 'a': a secret "
         "value of another view"},
        {PLAN_SECRET_ROOT, "p",
         "operator.lua:1: ConfigMap 'a': a secret value "
         "of another view"},
    };
    struct fixture_plan f;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(set_up(&f));
        check(apply(&f, "ConfigMap",
                    handle(&f.arena, cases[i].id, cases[i].key)) != NULL);
        check_int(plan_resolve_secrets(&f.plan, &f.view, &f.err), -ERR_PLAN);
        check_str(f.err.msg, cases[i].want);
        tear_down(&f);
    }
}

TEST(secrets_that_are_not_base64_are_errors)
{
    struct fixture_plan f;

    check(set_up(&f));
    check(apply(&f, "ConfigMap", handle(&f.arena, 0, "bad")) != NULL);
    check(plan_resolve_secrets(&f.plan, &f.view, &f.err) < 0);
    check_has(f.err.msg, "ConfigMap 'a': secret value 'bad': ");
    tear_down(&f);
}
