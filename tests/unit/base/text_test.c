/* text: comparing, numbers, UTF-8, dates, durations. */
#include "test.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TEST(text_compares_with_null)
{
    check(text_equal("a", "a") && !text_equal("a", "b"));
    check(text_equal(NULL, NULL) && !text_equal(NULL, "") &&
          !text_equal("", NULL));
    check(text_starts("tidelock", "tide") && !text_starts("tide", "tidelock"));
    check(text_ends("tidelock", "lock") && !text_ends("lock", "tidelock"));
    check(!text_starts(NULL, "") && !text_ends(NULL, ""));
}

TEST(text_reads_every_int64_and_nothing_else)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-1", -1},
                {"007", 7},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *bad[] = {"",
                                "-",
                                "+1",
                                " 1",
                                "1 ",
                                "1.0",
                                "0x1",
                                "--1",
                                "9223372036854775808",
                                "a",
                                "-9223372036854775809",
                                "99999999999999999999999999"};
    int64_t value = 42;

    for (size_t i = 0; i < COUNT(good); i++) {
        check(text_to_int64(good[i].text, strlen(good[i].text), &value));
        check_int(value, good[i].value);
    }
    value = 42;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!check(!text_to_int64(bad[i], strlen(bad[i]), &value)))
            check_str(bad[i], "refused");
    check_int(value, 42);
}

TEST(text_knows_valid_utf8)
{
    static const char *good[] = {"",
                                 "plain",
                                 "\xC2\x80",
                                 "\xDF\xBF",
                                 "\xE0\xA0\x80",
                                 "\xED\x9F\xBF",
                                 "\xEE\x80\x80",
                                 "\xEF\xBF\xBF",
                                 "\xF0\x90\x80\x80",
                                 "\xF4\x8F\xBF\xBF"};
    static const char *bad[] = {"\x80",
                                "\xC0\xAF",
                                "\xC1\xBF",
                                "\xC2",
                                "\xC2 ",
                                "\xE0\x9F\xBF",
                                "\xED\xA0\x80",
                                "\xED\xBF\xBF",
                                "\xE2\x82",
                                "\xF0\x8F\xBF\xBF",
                                "\xF4\x90\x80\x80",
                                "\xF5\x80\x80\x80",
                                "\xF0\x9F\x8C",
                                "ok\xFF",
                                "\xE2\x28\xA1"};

    for (size_t i = 0; i < COUNT(good); i++)
        if (!check(text_is_utf8(good[i], strlen(good[i]))))
            check_int(i, -1);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!check(!text_is_utf8(bad[i], strlen(bad[i]))))
            check_int(i, -1);
}

TEST(text_distance_counts_edits)
{
    check_int(text_distance("", ""), 0);
    check_int(text_distance("", "abc"), 3);
    check_int(text_distance("abc", ""), 3);
    check_int(text_distance("kitten", "sitting"), 3);
    check_int(text_distance("replicas", "replica"), 1);
    check_int(text_distance("flaw", "lawn"), 2);
}

TEST(text_distance_looks_at_64_characters)
{
    char a[200], b[200];

    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    a[199] = b[199] = '\0';
    check_int(text_distance(a, b), 64);
    check_int(text_distance(a, ""), 64);
}

TEST(text_writes_rfc3339)
{
    static const struct {
        int64_t t;
        const char *text;
    } rows[] = {{0, "1970-01-01T00:00:00Z"},
                {-1, "1969-12-31T23:59:59Z"},
                {951782400, "2000-02-29T00:00:00Z"},
                {1767323045, "2026-01-02T03:04:05Z"},
                {4107542399, "2100-02-28T23:59:59Z"},
                {4107542400, "2100-03-01T00:00:00Z"},
                {253402300799, "9999-12-31T23:59:59Z"},
                {INT64_MAX, "9999-12-31T23:59:59Z"},
                {INT64_MIN, "0000-01-01T00:00:00Z"}};
    char text[32];

    for (size_t i = 0; i < COUNT(rows); i++) {
        text_rfc3339(rows[i].t, text);
        check_str(text, rows[i].text);
    }
}

TEST(text_reads_back_the_dates_it_writes)
{
    uint64_t seed = test_seed();
    struct rng rng;
    char text[32];
    int64_t t, back;

    rng_init(&rng, seed);
    for (int i = 0; i < 2000; i++) {
        t = (int64_t)rng_below(&rng, 253402300800 + 62167219200) - 62167219200;
        text_rfc3339(t, text);
        if (!check(text_parse_rfc3339(text, &back)) || !check_int(back, t))
            break;
    }
}

TEST(text_reads_rfc3339_with_fraction_and_offset)
{
    int64_t t = 0;

    check(text_parse_rfc3339("2026-01-02T03:04:05.999999Z", &t));
    check_int(t, 1767323045);
    check(text_parse_rfc3339("2026-01-02T05:04:05+02:00", &t));
    check_int(t, 1767323045);
    check(text_parse_rfc3339("2026-01-01T21:34:05-05:30", &t));
    check_int(t, 1767323045);
}

TEST(text_refuses_what_is_no_date)
{
    static const char *bad[] = {"",
                                "2026",
                                "2026-01-02",
                                "2026-01-02 03:04:05Z",
                                "2026-01-02T03:04:05",
                                "2026-1-02T03:04:05Z",
                                "2026-13-02T03:04:05Z",
                                "2026-00-02T03:04:05Z",
                                "2026-02-29T03:04:05Z",
                                "2026-04-31T03:04:05Z",
                                "2026-01-02T24:00:00Z",
                                "2026-01-02T03:60:05Z",
                                "2026-01-02T03:04:60Z",
                                "2026-01-02T03:04:05.Z",
                                "2026-01-02T03:04:05+2:00",
                                "2026-01-02T03:04:05+24:00",
                                "2026-01-02T03:04:05Zx"};
    int64_t t;

    check(!text_parse_rfc3339(NULL, &t));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!check(!text_parse_rfc3339(bad[i], &t)))
            check_str(bad[i], "refused");
}

TEST(text_reads_go_durations)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},
                {"0s", 0},
                {"1h30m", 5400000},
                {"250ms", 250},
                {"30s", 30000},
                {"1.5s", 1500},
                {".5s", 500},
                {"1.s", 1000},
                {"-2s", -2000},
                {"+2s", 2000},
                {"1500us", 1},
                {"1500\xC2\xB5s", 1},
                {"999999ns", 0},
                {"0.1h", 360000},
                {"1h1m1s1ms", 3661001},
                {"1.0000000000000000000001s", 1000}};
    static const char *bad[] = {"",
                                "1",
                                "s",
                                "1x",
                                "1 s",
                                ".s",
                                "1h ",
                                "- 1s",
                                "-",
                                "1d",
                                "1h-1m",
                                "9999999999h",
                                "99999999999999999999s"};
    int64_t ms;

    for (size_t i = 0; i < COUNT(good); i++) {
        ms = -1;
        if (!check(text_parse_duration(good[i].text, &ms)) ||
            !check_int(ms, good[i].ms))
            check_str(good[i].text, "read");
    }
    check(!text_parse_duration(NULL, &ms));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!check(!text_parse_duration(bad[i], &ms)))
            check_str(bad[i], "refused");
}
