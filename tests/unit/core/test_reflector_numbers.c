/*
 * Tests of core/reflector: time, counts, what it says of itself, memory.
 */
#include "core/reflector.h"

#include <string.h>

#include "base/mem.h"
#include "reflector_kit.h"
#include "snaps.h"
#include "test.h"

/* A first list by either way, up to a watch from 9 with a@3 and b@4. */
#define STREAMED "SYNCING S +b@4 +a@3 = B9 =a@3,b@4 r9 LIVE "
#define LISTED "S !REJECTED L i:a@3 i:b@4 = p9 = . =a@3,b@4 r9 LIVE W9 "

/* rows: S15
 * broken: every watch asked for the same time */
TEST(reflector_spreads_the_timeouts_of_its_watches) /* LW-6, S15 */
{
    unsigned low = UINT32_MAX, high = 0;
    struct talk t;

    talk_begin(&t, NULL);
    for (int i = 0; i < 100; i++) {
        struct reflector_todo todo = reflector_next(t.reflector);
        unsigned seconds = todo.options.timeout_seconds;

        low = seconds < low ? seconds : low;
        high = seconds > high ? seconds : high;
        if (!talk_run(&t, i ? "b9 t1000 ." : "B9 t1000 ."))
            break;
    }
    check(low >= 300 && low < 330);
    check(high < 600 && high >= 570);
    talk_end(&t);
}

TEST(reflector_asks_the_same_with_the_same_seed)
{
    uint64_t delays[2][20];

    for (int run = 0; run < 2; run++) {
        struct talk t;

        talk_begin(&t, NULL);
        for (int i = 0; i < 20; i++) {
            talk_run(&t, "S !CONNECT");
            delays[run][i] = reflector_next(t.reflector).delay_ms;
            talk_run(&t, "z");
        }
        talk_end(&t);
    }
    check(memcmp(delays[0], delays[1], sizeof delays[0]) == 0);
}

/* rows: S8
 * broken: the size of pages was forgotten */
TEST(reflector_passes_its_configuration_on)
{
    char labels[] = "app=x";
    struct reflector_config config = {.ns = "prod",
                                      .label_selector = labels,
                                      .field_selector = "metadata.name=y",
                                      .metadata_only = true,
                                      .page_size = 20};
    struct reflector_todo todo;
    struct talk t;

    talk_begin(&t, &config);
    labels[0] = 'z'; /* it has its own copy */
    talk_run(&t, "S !REJECTED");
    todo = reflector_next(t.reflector);
    check_int(todo.want, WANT_LIST);
    check_str(todo.options.ns, "prod");
    check_str(todo.options.label_selector, "app=x");
    check_str(todo.options.field_selector, "metadata.name=y");
    check(todo.options.metadata_only);
    check_int(todo.options.limit, 20);
    talk_run(&t, "p9 . W9 E:GONE^");
    todo = reflector_next(t.reflector);
    check_str(todo.options.resource_version, "9");
    check_int(todo.options.limit, 20); /* S8: it was asked for */
    talk_end(&t);
}

/* rows: D34
 * broken: reflector_silence_ms() without an end */
TEST(reflector_allows_silence_by_the_bookmarks_it_saw) /* note 12 */
{
    struct talk t;

    talk_begin(&t, NULL);
    talk_run(&t, "S");
    check_int(reflector_silence_ms(t.reflector), 30000);
    talk_run(&t, "!REJECTED L");
    check_int(reflector_silence_ms(t.reflector), 60000);
    talk_run(&t, "p9 . W9");
    check_int(reflector_silence_ms(t.reflector), 165000);
    talk_run(&t, "t10000 b10"); /* the first may come early */
    check_int(reflector_silence_ms(t.reflector), 80000);
    talk_run(&t, "t80000 b11 t2000 b12");
    check_int(reflector_silence_ms(t.reflector), 100000);
    talk_run(&t, "t100000 !TIMEOUT z W12"); /* it was not dead, it is slow */
    check_int(reflector_silence_ms(t.reflector), 125000);
    talk_run(&t, "t300000 b13");
    check_int(reflector_silence_ms(t.reflector), 165000);
    talk_end(&t);

    talk_begin(&t, NULL);
    talk_run(&t, "S t50000 B9 t40000 b10"); /* not from the request on */
    check_int(reflector_silence_ms(t.reflector), 80000);
    talk_end(&t);
}

/* rows: D28
 * broken: reflector_silence_ms() without its look at `inside` */
TEST(reflector_allows_an_event_that_has_begun_half_a_minute)
{
    struct talk t;

    talk_begin(&t, NULL);
    talk_run(&t, "S B9");
    check(!reflector_on_bytes(t.reflector, false));
    check_int(reflector_silence_ms(t.reflector), 165000);
    check(reflector_on_bytes(t.reflector, true));
    check_int(reflector_silence_ms(t.reflector), 30000);
    check(!reflector_on_bytes(t.reflector, true)); /* no news */
    check(!reflector_on_bytes(t.reflector, false));
    check_int(reflector_silence_ms(t.reflector), 165000);
    check(reflector_on_bytes(t.reflector, true));
    talk_run(&t, "!IO z W9"); /* what is left of it goes with the request */
    check_int(reflector_silence_ms(t.reflector), 165000);
    talk_end(&t);
}

static void check_error(const struct talk *t, enum err_code code,
                        const char *part)
{
    const struct err *error = reflector_error(t->reflector);

    if (!check(error != NULL))
        return;
    check_int(error->code, code);
    check_has(error->msg, part);
}

/* rows: S34, S60
 * broken: no reason was kept */
TEST(reflector_says_why_it_is_not_live)
{
    struct talk t;

    talk_begin(&t, NULL);
    check_error(&t, ERR_UNKNOWN, "not listed yet");
    talk_run(&t, "S !CONNECT SYNCING");
    check_error(&t, ERR_CONNECT, "the request failed");
    talk_run(&t, "z S !NO_KIND FROZEN");
    check_error(&t, ERR_NO_KIND, "the request failed");
    talk_run(&t, "z L .");
    check_error(&t, ERR_PROTOCOL, "the list ended too early");
    talk_run(&t, "z L i:a@3 p9 . LIVE");
    check(reflector_error(t.reflector) == NULL);
    talk_run(&t, "W9 t180001 STALE");
    check_error(&t, ERR_TIMEOUT, "three minutes");
    talk_run(&t, ". W9 . z t180001 STALE");
    check_error(&t, ERR_PROTOCOL, "the watch ended as soon as it began");
    talk_run(&t, "S9 +a@3 B9 relist !CANCELLED S +a@3 B5^ STALE");
    check_error(&t, ERR_UNKNOWN, "the list as of '5' is asked for again");
    talk_run(&t, "L i:a@3 p5 . LIVE");
    talk_end(&t);
}

TEST(reflector_says_whether_a_request_has_to_be_closed_for_a_relist)
{
    struct talk t;

    talk_begin(&t, NULL);
    check(!reflector_relist(t.reflector));
    talk_run(&t, "S B9");
    check(reflector_relist(t.reflector));
    talk_run(&t, "+a@10^ S +a@10 B11 =a@10"); /* it was already over */
    talk_end(&t);
}

/* The versions of the new timeline have overtaken our position meanwhile, so
 * nothing but the other kind's word tells that a@30 never was. */
TEST(reflector_forgets_a_timeline_that_was_lost)
{
    struct talk t;

    talk_begin(&t, NULL);
    talk_run(&t, "S +a@3 +b@4 B9 ~a@30 r30");
    check(reflector_relist(t.reflector));
    talk_run(&t, "b31^ S +a@20 +c@25 B40 =a@20,c@25 r40");
    talk_end(&t);
}

TEST(reflector_tries_to_stream_again_after_half_an_hour) /* WL-7 */
{
    talk_once(LISTED "t1700000 b10 E:GONE^ L10 i:a@3 i:b@4 p11 . W11 t99000 "
                     "b12 t1000 b13 E:GONE^ S13 !REJECTED L13");
}

TEST(reflector_counts_what_it_did)
{
    struct reflector_stats s;
    struct talk t;

    talk_begin(&t, NULL);
    check(!reflector_synced(t.reflector));
    talk_run(&t, "S !REJECTED L p9:x . Lt:x i:a@3 p9 . W9 ? +b@10 b11 t5000 "
                 ". W11 . z L11");
    check(reflector_synced(t.reflector));
    s = reflector_stats(t.reflector);
    check_int(s.lists, 3);
    check_int(s.watches, 3);
    check_int(s.events, 3);
    check_int(s.skipped, 1);
    check_int(s.short_watches, 1);
    check_int(s.relists, 1);
    check_int(s.failures, 1);
    check_int(s.confirmations + s.rewinds + s.epoch, 0);
    talk_run(&t, "p12 . L p13 .");
    s = reflector_stats(t.reflector);
    check_int(s.confirmations, 1);
    talk_run(&t, "W13 relist !CANCELLED L p5 . L p5 .");
    s = reflector_stats(t.reflector);
    check_int(s.epoch, 1);
    check_int(s.rewinds, 2);
    talk_run(&t, "W5 b3^");
    check_int(reflector_stats(t.reflector).rewinds, 3);
    talk_end(&t);
}

TEST(reflector_keeps_one_copy_of_what_a_relist_repeats)
{
    struct object_key key = {"", "a"};
    struct snapshot *before;
    struct talk t;

    talk_begin(&t, NULL);
    talk_run(&t, STREAMED);
    before = store_get(t.store, &key);
    talk_run(&t, "E:GONE^ S9 +a@3");
    check_int(before->refs, 2); /* store and batch; the copy is gone */
    talk_run(&t, "+b@5 B12");
    check(store_get(t.store, &key) == before);
    check_int(before->refs, 1);
    talk_end(&t);
}

TEST(reflector_refuses_what_it_cannot_remember)
{
    struct decoder_event event = {.kind = DECODER_PAGE_END,
                                  .continue_token = ""};
    struct err err = {0};
    static char text[70000];
    struct talk t;

    memset(text, '7', sizeof text - 1);
    text[300] = '\0';
    event.resource_version = text;
    talk_begin(&t, NULL);
    talk_run(&t, "S !REJECTED L");
    check_int(reflector_on_event(t.reflector, &event, &err), -ERR_PROTOCOL);
    check_int(reflector_on_event(t.reflector, &event, NULL), -ERR_PROTOCOL);
    reflector_on_end(t.reflector, NULL); /* whatever the driver says */
    talk_run(&t, "z800 L i:a@3");
    text[300] = '7';
    event.resource_version = "9";
    event.continue_token = text;
    check_int(reflector_on_event(t.reflector, &event, &err), -ERR_LIMIT);
    reflector_on_end(t.reflector, &err);
    talk_run(&t, "= z1600 L p9 . W9");
    talk_end(&t);
    reflector_free(NULL);
}

/* ---- out of memory ---- */

/* The next request, however long it sleeps before it. */
static void wait_for_request(struct talk *t)
{
    struct reflector_todo todo = reflector_next(t->reflector);

    while (todo.want == WANT_SLEEP) {
        clock_fake_advance(&t->fake, todo.delay_ms);
        todo = reflector_next(t->reflector);
    }
}

/* Tell it an event of its own; false when the stream has to be closed. */
static bool tell(struct talk *t, enum decoder_kind kind, const char *version)
{
    struct decoder_event event = {.kind = kind,
                                  .resource_version = version,
                                  .continue_token = "",
                                  .initial_end = 1};
    struct err err = {0};

    if (kind == DECODER_ADDED || kind == DECODER_ITEM)
        event.snapshot = snap_new("a", "uid-a", version, "o");
    if (!event.snapshot && kind != DECODER_PAGE_END && kind != DECODER_BOOKMARK)
        err_nomem(&err); /* what a decoder would say */
    else
        reflector_on_event(t->reflector, &event, &err);
    check(reflector_check(t->reflector));
    if (err.code)
        reflector_on_end(t->reflector, &err);
    return err.code == ERR_NONE;
}

TEST_TORTURE(reflector_gets_over_out_of_memory)
{
    struct talk t;
    int tries = 0;

    if (!talk_begin(&t, NULL)) {
        check(torturing());
        talk_end(&t);
        return;
    }
    for (bool done = false; !done && tries < 3; tries++) {
        wait_for_request(&t);
        done = tell(&t, DECODER_ADDED, "3") && tell(&t, DECODER_BOOKMARK, "9");
    }
    check(tries == 1 || torturing());
    check_int(reflector_health(t.reflector), REFLECTOR_LIVE);
    while (!tell(&t, DECODER_ADDED, "12"))
        wait_for_request(&t);
    check_str(store_resource_version(t.store), "12");
    talk_end(&t);
}
