/* test_yaml.c -- YAML as kubectl reads it, and what is said when it is not. */
#include "kube/yaml.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "test.h"

/* Does `yaml` hold one document that equals the JSON text? */
static void reads_as(const char *yaml, const char *json)
{
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;
    struct value *want;
    struct str got = {0};

    check_ok(value_parse(&a, json, strlen(json), &want, &err), &err);
    if (check_ok(yaml_parse(&a, "f", yaml, strlen(yaml), &docs, &err), &err) &&
        check_int(docs.count, 1) && !check(value_equal(docs.items[0], want))) {
        value_print(docs.items[0], &got, NULL);
        check_str(str_text(&got), json);
    }
    str_release(&got);
    arena_release(&a);
}

static void fails(const char *yaml, const char *message, const char *hint)
{
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;

    check_int(yaml_parse(&a, "f.yaml", yaml, strlen(yaml), &docs, &err),
              -ERR_INVALID);
    check_str(err.msg, message);
    check_has(err.hint, hint);
    arena_release(&a);
}

/* ---- scalars ---- */

/* The right-hand sides were printed by the library inside kubectl. */
static const struct {
    const char *yaml, *json;
} scalars[] = {
    {"yes", "true"},
    {"Yes", "true"},
    {"YES", "true"},
    {"yEs", "\"yEs\""},
    {"y", "true"},
    {"N", "false"},
    {"on", "true"},
    {"Off", "false"},
    {"TRUE", "true"},
    {"tRUE", "\"tRUE\""},
    {"'yes'", "\"yes\""},
    {"\"1\"", "\"1\""},
    {"~", "null"},
    {"", "null"},
    {"Null", "null"},
    {"nULL", "\"nULL\""},
    {"0x1F", "31"},
    {"0X1F", "31"},
    {"-0x10", "-16"},
    {"+0x10", "16"},
    {"0x", "\"0x\""},
    {"0x1g", "\"0x1g\""},
    {"0b101", "5"},
    {"-0b101", "-5"},
    {"0b12", "\"0b12\""},
    {"0o17", "15"},
    {"017", "15"},
    {"0777", "511"},
    {"08", "8"},
    {"0_7", "7"},
    {"1_000", "1000"},
    {"1__0", "10"},
    {"1_", "1"},
    {"_1", "\"_1\""},
    {"0x_1", "1"},
    {"+1", "1"},
    {"-1", "-1"},
    {"-0", "0"},
    {"-0.0", "0"},
    {"+", "\"+\""},
    {"1.0", "1"},
    {"1.", "1"},
    {".5", "0.5"},
    {"+.5", "0.5"},
    {"5.", "5"},
    {"1e3", "1000"},
    {"12e03", "12000"},
    {"1.5e+3", "1500"},
    {"1e-7", "1e-7"},
    {"1e16", "10000000000000000"},
    {"1e18", "1000000000000000000"},
    {"1e19", "1e19"},
    {"-9007199254740995.0", "-9007199254740996"},
    {"1234567890123456789.0", "1234567890123456800"},
    {"9223372036854774784.0", "9223372036854775000"},
    {"9223372036854775807.0", "9223372036854775808.0"},
    {"1e", "\"1e\""},
    {"e1", "\"e1\""},
    {"1_0.5_0", "10.5"},
    {".1_5", "0.15"},
    {"._5", "\"._5\""},
    {".", "\".\""},
    {"..", "\"..\""},
    {"1e400", "\"1e400\""},
    {"1.2.3", "\"1.2.3\""},
    {"0x1.8p1", "\"0x1.8p1\""},
    {"infinity", "\"infinity\""},
    {"nan", "\"nan\""},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"9223372036854775808", "9223372036854775808.0"},
    {"18446744073709551615", "18446744073709551615.0"},
    {"18446744073709551616", "18446744073709552000.0"},
    {"0xffffffffffffffff", "18446744073709551615.0"},
    {"0x1ffffffffffffffff", "\"0x1ffffffffffffffff\""},
    {"1:30", "\"1:30\""},
    {"2001-01-02", "\"2001-01-02\""},
    {"2001-01-02 10:00:00", "\"2001-01-02 10:00:00\""},
    {"=", "\"=\""},
    {"|\n  5", "\"5\""},
    {">-\n  true", "\"true\""},
    {"!!str 5", "\"5\""},
    {"!!str", "\"\""},
    {"!!int '5'", "5"},
    {"!!int 1_0", "10"},
    {"!!float 5", "5"},
    {"!!bool yes", "true"},
    {"!!null ''", "null"},
    {"!!timestamp 2001-01-02", "\"2001-01-02\""},
    {"!!binary aGVsbG8=", "\"hello\""},
    {"!mine 5", "\"5\""},
    {"!mine {b: c}", "{\"b\":\"c\"}"},
    {"!!set {b}", "{\"b\":null}"},
};

TEST(yaml_scalars_mean_what_kubectl_says)
{
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        struct str yaml = {0}, json = {0};

        str_addf(&yaml, "a: %s", scalars[i].yaml);
        str_addf(&json, "{\"a\":%s}", scalars[i].json);
        reads_as(str_text(&yaml), str_text(&json));
        str_release(&yaml);
        str_release(&json);
    }
}

TEST(yaml_keys_become_texts)
{
    reads_as("8080: a", "{\"8080\":\"a\"}");
    reads_as("0x10: a", "{\"16\":\"a\"}");
    reads_as("yes: a", "{\"true\":\"a\"}");
    reads_as("1.5: a", "{\"1.5\":\"a\"}");
    reads_as("1e3: a", "{\"1000\":\"a\"}");
    reads_as("1e6: a", "{\"1e+06\":\"a\"}");
    reads_as("123456789.5: a", "{\"1.2345679e+08\":\"a\"}");
    reads_as("!!int 3: 1", "{\"3\":1}");
    reads_as("&k key: 1\nb: *k", "{\"key\":1,\"b\":\"key\"}");
}

TEST(yaml_numbers_stay_exact)
{
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;
    const char *text = "[1700000000123456789, 1e3, 2.0]";

    check_ok(yaml_parse(&a, "f", text, strlen(text), &docs, &err), &err);
    check_int(docs.items[0]->as.items[0]->as.integer, 1700000000123456789);
    check_int(docs.items[0]->as.items[2]->count, 0);
    text = "- 1e3\n- 2.0\n";
    check_ok(yaml_parse(&a, "f", text, strlen(text), &docs, &err), &err);
    check_int(docs.items[0]->as.items[0]->type, VALUE_INTEGER);
    check_int(docs.items[0]->as.items[1]->type, VALUE_INTEGER);
    arena_release(&a);
}

/* ---- structure ---- */

TEST(yaml_reads_json_with_tabs_and_surrogates)
{
    reads_as("{\n\t\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [1]\n}\n",
             "{\"a\":\"\xf0\x9f\x98\x80\",\"b\":[1]}");
}

TEST(yaml_resolves_aliases_to_copies)
{
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;
    const char *text = "a: &x {b: 1}\nc: *x\n";

    check_ok(yaml_parse(&a, "f", text, strlen(text), &docs, &err), &err);
    value_set(&a, value_get(docs.items[0], "a"), "b", value_integer(&a, 2));
    check_int(value_int_at(docs.items[0], "c.b", 0), 1);
    arena_release(&a);
}

TEST(yaml_merges_maps_in_the_order_of_the_document)
{
    reads_as("<<: {a: 1}", "{\"a\":1}");
    reads_as("<<: [{a: 1},{a: 2, c: 3}]\nb: 1", "{\"a\":1,\"b\":1,\"c\":3}");
    reads_as("x: {<<: {b: 1}, b: 2}", "{\"x\":{\"b\":2}}");
    reads_as("x: {b: 2, <<: {b: 1}}", "{\"x\":{\"b\":1}}");
    reads_as("'<<': {a: 1}", "{\"<<\":{\"a\":1}}");
    reads_as("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3",
             "{\"a\":{\"b\":1,\"c\":2},\"d\":{\"b\":1,\"c\":3}}");
}

TEST(yaml_splits_documents_and_knows_their_lines)
{
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;
    const char *text = "# nothing\n---\n\na: 1\n---\n---\n# c\n- b\n...\n";

    check_ok(yaml_parse(&a, "f", text, strlen(text), &docs, &err), &err);
    check_int(docs.count, 2);
    check_int(docs.lines[0], 4);
    check_int(docs.lines[1], 8);
    arena_release(&a);
}

TEST(yaml_of_nothing_has_no_documents)
{
    struct arena a = {0};
    struct yaml_docs docs;

    check_int(yaml_parse(&a, "f", "", 0, &docs, NULL), 0);
    check_int(docs.count, 0);
    check_int(yaml_parse(&a, "f", "# x\n", 4, &docs, NULL), 0);
    check_int(docs.count, 0);
    arena_release(&a);
}

TEST(yaml_lists_are_replaced_by_their_items)
{
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;
    const char *text = "apiVersion: v1\nkind: List\nitems:\n"
                       "- {apiVersion: v1, kind: A}\n"
                       "-\n  apiVersion: v1\n  kind: B\n"
                       "---\napiVersion: v1\nkind: C\nitems: 5\n"
                       "---\n{apiVersion: v1, kind: PodList, items: []}\n";

    if (check_ok(yaml_parse_objects(&a, "f", text, strlen(text), &docs, &err),
                 &err) &&
        check_int(docs.count, 3)) {
        check_str(value_text_at(docs.items[0], "kind"), "A");
        check_int(docs.lines[0], 4);
        check_str(value_text_at(docs.items[1], "kind"), "B");
        check_int(docs.lines[1], 6);
        check_str(value_text_at(docs.items[2], "kind"), "C");
        check_int(docs.lines[2], 9);
    }
    arena_release(&a);
}

TEST(yaml_objects_need_a_kind)
{
    static const char *const bad[][2] = {
        {"\n5", "f:2: expected a Kubernetes object, got integer"},
        {"kind: A", "f:1: the object has no apiVersion"},
        {"apiVersion: v1\n", "f:1: the object has no kind"},
        {"apiVersion: 1\nkind: A",
         "f:1: apiVersion must be a non-empty string"},
        {"apiVersion: v1\nkind: List\nitems:\n- a",
         "f:4: expected a Kubernetes object, got string"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct arena a = {0};
        struct err err = {0};
        struct yaml_docs docs;

        check_int(yaml_parse_objects(&a, "f", bad[i][0], strlen(bad[i][0]),
                                     &docs, &err),
                  -ERR_INVALID);
        check_str(err.msg, bad[i][1]);
        arena_release(&a);
    }
}

TEST(yaml_large_maps_keep_their_order_and_find_duplicates)
{
    struct arena a = {0};
    struct err err = {0};
    struct str text = {0};
    struct yaml_docs docs;

    for (int i = 0; i < 5000; i++)
        str_addf(&text, "key%d: %d\n", i, i);
    check_ok(yaml_parse(&a, "f", text.data, text.len, &docs, &err), &err);
    check_int(docs.items[0]->count, 5000);
    check_str(docs.items[0]->as.members[4321].key, "key4321");
    str_add(&text, "key77: 0\n");
    check_int(yaml_parse(&a, "f", text.data, text.len, &docs, &err),
              -ERR_INVALID);
    check_str(err.msg, "f:5001:1: key 'key77' appears twice");
    str_release(&text);
    arena_release(&a);
}

/* ---- errors ---- */

TEST(yaml_says_what_to_do_about_tabs)
{
    fails("a:\n\tb: 1",
          "f.yaml:2:1: found a tab: YAML does not allow tabs for "
          "indentation; use spaces",
          "");
    fails("a:\n  \tb: 1\n  c: 2",
          "f.yaml:2:3: found a tab: YAML does not allow tabs for "
          "indentation; use spaces",
          "");
}

TEST(yaml_errors_name_file_line_and_column)
{
    fails("a: 1\nb: 2\na: 3", "f.yaml:3:1: key 'a' appears twice", "");
    fails("a: b: c",
          "f.yaml:1:5: mapping values are not allowed in this context",
          "in quotes");
    fails("a: @b", "f.yaml:1:4: found character that cannot start any token",
          "needs quotes");
    fails("a: [1, 2\nb: 3",
          "f.yaml:2:2: did not find expected ',' or ']' while parsing a flow "
          "sequence that starts on line 1",
          "");
    fails("a:\n  b: 1\n c: 2",
          "f.yaml:3:2: did not find expected key while parsing a block mapping "
          "that starts on line 1",
          "indented alike");
    fails("a: 'x\nb: 1",
          "f.yaml:2:5: found unexpected end of stream while scanning a quoted "
          "scalar that starts on line 1",
          "closing quote");
    fails("a: {{ name }}", "f.yaml:1:5: a key must be a scalar",
          "needs quotes");
    fails("~: 1", "f.yaml:1:1: a key must not be null", "");
    fails("a: .inf", "f.yaml:1:4: JSON has no infinity and no NaN", "");
    fails("a: !!int x", "f.yaml:1:4: cannot read 'x' as !!int", "");
    fails("a: !!binary '*'",
          "f.yaml:1:4: cannot read !!binary: not base64: the length is no "
          "multiple of 4",
          "");
    fails("a: *x", "f.yaml:1:4: no anchor '&x' before '*x'", "");
    fails("a: &x [*x]", "f.yaml:1:8: '*x' stands inside of '&x'", "");
    fails("<<: 5",
          "f.yaml:1:1: '<<' needs a map or a list of maps, got "
          "integer",
          "");
    fails("<<: [[{a: 1}]]", "f.yaml:1:1: '<<' needs a map or a list of maps",
          "");
    fails("a: 1\nb: \xff", "f.yaml:2:4: invalid leading UTF-8 octet", "");
}

TEST(yaml_anchors_end_with_their_document)
{
    fails("a: &x 1\n---\nb: *x", "f.yaml:3:4: no anchor '&x' before '*x'", "");
}

TEST(yaml_refuses_to_become_huge)
{
    struct arena a = {0};
    struct err err = {0};
    struct str text = {0};
    struct yaml_docs docs;

    str_add(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 30; i++)
        str_addf(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1,
                 i - 1, i - 1, i - 1, i - 1);
    check_int(yaml_parse(&a, "f", text.data, text.len, &docs, &err),
              -ERR_LIMIT);
    check_has(err.msg, "after aliases are resolved");

    str_clear(&text);
    for (int i = 0; i < 600; i++)
        str_addc(&text, '[');
    check_int(yaml_parse(&a, "f", text.data, text.len, &docs, &err),
              -ERR_LIMIT);
    check_has(err.msg, "nested more than 512 levels deep");

    str_clear(&text);
    while (text.len <= YAML_MAX_TEXT)
        str_add(&text, "# 0123456789012345678901234567890123456789\n");
    check_int(yaml_parse(&a, "f", text.data, text.len, &docs, &err),
              -ERR_LIMIT);
    str_release(&text);
    arena_release(&a);
}

TEST(yaml_garbage_never_crashes)
{
    static const char alphabet[] = "ab01:-?[]{},#&*!|>'\"%@` \n\n\t~<.x\\\xc3";
    int rounds = test_rounds(20000, 1000000);
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; i < rounds; i++) {
        struct arena a = {0};
        struct err err = {0};
        struct yaml_docs docs;
        char text[64];
        size_t len = (size_t)rng_below(&rng, sizeof text);

        for (size_t j = 0; j < len; j++)
            text[j] = alphabet[rng_below(&rng, sizeof alphabet)];
        if (yaml_parse_objects(&a, "f", text, len, &docs, &err) < 0)
            check(err.msg[0] != '\0');
        arena_release(&a);
    }
}

TEST_ALLOC(yaml_survives_out_of_memory)
{
    static const char text[] =
        "apiVersion: v1\nkind: List\nitems:\n"
        "- &x {apiVersion: v1, kind: A, n: 0x10, 5: !!binary aGk=}\n"
        "- *x\n- {<<: *x, kind: B, l: [1, .5, a]}\n---\n"
        "{\"apiVersion\": \"v1\", \"kind\": \"J\"}\n";
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;
    int rc = yaml_parse_objects(&a, "f", text, sizeof text - 1, &docs, &err);

    if (rc == 0)
        check_int(docs.count, 4);
    arena_release(&a);
    return rc;
}

TEST_ALLOC(yaml_survives_out_of_memory_in_a_large_map)
{
    struct arena a = {0};
    struct err err = {0};
    struct yaml_docs docs;
    char text[2000];
    size_t len = 0;
    int rc;

    for (char c = 'a'; c <= 'z'; c++)
        for (char d = 'a'; d <= 'c'; d++) {
            memcpy(text + len, (char[]){c, d, ':', ' ', '1', '\n'}, 6);
            len += 6;
        }
    rc = yaml_parse(&a, "f", text, len, &docs, &err);
    if (rc == 0)
        check_int(docs.items[0]->count, 78);
    arena_release(&a);
    return rc;
}

TEST(yaml_survives_every_arena_limit)
{
    static const char text[] = "a: &x [1, .5, {b: c}]\nd: *x\ne: 0x10\n"
                               "<<: {f: g}\n---\n- h\n";
    int rc = -1;

    for (size_t limit = 1; rc < 0; limit += 8) {
        struct arena a = {.limit = limit};
        struct err err = {0};
        struct yaml_docs docs;

        rc = yaml_parse(&a, "f", text, sizeof text - 1, &docs, &err);
        if (rc < 0 && !check_int(rc, -ERR_NOMEM))
            limit = SIZE_MAX / 2;
        arena_release(&a);
    }
}
