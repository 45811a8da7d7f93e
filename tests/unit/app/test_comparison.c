/*
 * Two plans of one object, compared: items of `kind: Plan` documents in, lines
 * for people or a document out.
 */
#include "app/comparison.h"

#include <string.h>

#include "test.h"

struct bench {
    struct comparison *c;
    struct arena arena;
    struct str out;
    struct err err;
};

static void collect(void *arg, const char *text, size_t len)
{
    struct bench *b = arg;

    str_addn(&b->out, text, len);
}

static void bench_init(struct bench *b, enum report_format format)
{
    const struct comparison_options options = {
        .format = format,
        .title = "website",
        .old_name = "a",
        .new_name = "b",
        .print = collect,
        .arg = b,
    };

    memset(b, 0, sizeof(*b));
    arena_init(&b->arena, 0);
    b->c = comparison_new(&options);
}

static void bench_release(struct bench *b)
{
    comparison_free(b->c);
    arena_release(&b->arena);
    str_release(&b->out);
}

/* Single quotes stand for double ones. */
static struct value *item(struct bench *b, const char *text)
{
    char *json = arena_strdup(&b->arena, text);
    struct value *v = NULL;

    for (char *c = json; c && *c; c++)
        if (*c == '\'')
            *c = '"';
    if (json)
        check_ok(value_parse(&b->arena, json, strlen(json), &v, &b->err),
                 &b->err);
    return v;
}

/* One object's item with these changes. */
static struct value *plan(struct bench *b, const char *name,
                          const char *changes)
{
    return item(b, arena_printf(&b->arena,
                                "{'root':{'namespace':'default','name':'%s'},"
                                "'changes':[%s]}",
                                name, changes));
}

static void add(struct bench *b, struct value *old, struct value *now)
{
    check_ok(comparison_add(b->c, NULL, old, now, &b->err), &b->err);
}

static const char *finish(struct bench *b)
{
    check_ok(comparison_finish(b->c, &b->err), &b->err);
    return str_text(&b->out);
}

#define APPLY(name, replicas, extra)                                           \
    "{'action':'change','apiVersion':'apps/v1','kind':'Deployment',"           \
    "'namespace':'default','name':'" name "','line':'operator.lua:3',"         \
    "'requests':[{'body':{'metadata':{'name':'" name "','uid':'u1',"           \
    "'annotations':{'tidelock.dev/applied':'h" replicas "'}},"                 \
    "'spec':{'replicas':" replicas extra "}}}]}"
#define PRUNE(name)                                                            \
    "{'action':'delete','apiVersion':'v1','kind':'Service',"                   \
    "'namespace':'default','name':'" name "','requests':[{'method':'DELETE',"  \
    "'body':{'preconditions':{'uid':'u2'}}}]}"

TEST(comparison_of_equal_plans_says_so_and_nothing_else)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    add(&b, plan(&b, "blog", APPLY("blog", "2", "")),
        plan(&b, "blog", APPLY("blog", "2", "")));
    check_str(finish(&b),
              "Compared 1 plan: 0 differ, 1 the same. Nothing was applied.\n");
    check_int(comparison_differing(b.c), 0);
    bench_release(&b);
}

TEST(comparison_leaves_out_what_no_script_decides)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    add(&b,
        plan(&b, "blog",
             "{'action':'status','kind':'Website','apiVersion':'e/v1',"
             "'name':'blog','line':'operator.lua:9','requests':[{'body':"
             "{'metadata':{'resourceVersion':'5'},'status':{'conditions':"
             "[{'type':'Ready','lastTransitionTime':'x'}]}}}]}"),
        plan(&b, "blog",
             "{'action':'status','kind':'Website','apiVersion':'e/v1',"
             "'name':'blog','line':'operator.lua:12','requests':[{'body':"
             "{'metadata':{'resourceVersion':'7'},'status':{'conditions':"
             "[{'type':'Ready','lastTransitionTime':'y'}]}}}]}"));
    check_int(comparison_differing(b.c), 0);
    bench_release(&b);
}

TEST(comparison_tells_objects_of_one_difference_as_a_group)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    add(&b, plan(&b, "shop", APPLY("shop-web", "2", "")),
        plan(&b, "shop", APPLY("shop-web", "3", "")));
    add(&b, plan(&b, "blog", APPLY("blog-web", "2", "")),
        plan(&b, "blog", APPLY("blog-web", "3", "")));
    add(&b, plan(&b, "wiki", APPLY("wiki-web", "2", "")),
        plan(&b, "wiki", APPLY("wiki-web", "2", ",'paused':true")));
    check_str(finish(&b),
              "website: - only a, + only b, ~ both, differently\n"
              "\n"
              "2 objects differ in the same way: default/blog, default/shop\n"
              "  ~ change Deployment default/{name}-web        "
              "operator.lua:3\n"
              "      .spec.replicas: 2 -> 3\n"
              "\n"
              "default/wiki\n"
              "  ~ change Deployment default/wiki-web          "
              "operator.lua:3\n"
              "      .spec.paused: (absent) -> true\n"
              "\n"
              "Compared 3 plans: 3 differ, 0 the same. Nothing was applied.\n");
    bench_release(&b);
}

TEST(comparison_keeps_steps_of_one_side_apart)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    add(&b, plan(&b, "blog", PRUNE("blog-old")),
        plan(&b, "blog", APPLY("blog-old", "1", "")));
    finish(&b);
    check_has(str_text(&b.out), "\n  + change Deployment default/blog-old");
    check_has(str_text(&b.out), "\n  - delete Service default/blog-old\n");
    bench_release(&b);
}

/* "log" is part of "blog", and "a" of everything. */
TEST(comparison_blanks_whole_words_only)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    for (unsigned i = 0; i < 2; i++)
        add(&b, plan(&b, i ? "log" : "web", ""),
            plan(&b, i ? "log" : "web", APPLY("blog", "1", "")));
    for (unsigned i = 0; i < 2; i++)
        add(&b, plan(&b, i ? "a" : "b", ""),
            plan(&b, i ? "a" : "b", PRUNE("x-a")));
    finish(&b);
    check_has(str_text(&b.out),
              "2 objects differ in the same way: default/log, default/web\n"
              "  + change Deployment default/blog ");
    check_has(str_text(&b.out),
              "2 objects differ in the same way: default/a, default/b\n"
              "  + delete Service default/x-a\n");
    bench_release(&b);
}

TEST(comparison_of_more_objects_than_fit_a_line_counts_the_rest)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    for (unsigned i = 0; i < 8; i++) {
        const char *name = arena_printf(&b.arena, "site%u", i);

        add(&b, plan(&b, name, ""), plan(&b, name, PRUNE("old")));
    }
    check_has(finish(&b), "8 objects differ in the same way: default/site0, "
                          "default/site1, default/site2, default/site3, "
                          "default/site4 and 3 more\n");
    bench_release(&b);
}

TEST(comparison_says_what_no_longer_succeeds)
{
    struct bench b;
    struct value *fails;

    bench_init(&b, REPORT_TEXT);
    fails = item(&b, "{'root':{'name':'blog'},'error':{'message':"
                     "'operator.lua:3: attempt to index a nil value'}}");
    add(&b, item(&b, "{'root':{'name':'blog'},'changes':[]}"), fails);
    check_has(finish(&b), "blog\n  + fails: operator.lua:3: attempt to index "
                          "a nil value\n");
    check_has(str_text(&b.out), "1 differs, 0 the same; 1 no longer succeeds.");
    check_int(comparison_broken(b.c), 1);
    bench_release(&b);
}

TEST(comparison_shows_a_row_and_a_requeue_that_changed)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    add(&b,
        item(&b, "{'root':{'name':'blog'},'row':{'id':'steady'},"
                 "'requeueAfterMilliseconds':1000}"),
        item(&b, "{'root':{'name':'blog'},'row':{'id':'scale-up'}}"));
    check_has(finish(&b), "  ~ row: steady -> scale-up\n"
                          "  - requeue after ms: 1000\n");
    bench_release(&b);
}

TEST(comparison_names_an_object_that_only_one_side_planned)
{
    struct bench b;

    bench_init(&b, REPORT_TEXT);
    add(&b, NULL, plan(&b, "blog", ""));
    add(&b, plan(&b, "shop", ""), NULL);
    check_has(finish(&b), "default/blog\n  + plan\n\ndefault/shop\n  - plan\n");
    bench_release(&b);
}

TEST(comparison_is_a_document_for_programs)
{
    struct bench b;

    bench_init(&b, REPORT_YAML);
    add(&b, plan(&b, "blog", APPLY("blog", "2", "")),
        plan(&b, "blog", APPLY("blog", "3", "")));
    check_str(finish(&b), "apiVersion: tidelock.dev/v1alpha1\n"
                          "items:\n"
                          "- differences:\n"
                          "  - about: change\n"
                          "    action: change\n"
                          "    apiVersion: apps/v1\n"
                          "    fields:\n"
                          "    - new: 3\n"
                          "      old: 2\n"
                          "      path: .spec.replicas\n"
                          "    kind: Deployment\n"
                          "    line: operator.lua:3\n"
                          "    name: blog\n"
                          "    namespace: default\n"
                          "    side: both\n"
                          "  name: blog\n"
                          "  namespace: default\n"
                          "kind: PlanComparison\n"
                          "new: b\n"
                          "old: a\n"
                          "operator: website\n"
                          "summary:\n"
                          "  broken: 0\n"
                          "  differ: 1\n"
                          "  plans: 1\n");
    bench_release(&b);
}

static const char OLD_ITEM[] =
    "{\"root\":{\"name\":\"blog\"},\"changes\":[{\"action\":\"change\","
    "\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"blog\","
    "\"requests\":[{\"body\":{\"data\":{\"k\":\"1\"}}}]}]}";
static const char NEW_ITEM[] =
    "{\"root\":{\"name\":\"blog\"},\"changes\":[{\"action\":\"change\","
    "\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"blog\","
    "\"requests\":[{\"body\":{\"data\":{\"k\":\"2\"}}}]}]}";

TEST_ALLOC(comparison_survives_failing_allocations)
{
    struct bench b;
    struct value *old, *now;
    int rc;

    bench_init(&b, REPORT_JSON);
    rc = b.c ? value_parse(&b.arena, OLD_ITEM, strlen(OLD_ITEM), &old, &b.err)
             : -ERR_NOMEM;
    if (rc == 0)
        rc = value_parse(&b.arena, NEW_ITEM, strlen(NEW_ITEM), &now, &b.err);
    if (rc == 0)
        rc = comparison_add(b.c, NULL, old, now, &b.err);
    if (rc == 0)
        rc = comparison_finish(b.c, &b.err);
    if (rc == 0)
        check_int(comparison_differing(b.c), 1);
    bench_release(&b);
    return rc;
}
