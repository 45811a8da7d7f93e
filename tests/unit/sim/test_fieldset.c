/* Sets of fields: text, algebra, values by schema. */

#include "sim/fieldset.h"

#include <string.h>

#include "test.h"

static struct arena arena;
static struct fields space;

static struct value *json(const char *text)
{
    struct value *v = NULL;
    struct err err = {0};

    check_ok(value_parse(&arena, text, strlen(text), &v, &err), &err);
    return v;
}

static void begin(void)
{
    space = (struct fields){.a = &arena};
}

static void end(void)
{
    check(!space.failed);
    arena_release(&arena);
}

static const struct fieldset *set(const char *text)
{
    const struct fieldset *x = NULL;

    check_int(fieldset_parse(&space, json(text), &x), 0);
    return x;
}

static const char *printed(const struct fieldset *x)
{
    struct str out;
    const char *kept;

    str_init(&out, 0);
    check_int(fieldset_print(x, &out), 0);
    kept = arena_strdup(&arena, str_text(&out));
    str_release(&out);
    return kept;
}

static struct schema_node deployment(void)
{
    return schema_find(NULL, "apps/v1", "Deployment");
}

TEST(a_fieldset_is_written_in_the_order_of_the_api_server)
{
    static const char sorted[] =
        "{\"f:a\":{\".\":{},\"f:b\":{}},\"f:l\":{"
        "\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},"
        "\"f:port\":{}},"
        "\"k:{\\\"port\\\":443,\\\"protocol\\\":\\\"TCP\\\"}\":{},"
        "\"v:1\":{},\"v:\\\"x\\\"\":{},\"v:true\":{},\"i:0\":{}}}";
    static const char mixed[] =
        "{\"f:l\":{\"i:0\":{},\"v:true\":{},\"x:new\":{},"
        "\"k:{\\\"protocol\\\":\\\"TCP\\\",\\\"port\\\":443}\":{},"
        "\"v:\\\"x\\\"\":{},\"v:1\":{},"
        "\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\"f:port\":{},"
        "\".\":{}}},\"f:a\":{\"f:b\":{},\".\":{}}}";

    begin();
    check_str(printed(set(sorted)), sorted);
    check_str(printed(set(mixed)), sorted);
    check_str(printed(NULL), "{}");
    check(fieldset_equal(set(mixed), set(sorted)));
    end();
}

TEST(what_is_no_fieldset_is_refused)
{
    static const char *const texts[] = {"[]",           "{\"a\":{}}",
                                        "{\"f:a\":1}",  "{\"k:[]\":{}}",
                                        "{\"i:x\":{}}", "{\"v:{\":{}}"};
    const struct fieldset *x;

    begin();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_int(fieldset_parse(&space, json(texts[i]), &x), -ERR_INVALID);
    end();
}

TEST(fieldsets_are_added_and_taken_from_each_other)
{
    const struct fieldset *x, *y;

    begin();
    x = set("{\"f:a\":{\".\":{},\"f:b\":{},\"f:c\":{}},\"f:d\":{}}");
    y = set("{\"f:a\":{\".\":{},\"f:b\":{}},\"f:e\":{}}");
    check_str(printed(fieldset_union(&space, x, y)),
              "{\"f:a\":{\".\":{},\"f:b\":{},\"f:c\":{}},\"f:d\":{},\"f:e\":"
              "{}}");
    check_str(printed(fieldset_intersection(&space, x, y)),
              "{\"f:a\":{\".\":{},\"f:b\":{}}}");
    check_str(printed(fieldset_difference(&space, x, y)),
              "{\"f:a\":{\"f:c\":{}},\"f:d\":{}}");
    check_str(printed(fieldset_difference_below(&space, x, y)), "{\"f:d\":{}}");
    check_str(printed(fieldset_leaves(&space, x)),
              "{\"f:a\":{\"f:b\":{},\"f:c\":{}},\"f:d\":{}}");
    end();
}

TEST(a_value_has_the_fields_that_its_schema_tells_apart)
{
    begin();
    check_str(
        printed(fieldset_of_value(
            &space, deployment(),
            json("{\"metadata\":{\"labels\":{\"a\":\"b\"},\"finalizers\":"
                 "[\"x/y\"]},\"spec\":{\"selector\":{\"matchLabels\":{\"a\":"
                 "\"b\"}},\"replicas\":null,\"strategy\":{},\"template\":{"
                 "\"spec\":{\"containers\":[{\"name\":\"w\",\"ports\":[{"
                 "\"containerPort\":80}]}]}}}}"))),
        "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"x/y\\\"\":{}},\"f:labels\":"
        "{\"f:a\":{}}},\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},"
        "\"f:strategy\":{},\"f:template\":{\"f:spec\":{\"f:containers\":{"
        "\"k:{\\\"name\\\":\\\"w\\\"}\":{\".\":{},\"f:name\":{},\"f:ports\":{"
        "\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":"
        "{},\"f:containerPort\":{}}}}}}}}}");
    end();
}
