/*
 * test_library_zones.c -- schedules where the clock is changed, and how a
 *                         script gets its time zones.
 *
 * The table was written by hand from the tz database (2025b):
 *
 *   Europe/Berlin       2026-03-29 02:00 CET -> 03:00 CEST (01:00 UTC)
 *                       2026-10-25 03:00 CEST -> 02:00 CET (01:00 UTC)
 *   America/New_York    2026-03-08 02:00 EST -> 03:00 EDT (07:00 UTC)
 *                       2026-11-01 02:00 EDT -> 01:00 EST (06:00 UTC)
 *   Australia/Lord_Howe 2026-04-05 02:00 +11 -> 01:30 +1030 (2026-04-04 15:00)
 *                       2026-10-04 02:00 +1030 -> 02:30 +11 (2026-10-03 15:30)
 */
#include <stdio.h>
#include <string.h>

#include "kit.h"
#include "test.h"

struct entry {
    const char *zone, *schedule, *after;
    const char *runs[4]; /* UTC */
};

static const struct entry table[] = {
    /* skipped: 02:30 does not exist on 29 March */
    {"Europe/Berlin",
     "30 2 * * *",
     "2026-03-28T00:00:00Z",
     {"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z",
      "2026-04-01T00:30:00Z"}},
    /* twice: 02:30 CEST, 02:30 CET */
    {"Europe/Berlin",
     "30 2 * * *",
     "2026-10-24T00:00:00Z",
     {"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z",
      "2026-10-26T01:30:00Z"}},
    /* every hour there is */
    {"Europe/Berlin",
     "0 * * * *",
     "2026-03-28T23:30:00Z",
     {"2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z",
      "2026-03-29T03:00:00Z"}},
    /* at the first second behind the gap */
    {"Europe/Berlin",
     "0 3 29 3 *",
     "2026-01-01T00:00:00Z",
     {"2026-03-29T01:00:00Z", "2027-03-29T01:00:00Z", "2028-03-29T01:00:00Z",
      "2029-03-29T01:00:00Z"}},
    {"America/New_York",
     "30 2 * * 0",
     "2026-03-01T00:00:00Z",
     {"2026-03-01T07:30:00Z", "2026-03-15T06:30:00Z", "2026-03-22T06:30:00Z",
      "2026-03-29T06:30:00Z"}},
    /* 01:00 comes twice on 1 November, 02:00 once */
    {"America/New_York",
     "0 1-2 * * *",
     "2026-11-01T00:00:00Z",
     {"2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z",
      "2026-11-02T06:00:00Z"}},
    {"America/New_York",
     "@daily",
     "2026-03-07T12:00:00Z",
     {"2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "2026-03-10T04:00:00Z",
      "2026-03-11T04:00:00Z"}},
    /* half an hour back: 01:45 comes twice, 30 minutes apart */
    {"Australia/Lord_Howe",
     "45 1 * * *",
     "2026-04-03T00:00:00Z",
     {"2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z",
      "2026-04-05T15:15:00Z"}},
    /* half an hour forward: 02:15 is skipped, 02:30 is not */
    {"Australia/Lord_Howe",
     "15,30 2 * * *",
     "2026-10-02T12:00:00Z",
     {"2026-10-02T15:45:00Z", "2026-10-02T16:00:00Z", "2026-10-03T15:30:00Z",
      "2026-10-04T15:15:00Z"}},
    /* intervals are of real time, whatever the clock does */
    {"Europe/Berlin",
     "@every 2h",
     "2026-03-28T23:00:00Z",
     {"2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z", "2026-03-29T04:00:00Z",
      "2026-03-29T06:00:00Z"}},
};

static void body_of(const struct entry *e, char *out, size_t size)
{
    snprintf(out, size,
             "local t, cron = tidelock.time, tidelock.cron\n"
             "local s = cron.parse('%s', { zone = '%s' })\n"
             "local at, runs = t.parse('%s'), {}\n"
             "for i = 1, 4 do at = s:next(at) runs[i] = at\n"
             "  log.info(t.format(at)) end\n"
             "for i = 4, 1, -1 do at = s:prev(i == 4 and at + 1 or at)\n"
             "  assert(at == runs[i], 'prev ' .. t.format(at)) end",
             e->schedule, e->zone, e->after);
}

TEST(schedules_over_changes_of_the_clock_are_as_the_table_says)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct entry *e = &table[i];
        char body[1024], want[256];
        struct kit k;

        kit_init(&k);
        kit_zone(&k, e->zone);
        body_of(e, body, sizeof body);
        snprintf(want, sizeof want, "info: %s\ninfo: %s\ninfo: %s\ninfo: %s\n",
                 e->runs[0], e->runs[1], e->runs[2], e->runs[3]);
        kit_gives(&k, body, want);
        kit_release(&k);
    }
}

/* A single run is put right: there would be no other. */
TEST(a_single_run_in_a_gap_or_an_overlap_happens_once)
{
    struct kit k;

    kit_init(&k);
    kit_zone(&k, "Europe/Berlin");
    kit_gives(&k,
              "local function run(text) local s = tidelock.cron.parse(text, "
              "{ zone = 'Europe/Berlin' }) local at = s:next(0)\n"
              "log.info(tidelock.time.format(at)) assert(not s:next(at)) end\n"
              "run('@date 2026-03-29 02:30:00') run('@date 2026-10-25 "
              "02:30:00')",
              "info: 2026-03-29T01:30:00Z\ninfo: 2026-10-25T00:30:00Z\n");
    kit_release(&k);
}

/* ---- how a script gets a zone ---- */

TEST(a_zone_that_the_view_lacks_ends_the_run_and_is_named)
{
    static const char body[] =
        "pcall(tidelock.zone.get, 'Europe/Berlin') log.info('not reached')";
    struct kit k;

    kit_init(&k);
    kit_fails(&k, body, ERR_UNKNOWN,
              "operator.lua:1: the time zone 'Europe/Berlin' is not known now");
    check_str(k.plan.zone_wanted, "Europe/Berlin");
    kit_zone(&k, "Europe/Berlin");
    kit_gives(&k, body, "info: not reached\n");
    check(!k.plan.zone_wanted);
    kit_release(&k);
}

TEST(a_name_that_is_none_is_an_answer_and_asks_for_nothing)
{
    struct kit k;

    kit_init(&k);
    kit_gives(&k,
              "log.info(select(2, tidelock.zone.find('../../etc/passwd')))\n"
              "log.info(tostring(tidelock.zone.get('UTC')))",
              "info: '../../etc/passwd' is no name of a time zone\n"
              "info: UTC\n");
    kit_fails(&k, "tidelock.zone.get('localtime')", ERR_SCRIPT,
              "operator.lua:1: zone.get: 'localtime' is no name of a time "
              "zone");
    kit_release(&k);
}

TEST(zones_are_not_known_while_the_declaration_is_made)
{
    struct kit k;

    kit_init(&k);
    check_int(kit_load(&k, "local tidelock = require 'tidelock'\n"
                           "local z = tidelock.zone.get('Europe/Berlin')\n"
                           "return tidelock.operator {}"),
              -ERR_SCRIPT);
    check_str(kit_error(&k), "operator.lua:2: time zones are not known here: "
                             "'Europe/Berlin'\n"
                             "  hint: look it up in reconcile or finalize");
    kit_release(&k);
}
