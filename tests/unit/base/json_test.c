/* json: what RFC 8259 accepts and refuses, numbers, texts, limits. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal) literal, sizeof(literal) - 1

/* Reads all; returns the code of the end. */
static int read_all(const char *text, size_t len, struct err *err)
{
    struct json_reader r;
    enum json_event event = JSON_NULL;
    int rc = 0;

    json_reader_init(&r, text, len, 0);
    while (rc == 0 && event != JSON_DONE)
        rc = json_next(&r, &event, err);
    json_reader_release(&r);
    return rc;
}

/* Duplicate keys are value_parse()'s business. */
static const char *const good[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "10",
    "0.5",
    "-0.0",
    "1e5",
    "1E5",
    "1e+5",
    "1e-5",
    "0e0",
    "0e+1",
    "1.25e-3",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    "[1]",
    "[1,2]",
    "[[]]",
    "[{}]",
    "{\"a\":1}",
    "{\"\":0}",
    "{\"a\":{}}",
    "{\"a\":[],\"b\":null}",
    " [ ] ",
    "\t\r\n1 ",
    " { \"a\" : 1 , \"b\" : [ 1 , 2 ] } ",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u0000\"",
    "\"\\uD834\\uDD1E\"",
    "\"\\udbff\\udfff\"",
    "\"\xC3\xA9\"",
    "\"\xF0\x9F\x8C\x8A\"",
    "\"\x7f\"",
    "\"\\uFFFF\"",
    "123456789012345678901234567890",
    "1e-400",
    "4.9e-324",
    "[null,true,false,0,\"x\",[],{}]",
    "\"a\\u0041b\\nc\"",
    "{\"a\":1,\"a\":2}",
};

TEST(json_accepts_what_the_rfc_allows)
{
    struct err err = {0};

    for (size_t i = 0; i < COUNT(good); i++)
        if (!check_ok(read_all(good[i], strlen(good[i]), &err), &err))
            check_str(good[i], "accepted");
}

static const char *const bad[] = {"",
                                  " ",
                                  "nul",
                                  "nulll",
                                  "True",
                                  "NaN",
                                  "Infinity",
                                  "-",
                                  "+1",
                                  "01",
                                  "-01",
                                  "1.",
                                  ".5",
                                  "-.5",
                                  "1e",
                                  "1e+",
                                  "1.e1",
                                  "0x10",
                                  "1 2",
                                  "00",
                                  "\"",
                                  "\"a",
                                  "'a'",
                                  "\"\\\"",
                                  "\"\\x\"",
                                  "\"\\u\"",
                                  "\"\\u12\"",
                                  "\"\\u123g\"",
                                  "\"\\uD800\"",
                                  "\"\\uDC00\"",
                                  "\"\\uD800\\uD800\"",
                                  "\"\\uD800x\"",
                                  "\"\\uD800\\n\"",
                                  "\"\\uD834\\u\"",
                                  "\"\n\"",
                                  "\"\t\"",
                                  "\"\x01\"",
                                  "\"a\\nb\x1f\"",
                                  "[",
                                  "]",
                                  "[1",
                                  "[1,",
                                  "[1,]",
                                  "[,1]",
                                  "[,]",
                                  "[1 2]",
                                  "[1;2]",
                                  "{",
                                  "}",
                                  "{\"a\"",
                                  "{\"a\":",
                                  "{\"a\":1",
                                  "{\"a\":1,",
                                  "{\"a\":1,}",
                                  "{,}",
                                  "{\"a\" 1}",
                                  "{a:1}",
                                  "{1:1}",
                                  "{\"a\":}",
                                  "{\"a\":1 \"b\":2}",
                                  "[1}",
                                  "{\"a\":1]",
                                  "[]]",
                                  "{}}",
                                  "// x\n1",
                                  "[1]/**/",
                                  "\xEF\xBB\xBF[]",
                                  "\"\x80\"",
                                  "\"\xC0\xAF\"",
                                  "\"\xED\xA0\x80\"",
                                  "\"\xE2\x82\"",
                                  "\"\xF5\x80\x80\x80\"",
                                  "\"\\n\xFF\"",
                                  "\f1",
                                  "\v1",
                                  "1\xC2\xA0",
                                  "1e400",
                                  "-1e400",
                                  "[1]\x01",
                                  "\"\\U0041\"",
                                  "-a",
                                  "--1",
                                  "1-1",
                                  "1+1",
                                  "1eE2",
                                  "1..2"};

TEST(json_refuses_what_the_rfc_does_not_allow)
{
    struct err err = {0};

    for (size_t i = 0; i < COUNT(bad); i++) {
        err_clear(&err);
        if (!check_int(read_all(bad[i], strlen(bad[i]), &err), -ERR_INVALID))
            check_str(bad[i], "refused");
        check_has(err.msg, "line ");
    }
    check_int(read_all(TEXT("1\0"), &err), -ERR_INVALID);
    check_int(read_all(TEXT("\0"), &err), -ERR_INVALID);
    check_int(read_all(TEXT("\"a\0b\""), &err), -ERR_INVALID);
}

TEST(json_says_where_the_fault_is)
{
    struct err err = {0};

    read_all(TEXT("{\n  \"a\": 1,\n  \"b\": x\n}"), &err);
    check_str(err.msg, "line 3, column 8: expected a value");
    read_all(TEXT("[1, 2"), &err);
    check_str(err.msg, "line 1, column 6: the document ends too early");
    read_all(TEXT("[1, 2] 3"), &err);
    check_str(err.msg, "line 1, column 8: text after the document");
    read_all(TEXT("{\"a\" 1}"), &err);
    check_str(err.msg, "line 1, column 6: expected ':' after the key");
    read_all(TEXT("[007]"), &err);
    check_str(err.msg, "line 1, column 2: number with a leading zero");
}

struct number_row {
    const char *text;
    enum json_event event;
    int64_t integer;
    double number;
};

TEST(json_keeps_integers_exact)
{
    static const struct number_row rows[] = {
        {"0", JSON_INTEGER, 0, 0},
        {"-0", JSON_INTEGER, 0, 0},
        {"1700000000123456789", JSON_INTEGER, 1700000000123456789, 1.7e18},
        {"9007199254740993", JSON_INTEGER, 9007199254740993, 9.007e15},
        {"9223372036854775807", JSON_INTEGER, INT64_MAX, 9.22e18},
        {"-9223372036854775808", JSON_INTEGER, INT64_MIN, -9.22e18},
        {"9223372036854775808", JSON_DOUBLE, 0, 9223372036854775808.0},
        {"-9223372036854775809", JSON_DOUBLE, 0, -9223372036854775808.0},
        {"18446744073709551615", JSON_DOUBLE, 0, 18446744073709551615.0},
        {"1.0", JSON_DOUBLE, 0, 1},
        {"1e2", JSON_DOUBLE, 0, 100},
        {"-1.5", JSON_DOUBLE, 0, -1.5},
        {"0.1", JSON_DOUBLE, 0, 0.1}};
    struct json_reader r;
    enum json_event event;

    for (size_t i = 0; i < COUNT(rows); i++) {
        json_reader_init(&r, rows[i].text, strlen(rows[i].text), 0);
        check_int(json_next(&r, &event, NULL), 0);
        if (!check_int(event, rows[i].event))
            check_str(rows[i].text, "of that type");
        if (event == JSON_INTEGER)
            check_int(r.integer, rows[i].integer);
        check(fabs(r.number - rows[i].number) <= fabs(rows[i].number) * 0.01);
        if (event == JSON_DOUBLE)
            check(r.number == rows[i].number);
        json_reader_release(&r);
    }
}

TEST(json_does_not_read_beyond_its_text)
{
    struct json_reader r;
    enum json_event event;

    /* more digits follow in memory, but not in the document */
    json_reader_init(&r, "1.2599", 4, 0);
    check_int(json_next(&r, &event, NULL), 0);
    check(r.number == 1.25);
    json_reader_release(&r);
    check_int(read_all("[1]]", 3, NULL), 0);
    check_int(read_all("truex", 4, NULL), 0);
}

static void check_string(const char *text, const char *want, size_t want_len)
{
    struct json_reader r;
    enum json_event event;

    json_reader_init(&r, text, strlen(text), 0);
    check_int(json_next(&r, &event, NULL), 0);
    check_int(event, JSON_STRING);
    if (!check(r.string_len == want_len &&
               memcmp(r.string, want, want_len) == 0))
        check_str(text, "read");
    json_reader_release(&r);
}

TEST(json_unescapes_strings)
{
    check_string("\"\"", TEXT(""));
    check_string("\"plain text of some length, without anything\"",
                 TEXT("plain text of some length, without anything"));
    check_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", TEXT("\"\\/\b\f\n\r\t"));
    check_string("\"a\\u0000b\"", TEXT("a\0b"));
    check_string("\"\\u0041\\u00e9\\u20AC\\ud83C\\uDF0A\"",
                 TEXT("A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8C\x8A"));
    check_string("\"\xC3\xA9 then \\n then \xC3\xA9\"",
                 TEXT("\xC3\xA9 then \n then \xC3\xA9"));
    check_string("\"1234567\xC3\xA9"
                 "12345678\"",
                 TEXT("1234567\xC3\xA9"
                      "12345678"));
}

/* Every special byte at every place of the eight-byte scan. */
TEST(json_finds_special_bytes_at_any_offset)
{
    char text[64];

    for (size_t len = 0; len < 40; len++) {
        for (size_t at = 0; at < len; at++) {
            size_t total = len + 2;

            text[0] = '"';
            memset(text + 1, 'x', len);
            text[len + 1] = '"';
            check_int(read_all(text, total, NULL), 0);
            text[1 + at] = '\x1f';
            check_int(read_all(text, total, NULL), -ERR_INVALID);
            text[1 + at] = '\xBF';
            check_int(read_all(text, total, NULL), -ERR_INVALID);
            text[1 + at] = '"';
            check_int(read_all(text, total, NULL), -ERR_INVALID);
            text[1 + at] = '\\';
            check_int(read_all(text, total, NULL), -ERR_INVALID);
        }
    }
}

static int read_nested(size_t depth, struct err *err)
{
    char text[2 * JSON_MAX_DEPTH + 8];

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return read_all(text, 2 * depth, err);
}

TEST(json_limits_the_depth)
{
    struct err err = {0};
    struct json_reader r;
    enum json_event event;

    check_ok(read_nested(JSON_MAX_DEPTH, &err), &err);
    check_int(read_nested(JSON_MAX_DEPTH + 1, &err), -ERR_LIMIT);
    check_str(err.msg, "nested deeper than 512 levels");

    json_reader_init(&r, TEXT("[[]]"), 1);
    check_int(json_next(&r, &event, &err), 0);
    check_int(json_next(&r, &event, &err), -ERR_LIMIT);
    json_reader_release(&r);
}

TEST(json_mixes_objects_and_arrays_at_any_depth)
{
    char text[JSON_MAX_DEPTH * 6];
    size_t len = 0;

    for (int i = 0; i < JSON_MAX_DEPTH / 2; i++) {
        memcpy(text + len, "{\"\":[", 5);
        len += 5;
    }
    for (int i = 0; i < JSON_MAX_DEPTH / 2; i++) {
        memcpy(text + len, "]}", 2);
        len += 2;
    }
    check_int(read_all(text, len, NULL), 0);
    text[len - 1] = ']';
    check_int(read_all(text, len, NULL), -ERR_INVALID);
}

TEST(json_gives_events_in_order)
{
    static const enum json_event want[] = {
        JSON_OBJECT_START, JSON_KEY,       JSON_ARRAY_START, JSON_INTEGER,
        JSON_TRUE,         JSON_ARRAY_END, JSON_KEY,         JSON_OBJECT_START,
        JSON_OBJECT_END,   JSON_KEY,       JSON_NULL,        JSON_OBJECT_END,
        JSON_DONE,         JSON_DONE};
    struct json_reader r;
    enum json_event event;

    json_reader_init(&r, TEXT("{\"a\":[1,true],\"b\":{},\"c\":null}"), 0);
    for (size_t i = 0; i < COUNT(want); i++) {
        check_int(json_next(&r, &event, NULL), 0);
        check_int(event, want[i]);
        if (i == 2)
            check_int(r.start, 5);
    }
    json_reader_release(&r);
}

TEST(json_skips_a_value_and_still_checks_it)
{
    struct json_reader r;
    enum json_event event;
    struct err err = {0};

    json_reader_init(&r, TEXT("{\"a\":[1,{\"x\":[]}],\"b\":2,\"c\":[tru]}"), 0);
    json_next(&r, &event, &err);
    json_next(&r, &event, &err); /* "a" */
    check_ok(json_skip(&r, event, &err), &err);
    json_next(&r, &event, &err); /* "b" */
    check(r.string_len == 1 && r.string[0] == 'b');
    json_next(&r, &event, &err);
    check_int(r.integer, 2);
    check_ok(json_skip(&r, event, &err), &err); /* a scalar: nothing */
    json_next(&r, &event, &err);                /* "c" */
    json_next(&r, &event, &err);
    check_int(event, JSON_ARRAY_START);
    check_int(json_skip(&r, event, &err), -ERR_INVALID);
    json_reader_release(&r);
}

TEST(json_fails_on_every_truncation)
{
    static const char text[] =
        " {\"name\":\"b\\u00e9\\ud83c\\udf0a\\n\",\"n\":[-12.5e+3,0,true,"
        "false,null],\"o\":{\"k\":\"\xC3\xA9\"}}";

    check_int(read_all(text, sizeof text - 1, NULL), 0);
    for (size_t len = 0; len < sizeof text - 1; len++)
        if (!check_int(read_all(text, len, NULL), -ERR_INVALID))
            check_int(len, -1);
}

/* Whatever is put in, the reader ends, and never reads outside (the
 * sanitizer watches the heap copy of exact size). */
TEST(json_survives_mutations)
{
    static const char seed_text[] =
        "{\"a\":[1,2.5e3,\"x\\u0041\\n\",{\"b\":null}],\"c\":true}";
    int rounds = test_rounds(20000, 2000000);
    struct str copy = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; i < rounds; i++) {
        str_release(&copy);
        str_addn(&copy, seed_text, rng_below(&rng, sizeof seed_text));
        for (uint64_t n = rng_below(&rng, 4); n > 0 && copy.len > 0; n--)
            copy.data[rng_below(&rng, copy.len)] = (char)rng_next(&rng);
        (void)read_all(str_text(&copy), copy.len, NULL);
    }
    str_release(&copy);
}

TEST_ALLOC(json_reader_survives_out_of_memory)
{
    static const char text[] =
        "[\"\\n0123456789012345678901234567890123456789\",\"\\u0041\",1.5e3]";

    return read_all(text, sizeof text - 1, NULL);
}

TEST_ALLOC(json_number_at_the_end_survives_out_of_memory)
{
    return read_all(TEXT("1.25"), NULL);
}

/* ---- writing ---- */

static void check_double(double value, const char *want)
{
    struct str s = {0};

    check_int(json_write_double(&s, value), 0);
    check_str(str_text(&s), want);
    str_release(&s);
}

TEST(json_writes_shortest_doubles)
{
    check_double(0.0, "0");
    check_double(-0.0, "0");
    check_double(1.0, "1");
    check_double(-100.0, "-100");
    check_double(0.1, "0.1");
    check_double(0.1 + 0.2, "0.30000000000000004");
    check_double(1.0 / 3, "0.3333333333333333");
    check_double(9007199254740991.0, "9007199254740991");
    check_double(9007199254740992.0, "9007199254740992");
    check_double(1152921504606846976.0, "1.152921504606847e+18");
    check_double(1e21, "1e+21");
    check_double(1e-7, "1e-7");
    check_double(1.5e300, "1.5e+300");
    check_double(5e-324, "5e-324");
    check_double(1.7976931348623157e308, "1.7976931348623157e+308");
    check_double(2.2250738585072014e-308, "2.2250738585072014e-308");
}

TEST(json_refuses_to_write_what_json_cannot_say)
{
    struct str s = {0};

    check_int(json_write_double(&s, (double)NAN), -ERR_INVALID);
    check_int(json_write_double(&s, (double)INFINITY), -ERR_INVALID);
    check_int(json_write_string(&s, "\xFF", 1), -ERR_INVALID);
    check_int(s.len, 0);
    str_release(&s);
}

TEST(json_reads_back_random_doubles)
{
    struct str s = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rng_next(&rng);
        struct json_reader r;
        enum json_event event;
        double value;

        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        str_clear(&s);
        check_int(json_write_double(&s, value), 0);
        json_reader_init(&r, s.data, s.len, 0);
        check_int(json_next(&r, &event, NULL), 0);
        check(r.number == value);
        json_reader_release(&r);
    }
    str_release(&s);
}

TEST(json_writes_integers_and_strings)
{
    struct str s = {0};

    json_write_integer(&s, INT64_MIN);
    str_addc(&s, ' ');
    json_write_integer(&s, INT64_MAX);
    str_addc(&s, ' ');
    json_write_integer(&s, 0);
    check_str(str_text(&s), "-9223372036854775808 9223372036854775807 0");
    str_clear(&s);
    json_write_string(&s, TEXT("a\"b\\c\n\r\t\b\f\x01\0/\x7f\xC3\xA9"));
    check_str(str_text(&s), "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u0000/"
                            "\x7f\xC3\xA9\"");
    str_release(&s);
}
