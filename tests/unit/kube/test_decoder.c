#include "streams.h"

#include "base/clock.h"
#include "test.h"

/* ---- watch ---- */

TEST(a_watch_gives_its_events_in_order)
{
    check_str(decoded(watch_of(EVENT("ADDED", OBJECT("a", "1"))
                                   EVENT("MODIFIED", OBJECT("a", "2"))
                                       EVENT("DELETED", OBJECT("a", "3")))),
              "ADDED " COMPACT("a", "1") "MODIFIED " COMPACT(
                  "a", "2") "DELETED " COMPACT("a", "3"));
}

TEST(documents_need_no_newline_and_bear_white_space)
{
    check_str(
        decoded(watch_of("\r\n {\"type\" : \"ADDED\" ,\n\"object\":\t" OBJECT(
            "a", "1") " }{\"type\":\"ADDED\",\"object\":" OBJECT("b",
                                                                 "2") "}  ")),
        "ADDED " COMPACT("a", "1") "ADDED " COMPACT("b", "2"));
}

TEST(the_type_may_come_after_the_object)
{
    check_str(decoded(watch_of(
                  "{\"object\":" OBJECT("a", "1") ",\"x\":[{}],"
                                                  "\"type\":\"ADDED\"}")),
              "ADDED " COMPACT("a", "1"));
}

TEST(brackets_and_quotes_in_texts_do_not_end_an_object)
{
    check_str(
        decoded(watch_of(EVENT(
            "ADDED", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
                     "\"name\":\"a\",\"x\":\"}{][\\\"\\\\\"}}"))),
        "ADDED {\"metadata\":{\"name\":\"a\",\"x\":\"}{][\\\"\\\\\"},"
        "\"apiVersion\":\"v1\",\"kind\":\"Pod\"}\n");
}

TEST(a_bookmark_only_has_a_version)
{
    check_str(decoded(watch_of(EVENT("BOOKMARK",
                                     "{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
                                     "\"metadata\":{\"resourceVersion\":\"9\","
                                     "\"creationTimestamp\":null},\"spec\":"
                                     "{\"containers\":null},\"status\":{}}"))),
              "BOOKMARK @9\n");
}

#define BOOKMARK_NOTED(value)                                                  \
    EVENT("BOOKMARK", "{\"kind\":\"Pod\",\"metadata\":{"                       \
                      "\"resourceVersion\":\"9\",\"annotations\":{"            \
                      "\"k8s.io/initial-events-end\":" value "}}}")

TEST(the_initial_events_end_at_exactly_true)
{
    check_str(decoded(watch_of(BOOKMARK_NOTED("\"true\""))),
              "BOOKMARK @9 initial-end\n");
    check_str(decoded(watch_of(BOOKMARK_NOTED("\"True\""))), "BOOKMARK @9\n");
    check_str(decoded(watch_of(BOOKMARK_NOTED("true"))), "BOOKMARK @9\n");
}

TEST(a_bookmark_of_another_kind_or_without_version_is_skipped)
{
    check_has(decoded(watch_of(EVENT("BOOKMARK", "{\"kind\":\"Node\","
                                                 "\"metadata\":{\"resource"
                                                 "Version\":\"1\"}}"))),
              "skipped PROTOCOL: bookmark");
    check_has(decoded(watch_of(EVENT("BOOKMARK", "{\"metadata\":{}}"))),
              "skipped PROTOCOL: bookmark");
    check_has(decoded(watch_of(EVENT("BOOKMARK", "null"))),
              "skipped PROTOCOL: bookmark");
}

TEST(an_error_event_is_a_status)
{
    check_str(decoded(watch_of(
                  EVENT("ERROR", "{\"kind\":\"Status\",\"code\":410,\"reason\":"
                                 "\"Expired\",\"message\":\"too old\"}"))),
              "ERROR GONE: too old\n");
    check_has(decoded(watch_of(EVENT("ERROR", "null"))), "ERROR PROTOCOL: ");
}

/* rows: S20, S36, S48, S54
 * broken: what was no event of ours ended the stream */
TEST(what_is_no_event_of_ours_is_skipped_and_the_stream_goes_on)
{
    static const char *const odd[] = {
        EVENT("ADDED", "{\"kind\":\"Node\",\"apiVersion\":\"v1\","
                       "\"metadata\":{\"name\":\"n\"}}"),
        EVENT("ADDED", "{\"kind\":\"Pod\",\"apiVersion\":\"v2\","
                       "\"metadata\":{\"name\":\"n\"}}"),
        EVENT("ADDED", "{\"kind\":\"Pod\"}"),
        EVENT("ADDED", "null"),
        EVENT("ADDED", "[]"),
        EVENT("ADDED", "17"),
        EVENT("RENAMED", OBJECT("a", "1")),
        EVENT("ERROR", "{\"kind\":1,\"kind\":2}"),
        "{\"type\":7,\"object\":{}}",
        "{\"type\":{},\"object\":{}}",
        "{\"type\":\"ADDED\"}",
        "{\"object\":" OBJECT("a", "1") "}",
        "{}",
        "{\"kind\":\"PodList\",\"items\":[]}",
    };

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct str text = {0};
        const char *log;

        str_addf(&text, "%s%s", odd[i], EVENT("ADDED", OBJECT("b", "2")));
        log = decoded(watch_of(str_text(&text)));
        check_has(log, "skipped ");
        check_has(log, "\nADDED " COMPACT("b", "2"));
        str_release(&text);
    }
}

TEST(a_skipped_event_says_why)
{
    check_has(decoded(watch_of(EVENT("RENAMED", "{}"))),
              "unknown type \"RENAMED\"");
    check_has(decoded(watch_of(EVENT("ADDED", "{\"kind\":\"Pod\"}"))),
              "object has no metadata");
    check_has(decoded(watch_of(EVENT("ADDED",
                                     "{\"kind\":\"Node\",\"apiVersion\":\"v1\","
                                     "\"metadata\":{\"name\":\"n\"}}"))),
              "expected v1 Pod, got v1 Node");
}

static void check_deep(const char *type, const char *open, const char *close)
{
    struct str text = {0};
    const char *log;

    str_addf(&text, "{\"type\":\"%s\",\"object\":", type);
    for (int i = 0; i < 600; i++)
        str_add(&text, open);
    str_add(&text, "0");
    for (int i = 0; i < 600; i++)
        str_add(&text, close);
    str_add(&text, "}" EVENT("ADDED", OBJECT("b", "2")));
    log = decoded(watch_of(str_text(&text)));
    check_has(log, "skipped ");
    check_has(log, "\nADDED " COMPACT("b", "2"));
    str_release(&text);
}

TEST(an_object_nested_too_deeply_is_skipped)
{
    check_deep("ADDED", "[", "]");
    check_deep("ADDED", "{\"a\":", "}");
    check_deep("BOOKMARK", "[", "]");
    check_deep("RENAMED", "[", "]");
}

TEST(a_stream_that_is_not_json_is_broken)
{
    static const char *const bad[] = {
        "<html>",
        "[]",
        "7",
        "\"type\"",
        ",",
        "{type",
        "{\"type\" \"ADDED\"}",
        "{\"type\":,}",
        "{\"type\":\"ADDED\",}",
        "{\"type\":\"ADDED\"]",
        "{\"type\":\"ADDED\" \"object\":{}}",
        "{\"type\":ADDED,\"object\":{}}",
        "{\"type\":\"RENAMED\",\"object\":{]}}",
        "{\"type\":\"ADDED\",\"object\":{]}}",
        "{\"type\":\"ADDED\",\"object\":{\"a\":tru}}",
        "{\"type\":\"BOOKMARK\",\"object\":{\"a\":01}}",
        "{\"type\":\"ERROR\",\"object\":nul}",
        "{\"type\":\"ADDED\",\"object\":{},\"x\":+1}",
        "{\"type\":\"ADDED\",\"object\":{},\"\\x\":1}",
        "{\"type\":\"ADDED\",\"object\":{},\"type\":\"ADDED\"}",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct str text = {0};
        const char *log;

        str_addf(&text, "%s%s", EVENT("ADDED", OBJECT("a", "1")), bad[i]);
        log = decoded(watch_of(str_text(&text)));
        if (!check(strncmp(log, "ADDED ", 6) == 0))
            continue;
        check_has(log, "\nPROTOCOL: ");
        if (!check(!strstr(log, "skipped")))
            check_str(bad[i], "broken");
        str_release(&text);
    }
}

TEST(a_broken_stream_stays_broken)
{
    struct decoder *d = decoder_new(DECODER_WATCH, &POD, 1000);
    struct decoder_event e;
    struct err err = {0};

    check_int(decoder_feed(d, "<", 1, &err), 0);
    check_int(decoder_next(d, &e, &err), -ERR_PROTOCOL);
    check_has(err.msg, "byte 0 of the stream");
    check_int(decoder_feed(d, "{}", 2, &err), 0);
    check_int(decoder_next(d, &e, &err), -ERR_PROTOCOL);
    check_int(decoder_finish(d, &err), -ERR_PROTOCOL);
    decoder_free(d);
    decoder_free(NULL);
}

TEST(a_stream_may_end_between_documents_only)
{
    const char *text = EVENT("ADDED", OBJECT("a", "1"));
    struct stream s = watch_of(text);

    check(!strstr(decoded(s), "PROTOCOL"));
    for (s.len = 1; s.len < strlen(text) - 1; s.len++)
        check_has(decoded(s), "ended in the middle");
    s.len = 0;
    check_str(decoded(s), "");
}

/* ---- limits ---- */

TEST(a_watch_event_over_the_limit_is_thrown_away_once)
{
    const char *text = EVENT("ADDED", OBJECT("a", "1"))
        EVENT("ADDED", OBJECT("much-too-long-a-name", "2"))
            EVENT("ADDED", OBJECT("b", "3"));
    struct stream s = watch_of(text);
    struct str log = {0};

    s.max_bytes = strlen(EVENT("ADDED", OBJECT("a", "1"))) - 1;
    stream_decode(&s, 0, s.len, &log);
    check_has(str_text(&log), "ADDED " COMPACT("a", "1") "too-large LIMIT: ");
    check_has(str_text(&log), "\nADDED " COMPACT("b", "3"));
    s.max_bytes--;
    stream_decode(&s, 0, s.len, &log);
    check(!strstr(str_text(&log), "ADDED"));
    str_release(&log);
}

TEST(a_watch_event_that_never_ends_takes_no_more_memory_than_the_limit)
{
    struct decoder *d = decoder_new(DECODER_WATCH, &POD, 1 << 16);
    struct decoder_event e = {0};
    char piece[4096];
    struct err err = {0};

    memset(piece, 'x', sizeof piece);
    check_int(decoder_feed(d, "{\"type\":\"", 9, &err), 0);
    for (int i = 0; i < 100000; i++) {
        if (!check_ok(decoder_feed(d, piece, sizeof piece, &err), &err) ||
            !check_ok(decoder_next(d, &e, &err), &err) ||
            !check_int(e.kind, DECODER_NONE))
            break;
    }
    check_int(decoder_feed(d, "\"}", 2, &err), 0);
    check_int(decoder_next(d, &e, &err), 0);
    check_int(e.kind, DECODER_TOO_LARGE);
    check_has(e.error.msg, "409600011 bytes");
    check_int(decoder_finish(d, &err), 0);
    decoder_free(d);
}

TEST(feeding_without_asking_has_an_end)
{
    struct decoder *d = decoder_new(DECODER_WATCH, &POD, 1 << 16);
    static char piece[1 << 20];
    struct err err = {0};
    unsigned taken = 0;

    memset(piece, ' ', sizeof piece);
    while (taken < 1000 && decoder_feed(d, piece, sizeof piece, &err) == 0)
        taken++;
    check_int(taken, DECODER_MAX_FEED >> 20);
    check_int(err.code, ERR_LIMIT);
    decoder_free(d);
}

TEST(a_document_of_the_largest_size_passes)
{
    struct stream s = {.mode = DECODER_WATCH, .max_bytes = DECODER_MAX_BYTES};
    struct str text = {0}, log = {0};

    str_add(&text, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":"
                   "\"a\"},\"data\":\"");
    while (text.len < DECODER_MAX_BYTES - 3)
        str_addc(&text, 'x');
    str_add(&text, "\"}}");
    s.text = text.data;
    s.len = text.len;
    stream_decode(&s, 0, 16384, &log);
    check(log.len > DECODER_MAX_BYTES - 100);
    str_addc(&text, ' ');
    stream_decode(&s, 0, 16384, &log);
    check(log.len > DECODER_MAX_BYTES - 100);
    s.max_bytes--;
    stream_decode(&s, 0, 16384, &log);
    check_has(str_text(&log), "too-large LIMIT: ");
    str_release(&text);
    str_release(&log);
}

/* ---- properties ---- */

static const char FIVE[] = EVENT("ADDED", OBJECT("a", "1")) EVENT(
    "MODIFIED", OBJECT("much-longer-"
                       "than-all",
                       "2")) "{\"object\":{\"kind\":\"Pod\",\"metadata\":{"
                             "\"name\":\"\\\"}\\\\\","
                             "\"managedFields\":[{\"manager\":\"x\"}]}},"
                             "\"type\":\"DELETED\"}" EVENT(
                                 "ERROR", "{\"kind\":\"Status\",\"code\":410}")
                                 BOOKMARK_NOTED("\"true\"");

static const char PAGE[] =
    "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[" ITEM(
        "a", "1") " , " ITEM("b\\\"]",
                             "2") "], \"n\":17,\n\"metadata\":{\"continue\":"
                                  "\"t\",\"resourceVersion\":\"7\"}}\n";

/* Every split in two, and every chunk size, tell the same story. */
static void check_splits(const struct stream *s)
{
    struct str want = {0}, log = {0};

    stream_decode(s, 0, s->len, &want);
    for (size_t at = 1; at < s->len; at++) {
        stream_decode(s, at, s->len, &log);
        if (!check_str(str_text(&log), str_text(&want)))
            break;
        stream_decode(s, 0, at, &log);
        if (!check_str(str_text(&log), str_text(&want)))
            break;
    }
    str_release(&want);
    str_release(&log);
}

/* rows: D31
 * broken: a backslash at the end of a piece forgotten */
TEST(where_a_stream_is_split_makes_no_difference)
{
    struct stream watch = watch_of(FIVE), list = list_of(PAGE);

    check_splits(&watch);
    watch.max_bytes = 100; /* some are too large */
    check_splits(&watch);
    check_splits(&list);
}

TEST(where_a_damaged_stream_is_split_makes_no_difference)
{
    char text[sizeof FIVE];
    struct stream s = {DECODER_WATCH, 100, text, sizeof FIVE - 1};
    struct str want = {0}, log = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int i = 0; i < test_rounds(10000, 1000000); i++) {
        bool list = rng_below(&rng, 2);

        s.mode = list ? DECODER_LIST : DECODER_WATCH;
        s.max_bytes = 50 + rng_below(&rng, 200);
        s.len = list ? sizeof PAGE - 1 : sizeof FIVE - 1;
        memcpy(text, list ? PAGE : FIVE, s.len);
        for (uint64_t n = 1 + rng_below(&rng, 3); n > 0; n--)
            text[rng_below(&rng, s.len)] = "\"\\{}[],: 7x"[rng_below(&rng, 11)];
        stream_decode(&s, 0, s.len, &want);
        stream_decode(&s, 0, 1 + rng_below(&rng, 20), &log);
        if (!check_str(str_text(&log), str_text(&want)))
            break;
    }
    str_release(&want);
    str_release(&log);
}

TEST(random_garbage_never_crashes)
{
    struct str log = {0};
    struct rng rng;
    char text[256];

    rng_init(&rng, test_seed());
    for (int i = 0; i < test_rounds(20000, 1000000); i++) {
        struct stream s = {.text = text, .len = rng_below(&rng, sizeof text)};

        s.mode = rng_below(&rng, 2) ? DECODER_LIST : DECODER_WATCH;
        s.max_bytes = 10 + rng_below(&rng, 100);
        for (size_t k = 0; k < s.len; k++)
            text[k] = rng_below(&rng, 8)
                          ? "{}[]\"\\:,abtype 01"[rng_below(&rng, 17)]
                          : (char)rng_next(&rng);
        stream_decode(&s, 0, 1 + rng_below(&rng, 64), &log);
    }
    str_release(&log);
}

/* ---- out of memory ---- */

/* As stream_decode() in one piece, but whatever fails for lack of memory is
 * done again: the failure comes only once. */
static int decode_stubbornly(const char *text, enum decoder_mode mode,
                             struct str *log)
{
    struct decoder *d = decoder_new(mode, &POD, 1 << 20);
    int rc, failures = 0;

    if (!d)
        return -ERR_NOMEM;
    while ((rc = decoder_feed(d, text, strlen(text), NULL)) == -ERR_NOMEM)
        failures++;
    while (rc == 0) {
        rc = stream_drain(d, log, NULL);
        if (rc != -ERR_NOMEM)
            break;
        failures++;
        rc = 0;
    }
    check_int(rc, 0);
    check_int(decoder_finish(d, NULL), 0);
    check(failures <= 1);
    decoder_free(d);
    return 0;
}

static int check_stubborn(const char *text, enum decoder_mode mode,
                          const char *want)
{
    struct str log = {0};
    int rc = decode_stubbornly(text, mode, &log);

    if (rc == 0)
        rc = str_check(&log, "log", NULL);
    if (rc == 0)
        check_str(str_text(&log), want);
    str_release(&log);
    return rc;
}

TEST_ALLOC(a_watch_goes_on_after_out_of_memory)
{
    return check_stubborn(
        "{\"type\":\"ADDED\",\"n\":\"\\n\",\"object\":" OBJECT(
            "a", "1") "}" EVENT("BOOKMARK",
                                "{\"metadata\":{\"resourceVersion\":\"9\"}}")
            EVENT("ERROR", "{\"kind\":\"Status\",\"code\":410,"
                           "\"message\":\"old\"}") EVENT("RENAMED", "\"\\n\""),
        DECODER_WATCH,
        "ADDED " COMPACT(
            "a",
            "1") "BOOKMARK @9\nERROR GONE: old\n"
                 "skipped PROTOCOL: watch event of unknown type \"RENAMED\"\n");
}

TEST_ALLOC(a_list_goes_on_after_out_of_memory)
{
    return check_stubborn(
        "{\"kind\":\"PodList\",\"\\n\":\"\\n\",\"items\":[" ITEM(
            "a", "1") "],\"metadata\":{\"resourceVersion\":\"7\","
                      "\"continue\":\"t\"}}",
        DECODER_LIST, "item " COMPACT("a", "1") "end @7 continue=t\n");
}
