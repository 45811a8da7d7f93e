/*
 * A plan as text, golden to the blank.
 */
#include <string.h>

#include "kube/request.h"
#include "printed.h"
#include "test.h"

/* One pass of one root, printed. */
static const char *text_of(struct printed *p, struct stage *s,
                           struct report_options options)
{
    printed_init(p, options);
    check_ok(printed_pass(p, s), &p->err);
    return printed_finish(p);
}

static void done(struct printed *p, struct stage *s)
{
    printed_release(p);
    stage_release(s);
}

TEST(a_plan_reads_as_the_manual_shows_it)
{
    struct stage s;
    struct printed p;
    struct change *c;

    stage_init(&s);
    c = stage_change(&s, CHANGE_CREATE, STAGE_DEPLOY, "blog");
    c->line = "operator.lua:31";
    c->confirmed = true;
    stage_field(&s, c, ".spec", NULL, "{'replicas':2}");
    c = stage_change(&s, CHANGE_APPLY, STAGE_MAP, "blog");
    c->line = "operator.lua:32";
    c->confirmed = true;
    stage_field(&s, c, ".data.port", "'8080'", "'80'");
    stage_field(&s, c, ".data.old", "'x'", NULL);
    stage_field(&s, c, ".data.new", NULL, "{'a':[1,true]}");
    c = stage_change(&s, CHANGE_PRUNE, STAGE_MAP, "blog-old");
    c->reason = "no longer declared";
    c->confirmed = true;
    check_str(text_of(&p, &s, (struct report_options){0}),
              "Widget default/blog\n"
              "  + Deployment default/blog                    "
              "operator.lua:31\n"
              "  ~ ConfigMap default/blog                     "
              "operator.lua:32\n"
              "      .data.port: 8080 -> 80\n"
              "      .data.old: x -> (absent)\n"
              "      .data.new: (absent) -> {\"a\":[1,true]}\n"
              "  - ConfigMap default/blog-old                 "
              "no longer declared\n"
              "Plan: 1 to create, 1 to change, 1 to delete. "
              "Nothing was applied.\n");
    check_int(report_changes(p.report), 3);
    check_int(report_errors(p.report), 0);
    done(&p, &s);
}

TEST(line_and_reason_stand_side_by_side)
{
    struct stage s;
    struct printed p;
    struct change *c;

    stage_init(&s);
    c = stage_change(&s, CHANGE_RECREATE, STAGE_DEPLOY, "blog");
    c->line = "operator.lua:9";
    c->reason = "a changed field is immutable: recreate";
    c->confirmed = true;
    stage_field(&s, c, ".spec.selector.matchLabels.app", "'a'", "'b'");
    check_str(text_of(&p, &s, (struct report_options){0}),
              "Widget default/blog\n"
              "  -/+ Deployment default/blog                  "
              "operator.lua:9   a changed field is immutable: recreate\n"
              "      .spec.selector.matchLabels.app: a -> b\n"
              "Plan: 1 to recreate. Nothing was applied.\n");
    done(&p, &s);
}

TEST(what_the_server_did_not_confirm_says_so)
{
    struct stage s;
    struct printed p;

    stage_init(&s);
    stage_change(&s, CHANGE_CREATE, STAGE_NODE, "n1");
    check_str(text_of(&p, &s, (struct report_options){0}),
              "Widget default/blog\n"
              "  + Node n1\n"
              "      computed, not confirmed by the server\n"
              "Plan: 1 to create. Nothing was applied.\n");
    printed_release(&p);
    check_str(text_of(&p, &s, (struct report_options){.offline = true}),
              "Widget default/blog\n"
              "  + Node n1\n"
              "Plan: 1 to create. Nothing was applied.\n");
    done(&p, &s);
}

TEST(finalizers_and_events_have_lines_of_their_own)
{
    struct stage s;
    struct printed p;

    stage_init(&s);
    stage_change(&s, CHANGE_ADD_FINALIZER, STAGE_ROOT, "blog");
    stage_change(&s, CHANGE_EVENT, STAGE_EVENT, "blog.1");
    check_str(text_of(&p, &s, (struct report_options){.offline = true}),
              "Widget default/blog\n"
              "  ~ Widget finalizer default/blog\n"
              "  + Event default/blog.1\n"
              "Plan: 1 to change. Nothing was applied.\n");
    done(&p, &s);
}

/* ---- status ---- */

TEST(a_status_is_told_field_by_field)
{
    struct stage s;
    struct printed p;
    struct change *c;

    stage_init(&s);
    c = stage_change(&s, CHANGE_STATUS, STAGE_ROOT, "blog");
    c->line = "operator.lua:38";
    c->live = stage_snapshot(
        &s, "{'apiVersion':'example.com/v1','kind':'Widget','metadata':{"
            "'name':'blog'},'status':{'conditions':["
            "{'type':'Ready','status':'True','reason':'Serving',"
            "'message':'','lastTransitionTime':'2026-01-01T00:00:00Z'},"
            "{'type':'Same','status':'True','reason':'x','message':'y'},"
            "{'type':'Why','status':'False','reason':'Old','message':''}]}}");
    c->body = stage_value(
        &s, "{'status':{'conditions':["
            "{'type':'Ready','status':'False','reason':'Starting'},"
            "{'type':'Same','status':'True','reason':'x','message':'y'},"
            "{'type':'Why','status':'False','reason':'New','message':''},"
            "{'type':'Fresh','status':'True','reason':'x','message':''}]}}");
    stage_field(&s, c, ".conditions[type=Ready].status", "'True'", "'False'");
    stage_field(&s, c, ".replicas", "1", "2");
    check_str(text_of(&p, &s, (struct report_options){0}),
              "Widget default/blog\n"
              "  ~ status .conditions[type=Ready]: True -> False"
              "   operator.lua:38\n"
              "  ~ status .conditions[type=Why].reason: Old -> New"
              "   operator.lua:38\n"
              "  ~ status .conditions[type=Fresh]: (absent) -> True"
              "   operator.lua:38\n"
              "  ~ status .replicas: 1 -> 2                   "
              "operator.lua:38\n"
              "Plan: no change to children; status changes. "
              "Nothing was applied.\n");
    done(&p, &s);
}

TEST(a_first_status_has_nothing_before_it)
{
    struct stage s;
    struct printed p;
    struct change *c;

    stage_init(&s);
    c = stage_change(&s, CHANGE_STATUS, STAGE_ROOT, "blog");
    c->body = stage_value(&s, "{'status':{'conditions':[{'type':'Ready',"
                              "'status':'Unknown'}]}}");
    check_has(text_of(&p, &s, (struct report_options){0}),
              "  ~ status .conditions[type=Ready]: (absent) -> Unknown\n");
    done(&p, &s);
}

/* ---- what is no change ---- */

TEST(unchanged_roots_are_only_counted)
{
    struct stage s;
    struct printed p;

    stage_init(&s);
    printed_init(&p, (struct report_options){0});
    check_ok(printed_pass(&p, &s), &p.err);
    check_str(str_text(&p.text), "");
    check_str(printed_finish(&p), "No changes. 1 object is as declared.\n");
    printed_release(&p);

    printed_init(&p, (struct report_options){0});
    check_ok(printed_pass(&p, &s), &p.err);
    check_ok(printed_pass(&p, &s), &p.err);
    check_str(printed_finish(&p), "No changes. 2 objects are as declared.\n");
    done(&p, &s);
}

TEST(nothing_at_all_is_said_too)
{
    struct stage s;
    struct printed p;

    stage_init(&s);
    printed_init(&p, (struct report_options){0});
    check_str(printed_finish(&p), "No changes. 0 objects are as declared.\n");
    done(&p, &s);
}

TEST(notes_say_what_is_waited_for)
{
    struct stage s;
    struct printed p;
    struct object_ref ref = {{"v1", "ConfigMap"}, {"default", "late"}};

    stage_init(&s);
    s.plan.nothing = "site is paused";
    check_int(changeset_note(&s.cs, &ref, "operator.lua:4", "held: gate"), 0);
    check_str(text_of(&p, &s, (struct report_options){0}),
              "Widget default/blog   nothing: site is paused\n"
              "  . ConfigMap default/late  held: gate\n"
              "No changes. 1 object is as declared.\n");
    done(&p, &s);
}

TEST(a_failed_pass_shows_its_error)
{
    struct stage s;
    struct printed p;

    stage_init(&s);
    err_set(&s.err, ERR_SCRIPT, "operator.lua:3: no image\nsecond line");
    err_hint(&s.err, "set .spec.image");
    check_str(text_of(&p, &s, (struct report_options){0}),
              "Widget default/blog\n"
              "  ! operator.lua:3: no image\n"
              "    second line\n"
              "    hint: set .spec.image\n"
              "Plan: no change to children; 1 object cannot be planned. "
              "Nothing was applied.\n");
    check_int(report_errors(p.report), 1);
    done(&p, &s);
}

TEST(a_pass_without_plan_has_only_an_error)
{
    struct stage s;
    struct printed p;
    struct pass pass;

    stage_init(&s);
    err_set(&s.err, ERR_UNKNOWN, "'Secret' is not synced yet");
    printed_init(&p, (struct report_options){0});
    pass = stage_pass(&s);
    pass.plan = NULL;
    pass.cs = NULL;
    check_ok(report_pass(p.report, &pass, &p.err), &p.err);
    check_ok(report_pass(p.report, &pass, &p.err), &p.err);
    check_has(printed_finish(&p), "; 2 objects cannot be planned.");
    done(&p, &s);
}

/* ---- what must not come out ---- */

TEST(secrets_are_not_in_the_text)
{
    struct stage s;
    struct printed p;
    struct change *c;

    stage_init(&s);
    c = stage_change(&s, CHANGE_APPLY, STAGE_SECRET, "keys");
    stage_field(&s, c, ".data.a", "'b2xk'", "'bmV3'");
    stage_field(&s, c, ".data.b", NULL, "'bmV3'");
    stage_field(&s, c, ".spec", "{'a':'plain'}", "{'a':'token','b':1}");
    c->fields[0].sensitive = true;
    c->fields[1].sensitive = true;
    value_get(c->fields[2].after, "a")->sensitive = true;
    text_of(&p, &s, (struct report_options){0});
    check_has(str_text(&p.text), ".data.a: (sensitive) -> (sensitive)\n");
    check_has(str_text(&p.text), ".data.b: (absent) -> (sensitive)\n");
    check_has(str_text(&p.text), "{\"a\":\"(sensitive)\",\"b\":1}\n");
    check(!strstr(str_text(&p.text), "b2xk"));
    check(!strstr(str_text(&p.text), "bmV3"));
    check(!strstr(str_text(&p.text), "token"));
    done(&p, &s);
}

TEST(no_text_of_a_cluster_reaches_the_terminal_raw)
{
    struct stage s;
    struct printed p;
    struct change *c;
    struct object_ref ref = {{"v1", "ConfigMap"}, {"default", "late"}};

    stage_init(&s);
    c = stage_change(&s, CHANGE_APPLY, STAGE_MAP, "a");
    stage_field(&s, c, ".data.k", "'\\u001b[2J'", "'a\\nb'");
    check_int(changeset_note(&s.cs, &ref, NULL, "held: \033[2J"), 0);
    err_set(&s.err, ERR_REJECTED, "the server says \033[2J\rok");
    err_hint(&s.err, "\007");
    s.plan.nothing = "\033]0;x\007";
    text_of(&p, &s, (struct report_options){0});
    check_has(str_text(&p.text), "\"\\u001b[2J\" -> \"a\\nb\"");
    check(!strpbrk(str_text(&p.text), "\033\007\r"));
    done(&p, &s);
}

TEST(color_is_around_the_line_and_nowhere_else)
{
    struct stage s;
    struct printed p;

    stage_init(&s);
    stage_change(&s, CHANGE_CREATE, STAGE_MAP, "a")->line = "operator.lua:1";
    stage_change(&s, CHANGE_PRUNE, STAGE_MAP, "b");
    stage_change(&s, CHANGE_APPLY, STAGE_MAP, "c");
    text_of(&p, &s, (struct report_options){.color = true, .offline = true});
    check_has(str_text(&p.text),
              "\033[32m  + ConfigMap default/a\033[0m        ");
    check_has(str_text(&p.text), "\033[31m  - ConfigMap default/b\033[0m\n");
    check_has(str_text(&p.text), "\033[33m  ~ ConfigMap default/c\033[0m\n");
    done(&p, &s);
}

/* ---- order ---- */

static const char *const OTHERS[] = {
    "{'apiVersion':'example.com/v1','kind':'Widget','metadata':{'name':'b',"
    "'namespace':'zoo'}}",
    "{'apiVersion':'example.com/v1','kind':'Widget','metadata':{'name':'b',"
    "'namespace':'app'}}",
    "{'apiVersion':'example.com/v1','kind':'Widget','metadata':{'name':'a',"
    "'namespace':'zoo'}}",
};

static void pass_all(struct printed *p, struct stage *s)
{
    stage_change(s, CHANGE_PRUNE, STAGE_MAP, "x");
    for (size_t i = 0; i < 3; i++) {
        stage_root(s, OTHERS[i]);
        check_ok(printed_pass(p, s), &p->err);
    }
}

TEST(roots_are_sorted_at_the_end)
{
    struct stage s;
    struct printed p;
    const char *text;

    stage_init(&s);
    printed_init(&p, (struct report_options){.offline = true});
    pass_all(&p, &s);
    check_str(str_text(&p.text), "");
    text = printed_finish(&p);
    check(strstr(text, "Widget app/b") < strstr(text, "Widget zoo/a"));
    check(strstr(text, "Widget zoo/a") < strstr(text, "Widget zoo/b"));
    done(&p, &s);
}

TEST(a_stream_prints_each_root_when_it_comes)
{
    struct stage s;
    struct printed p;
    const char *text;

    stage_init(&s);
    printed_init(&p, (struct report_options){.offline = true, .stream = true});
    pass_all(&p, &s);
    text = str_text(&p.text);
    check(strstr(text, "Widget zoo/b") < strstr(text, "Widget app/b"));
    check_has(text, "Widget zoo/a");
    check_has(printed_finish(&p), "Plan: 3 to delete.");
    done(&p, &s);
}

TEST(the_operators_own_write_comes_first)
{
    struct stage s;
    struct printed p;
    struct request r = {
        .method = HTTP_PATCH, .path = "/apis/x", .body = "{}", .body_len = 2};

    stage_init(&s);
    printed_init(&p, (struct report_options){0});
    check_ok(
        report_operator_write(p.report, &r, "Lease: kinds it owns", &p.err),
        &p.err);
    check_ok(printed_pass(&p, &s), &p.err);
    check_has(printed_finish(&p), "Operator shop\n  ~ Lease: kinds it owns\n");
    check_int(report_changes(p.report), 1);
    done(&p, &s);
}

TEST_ALLOC(a_text_survives_out_of_memory)
{
    struct stage s;
    struct printed p;
    struct change *c;
    const char *text;
    int rc;

    stage_init(&s);
    c = stage_change(&s, CHANGE_APPLY, STAGE_MAP, "a");
    stage_field(&s, c, ".data.k", "{'a':'b'}", "'b'");
    if (!s.oom)
        err_set(&s.err, ERR_SCRIPT, "operator.lua:3: no image");
    printed_init(&p, (struct report_options){0});
    rc = printed_pass(&p, &s);
    text = printed_finish(&p);
    if (p.err.code == ERR_NONE && !p.text.failed)
        check_has(text, "      .data.k: {\"a\":\"b\"} -> b\n");
    rc =
        p.err.code == ERR_NONE && p.text.failed ? -ERR_NOMEM : -(int)p.err.code;
    done(&p, &s);
    return rc;
}
