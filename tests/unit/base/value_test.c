/* value: parsing, duplicate keys, building, reading, comparing. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/value.h"

static struct value *parse(struct arena *a, const char *text)
{
    struct value *v = NULL;
    struct err err = {0};

    check_ok(value_parse(a, text, strlen(text), &v, &err), &err);
    return v;
}

static void check_prints(const struct value *v, const char *want)
{
    struct str s = {0};
    struct err err = {0};

    check_ok(value_print(v, &s, &err), &err);
    check_str(str_text(&s), want);
    str_release(&s);
}

TEST(value_parse_builds_every_type)
{
    struct arena a = {0};
    struct value *v = parse(&a, "{\"n\":null,\"t\":true,\"f\":false,\"i\":-7,"
                                "\"d\":1.5,\"s\":\"x\\u0000y\",\"a\":[1,[]],"
                                "\"o\":{\"k\":{}}}");

    check_int(v->count, 8);
    check(value_is(value_get(v, "n"), VALUE_NULL));
    check(value_bool_at(v, "t", false) && !value_bool_at(v, "f", true));
    check_int(value_int_at(v, "i", 0), -7);
    check(value_get(v, "d")->as.number == 1.5);
    check_int(value_get(v, "s")->count, 3);
    check(memcmp(value_get(v, "s")->as.string, "x\0y", 4) == 0);
    check_int(value_get(v, "a")->count, 2);
    check_int(value_get(v, "a")->as.items[1]->count, 0);
    check(value_is(value_path(v, "o.k"), VALUE_OBJECT));
    arena_release(&a);
}

TEST(value_parse_takes_scalars_as_documents)
{
    struct arena a = {0};

    check_int(parse(&a, " 12 ")->as.integer, 12);
    check_str(value_text(parse(&a, "\"x\"")), "x");
    check(value_is(parse(&a, "null"), VALUE_NULL));
    arena_release(&a);
}

TEST(value_parse_keeps_nothing_of_the_callers_text)
{
    struct arena a = {0};
    char text[] = "{\"key\":\"text\"}";
    struct value *v = parse(&a, text);

    memset(text, '#', sizeof text);
    check_str(value_text_at(v, "key"), "text");
    arena_release(&a);
}

static void check_duplicate(const char *text, const char *message)
{
    struct arena a = {0};
    struct value *v = NULL;
    struct err err = {0};

    check_int(value_parse(&a, text, strlen(text), &v, &err), -ERR_INVALID);
    check_str(err.msg, message);
    check(v == NULL);
    arena_release(&a);
}

TEST(value_parse_refuses_duplicate_keys)
{
    check_duplicate("{\"a\":1,\"b\":2,\"a\":3}",
                    "line 1, column 19: key 'a' appears twice in the object "
                    "that ends here");
    check_duplicate("[{\"\":1,\"\":2}]",
                    "line 1, column 12: key '' appears twice in the object "
                    "that ends here");
    check_duplicate("{\"a\":1,\"\\u0061\":2}",
                    "line 1, column 18: key 'a' appears twice in the object "
                    "that ends here");
}

/* `count` keys of which the last repeats number `twin`, none when < 0. */
static int parse_many(unsigned count, int twin)
{
    struct arena a = {0};
    struct str s = {0};
    struct value *v;
    int rc;

    str_addc(&s, '{');
    for (unsigned i = 0; i < count; i++)
        str_addf(&s, "\"key-%u\":%u,", i, i);
    if (twin >= 0)
        str_addf(&s, "\"key-%d\":0}", twin);
    else
        str_add(&s, "\"last\":0}");
    rc = value_parse(&a, s.data, s.len, &v, NULL);
    if (rc == 0)
        check_int(v->count, count + 1);
    arena_release(&a);
    str_release(&s);
    return rc;
}

TEST(value_parse_finds_duplicates_in_objects_of_any_size)
{
    for (unsigned count = 1; count < 60; count++) {
        check_int(parse_many(count, -1), 0);
        for (unsigned twin = 0; twin < count; twin++)
            check_int(parse_many(count, (int)twin), -ERR_INVALID);
    }
    check_int(parse_many(50000, -1), 0);
    check_int(parse_many(50000, 31234), -ERR_INVALID);
}

TEST(value_parse_refuses_a_document_beyond_the_limit_of_its_arena)
{
    struct arena a;
    struct value *v;
    struct err err = {0};
    char text[1000];

    arena_init(&a, 2000);
    memset(text, '[', 500);
    memset(text + 500, ']', 500);
    check_int(value_parse(&a, text, sizeof text, &v, &err), -ERR_LIMIT);
    arena_release(&a);
}

static const char every_type[] =
    "{\"a\":[1,-2.5,\"\\n\"],\"b\":{\"c\":null,\"d\":true},\"e\":\"\"}";

/* An arena that is full after any number of bytes, in every step of
 * parsing, copying and building. */
TEST(value_parse_reports_any_limit_of_its_arena)
{
    struct arena a;
    struct value *v;
    size_t limit = 0;
    int rc;

    do {
        arena_init(&a, ++limit);
        rc = value_parse(&a, every_type, sizeof every_type - 1, &v, NULL);
        check(rc == 0 || rc == -ERR_LIMIT);
        arena_release(&a);
    } while (rc < 0 && limit < 5000);
    check_int(rc, 0);
}

TEST(value_copy_is_whole_or_nothing_at_any_limit)
{
    struct arena a = {0}, b;
    struct value *v = parse(&a, every_type);
    struct value *copy, *secret = value_null(&a);
    size_t limit = 0;

    *secret = (struct value){.type = VALUE_SECRET, .as.secret = {1, "key"}};
    value_set(&a, v, "s", secret);
    do {
        arena_init(&b, ++limit);
        copy = value_copy(&b, v);
        check(!copy || value_equal(copy, v));
        arena_release(&b);
    } while (!copy && limit < 5000);
    check(limit > 100 && limit < 5000);
    arena_release(&a);
}

TEST(value_building_fails_cleanly_at_any_limit)
{
    struct arena a;
    struct value *o, *list;
    size_t limit = 0;
    int rc;

    do {
        arena_init(&a, ++limit);
        o = value_object(&a);
        list = value_array(&a);
        rc = value_append(&a, list, value_double(&a, 1.5));
        if (rc == 0)
            rc = value_append(&a, list, value_string(&a, "x"));
        if (rc == 0)
            rc = value_set(&a, value_make(&a, o, "child"), "list", list);
        if (rc == 0)
            rc = value_set(&a, o, "flag", value_bool(&a, true));
        if (rc == 0)
            check_prints(o, "{\"child\":{\"list\":[1.5,\"x\"]},\"flag\":true}");
        arena_release(&a);
    } while (rc < 0 && limit < 5000);
    check_int(rc, 0);
}

TEST(value_parse_fails_on_every_truncation)
{
    static const char text[] =
        "{\"a\":[1,-2.5,\"\\n\xC3\xA9\"],\"b\":{\"c\":null,\"d\":true}}";
    struct arena a = {0};
    struct value *v;

    for (size_t len = 0; len < sizeof text - 1; len++) {
        check_int(value_parse(&a, text, len, &v, NULL), -ERR_INVALID);
        arena_clear(&a);
    }
    arena_release(&a);
}

TEST(value_limits_the_depth_of_documents)
{
    struct arena a = {0};
    struct value *v;
    char text[1026];

    memset(text, '[', 513);
    memset(text + 513, ']', 513);
    check_int(value_parse(&a, text + 1, 1024, &v, NULL), 0);
    check_int(value_parse(&a, text, 1026, &v, NULL), -ERR_LIMIT);
    arena_release(&a);
}

TEST(value_set_replaces_in_place)
{
    struct arena a = {0};
    struct value *o = value_object(&a);

    check_int(value_set(&a, o, "b", value_integer(&a, 1)), 0);
    check_int(value_set(&a, o, "a", value_integer(&a, 2)), 0);
    check_int(value_set(&a, o, "b", value_string(&a, "x")), 0);
    check_int(value_setn(&a, o, "abc", 2, value_bool(&a, true)), 0);
    check_int(o->count, 3);
    check_str(o->as.members[0].key, "b");
    check_str(o->as.members[2].key, "ab");
    check_prints(o, "{\"a\":2,\"ab\":true,\"b\":\"x\"}");
    value_unset(o, "b");
    value_unset(o, "absent");
    check_prints(o, "{\"a\":2,\"ab\":true}");
    value_unset(o, "ab");
    value_unset(o, "a");
    check_prints(o, "{}");
    arena_release(&a);
}

TEST(value_set_text_leaves_out_what_is_missing)
{
    struct arena a = {0};
    struct value *v = parse(&a, "{\"a\":1}");

    check_int(value_set_text(&a, v, "b", NULL), 0);
    check_int(value_set_text(&a, v, "c", ""), 0);
    check_int(value_set_text(&a, v, "a", "x"), 0);
    check_prints(v, "{\"a\":\"x\",\"c\":\"\"}");
    arena_release(&a);
}

TEST(value_set_extends_a_parsed_object)
{
    struct arena a = {0};
    struct value *v = parse(&a, "{\"a\":[1]}");

    check_int(value_set(&a, v, "b", value_null(&a)), 0);
    check_int(value_append(&a, value_get(v, "a"), value_double(&a, 2.5)), 0);
    check_prints(v, "{\"a\":[1,2.5],\"b\":null}");
    arena_release(&a);
}

TEST(value_passes_a_failed_allocation_on)
{
    struct arena a = {0};
    struct value *o = value_object(&a);
    struct value *list = value_array(&a);

    check_int(value_set(&a, o, "k", NULL), -ERR_NOMEM);
    check_int(value_set(&a, NULL, "k", list), -ERR_NOMEM);
    check_int(value_append(&a, list, NULL), -ERR_NOMEM);
    check_int(value_append(&a, NULL, o), -ERR_NOMEM);
    check_int(value_set(&a, o, "k", list), 0);
    check_int(value_set(&a, o, "k", NULL), -ERR_NOMEM);
    check(value_get(o, "k") == list);
    check(value_make(&a, NULL, "x") == NULL);
    arena_release(&a);
}

TEST(value_make_makes_an_object_once)
{
    struct arena a = {0};
    struct value *v = parse(&a, "{\"metadata\":7}");
    struct value *made = value_make(&a, v, "metadata");

    check(value_is(made, VALUE_OBJECT));
    check(value_make(&a, v, "metadata") == made);
    value_set(&a, value_make(&a, made, "labels"), "a", value_string(&a, "b"));
    check_prints(v, "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}");
    arena_release(&a);
}

TEST(value_reads_absent_things_as_absent)
{
    struct arena a = {0};
    struct value *v = parse(&a, "{\"a\":{\"b\":\"x\",\"n\":1},\"l\":[]}");

    check_str(value_text_at(v, "a.b"), "x");
    check(value_path(v, "a.b.c") == NULL);
    check(value_path(v, "a.x") == NULL);
    check(value_path(v, "x.y") == NULL);
    check(value_path(v, "") == NULL);
    check(value_get(NULL, "a") == NULL);
    check(value_get(value_get(v, "l"), "a") == NULL);
    check(value_text(NULL) == NULL);
    check(value_text_at(v, "a.n") == NULL);
    check_int(value_int_at(v, "a.b", 5), 5);
    check_int(value_int_at(NULL, "a.b", 5), 5);
    check(value_bool_at(v, "a.b", true));
    check(!value_is(NULL, VALUE_NULL));
    arena_release(&a);
}

TEST(value_names_its_types)
{
    struct arena a = {0};
    struct value *v = parse(&a, "[null,true,1,1.5,\"\",[],{}]");
    static const char *names[] = {"null",   "boolean", "integer", "number",
                                  "string", "array",   "object"};

    for (uint32_t i = 0; i < v->count; i++)
        check_str(value_type_name(v->as.items[i]), names[i]);
    check_str(value_type_name(NULL), "nothing");
    arena_release(&a);
}

static bool equal(struct arena *a, const char *x, const char *y)
{
    struct value *v = parse(a, x), *w = parse(a, y);
    bool there = value_equal(v, w);

    check(value_equal(w, v) == there);
    return there;
}

TEST(value_equal_is_about_meaning)
{
    struct arena a = {0};

    check(equal(&a, "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"));
    check(!equal(&a, "{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}"));
    check(!equal(&a, "{\"a\":1}", "{\"a\":1,\"b\":2}"));
    check(equal(&a, "1", "1.0"));
    check(equal(&a, "-0.0", "0"));
    check(!equal(&a, "1", "1.5"));
    check(!equal(&a, "9007199254740993", "9007199254740992.0"));
    check(equal(&a, "9007199254740992", "9007199254740992.0"));
    check(!equal(&a, "9223372036854775807", "9223372036854775808"));
    check(!equal(&a, "0", "1e300") && !equal(&a, "0", "-1e300"));
    check(!equal(&a, "[1,2]", "[2,1]") && !equal(&a, "[1]", "[1,2]"));
    check(!equal(&a, "\"a\\u0000b\"", "\"a\\u0000c\""));
    check(!equal(&a, "\"1\"", "1") && !equal(&a, "null", "false"));
    check(!equal(&a, "true", "false") && equal(&a, "null", "null"));
    check(value_equal(NULL, NULL) && !value_equal(NULL, value_null(&a)));
    arena_release(&a);
}

TEST(value_compares_secrets_by_handle)
{
    struct value x = {.type = VALUE_SECRET, .as.secret = {1, "key"}};
    struct value y = {.type = VALUE_SECRET, .as.secret = {1, "key"}};

    check(value_equal(&x, &y));
    y.as.secret.snapshot = 2;
    check(!value_equal(&x, &y));
    y = x;
    y.as.secret.key = "other";
    check(!value_equal(&x, &y));
}

TEST(value_copy_shares_nothing)
{
    struct arena a = {0}, b = {0};
    const char *text = "{\"a\":[1,\"x\",{}],\"b\":null,\"c\":1.5}";
    struct value *copy = value_copy(&b, parse(&a, text));

    arena_release(&a);
    check_prints(copy, text);
    value_set(&b, copy, "d", value_bool(&b, true));
    check_int(copy->count, 4);
    check(value_copy(&b, NULL) == NULL);
    arena_release(&b);
}

TEST_ALLOC(value_parse_survives_out_of_memory)
{
    struct arena a = {0};
    struct str s = {0};
    struct value *v = NULL;
    struct err err = {0};
    int rc;

    str_addc(&s, '{');
    for (int i = 0; i < 40; i++)
        str_addf(&s, "\"key-%d\":[\"a\\nb\",{\"x\":%d.5}],", i, i);
    str_add(&s, "\"end\":0}");
    rc = str_check(&s, "s", &err);
    if (rc == 0)
        rc = value_parse(&a, s.data, s.len, &v, &err);
    if (rc == 0)
        check_int(v->count, 41);
    else
        check_int(err.code, ERR_NOMEM);
    arena_release(&a);
    str_release(&s);
    return rc;
}

/* Small blocks only, so that every allocation of a tree is a new block. */
TEST_ALLOC(value_building_survives_out_of_memory)
{
    struct arena a = {0};
    struct value *o = value_object(&a);
    struct value *copy;
    int rc = o ? 0 : -ERR_NOMEM;

    for (int i = 0; i < 300 && rc == 0; i++) {
        struct value *list = value_array(&a);
        char key[16];

        snprintf(key, sizeof key, "k%d", i);
        rc = value_append(&a, list, value_stringn(&a, key, 1));
        if (rc == 0)
            rc = value_append(&a, list, value_integer(&a, i));
        if (rc == 0)
            rc = value_set(&a, value_make(&a, o, "child"), key, list);
    }
    copy = value_copy(&a, o);
    if (rc == 0 && !copy)
        rc = -ERR_NOMEM;
    if (rc == 0)
        check(value_equal(o, copy));
    arena_release(&a);
    return rc;
}
