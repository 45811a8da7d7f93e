/*
 * zone_test.c -- time zones, from the files of the machine's tzdata and from
 *                bytes made here.
 */
#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "test.h"

#define FOLDER "/usr/share/zoneinfo/"

/* The bytes of a zone's file; empty when the machine has no tzdata. */
static struct str read_file(const char *name)
{
    struct str out = {0};
    char path[128], buffer[4096];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, FOLDER "%s", name);
    f = fopen(path, "rb");
    while (f && (n = fread(buffer, 1, sizeof buffer, f)) > 0)
        str_addn(&out, buffer, n);
    if (f)
        fclose(f);
    return out;
}

static struct zone *load(const char *name)
{
    struct str bytes = read_file(name);
    struct zone *z = NULL;
    struct err err;

    if (!bytes.len)
        test_skip("no tzdata on this machine");
    else
        check_ok(zone_parse(name, bytes.data, bytes.len, &z, &err), &err);
    str_release(&bytes);
    return z;
}

static int64_t at(const char *rfc3339)
{
    int64_t t = 0;

    check(text_parse_rfc3339(rfc3339, &t));
    return t;
}

/* ---- spans ---- */

static void is_span(const struct zone *z, const char *when, int hours,
                    const char *abbreviation, const char *until)
{
    struct zone_span s;

    zone_span(z, at(when), &s);
    check_int(s.offset, hours * 3600);
    check_str(s.abbreviation, abbreviation);
    check_int(s.until, at(until));
    check(s.from <= at(when));
}

TEST(zone_berlin_changes_in_march_and_october)
{
    struct zone *z = load("Europe/Berlin");
    struct zone_span s;

    if (!z)
        return;
    is_span(z, "2026-01-01T00:00:00Z", 1, "CET", "2026-03-29T01:00:00Z");
    is_span(z, "2026-03-29T00:59:59Z", 1, "CET", "2026-03-29T01:00:00Z");
    is_span(z, "2026-03-29T01:00:00Z", 2, "CEST", "2026-10-25T01:00:00Z");
    is_span(z, "2026-10-25T01:00:00Z", 1, "CET", "2027-03-28T01:00:00Z");
    /* behind what the file lists: by its rule */
    is_span(z, "2399-07-01T00:00:00Z", 2, "CEST", "2399-10-31T01:00:00Z");
    /* before there were zones: by the sun */
    zone_span(z, at("1800-01-01T00:00:00Z"), &s);
    check_int(s.offset, 53 * 60 + 28);
    check_str(s.abbreviation, "LMT");
    check_int(s.from, INT64_MIN);
    zone_free(z);
}

TEST(zone_santiago_has_its_summer_in_january)
{
    struct zone *z = load("America/Santiago");
    struct zone_span s;

    if (!z)
        return;
    zone_span(z, at("2040-01-01T00:00:00Z"), &s);
    check_int(s.offset, -3 * 3600);
    check(s.dst);
    zone_span(z, at("2040-07-01T00:00:00Z"), &s);
    check_int(s.offset, -4 * 3600);
    check(!s.dst);
    zone_free(z);
}

TEST(zone_utc_is_always_there)
{
    struct zone_span s;
    int64_t t;

    zone_span(zone_utc(), 0, &s);
    check_int(s.offset, 0);
    check_int(s.from, INT64_MIN);
    check_int(s.until, INT64_MAX);
    check_int(zone_instant(zone_utc(), 12345, false, &t), ZONE_UNIQUE);
    check_int(t, 12345);
    check_str(zone_name(zone_utc()), "UTC");
}

/* ---- local times ---- */

static void is_instant(const struct zone *z, const char *local, bool last,
                       enum zone_local kind, const char *want)
{
    int64_t t = 0;

    check_int(zone_instant(z, at(local), last, &t), kind);
    check_int(t, at(want));
}

TEST(zone_gaps_and_overlaps_have_one_answer)
{
    struct zone *z = load("America/New_York");

    if (!z)
        return;
    is_instant(z, "2026-03-08T01:59:59Z", false, ZONE_UNIQUE,
               "2026-03-08T06:59:59Z");
    is_instant(z, "2026-03-08T02:00:00Z", false, ZONE_GAP,
               "2026-03-08T07:00:00Z");
    is_instant(z, "2026-03-08T02:30:00Z", true, ZONE_GAP,
               "2026-03-08T07:30:00Z");
    is_instant(z, "2026-03-08T03:00:00Z", false, ZONE_UNIQUE,
               "2026-03-08T07:00:00Z");
    is_instant(z, "2026-11-01T01:30:00Z", false, ZONE_OVERLAP,
               "2026-11-01T05:30:00Z");
    is_instant(z, "2026-11-01T01:30:00Z", true, ZONE_OVERLAP,
               "2026-11-01T06:30:00Z");
    is_instant(z, "2026-11-01T02:00:00Z", false, ZONE_UNIQUE,
               "2026-11-01T07:00:00Z");
    zone_free(z);
}

/* A whole day was left out, and half an hour is put back. */
TEST(zone_odd_changes_are_changes_too)
{
    struct zone *z = load("Pacific/Apia");

    if (!z)
        return;
    is_instant(z, "2011-12-30T12:00:00Z", false, ZONE_GAP,
               "2011-12-30T22:00:00Z");
    zone_free(z);
    z = load("Australia/Lord_Howe");
    is_instant(z, "2026-04-05T01:45:00Z", false, ZONE_OVERLAP,
               "2026-04-04T14:45:00Z");
    is_instant(z, "2026-04-05T01:45:00Z", true, ZONE_OVERLAP,
               "2026-04-04T15:15:00Z");
    zone_free(z);
}

/* ---- against the C library, which reads the same files ---- */

static const char *const names[] = {
    "Africa/Casablanca", "Africa/Lagos",        "America/New_York",
    "America/Santiago",  "America/St_Johns",    "America/Godthab",
    "Asia/Gaza",         "Asia/Kathmandu",      "Asia/Tokyo",
    "Australia/Sydney",  "Australia/Lord_Howe", "Europe/Berlin",
    "Europe/Dublin",     "Europe/London",       "Pacific/Apia",
    "Pacific/Chatham",   "Etc/GMT+5",           "America/Sao_Paulo",
};

static void compare_instants(const struct zone *z, struct rng *r)
{
    int64_t t = (int64_t)rng_below(r, 20000000000) - 5000000000;
    time_t clock = (time_t)t;
    struct zone_span s;
    struct tm local;

    localtime_r(&clock, &local);
    zone_span(z, t, &s);
    if (!check_int(s.offset, local.tm_gmtoff) ||
        !check(s.dst == local.tm_isdst))
        check_str(zone_name(z), "as localtime() has it");
    check_str(s.abbreviation, local.tm_zone);
    check(s.from <= t && t < s.until);
    if (s.until != INT64_MAX)
        t = s.until;
    clock = (time_t)t;
    localtime_r(&clock, &local);
    zone_span(z, t, &s);
    check_int(s.offset, local.tm_gmtoff);
}

TEST(zone_agrees_with_the_c_library)
{
    int rounds = test_rounds(300, 30000);
    struct rng r;

    rng_init(&r, test_seed());
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *z = load(names[i]);

        if (!z)
            return;
        setenv("TZ", names[i], 1);
        tzset();
        for (int n = 0; n < rounds; n++)
            compare_instants(z, &r);
        zone_free(z);
    }
    unsetenv("TZ");
    tzset();
}

/* What is called so is what is meant: there and back again. */
TEST(zone_instants_have_the_local_time_that_was_asked_for)
{
    int rounds = test_rounds(300, 30000);
    struct rng r;

    rng_init(&r, test_seed());
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *z = load(names[i]);

        for (int n = 0; z && n < rounds; n++) {
            int64_t local = (int64_t)rng_below(&r, 10000000000) - 3000000000;
            int64_t first = 0, last = 0;
            struct zone_span s;
            enum zone_local kind = zone_instant(z, local, false, &first);

            check_int(zone_instant(z, local, true, &last), kind);
            check((kind == ZONE_OVERLAP) == (first < last));
            zone_span(z, last, &s);
            if (kind != ZONE_GAP)
                check_int(last + s.offset, local);
            else
                check(last + s.offset > local);
        }
        zone_free(z);
    }
}

/* ---- rules ---- */

/* A file of version 2 with one info, no times, and that footer. */
static void add_file(struct str *out, const char *rule)
{
    static const char header[44] = {"TZif2"};
    char counts[44];

    memcpy(counts, header, sizeof counts);
    counts[39] = 1; /* infos */
    counts[43] = 4; /* chars */
    for (int i = 0; i < 2; i++) {
        str_addn(out, counts, sizeof counts);
        str_addn(out, "\0\0\0\0\0\0UTC", 10);
    }
    str_addf(out, "\n%s\n", rule);
}

static int parse_rule(const char *rule, struct zone **ret)
{
    struct str bytes = {0};
    struct err err;
    int rc;

    add_file(&bytes, rule);
    rc = zone_parse("Test/Zone", bytes.data, bytes.len, ret, &err);
    str_release(&bytes);
    return rc;
}

TEST(zone_rules_are_read_in_all_their_forms)
{
    static const struct {
        const char *rule, *when;
        int offset;
    } cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01T00:00:00Z", 7200},
        {"<+0330>-3:30", "2026-07-01T00:00:00Z", 12600},
        {"EST5EDT4,J60/0,J300/0", "2024-03-01T04:59:59Z", -18000},
        {"EST5EDT4,J60/0,J300/0", "2024-03-01T05:00:00Z", -14400},
        {"EST5EDT4,59/0,300/0", "2024-02-29T05:00:00Z", -14400},
        {"XXX3EDT4,0/0,J365/23", "2026-01-01T02:00:00Z", -14400},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-01T00:00:00Z", 0},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone *z = NULL;
        struct zone_span s;

        if (!check_int(parse_rule(cases[i].rule, &z), 0))
            continue;
        zone_span(z, at(cases[i].when), &s);
        if (!check_int(s.offset, cases[i].offset))
            check_str(cases[i].rule, cases[i].when);
        zone_free(z);
    }
}

TEST(zone_rules_that_are_none_are_refused)
{
    static const char *const bad[] = {
        "C1",
        "CET",
        "CET-25",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M1.1.0",
        "CET-1:60",
        "<CET-1",
        "CET-1CEST,J0,J1",
        "CET-1 ",
        "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.6.0,M10.5.0",
        "abcdefghijklmnopq1",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zone *z = NULL;

        if (!check_int(parse_rule(bad[i], &z), -ERR_INVALID))
            check_str(bad[i], "refused");
        zone_free(z);
    }
}

/* ---- bad bytes ---- */

TEST(zone_files_with_leap_seconds_are_refused)
{
    struct str bytes = read_file("right/Europe/Berlin");
    struct zone *z = NULL;
    struct err err;

    if (!bytes.len) {
        test_skip("no zones with leap seconds on this machine");
        return;
    }
    check_int(zone_parse("Europe/Berlin", bytes.data, bytes.len, &z, &err),
              -ERR_INVALID);
    check_str(err.msg, "time zone 'Europe/Berlin': the file is no TZif, or has "
                       "leap seconds");
    str_release(&bytes);
}

/* Whatever the bytes: refused, or a zone that answers. */
TEST(zone_survives_damaged_bytes)
{
    struct str bytes = read_file("Europe/Dublin");
    int rounds = test_rounds(3000, 1000000);
    struct rng r;

    rng_init(&r, test_seed());
    while (bytes.len && rounds-- > 0) {
        char *copy = malloc(bytes.len);
        size_t len = rng_below(&r, 4) ? bytes.len : rng_below(&r, bytes.len);
        struct zone *z = NULL;
        struct zone_span s;
        struct err err;
        int64_t t;

        memcpy(copy, bytes.data, bytes.len);
        for (size_t n = rng_below(&r, 4); n > 0 && len; n--)
            copy[rng_below(&r, rng_below(&r, 2) ? len : 48 % len + 1)] =
                (char)rng_next(&r);
        if (zone_parse("Test/Zone", copy, len, &z, &err) == 0) {
            zone_span(z, (int64_t)rng_next(&r), &s);
            zone_instant(z, (int64_t)rng_next(&r), false, &t);
        }
        zone_free(z);
        free(copy);
    }
    str_release(&bytes);
}

TEST(zone_names_lead_nowhere_else)
{
    static const char *const good[] = {"UTC", "Europe/Berlin", "Etc/GMT+5",
                                       "America/Argentina/Buenos_Aires",
                                       "America/Port-au-Prince"};
    static const char *const bad[] = {
        "",          "/etc/passwd", "../Europe/Berlin", "Europe//Berlin",
        "Europe/",   "Europe/..",   "localtime",        "right/Europe/Berlin",
        "Europe/B.", "Eu rope",     "Europe\\Berlin",   "A\x80"};
    char longest[80];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        check(zone_name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!check(!zone_name_is_valid(bad[i])))
            check_str(bad[i], "refused");
    memset(longest, 'A', sizeof longest);
    longest[65] = '\0';
    check(!zone_name_is_valid(longest));
    longest[64] = '\0';
    check(zone_name_is_valid(longest));
}

TEST_ALLOC(zone_parse_survives_out_of_memory)
{
    static const char bytes[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\0\1\0\0\0\4\0\0\0\0\0\0UTC\0"
                                "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\0\1\0\0\0\4\0\0\0\0\0\0UTC\0\nUTC0\n";
    struct zone *z = NULL;
    struct err err;
    int rc = zone_parse("UTC", bytes, sizeof bytes - 1, &z, &err);

    zone_free(z);
    return rc;
}
