/*
 * test_rows.c -- the row of a decision table: in the condition, in an Event
 *                when it is another one, in the plan for people and programs.
 */
#include <stdio.h>
#include <string.h>

#include "core/diff.h"
#include "pipe.h"
#include "printed.h"
#include "test.h"

#define TABLE                                                                  \
    "owns = { { 'v1', 'ConfigMap' } },\n"                                      \
    "observe = function(w) return w.spec end,\n"                               \
    "desired = function(w, view, plan)\n"                                      \
    "  plan:apply { apiVersion = 'v1', kind = 'ConfigMap',\n"                  \
    "    metadata = { name = w.metadata.name } }\n"                            \
    "end,\n"                                                                   \
    "rows = {\n"                                                               \
    "  { id = 'paused', hold = true, why = 'spec.paused is set',\n"            \
    "    when = function(s) return s.paused end },\n"                          \
    "  { id = 'scale-up', why = function(s) return s.n .. ' of 3' end,\n"      \
    "    when = function(s) return s.n < 3 end },\n"                           \
    "}"

/* The newest changeset, which the sink still holds. */
static const struct changeset *held(const struct pipe *p)
{
    for (size_t i = 0; i < PIPE_HELD; i++)
        if (p->held[i].pipe)
            return p->held[i].cs;
    return NULL;
}

static const struct change *find(const struct pipe *p, enum change_verb verb)
{
    const struct changeset *cs = held(p);

    for (size_t i = 0; cs && i < cs->count; i++)
        if (cs->items[i].verb == verb)
            return &cs->items[i];
    return NULL;
}

/* The body of the change with that verb as text; "" when there is none. */
static const char *body(struct pipe *p, enum change_verb verb)
{
    const struct change *c = find(p, verb);
    struct str text = {0};
    const char *copy;

    if (c && c->body)
        value_print(c->body, &text, &p->err);
    copy = arena_strdup(&p->stage.arena, str_text(&text));
    str_release(&text);
    return copy;
}

static bool start(struct pipe *p, const char *more)
{
    pipe_init(p);
    p->hold = true;
    if (!check(pipe_start(p, TABLE)))
        return false;
    pipe_put(p, "Widget", "blog", more);
    pipe_run(p);
    return check(held(p) != NULL);
}

/* ---- the condition ---- */

TEST(the_condition_says_which_row_and_why)
{
    struct pipe p;

    if (start(&p, ",'spec':{'n':1}")) {
        check_has(body(&p, CHANGE_STATUS),
                  "\"message\":\"row scale-up: 1 of 3\",\"reason\":"
                  "\"Applied\",\"status\":\"True\",\"type\":\"Reconciled\"");
        pipe_end(&p, ERR_NONE);
    }
    pipe_release(&p);
}

TEST(a_row_that_holds_prunes_nothing_and_keeps_the_status)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    check(pipe_start(&p, TABLE));
    pipe_put_meta(&p, "ConfigMap", "old",
                  ",'labels':{'tidelock.dev/operator':'shop'},"
                  "'ownerReferences':[{'apiVersion':'example.com/v1',"
                  "'kind':'Widget','name':'blog','uid':'uid-blog',"
                  "'controller':true}]");
    pipe_put_both(&p, "Widget", "blog",
                  ",'generation':4,'managedFields':[{'manager':'tidelock-shop',"
                  "'operation':'Apply','apiVersion':'example.com/v1',"
                  "'fieldsType':'FieldsV1','subresource':'status','fieldsV1':"
                  "{'f:status':{'f:size':{},'f:conditions':{}}}}]",
                  ",'spec':{'paused':true},'status':{'size':2,"
                  "'observedGeneration':3,'conditions':[{'type':'Ready',"
                  "'status':'True','reason':'R','message':'m',"
                  "'observedGeneration':3}]}");
    check_str(pipe_run(&p), "blog: status blog, event\n");
    check_has(body(&p, CHANGE_STATUS),
              "\"message\":\"row paused: spec.paused is set\",\"observed"
              "Generation\":4,\"reason\":\"Held\",\"status\":\"False\"");
    check_has(body(&p, CHANGE_STATUS), "\"observedGeneration\":3,\"size\":2");
    check_has(body(&p, CHANGE_STATUS), "\"observedGeneration\":3,\"reason\":"
                                       "\"R\",\"status\":\"True\",\"type\":"
                                       "\"Ready\"");
    pipe_end(&p, ERR_NONE);
    pipe_run(&p);
    pipe_put(&p, "Widget", "blog", ",'spec':{'n':3}");
    check_str(pipe_run(&p), "blog: create blog, delete old, status blog, "
                            "event\n");
    check_has(body(&p, CHANGE_STATUS), "row steady: as declared");
    pipe_end(&p, ERR_NONE);
    pipe_release(&p);
}

/* ---- Events ---- */

TEST(an_event_is_sent_when_the_row_is_another_one)
{
    struct pipe p;

    if (start(&p, ",'spec':{'n':1}")) {
        check_has(body(&p, CHANGE_EVENT), "\"note\":\"row scale-up: 1 of 3\"");
        check_has(body(&p, CHANGE_EVENT), "\"reason\":\"ScaleUp\"");
        pipe_end(&p, ERR_NONE);
        pipe_run(&p);
        pipe_put(&p, "Widget", "blog", ",'spec':{'n':2}");
        pipe_run(&p);
        check_str(body(&p, CHANGE_EVENT), ""); /* the reason changed only */
        pipe_end(&p, ERR_NONE);
        pipe_run(&p);
        pipe_put(&p, "Widget", "blog", ",'spec':{'n':3}");
        pipe_run(&p);
        check_has(body(&p, CHANGE_EVENT), "\"reason\":\"Steady\"");
        pipe_end(&p, ERR_NONE);
    }
    pipe_release(&p);
}

TEST(an_event_that_could_not_be_sent_comes_again)
{
    struct pipe p;

    if (start(&p, ",'spec':{'n':1}")) {
        pipe_end(&p, ERR_SERVER);
        pipe_run(&p);
        pipe_put(&p, "Widget", "blog", ",'spec':{'n':2}");
        pipe_run(&p);
        check_has(body(&p, CHANGE_EVENT), "\"note\":\"row scale-up: 2 of 3\"");
        pipe_end(&p, ERR_NONE);
    }
    pipe_release(&p);
}

TEST(a_new_object_that_is_as_declared_is_no_news)
{
    struct pipe p;

    if (start(&p, ",'spec':{'n':3}")) {
        check_str(body(&p, CHANGE_EVENT), "");
        check_has(body(&p, CHANGE_STATUS), "row steady: as declared");
        pipe_end(&p, ERR_NONE);
    }
    pipe_release(&p);
}

#define STATUS                                                                 \
    ",'spec':{'n':1},'status':{'conditions':[{'type':'Reconciled',"            \
    "'status':'True','reason':'Applied','message':'row %s: x'}]}"

TEST(after_a_restart_the_condition_tells_the_row_before)
{
    struct pipe p;
    char more[300];

    snprintf(more, sizeof more, STATUS, "scale-up");
    if (start(&p, more)) {
        check_str(body(&p, CHANGE_EVENT), "");
        pipe_end(&p, ERR_NONE);
    }
    pipe_release(&p);
    snprintf(more, sizeof more, STATUS, "scale-upwards");
    if (start(&p, more)) {
        check_has(body(&p, CHANGE_EVENT), "\"reason\":\"ScaleUp\"");
        pipe_end(&p, ERR_NONE);
    }
    pipe_release(&p);
}

TEST(events_of_the_script_are_not_sent_again_because_of_the_row)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    check(pipe_start(
        &p, "observe = function(w) return w.spec end,\n"
            "rows = { { id = 'a', hold = true, why = 'x',\n"
            "  when = function() return true end,\n"
            "  plan = function(s, plan) plan:event('Normal', 'Hi', 'x') end }"
            "}"));
    pipe_put(&p, "Widget", "blog", ",'spec':{}");
    check_str(pipe_run(&p), "blog: status blog, event, event\n");
    pipe_end(&p, ERR_NONE);
    pipe_run(&p);
    pipe_put(&p, "Widget", "blog", ",'spec':{'b':1}");
    check_str(pipe_run(&p), "blog: status blog\n");
    pipe_end(&p, ERR_NONE);
    pipe_release(&p);
}

/* ---- the mode of one object ---- */

#define MODE(word) ",'annotations':{'tidelock.dev/mode':'" word "'}"

TEST(a_paused_object_is_not_looked_at_until_it_is_not_paused)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, TABLE));
    pipe_put_both(&p, "Widget", "blog", MODE("pause"), ",'spec':{'n':3}");
    check_str(pipe_run(&p), "");
    check_str(pipe_passes(&p), "blog ok 0\n");
    pipe_put_both(&p, "Widget", "blog", MODE("apply"), ",'spec':{'n':3}");
    check_str(pipe_run(&p), "blog: create blog, status blog\n");
    pipe_release(&p);
}

TEST(an_object_in_mode_plan_is_planned_and_nothing_is_written)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, TABLE));
    pipe_put_both(&p, "Widget", "blog", MODE("plan"), ",'spec':{'n':1}");
    check_str(pipe_run(&p), "blog: nothing\n");
    check_str(pipe_passes(&p), "blog ok 0\n");
    pipe_put_both(&p, "Widget", "blog", "", ",'spec':{'n':1}");
    check_str(pipe_run(&p), "blog: create blog, status blog, event\n");
    pipe_release(&p);
}

TEST(another_mode_is_refused_and_applies_nothing)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, TABLE));
    pipe_put_both(&p, "Widget", "blog", MODE("paused"), ",'spec':{'n':1}");
    check_str(pipe_run(&p), "blog: status blog, event\n");
    check_str(pipe_passes(&p), "blog PLAN\n");
    check_has(p.err.msg, "annotation tidelock.dev/mode is 'paused'");
    pipe_release(&p);
}

TEST(plan_shows_an_object_in_every_mode)
{
    struct pipe p;

    pipe_init(&p);
    p.config.one_pass = true;
    check(pipe_start(&p, TABLE));
    pipe_put_both(&p, "Widget", "blog", MODE("pause"), ",'spec':{'n':3}");
    check_str(pipe_run(&p), "blog: create blog, status blog\n");
    pipe_release(&p);
}

/* ---- the plan as text and document ---- */

static struct pass pass_of(struct stage *s, const struct operator_row *row,
                           bool is_held)
{
    struct pass pass = stage_pass(s);

    pass.row = row;
    pass.why = "2 of 3\nreplicas";
    pass.held = is_held;
    return pass;
}

static const char *print(struct printed *p, struct pass *pass,
                         struct report_options options)
{
    printed_init(p, options);
    check_ok(report_pass(p->report, pass, &p->err), &p->err);
    return printed_finish(p);
}

TEST(a_plan_names_the_row_its_reason_and_its_place)
{
    static const struct operator_row row = {.id = "scale-up",
                                            .place = "operator.lua:52"};
    struct stage s;
    struct printed p;
    struct pass pass;

    stage_init(&s);
    stage_change(&s, CHANGE_CREATE, STAGE_MAP, "a")->confirmed = true;
    pass = pass_of(&s, &row, false);
    check_str(print(&p, &pass, (struct report_options){0}),
              "Widget default/blog                            "
              "row scale-up: 2 of 3\n    replicas   operator.lua:52\n"
              "  + ConfigMap default/a\n"
              "Plan: 1 to create. Nothing was applied.\n");
    printed_release(&p);
    check_has(print(&p, &pass, (struct report_options){.format = REPORT_JSON}),
              "      \"row\": {\n"
              "        \"held\": false,\n"
              "        \"id\": \"scale-up\",\n"
              "        \"line\": \"operator.lua:52\",\n"
              "        \"why\": \"2 of 3\\nreplicas\"\n"
              "      }");
    printed_release(&p);
    stage_release(&s);
}

TEST(an_object_that_a_row_holds_back_is_shown_without_changes)
{
    static const struct operator_row row = {.id = "paused",
                                            .place = "operator.lua:9"};
    struct stage s;
    struct printed p;
    struct pass pass;

    stage_init(&s);
    pass = pass_of(&s, &row, true);
    pass.why = "spec.paused";
    check_str(print(&p, &pass, (struct report_options){0}),
              "Widget default/blog                            "
              "row paused: spec.paused   operator.lua:9\n"
              "No changes. 1 object is as declared.\n");
    printed_release(&p);
    pass.held = false;
    check_str(print(&p, &pass, (struct report_options){0}),
              "No changes. 1 object is as declared.\n");
    printed_release(&p);
    stage_release(&s);
}
