/*
 * test_plan_status.c -- plan:status, plan:condition, plan:event.
 */
#include <string.h>

#include "kit.h"
#include "test.h"

struct example {
    const char *body;
    const char *want;
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void all_fail(const struct example *e, size_t count)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        kit_fails(&k, e[i].body, ERR_PLAN, e[i].want);
        kit_release(&k);
    }
}

TEST(status_is_declared_once_as_a_whole)
{
    struct kit k;

    kit_init(&k);
    kit_gives(&k, "\nplan:status { replicas = 3, name = 'x' }",
              "status @operator.lua:2 {\"name\":\"x\",\"replicas\":3}\n");
    kit_release(&k);
}

TEST(status_says_what_is_wrong)
{
    static const struct example e[] = {
        {"plan:status()", "operator.lua:1: plan:status: expected a table of "
                          "fields, got nil"},
        {"plan:status { 1, 2 }", "operator.lua:1: plan:status: expected a "
                                 "table of fields, got a list"},
        {"plan:status {}\nplan:status {}",
         "operator.lua:2: plan:status: was "
         "called before, at operator.lua:1\n  hint: the status of a pass is "
         "declared once, as a whole"},
        {"plan:status { conditions = {} }",
         "operator.lua:1: plan:status: "
         ".conditions: conditions are declared one by one\n  hint: use "
         "plan:condition(type, status, reason, message)"},
        {"plan:status { observedGeneration = 1 }",
         "operator.lua:1: "
         "plan:status: .observedGeneration: the runtime sets this\n  hint: "
         "leave it out"},
        {"plan:status { a = print }", "" /* print is nil: an empty status */},
        {"plan:status { a = { b = pairs } }",
         "operator.lua:1: plan:status: "
         ".a.b: a function cannot be part of an object\n  hint: call it: "
         "name(...) instead of name"},
    };

    all_fail(e, 5);
    all_fail(e + 6, 1);
}

TEST(condition_takes_a_truth_value_or_the_word)
{
    struct kit k;

    kit_init(&k);
    kit_gives(&k,
              "plan:condition('A', true) plan:condition('B', false)\n"
              "plan:condition('C', nil) plan:condition('D', 'False', "
              "'Gone', 'not there')\nplan:condition('example.com/my-E', "
              "'Unknown') plan:condition('example.com/my-F', true)"
              "plan:condition('1G', true)",
              "condition A=True A \"\" @operator.lua:1\n"
              "condition B=False NotB \"\" @operator.lua:1\n"
              "condition C=Unknown Unknown \"\" @operator.lua:2\n"
              "condition D=False Gone \"not there\" @operator.lua:2\n"
              "condition example.com/my-E=Unknown Unknown \"\" "
              "@operator.lua:3\n"
              "condition example.com/my-F=True myF \"\" @operator.lua:3\n"
              "condition 1G=True Is1G \"\" @operator.lua:3\n");
    kit_release(&k);
}

TEST(condition_says_what_is_wrong)
{
    static const struct example e[] = {
        {"plan:condition()", "operator.lua:1: plan:condition: type: expected "
                             "a text, got nil"},
        {"plan:condition('not ready', true)",
         "operator.lua:1: plan:condition: "
         "type: \"not ready\" is not a condition type\n  hint: conditions are "
         "named like \"Ready\" or \"example.com/Ready\""},
        {"plan:condition('Reconciled', true)",
         "operator.lua:1: "
         "plan:condition: 'Reconciled' belongs to the runtime\n  hint: it says "
         "whether the last plan was applied"},
        {"plan:condition('Ready', {})",
         "operator.lua:1: plan:condition: "
         "status: expected true, false or nil, got table"},
        {"plan:condition('Ready', 'yes')",
         "operator.lua:1: plan:condition: "
         "status: expected true, false or nil, got \"yes\"\n  hint: without "
         "quotes; nil stands for Unknown"},
        {"plan:condition('Ready', true, 'all is well')",
         "operator.lua:1: "
         "plan:condition: reason: \"all is well\" is not a CamelCase word\n  "
         "hint: a reason is for programs: one word such as \"RolloutDone\"; "
         "what people read is the message"},
        {"plan:condition('Ready', true, '')",
         "operator.lua:1: plan:condition: "
         "reason: \"\" is not a CamelCase word\n  hint: a reason is for "
         "programs: one word such as \"RolloutDone\"; what people read is the "
         "message"},
        {"plan:condition('Ready', true, 'A', 5)",
         "operator.lua:1: "
         "plan:condition: message: expected a text, got number"},
        {"plan:condition('Ready', true, 'A', '\\xff')",
         "operator.lua:1: "
         "plan:condition: message: the text is not valid UTF-8"},
        {"plan:condition('Ready', true)\nplan:condition('Ready', false)",
         "operator.lua:2: plan:condition: 'Ready' was declared before, at "
         "operator.lua:1"},
        {"plan:condition('Ready', true, 'A', ('x'):rep(32769))",
         "operator.lua:1: plan:condition: message: longer than 32768 bytes"},
    };

    all_fail(e, COUNT(e));
}

TEST(event_has_a_type_a_reason_and_a_note)
{
    struct kit k;

    kit_init(&k);
    kit_gives(&k,
              "plan:event('Normal', 'Started', 'up')\n"
              "plan:event('Warning', 'Failed', 'down')",
              "event Normal Started \"up\" @operator.lua:1\n"
              "event Warning Failed \"down\" @operator.lua:2\n");
    kit_release(&k);
}

TEST(a_long_note_is_cut_between_characters)
{
    struct kit k;

    kit_init(&k);
    check_ok(kit_run(&k, "plan:event('Normal', 'X', ('\u00e4'):rep(600))"),
             &k.err);
    if (check_int(k.plan.event_count, 1)) {
        check_int(strlen(k.plan.events[0].note), 1023);
        check(text_is_utf8(k.plan.events[0].note, 1023));
    }
    kit_release(&k);
}

TEST(event_says_what_is_wrong)
{
    static const struct example e[] = {
        {"plan:event('Info', 'X', 'y')",
         "operator.lua:1: plan:event: type: "
         "expected \"Normal\" or \"Warning\", got \"Info\""},
        {"plan:event('Normal', 'x y', 'y')",
         "operator.lua:1: plan:event: "
         "reason: \"x y\" is not a CamelCase word\n  hint: a reason is for "
         "programs: one word such as \"RolloutDone\"; what people read is the "
         "message"},
        {"plan:event('Normal', 'X')", "operator.lua:1: plan:event: note: "
                                      "expected a text, got nil"},
        {"plan:event('Normal', ('X'):rep(129), 'y')",
         "operator.lua:1: "
         "plan:event: reason: longer than 128 bytes"},
    };

    all_fail(e, COUNT(e));
}
