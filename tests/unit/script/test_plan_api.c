/*
 * test_plan_api.c -- the verbs of `plan`: what they declare, and every message
 *                    when they are used wrongly.
 */
#include "kit.h"

#include <string.h>

#include "test.h"

#define MAP "{apiVersion='v1',kind='ConfigMap',metadata={name='a'}}"
#define MAP_JSON                                                               \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"    \
    "\"a\"}}"
#define DEPLOYMENT                                                             \
    "{apiVersion='apps/v1',kind='Deployment',metadata={name='d'}}"

static const char deployment_json[] =
    "{\"apiVersion\":\"apps/"
    "v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":"
    "\"d\"}}";

/* A body and the exact plan, or the exact error. */
struct example {
    const char *body;
    const char *want;
};

static void all_give(const struct example *e, size_t count)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        kit_gives(&k, e[i].body, e[i].want);
        kit_release(&k);
    }
}

static void all_fail(const struct example *e, size_t count, enum err_code code)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        kit_fails(&k, e[i].body, code, e[i].want);
        kit_release(&k);
    }
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- apply ---- */

TEST(apply_declares_objects_in_order_with_their_lines)
{
    static const struct example e[] = {
        {"plan:apply(" MAP ")\nplan:apply(" DEPLOYMENT ")",
         "apply ConfigMap a @operator.lua:1 " MAP_JSON "\n"
         "apply Deployment d @operator.lua:2 {\"apiVersion\":\"apps/v1\","
         "\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"}}\n"},
        {"local m = " MAP " m.metadata.namespace = 'default' plan:apply(m)",
         "apply ConfigMap a in default @operator.lua:1 {\"apiVersion\":\"v1\","
         "\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":"
         "\"default\"}}\n"},
        {"plan:apply(" MAP ", { on_delete = 'orphan', immutable = 'recreate' "
         "})",
         "apply ConfigMap a orphan recreate @operator.lua:1 " MAP_JSON "\n"},
    };

    all_give(e, COUNT(e));
}

TEST(apply_says_what_is_wrong_with_an_object)
{
    static const struct example e[] = {
        {"plan:apply()", "operator.lua:1: plan:apply: expected an object, got "
                         "nil"},
        {"plan:apply('x')", "operator.lua:1: plan:apply: expected an object, "
                            "got string"},
        {"plan:apply({ 1 })", "operator.lua:1: plan:apply: expected an object, "
                              "got a list"},
        {"plan:apply { kind = 'ConfigMap', metadata = { name = 'a' } }",
         "operator.lua:1: plan:apply: ConfigMap 'a': .apiVersion: expected a "
         "text, got nothing"},
        {"plan:apply { apiVersion = 'v1', metadata = { name = 'a' } }",
         "operator.lua:1: plan:apply: object 'a': .kind: expected a text, got "
         "nothing"},
        {"plan:apply { apiVersion = 'v1', kind = 'ConfigMap' }",
         "operator.lua:1: plan:apply: ConfigMap: .metadata.name: expected a "
         "text, got nothing"},
        {"plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { "
         "name = 7 } }",
         "operator.lua:1: plan:apply: ConfigMap: "
         ".metadata.name: expected a text, got integer"},
        {"plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { "
         "name = '../x' } }",
         "operator.lua:1: plan:apply: ConfigMap '../x': "
         ".metadata.name: \"../x\" is not a name"},
        {"plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { "
         "name = '' } }",
         "operator.lua:1: plan:apply: ConfigMap '': "
         ".metadata.name: \"\" is not a name"},
        {"plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { "
         "generateName = 'a-', name = 'a' } }",
         "operator.lua:1: plan:apply: "
         "ConfigMap 'a': .metadata.generateName: would make a new object in "
         "every pass\n  hint: give a name made from the root's, "
         "root.metadata.name .. \"-x\""},
        {"plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { "
         "name = 'a', resourceVersion = '1' } }",
         "operator.lua:1: plan:apply: "
         "ConfigMap 'a': .metadata.resourceVersion: only the server sets this"
         "\n  hint: declare only the fields that you want; do not hand back "
         "what view:get gave"},
        {"plan:apply { apiVersion = 'v1', kind = 'Pod', metadata = { name = "
         "'a' } }",
         "operator.lua:1: plan:apply: Pod 'a': v1 Pod is not "
         "declared\n  hint: add { \"v1\", \"Pod\" } to owns"},
        {"plan:apply { apiVersion = 'apps/v1beta1', kind = 'Deployment', "
         "metadata = { name = 'a' } }",
         "operator.lua:1: plan:apply: "
         "Deployment 'a': apps/v1beta1 Deployment is not declared\n  hint: "
         "declared is { \"apps/v1\", \"Deployment\" }"},
        {"plan:apply { apiVersion = 'batch/v1', kind = 'Job', metadata = { "
         "name = 'a' } }",
         "operator.lua:1: plan:apply: Job 'a': batch/v1 Job "
         "is declared as retired\n  hint: take retired = true away, or do not "
         "apply it"},
    };

    all_fail(e, COUNT(e), ERR_PLAN);
}

TEST(apply_refuses_a_name_of_more_than_253_characters)
{
    struct kit k;

    kit_init(&k);
    check_int(kit_run(&k, "plan:apply { apiVersion = 'v1', kind = 'ConfigMap', "
                          "metadata = { name = ('x'):rep(254) } }"),
              -ERR_PLAN);
    check_has(k.err.msg, ".metadata.name: longer than 253 characters");
    kit_release(&k);
}

TEST(apply_says_what_is_wrong_with_its_options)
{
    static const struct example e[] = {
        {"plan:apply(" MAP ", 'x')",
         "operator.lua:1: plan:apply: ConfigMap "
         "'a': options: expected a table, got string"},
        {"plan:apply(" MAP ", { afer = 1 })",
         "operator.lua:1: plan:apply: "
         "ConfigMap 'a': options: there is no field 'afer', did you mean "
         "'after'?\n  hint: "
         "fields: after, gate, on_delete, immutable"},
        {"plan:apply(" MAP ", { 'x' })",
         "operator.lua:1: plan:apply: "
         "ConfigMap 'a': options: there is a list item too many, or a key "
         "that is no text"},
        {"plan:apply(" MAP ", { on_delete = 'keep' })",
         "operator.lua:1: "
         "plan:apply: ConfigMap 'a': on_delete: expected \"orphan\", got keep"},
        {"plan:apply(" MAP ", { immutable = true })",
         "operator.lua:1: "
         "plan:apply: ConfigMap 'a': immutable: expected \"recreate\", got "
         "boolean"},
        {"plan:apply(" MAP ", { after = 'x' })",
         "operator.lua:1: plan:apply: "
         "ConfigMap 'a': after: expected an object, a reference or a list of "
         "them, got string"},
        {"plan:apply(" MAP ", { after = { 'v1', 'ConfigMap' } })",
         "operator.lua:1: plan:apply: ConfigMap 'a': the reference has no name"
         "\n  hint: a reference is an object, or { apiVersion, kind, name [, "
         "namespace] }"},
        {"plan:apply(" MAP ", { gate = 'Ready' })",
         "operator.lua:1: "
         "plan:apply: ConfigMap 'a': gate: there is no after\n  hint: name the "
         "object whose state opens the gate: after = object"},
        {"plan:apply(" MAP ", { after = " DEPLOYMENT ", gate = 1 })",
         "operator.lua:1: plan:apply: ConfigMap 'a': gate: expected a "
         "condition type or a function, got number"},
        {"plan:apply(" MAP ", { after = { 'v1', 'Pod', 'p' }, gate = 'Ready' "
         "}) ",
         "operator.lua:1: plan:apply: ConfigMap 'a': Pod: say in which "
         "namespace"},
    };

    all_fail(e, COUNT(e) - 1, ERR_PLAN);
}

/* ---- after and gate ---- */

static void add_deployment(struct kit *k, const char *status)
{
    kit_item(k, OWNED_DEPLOYMENT,
             arena_printf(&k->arena,
                          "{'metadata':{'name':'d','namespace':"
                          "'default'},'status':%s}",
                          status));
}

static const char gated[] =
    "local d = " DEPLOYMENT " plan:apply(d)\n"
    "plan:apply(" MAP ", { after = d, gate = 'Available' })";

TEST(after_orders_steps_by_object_reference_or_list)
{
    static const struct example e[] = {
        {"plan:apply(" MAP ", { after = { 'apps/v1', 'Deployment', 'd' } })",
         "apply ConfigMap a after Deployment d @operator.lua:1 " MAP_JSON "\n"},
        {"plan:apply(" MAP ", { after = { { 'apps/v1', 'Deployment', 'd', 'x' "
         "}, " DEPLOYMENT " } })",
         "apply ConfigMap a after Deployment d in x, "
         "Deployment d @operator.lua:1 " MAP_JSON "\n"},
    };

    all_give(e, COUNT(e));
}

TEST(a_gated_step_is_held_while_the_object_is_absent)
{
    struct kit k;

    kit_init(&k);
    check_ok(kit_run(&k, gated), &k.err);
    check_has(kit_plan(&k), deployment_json);
    check_has(kit_plan(&k), "apply ConfigMap a after Deployment d held: "
                            "waiting for Deployment d: Available @");
    kit_release(&k);
}

/* rows: S134
 * broken: a gate was open whatever the condition said */
TEST(a_gated_step_is_held_until_the_condition_is_true)
{
    struct kit k;

    kit_init(&k);
    add_deployment(&k, "{'conditions':[{'type':'Progressing','status':'True'}"
                       ",{'type':'Available','status':'False'}]}");
    check_ok(kit_run(&k, gated), &k.err);
    check_has(kit_plan(&k), "held: waiting for Deployment d: Available");
    kit_release(&k);

    kit_init(&k);
    add_deployment(&k, "{'conditions':[{'type':'Available','status':'True'}]}");
    check_ok(kit_run(&k, gated), &k.err);
    check_has(kit_plan(&k), "apply ConfigMap a after Deployment d @");
    kit_release(&k);
}

TEST(a_gate_may_be_a_function_of_the_object)
{
    static const char body[] =
        "plan:apply(" MAP ", { after = { 'apps/v1', 'Deployment', 'd' },\n"
        "gate = function(d) return d.status.readyReplicas == 3 end })";
    struct kit k;

    kit_init(&k);
    add_deployment(&k, "{'readyReplicas':2}");
    check_ok(kit_run(&k, body), &k.err);
    check_has(kit_plan(&k), "held: waiting for Deployment d @");
    kit_release(&k);

    kit_init(&k);
    add_deployment(&k, "{'readyReplicas':3}");
    check_ok(kit_run(&k, body), &k.err);
    check(!strstr(kit_plan(&k), "held"));
    kit_release(&k);
}

TEST(an_error_in_a_gate_cannot_be_caught)
{
    struct kit k;

    kit_init(&k);
    add_deployment(&k, "{}");
    kit_fails(&k,
              "pcall(plan.apply, plan, " MAP ", { after = { 'apps/v1', "
              "'Deployment', 'd' },\ngate = function(d) return "
              "d.status.conditions.x end })",
              ERR_SCRIPT,
              "operator.lua:1: plan:apply: ConfigMap 'a': gate: "
              "operator.lua:2: attempt to index a nil value (field "
              "'conditions')");
    kit_release(&k);
}

/* ---- patch, delete, scale ---- */

TEST(other_steps_take_references)
{
    static const struct example e[] = {
        {"plan:patch({ 'v1', 'Node', 'n' }, { spec = { unschedulable = true "
         "} })",
         "patch Node n apply @operator.lua:1 {\"apiVersion\":\"v1\","
         "\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},\"spec\":{"
         "\"unschedulable\":true}}\n"},
        {"plan:patch({ 'v1', 'Node', 'n' }, { metadata = { labels = { a = "
         "tidelock.null } } }, { type = 'merge' })",
         "patch Node n merge "
         "@operator.lua:1 {\"metadata\":{\"labels\":{\"a\":null}}}\n"},
        {"plan:patch({ 'v1', 'Node', 'n' }, { { op = 'test', path = '/a', "
         "value = 1 } }, { type = 'json' })",
         "patch Node n json "
         "@operator.lua:1 [{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]\n"},
        {"plan:delete(" MAP ")", "delete ConfigMap a @operator.lua:1\n"},
        {"plan:delete { 'batch/v1', 'Job', 'j', 'default' }",
         "delete Job j in default @operator.lua:1\n"},
        {"plan:scale(" DEPLOYMENT ", 0)",
         "scale Deployment d to 0 @operator.lua:1\n"},
    };

    all_give(e, COUNT(e));
}

TEST(other_steps_say_what_is_wrong)
{
    static const struct example e[] = {
        {"plan:delete()",
         "operator.lua:1: plan:delete: expected a reference, "
         "got nil\n  hint: a reference is an object, or { apiVersion, kind, "
         "name [, namespace] }"},
        {"plan:delete { 'v1', 'Service', 's' }",
         "operator.lua:1: plan:delete: "
         "v1 Service is not declared\n  hint: add { \"v1\", \"Service\" } to "
         "reads"},
        {"plan:scale(" DEPLOYMENT ", '3')",
         "operator.lua:1: plan:scale: "
         "Deployment 'd': replicas: expected an integer from 0 on, got "
         "string"},
        {"plan:scale(" DEPLOYMENT ", -1)",
         "operator.lua:1: plan:scale: "
         "Deployment 'd': replicas: expected an integer from 0 on, got -1"},
        {"plan:scale(" DEPLOYMENT ", 1.5)",
         "operator.lua:1: plan:scale: "
         "Deployment 'd': replicas: expected an integer from 0 on, got 1.5"},
        {"plan:patch({ 'v1', 'Node', 'n' })",
         "operator.lua:1: plan:patch: "
         "Node 'n': body: expected a table, got nil"},
        {"plan:patch({ 'v1', 'Node', 'n' }, {}, { type = 'strategic' })",
         "operator.lua:1: plan:patch: Node 'n': type: expected \"apply\", "
         "\"merge\" or \"json\", got strategic"},
        {"plan:patch({ 'v1', 'Node', 'n' }, {}, { type = 'json' })",
         "operator.lua:1: plan:patch: Node 'n': body: expected a list of "
         "operations"},
        {"plan:patch({ 'v1', 'Node', 'n' }, { 1 }, { type = 'merge' })",
         "operator.lua:1: plan:patch: Node 'n': body: expected an object"},
    };

    all_fail(e, COUNT(e), ERR_PLAN);
}

/* ---- timers, the whole plan, misuse ---- */

TEST(the_earliest_requeue_wins)
{
    static const struct example e[] = {
        {"plan:requeue('1m') plan:requeue(30) plan:requeue('2m')",
         "requeue 30000 ms\n"},
        {"plan:requeue(0.25)", "requeue 250 ms\n"},
        {"plan:requeue_at(view.now + 60) plan:requeue_at(view.now + 30)",
         "requeue at 1767323075\n"},
    };

    all_give(e, COUNT(e));
}

TEST(requeue_says_what_is_wrong)
{
    static const struct example e[] = {
        {"plan:requeue()", "operator.lua:1: plan:requeue: expected a duration "
                           "such as \"30s\", or seconds, got nil"},
        {"plan:requeue('soon')",
         "operator.lua:1: plan:requeue: expected a "
         "duration such as \"30s\", or seconds, got \"soon\""},
        {"plan:requeue(0)", "operator.lua:1: plan:requeue: must be longer than "
                            "0 and at most ten years"},
        {"plan:requeue(-1)", "operator.lua:1: plan:requeue: must be longer "
                             "than 0 and at most ten years"},
        {"plan:requeue(1e300)", "operator.lua:1: plan:requeue: must be longer "
                                "than 0 and at most ten years"},
        {"plan:requeue(0/0)", "operator.lua:1: plan:requeue: must be longer "
                              "than 0 and at most ten years"},
        {"plan:requeue_at('1h')",
         "operator.lua:1: plan:requeue_at: expected "
         "seconds since 1970, got string\n  hint: view.now is such a time"},
    };

    all_fail(e, COUNT(e), ERR_PLAN);
}

TEST(nothing_and_prune_all_speak_for_the_whole_pass)
{
    static const struct example e[] = {
        {"plan:nothing('paused') plan:condition('Ready', nil, 'Paused') "
         "plan:requeue(5)",
         "condition Ready=Unknown Paused \"\" "
         "@operator.lua:1\nnothing: paused\nrequeue 5000 ms\n"},
        {"plan:prune_all('switched off')", "prune all: switched off\n"},
        {"plan:prune_all('off') plan:allow_bulk('their data, too')",
         "prune all: off\nallow bulk: their data, too\n"},
        {"return plan:nothing('an early exit')", "nothing: an early exit\n"},
    };

    all_give(e, COUNT(e));
}

TEST(nothing_and_prune_all_stand_beside_no_step)
{
    static const struct example e[] = {
        {"plan:nothing()", "operator.lua:1: plan:nothing: reason: expected a "
                           "text, got nil"},
        {"plan:nothing('')", "operator.lua:1: plan:nothing: reason: an empty "
                             "text"},
        {"plan:allow_bulk()", "operator.lua:1: plan:allow_bulk: reason: "
                              "expected a text, got nil"},
        {"plan:apply(" MAP ")\nplan:nothing('x')",
         "operator.lua:2: "
         "plan:nothing: ConfigMap 'a' was declared before, at operator.lua:1"},
        {"plan:nothing('x') plan:delete(" MAP ")",
         "operator.lua:1: "
         "plan:delete: plan:nothing was called before\n  hint: a pass with "
         "plan:nothing declares status, conditions, events and requeue only"},
        {"plan:prune_all('x') plan:apply(" MAP ")",
         "operator.lua:1: "
         "plan:apply: plan:prune_all was called before"},
        {"plan:apply(" MAP ")\nplan:prune_all('x')",
         "operator.lua:2: "
         "plan:prune_all: ConfigMap 'a' was declared before, at "
         "operator.lua:1"},
        {"plan:prune_all('x') plan:nothing('y')",
         "operator.lua:1: "
         "plan:nothing: plan:prune_all was called before"},
        {"plan:nothing('x') plan:prune_all('y')",
         "operator.lua:1: "
         "plan:prune_all: plan:nothing was called before"},
    };

    all_fail(e, COUNT(e), ERR_PLAN);
}

TEST(an_unknown_verb_names_the_nearest)
{
    static const char list[] =
        "\n  hint: verbs: allow_bulk, apply, condition, delete, event, "
        "nothing, "
        "patch, prune_all, requeue, requeue_at, scale, status";
    static const struct example e[] = {
        {"\nplan:aply {}", "operator.lua:2: plan has no verb 'aply', did you "
                           "mean 'apply'?"},
        {"plan:act('x', {})", "operator.lua:1: plan has no verb 'act'"},
        {"local x = plan[1]", "operator.lua:1: plan has no verb 'number'"},
    };
    struct kit k;

    for (size_t i = 0; i < COUNT(e); i++) {
        kit_init(&k);
        check_int(kit_run(&k, e[i].body), -ERR_PLAN);
        check_str(k.err.msg, e[i].want);
        check_has(kit_error(&k), list);
        kit_release(&k);
    }
}

TEST(plan_is_called_with_a_colon_and_has_no_fields)
{
    static const struct example e[] = {
        {"plan.apply(" MAP ")", "operator.lua:1: plan.apply(...) lacks the "
                                "plan: write plan:apply(...)"},
        {"plan.steps = {}",
         "operator.lua:1: plan has no fields: 'steps' "
         "cannot be set\n  hint: call a verb: plan:apply(object)"},
    };

    all_fail(e, COUNT(e), ERR_PLAN);
}

/* A script that went on would prune what it failed to declare. */
TEST(misuse_of_a_verb_cannot_be_caught)
{
    struct kit k;

    kit_init(&k);
    kit_fails(&k, "pcall(function()\nplan:apply(nil) end) plan:requeue(5)",
              ERR_PLAN,
              "operator.lua:2: plan:apply: expected an object, got "
              "nil");
    kit_release(&k);
}

TEST(a_plan_has_at_most_500_steps)
{
    struct kit k;

    kit_init(&k);
    kit_fails(&k, "for i = 1, 501 do plan:delete(" MAP ") end", ERR_PLAN,
              "operator.lua:1: plan: the plan has more than 500 steps");
    check_int(k.plan.count, 500);
    kit_release(&k);
}
