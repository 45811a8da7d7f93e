/*
 * Tests of core/reflector: conversations (see reflector_kit.h), one table per
 * part of the protocol. test_reflector_numbers.c is about time, counts and
 * memory, test_reflector_model.c lets it talk to a made-up server.
 */
#include "core/reflector.h"

#include "reflector_kit.h"
#include "test.h"

struct rule {
    const char *id;
    const char *what;
    const char *talk;
};

static void hold(const struct rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        talk_once(rules[i].talk);
}

#define HOLD(rules) hold(rules, sizeof rules / sizeof rules[0])

/* A first list by either way, up to a watch from 9 with a@3 and b@4. */
#define STREAMED "SYNCING S +b@4 +a@3 = B9 =a@3,b@4 r9 LIVE "
#define LISTED "S !REJECTED L i:a@3 i:b@4 = p9 = . =a@3,b@4 r9 LIVE W9 "
/* Ten objects. */
#define TEN "+a@1 +b@1 +c@1 +d@1 +e@1 +f@1 +g@1 +h@1 +i@1 +j@1 "
#define TEN_ITEMS "i:a@1 i:b@1 i:c@1 i:d@1 i:e@1 i:f@1 i:g@1 i:h@1 i:i@1 i:j@1 "
#define TEN_HELD "=a@1,b@1,c@1,d@1,e@1,f@1,g@1,h@1,i@1,j@1 "

/* rows: S1, S3, S24, S27, S28, S30, S31, S46
 * broken: a stream that is cut for ever is never given up for a list */
TEST(reflector_streams_its_first_list)
{
    static const struct rule rules[] = {
        {"WL-1 S1 G1", "consistent, and the same stream goes on (S28)",
         STREAMED "+c@10 =a@3,b@4,c@10 r10"},
        {"WL-2", "changes before the end are seen by nobody",
         "S +a@3 ~a@5 +b@4 -b@6 = SYNCING B9 =a@5"},
        {"WL-2", "an old state after a new one", "S ~a@5 +a@3 -a@4 B9 =a@5"},
        {"S31", "then it resumes by a plain watch", STREAMED "t1000 . W9"},
        {"", "an empty collection is a list too", "S B9 = r9 LIVE"},
        {"WL-3 S24", "a cut throws away what was collected",
         "S +a@3 t2000 . = SYNCING z800 S +b@4 B9 =b@4"},
        {"WL-3", "two cuts in a row: a list",
         "S +a@3 t2000 . z800 S +a@3 t2000 . z1600 L i:b@4 p9 . =b@4 W9"},
        {"WL-3 S30", "busy, twice: the same again",
         "S !THROTTLED z S !THROTTLED z S B9 LIVE"},
        {"WL-3 S3", "refused: the same again",
         "S !CONNECT z800 S !CONNECT z1600 S !CONNECT z3200 S B9 LIVE"},
        {"WL-3 S27 WS-2", "a server that does not know it: a list at once",
         "S !REJECTED L p9 . W9"},
        {"S27", "not allowed to watch: the list will tell",
         "S !FORBIDDEN L !FORBIDDEN FROZEN z10000 L"},
        {"", "an odd stream without events: a list at once",
         "S !PROTOCOL L p9 . W9"},
        {"", "an odd stream with events was cut",
         "S +a@3 !PROTOCOL z800 S +a@3 !PROTOCOL z L"},
        {"LW-10", "a stream that ends at once: a list", "S . L p9 . W9"},
        {"WL-4", "a server that ignores the parameter sends other bookmarks",
         "S +a@3 b5^ L i:a@3 p9 . =a@3 W9"},
        {"WL-4", "or keeps silent after it answered",
         "S contact !TIMEOUT L p9 . W9"},
        {"", "a server that did not answer may yet",
         "S !TIMEOUT z800 S !TIMEOUT z1600 L"},
        {"", "what it said to an earlier request does not count",
         "S contact !CONNECT z S !TIMEOUT z S"},
        {"", "a server in trouble gets five chances",
         "S !SERVER z S !SERVER z S !SERVER z S !SERVER z S !SERVER z L"},
        {"WL-3", "an error event counts like an answer",
         "S +a@3 E:THROTTLED^ z S +a@3 E:FORBIDDEN^ z S"},
        {"LW-8", "what cannot be used is left out", "S ? +a@3 ? B9 =a@3"},
    };

    HOLD(rules);
}

/* rows: S2, S25, S35
 * broken: without the whole list behind an expired token */
TEST(reflector_lists_where_it_cannot_stream)
{
    static const struct rule rules[] = {
        {"S25", "and then watches", LISTED "+c@10 =a@3,b@4,c@10 r10"},
        {"LW-1 WS-7", "in pages; the first one's version is the list's",
         "S !REJECTED L i:a@3 p9:x . = Lt:x i:b@4 p9:y . Lt:y i:c@5 p9 . "
         "=a@3,b@4,c@5 r9 W9"},
        {"LW-2", "an expired token: once more, as a whole",
         "S !REJECTED L i:a@3 p9:x . Lt:x !GONE L* i:b@4 p12 . =b@4 W12"},
        {"LW-2", "and that fails like any other",
         "S !REJECTED L p9:x . Lt:x !GONE L* !GONE z800 L p12 . W12"},
        {"", "a busy server is asked for the same page",
         "S !REJECTED L i:a@3 p9:x . Lt:x i:b@4 !THROTTLED z Lt:x i:b@4 "
         "i:c@5 p9 . =a@3,b@4,c@5"},
        {"", "a broken page starts all over",
         "S !REJECTED L i:a@3 p9:x . Lt:x i:b@4 !PROTOCOL z800 L i:c@5 p10 . "
         "=c@5"},
        {"S2", "half a first page is thrown away",
         "S !REJECTED L i:a@3 !CONNECT z800 L i:b@4 p9 . =b@4"},
        {"row 48", "an answer without an end is no list",
         "S !REJECTED L i:a@3 . = SYNCING z800 L"},
        {"row 48", "an empty answer is no empty list",
         "S !REJECTED L . SYNCING z800 L"},
        {"row 48", "nor the second page of one",
         "S !REJECTED L i:a@3 p9:x . Lt:x i:b@4 . = z800 L"},
        {"S2", "an end that fails after the page did",
         "S !REJECTED L i:a@3 p9 !PROTOCOL = z800 L"},
        {"", "a list without a version: a watch from nowhere",
         "S !REJECTED L i:a@3 p . =a@3 r W"},
        {"LW-11", "whose first ADDED come in any order",
         "S !REJECTED L i:a@3 p . W +a@3 +c@7 +b@5 r ~b@9 r9 +d@11 r11"},
        {"LW-8", "what does not belong there is left out",
         "S !REJECTED L ? i:a@3 b7 p9 . =a@3 W9 i:b@4 p11 =a@3 r9"},
    };

    HOLD(rules);
}

/* rows: S5, S6, S7, S16, S18, S21, S23, S32, S36
 * broken: 429 in a stream led to a list */
TEST(reflector_follows_a_watch)
{
    static const struct rule rules[] = {
        {"LW-8 S16", "each event moves the position",
         STREAMED "+c@10 r10 ~c@20 r20 -c@30 r30 b40 r40 =a@3,b@4"},
        {"WS-10", "a delete as of its own version", STREAMED "-a@12 =b@4 r12"},
        {"IN-6", "MODIFIED of an unknown object adds it",
         STREAMED "~c@10 =a@3,b@4,c@10"},
        {"LW-8 S36 D35", "what cannot be used is skipped, the stream goes on",
         STREAMED "? +c@10 ? =a@3,b@4,c@10 r10"},
        {"row 29", "repetitions change nothing",
         STREAMED "~a@10 ~a@10 +a@3 -b@2 b10 =a@10,b@4 r10"},
        {"row 31", "the delete of an old uid",
         STREAMED "-a@10 +a#2@11 -a@10 =a#2@11,b@4"},
        {"LW-10", "the server's own timeout: on at once",
         STREAMED "t1000 . W9 +c@10 t300000 . W10"},
        {"LW-10", "a second without an event is enough",
         STREAMED "t1000 . W9 t1000 . W9"},
        {"LW-10 S23", "one event is enough to be a watch, twice a second",
         STREAMED "t9000 . W9 +c@10 . z500 W10"},
        {"LW-10", "cut after it delivered, ever so often: on at once",
         STREAMED "+c@10 !CONNECT z500 W10 b11 !CONNECT z500 W11 b12 "
                  "!CONNECT z500 W12 !CONNECT z800 W12 b13 !CONNECT z500 W13"},
        {"LW-10 S23 row 24", "a watch that ends at once: later, by a list",
         STREAMED "t9000 . W9 t999 . z800 S9"},
        {"LW-7 S3", "refused, ever so often: no list",
         STREAMED "t9 !CONNECT z W9 !CONNECT z W9 !CONNECT z W9 !CONNECT z "
                  "W9 !CONNECT z W9 !CONNECT z W9 b10 LIVE"},
        {"LW-7 S5 S6", "busy, ever so often: no list",
         STREAMED "t9 !THROTTLED z W9 !THROTTLED z W9 !THROTTLED z W9 "
                  "!THROTTLED z W9 !THROTTLED z W9 !THROTTLED z W9"},
        {"row 22", "cut: the rest, no list",
         STREAMED "+c@10 !IO z800 W10 +d@11 !IO z W11"},
        {"LW-7 WS-4", "410 at the start: a list at once",
         STREAMED "t9 !IO z W9 !GONE S9 +a@3 B12"},
        {"LW-9 S32 S21", "410 in the stream: a list at once",
         STREAMED "E:GONE^ S9 +a@3 B12 =a@3 r12"},
        {"", "410 to a list just taken, again and again, is a failure",
         STREAMED "E:GONE^ S9 +a@3 +b@4 B12 E:GONE^ z800 S12"},
        {"LW-9 S5", "busy in the stream: on from there, later",
         STREAMED "+c@10 E:THROTTLED^ z W10"},
        {"LW-9 LW-13 S7 S18", "500 in the stream: a list, later",
         STREAMED "E:SERVER^ z800 S9 +b@4 B12 =b@4"},
        {"LW-9", "any other error in the stream: a list, later",
         STREAMED "E:REJECTED^ z800 S9"},
        {"", "an error event without an error", STREAMED "E:NONE^ z800 S9"},
        {"row 16 row 33", "503 at the start: the same, five times",
         STREAMED "!SERVER z W9 !SERVER z W9 !SERVER z W9 !SERVER z W9 "
                  "!SERVER z S9"},
        {"row 33", "an event between them and the count starts anew",
         STREAMED "!SERVER z W9 !SERVER z W9 !SERVER z W9 !SERVER z W9 +c@10 "
                  "!SERVER z W10 !SERVER z W10"},
        {"row 23", "garbage: the same, three times",
         STREAMED "!PROTOCOL z W9 !PROTOCOL z W9 !PROTOCOL z S9"},
        {"row 23", "and three times again after a list",
         LISTED "!PROTOCOL z W9 !PROTOCOL z W9 !PROTOCOL z L9 i:a@3 i:b@4 p9 "
                ". W9 !PROTOCOL z W9 !PROTOCOL z W9"},
        {"row 16", "a watch that ended well counts as well",
         LISTED "!SERVER z W9 !SERVER z W9 !SERVER z W9 !SERVER z W9 t1000 . "
                "W9 !SERVER z W9"},
        {"LW-7", "anything else: a list, later", STREAMED "!REJECTED z800 S9"},
        {"", "a request that the driver gave up",
         STREAMED "!CANCELLED z800 W9"},
    };

    HOLD(rules);
}

/* rows: S9, S11, S12, S14
 * broken: a position that was refused was asked for again */
TEST(reflector_relists_not_older_than_what_it_has_shown)
{
    static const struct rule rules[] = {
        {"S11 LW-1 S9", "a list at its position, as a whole",
         LISTED "+c@10 E:GONE^ L10 i:a@3 i:c@10 p12 . =a@3,c@10 W12"},
        {"LW-3 S12", "which is too old: without position, at once",
         LISTED "E:GONE^ L9 !GONE L i:b@4 i:a@3 p20 . r20 W20"},
        {"LW-3 S14", "which the server has not reached: the same",
         LISTED "E:GONE^ L9 !TOO_LARGE_RV L i:a@3 i:b@4 p20 . W20"},
        {"LW-3", "only once; then it is a failure",
         LISTED "E:GONE^ L9 !GONE L !GONE z800 L i:a@3 i:b@4 p20 . W20"},
        {"LW-4", "and after a success the position counts again",
         LISTED "E:GONE^ L9 !GONE L i:a@3 p20 . W20 +b@21 E:GONE^ L21"},
        {"LW-3 WL-3", "a stream too old: a stream without position",
         STREAMED "E:GONE^ S9 !GONE S +a@3 B20 =a@3 r20"},
        {"WL-3", "a stream ahead of the server: the same",
         STREAMED "E:GONE^ S9 !TOO_LARGE_RV S +a@3 B20"},
        {"WL-5", "readers keep the old contents meanwhile",
         STREAMED "E:GONE^ S9 +a@3 +c@11 =a@3,b@4 LIVE B12 =a@3,c@11"},
        {"note 12", "a relist that fails changes nothing",
         STREAMED "E:GONE^ S9 +a@3 !CONNECT =a@3,b@4 r9 z S9"},
        {"IN-7", "created again while nobody watched",
         STREAMED "E:GONE^ S9 +a#2@10 +b@4 B12 =a#2@10,b@4"},
    };

    HOLD(rules);
}

TEST(reflector_asks_again_before_it_believes_a_loss) /* G9, row 49 */
{
    static const struct rule rules[] = {
        {"G9", "an empty list is confirmed by a consistent one",
         STREAMED "E:GONE^ S9 B12^ =a@3,b@4 L p13 . = r13 LIVE W13"},
        {"G9", "or it was a mistake",
         STREAMED "E:GONE^ S9 B12^ L i:a@3 i:b@4 p13 . =a@3,b@4 W13"},
        {"G9", "also of a list",
         LISTED "E:GONE^ L9 p12 . =a@3,b@4 L p13 . = r13 W13"},
        {"G9", "a first list may be empty", "S B9 = LIVE"},
        {"G9", "and an empty one may stay so", "S B9 E:GONE^ S9 B12 = r12"},
        {"G9", "one of two objects lost is nothing special",
         STREAMED "E:GONE^ S9 +a@3 B12 =a@3"},
        {"G9", "half of ten is not more than half",
         "S " TEN "B9 E:GONE^ S9 +a@1 +b@1 +c@1 +d@1 +e@1 B12 "
         "=a@1,b@1,c@1,d@1,e@1"},
        {"G9", "six of ten is, even when others came",
         "S " TEN
         "B9 E:GONE^ S9 +a@1 +b@1 +c@1 +d@1 +k@2 +l@2 +m@2 B12^ " TEN_HELD
         "L " TEN_ITEMS "p14 . " TEN_HELD "r14"},
        {"G9", "ten of ten under new uids are ten lost",
         "S " TEN "B9 E:GONE^ S9 +a#2@1 +b#2@1 +c#2@1 +d#2@1 +e#2@1 +f#2@1 "
         "+g@1 +h@1 +i@1 +j@1 B12^ L"},
        {"G9", "what confirms need not come at once",
         STREAMED "E:GONE^ S9 B12^ L !CONNECT =a@3,b@4 z800 L p13 . ="},
        {"G9", "a consistent empty list is confirmed too",
         STREAMED "relist !CANCELLED S B12^ L p13 . ="},
        {"", "deletes told by the watch need no confirmation",
         STREAMED "-a@10 -b@11 = LIVE"},
    };

    HOLD(rules);
}

/* rows: S39
 * broken: lists that are not consistent counted as confirmation */
TEST(reflector_notices_versions_that_go_back) /* G2, rows 38, 39 */
{
    static const struct rule rules[] = {
        {"G2", "two consistent lists, then the restored state",
         STREAMED "b90 E:GONE^ S90 !TOO_LARGE_RV S +a@3 B50^ STALE =a@3,b@4 "
                  "L i:a@3 p51 . =a@3 r51 LIVE W51"},
        {"G2", "the same by lists",
         LISTED "b90 E:GONE^ L90 !TOO_LARGE_RV L i:a@3 p50 . STALE L i:a@3 "
                "i:c@6 p51 . =a@3,c@6 r51 LIVE W51"},
        {"G2", "what is newer than the restored state goes",
         STREAMED "~a@80 b90 relist !CANCELLED S +a@3 B50^ L i:a@3 i:b@4 p50 "
                  ". =a@3,b@4 r50"},
        {"G2", "old states in a list that is not old: one consistent list",
         STREAMED "~a@80 b90 E:GONE^ S90 +a@3 +b@4 B95^ STALE =a@80,b@4 "
                  "L i:a@3 i:b@4 p96 . =a@3,b@4 r96 LIVE W96"},
        {"G2", "a lagging server was in the way",
         STREAMED "b90 E:GONE^ S90 +a@3 B50^ STALE L i:a@3 i:b@4 p95 . "
                  "=a@3,b@4 r95 LIVE"},
        {"G2", "each reason to doubt is confirmed on its own, one by one",
         STREAMED "b90 relist !CANCELLED S +a@3 +b@4 B50^ L p95 . L i:a@3 "
                  "i:b@4 p60 . STALE L i:a@3 i:b@4 p96 . r96 LIVE"},
        {"G2", "one that answers the position with less: three lists",
         LISTED "b90 E:GONE^ L90 i:a@3 p50 . L i:a@3 p50 . L i:a@3 p50 . "
                "=a@3 r50 W50"},
        {"row 30", "an older state of a known object is ignored",
         STREAMED "~a@10 +b@5 ~a@8 =a@10,b@5 r10 LIVE"},
        {"row 38", "an older state of an unknown one: a consistent list",
         STREAMED "b90 +c@50^ STALE =a@3,b@4 z800 S +a@3 +b@4 +c@50 B95 "
                  "=a@3,b@4,c@50 r95 LIVE"},
        {"row 38", "a bookmark that goes back: the same",
         STREAMED "b90 b50^ STALE z800 S +a@3 +b@4 B95 LIVE r95"},
        {"", "somebody else noticed, between two requests",
         STREAMED "t9 !CONNECT relist STALE S +a@3 +b@4 B12 LIVE"},
        {"", "or while a list is under way",
         LISTED "E:GONE^ L9 i:a@3 relist !CANCELLED STALE L i:a@3 i:b@4 p12 . "
                "LIVE W12"},
        {"S39", "texts that are no numbers have no order",
         "S +a@x5 Bx9 =a@x5 ~a@x1 rx1 +b@x0 =a@x1,b@x0 bx7 rx7 t9 !IO z "
         "Wx7"},
    };

    HOLD(rules);
}

/* rows: D20, D21
 * broken: a forbidden kind was asked for every ten seconds */
TEST(reflector_freezes_what_it_may_not_see)
{
    static const struct rule rules[] = {
        {"D20 row 4", "forbidden: more and more seldom, up to a minute",
         "S !FORBIDDEN L !FORBIDDEN FROZEN z10000 L !FORBIDDEN z20000 L "
         "!FORBIDDEN z40000 L !FORBIDDEN z60000 L !FORBIDDEN z60000 L p9 . "
         "LIVE W9"},
        {"DI-6", "no such kind: every ten seconds",
         "S !NO_KIND FROZEN z10000 L !NO_KIND z10000 L !NO_KIND z10000 L "
         "!NOT_FOUND z10000 L i:a@3 p9 . =a@3 LIVE W9"},
        {"row 6 D21", "a kind that goes away takes nothing with it",
         STREAMED "t9 !IO z W9 !NO_KIND FROZEN =a@3,b@4 z10000 L9 !NO_KIND "
                  "FROZEN =a@3,b@4 z L9"},
        {"D21", "and when it comes back it is asked twice (G9)",
         STREAMED "t9 !IO z W9 !NO_KIND z L9 p20 . FROZEN L p20 . = LIVE W20"},
        {"", "a right to watch that is missing",
         LISTED "!FORBIDDEN FROZEN z10000 L9 i:a@3 i:b@4 p9 . LIVE W9 "
                "!FORBIDDEN FROZEN z20000 L9"},
        {"", "somebody knows better: at once",
         "S !NO_KIND FROZEN wake L p9 . LIVE W9"},
        {"", "a failure between does not thaw it",
         "S !FORBIDDEN L !FORBIDDEN z L !CONNECT FROZEN z800 L"},
        {"", "wake out of a backoff", "S !CONNECT wake S !CONNECT z1600 S"},
        {"row 1", "bad credentials are a backoff, not a freeze",
         STREAMED "!UNAUTHORIZED LIVE z800 W9 !TLS z1600 W9"},
    };

    HOLD(rules);
}

/* rows: S4
 * broken: Retry-After was not looked at */
TEST(reflector_waits_as_long_as_it_was_asked_to)
{
    static const struct rule rules[] = {
        {"LW-12", "doubling to 30 s, and never longer",
         "S !CONNECT z800 S !CONNECT z1600 S !CONNECT z3200 S !CONNECT z6400 "
         "S !CONNECT z12800 S !CONNECT z25600 S !CONNECT z30000 S !CONNECT "
         "z30000 S !CONNECT z30000 S"},
        {"LW-12", "from the start again after two quiet minutes",
         STREAMED "!IO z800 W9 !IO z1600 W9 +c@10 t119000 !IO z3200 W10 +c@10 "
                  "t120000 !IO z800 W10"},
        {"row 14", "Retry-After counts when it is longer",
         "S !THROTTLED:7 z7000-8750 S !THROTTLED:7 z7000-8750 S"},
        {"row 15", "a 429 without it is a second", "S !THROTTLED z1000-1250 S"},
        {"row 33", "also of a 503", STREAMED "!SERVER:1 z1000-1250 W9"},
    };

    HOLD(rules);
}

/* rows: S132, D34
 * broken: a silent watch was resumed for ever */
TEST(reflector_knows_when_it_is_stale)
{
    static const struct rule rules[] = {
        {"G12", "three minutes without a word",
         STREAMED "t180000 LIVE t1 STALE b10 LIVE"},
        {"G12", "bytes are words too", STREAMED "t170000 contact t170000 LIVE"},
        {"", "and so is the end of a watch",
         STREAMED "t170000 . W9 t170000 LIVE"},
        {"row 34", "while it cannot reach the server",
         STREAMED "!CONNECT LIVE z t180000 STALE W9 !CONNECT STALE z W9 "
                  "contact LIVE"},
        {"row 21 D34", "a silent watch is tried once more, then listed",
         STREAMED "t60000 b10 t75000 !TIMEOUT z800 W10 t75000 !TIMEOUT z S10"},
        {"row 38", "but at once after a cut: maybe restored from a backup",
         STREAMED "t60000 b10 !CONNECT W10 t75000 !TIMEOUT z800 S10"},
        {"", "a word since then is enough",
         STREAMED "t60000 b10 !CONNECT W10 t60000 b11 t75000 !TIMEOUT z W11"},
        {"row 28", "where no bookmark was ever seen, listed at once",
         STREAMED "t165000 !TIMEOUT z800 S9"},
        {"", "an event between two silences",
         STREAMED "t60000 b10 t75000 !TIMEOUT z W10 +c@11 t75000 !TIMEOUT z "
                  "W11"},
    };

    HOLD(rules);
}
