/* What controllers decide without a server: sizes, schedules, lives of pods. */
#include <string.h>

#include "base/text.h"
#include "sim/control_cron.h"
#include "sim/control_life.h"
#include "sim/control_pods.h"
#include "sim/control_rolling.h"
#include "test.h"

static struct value *parse(struct arena *a, const char *text)
{
    struct value *v = NULL;
    struct err err = {0};

    check_ok(value_parse(a, text, strlen(text), &v, &err), &err);
    return v;
}

/* ---- schedules ---- */

static int64_t at(const char *text)
{
    int64_t when = 0;

    check(text_parse_rfc3339(text, &when));
    return when;
}

static void check_next(const char *schedule, const char *after,
                       const char *want)
{
    struct cron c;
    char got[32];

    if (!check(cron_parse(schedule, &c)))
        return;
    text_rfc3339(cron_next(&c, zone_utc(), at(after)), got);
    check_str(got, want);
}

TEST(cron_finds_the_next_moment)
{
    check_next("* * * * *", "2026-01-02T03:04:05Z", "2026-01-02T03:05:00Z");
    check_next("*/15 * * * *", "2026-01-02T03:15:00Z", "2026-01-02T03:30:00Z");
    check_next("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z");
    check_next("30 6 * * mon-fri", "2026-11-27T06:30:00Z",
               "2026-11-30T06:30:00Z");
    check_next("0 12 13 * 5", "2026-11-13T12:00:00Z", "2026-11-20T12:00:00Z");
    check_next("@hourly", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z");
    check_next("5/20 1,3 * JAN ?", "2026-01-01T01:25:00Z",
               "2026-01-01T01:45:00Z");
}

/* A step above 1 restricts the day, so either day will do. */
TEST(cron_takes_a_step_for_a_restriction)
{
    check_next("0 0 */10 * 0", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z");
    check_next("0 0 */1 * 0", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z");
    check_next("0 0 */1 * 0", "2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z");
    check_next("0 0 */10 * 0", "2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z");
    check_next("0 0 */10 * 0", "2026-01-18T00:00:00Z", "2026-01-21T00:00:00Z");
}

/* EST5EDT by its rule: 02:00 is skipped on 8 March, 01:00 is twice on
 * 1 November. */
static struct zone *new_york(void)
{
    static const char bytes[] =
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0"
        "\0\1\0\0\0\4\0\0\0\0\0\0UTC\0"
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0"
        "\0\1\0\0\0\4\0\0\0\0\0\0UTC\0\nEST5EDT,M3.2.0,M11.1.0\n";
    struct zone *z = NULL;

    check_int(zone_parse("America/New_York", bytes, sizeof bytes - 1, &z, NULL),
              0);
    return z;
}

TEST(cron_skips_and_repeats_as_the_clock_does)
{
    struct zone *z = new_york();
    struct cron c;

    check(cron_parse("30 2 * * *", &c));
    check_int(cron_next(&c, z, at("2026-03-07T12:00:00Z")),
              at("2026-03-09T06:30:00Z"));
    check(cron_parse("0 1 * * *", &c));
    check_int(cron_next(&c, z, at("2026-10-31T12:00:00Z")),
              at("2026-11-01T05:00:00Z"));
    check_int(cron_next(&c, z, at("2026-11-01T05:00:00Z")),
              at("2026-11-01T06:00:00Z"));
    check_int(cron_next(&c, z, at("2026-11-01T06:00:00Z")),
              at("2026-11-02T06:00:00Z"));
    zone_free(z);
}

TEST(cron_refuses_what_is_no_schedule)
{
    static const char *const bad[] = {
        "",           "* * * *",     "60 * * * *",  "* 24 * * *",  "* * 0 * *",
        "* * * 13 *", "*/0 * * * *", "5-1 * * * *", "* * * * * *", "x * * * *"};
    struct cron c;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(!cron_parse(bad[i], &c));
}

TEST(cron_knows_when_a_day_never_comes)
{
    struct cron c;

    check(cron_parse("0 0 31 2 *", &c));
    check_int(cron_next(&c, zone_utc(), 0), 0);
}

/* ---- sizes ---- */

static struct rolling rolling_of(const char *spec)
{
    struct arena a = {0};
    struct rolling r = rolling_read(parse(&a, spec));

    arena_release(&a);
    return r;
}

TEST(rolling_resolves_percentages)
{
    struct rolling r = rolling_of(
        "{\"spec\":{\"replicas\":10,\"strategy\":{\"type\":\"RollingUpdate\","
        "\"rollingUpdate\":{\"maxSurge\":\"25%\",\"maxUnavailable\":\"25%\"}}"
        "}}");

    check_int(r.surge, 3);
    check_int(r.unavailable, 2);
    r = rolling_of("{\"spec\":{\"replicas\":1,\"strategy\":{\"rollingUpdate\":"
                   "{\"maxSurge\":0,\"maxUnavailable\":\"10%\"}}}}");
    check_int(r.unavailable, 1);
    check(rolling_of("{\"spec\":{\"strategy\":{\"type\":\"Recreate\"}}}")
              .recreate);
}

TEST(rolling_never_leaves_its_bounds)
{
    struct rolling r = {.replicas = 10, .surge = 3, .unavailable = 2};
    struct rolling_set newest = {0}, old = {.size = 10, .available = 10};
    int steps = 0;

    for (; steps < 100 && (old.size > 0 || newest.available < 10); steps++) {
        int64_t size = rolling_grow(&r, newest.size + old.size, newest.size);

        if (size != newest.size) {
            newest.size = size;
        } else if (rolling_shrink(&r, &newest, &old, 1)) {
            old.size = old.want;
            old.available = old.size;
        } else {
            newest.available = newest.size;
        }
        check(newest.size + old.size <= 13);
        check(newest.available + old.available >= 8);
    }
    check_int(newest.size, 10);
    check(steps < 20);
}

TEST(rolling_takes_unhealthy_pods_first)
{
    struct rolling r = {.replicas = 3, .surge = 1, .unavailable = 1};
    struct rolling_set newest = {.size = 1, .available = 1};
    struct rolling_set old[] = {{.size = 2, .available = 2},
                                {.size = 2, .available = 0}};

    check(rolling_shrink(&r, &newest, old, 2));
    check_int(old[1].want, 0);
    check_int(old[0].want, 1);
}

TEST(rolling_spreads_in_proportion)
{
    struct rolling r = {.replicas = 20, .surge = 5, .unavailable = 5};
    struct rolling_set sets[] = {{.size = 8, .most = 13},
                                 {.size = 5, .most = 13}};

    check_int(rolling_excess(&r, sets, 2), 12);
    rolling_spread(&r, sets, 2);
    check_int(sets[0].want, 15);
    check_int(sets[1].want, 10);
    r.replicas = 0;
    r.surge = 0;
    rolling_spread(&r, sets, 2);
    check_int(sets[0].want + sets[1].want, 0);
}

/* ---- lives ---- */

struct lives {
    struct arena a;
    struct value *pod;
    struct run run;
    struct life life;
    uint64_t now;
};

#define POD(policy, wish, more)                                                \
    "{\"metadata\":{\"name\":\"p\",\"namespace\":\"n\",\"uid\":\"u\","         \
    "\"annotations\":{\"sim.tidelock.dev/pod\":\"" wish                        \
    "\"}},\"spec\":{\"restartPolicy\":\"" policy "\"," more                    \
    "\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]},"                      \
    "\"status\":{\"phase\":\"Pending\"}}"

static void live_until(struct lives *l, uint64_t now)
{
    static const struct life_place place = {200, "10.0.0.1", "10.244.0.1"};
    struct draft d = {.a = &l->a, .unix_now = 1700000000, .now_ms = now};

    d.unix_now += (int64_t)(now / 1000);
    life_step(&d, &place, l->pod, &l->run, &l->life);
    check(!d.failed);
    value_set(&l->a, l->pod, "status", l->life.status);
}

static const char *phase(const struct lives *l)
{
    return value_text_at(l->pod, "status.phase");
}

static const struct value *state(const struct lives *l, const char *path)
{
    return value_path(
        array_at(value_path(l->pod, "status.containerStatuses"), 0), path);
}

TEST(life_of_a_server_ends_in_ready)
{
    struct lives l = {0};

    l.pod = parse(&l.a, POD("Always", "", ""));
    live_until(&l, 1000);
    check_str(phase(&l), "Running");
    check(!pod_is_ready(l.pod));
    check_int(l.life.due_ms, 1200);
    check_int(l.life.event_count, 3);
    live_until(&l, 1200);
    check(pod_is_ready(l.pod));
    check(l.life.due_ms == UINT64_MAX);
    check_str(value_text_at(l.pod, "status.podIP"), "10.244.0.1");
    arena_release(&l.a);
}

TEST(life_of_a_task_ends_in_success)
{
    struct lives l = {0};

    l.pod = parse(&l.a, POD("Never", "", ""));
    live_until(&l, 1000);
    live_until(&l, 1200);
    check_str(phase(&l), "Succeeded");
    check_str(value_text(state(&l, "state.terminated.reason")), "Completed");
    arena_release(&l.a);
}

TEST(life_of_a_task_that_fails_says_its_code)
{
    struct lives l = {0};

    l.pod = parse(&l.a, POD("Never", "exit=3", ""));
    live_until(&l, 1000);
    live_until(&l, 1200);
    check_str(phase(&l), "Failed");
    check_int(value_int_at(state(&l, "state.terminated"), "exitCode", 0), 3);
    arena_release(&l.a);
}

TEST(life_of_a_crash_is_a_loop_with_growing_pauses)
{
    struct lives l = {0};

    l.pod = parse(&l.a, POD("Always", "crash", ""));
    live_until(&l, 1000);
    live_until(&l, 1001);
    check_str(value_text(state(&l, "state.waiting.reason")),
              "CrashLoopBackOff");
    check_str(phase(&l), "Running");
    check(l.life.due_ms > 10000 && l.life.due_ms <= 11001);
    live_until(&l, l.life.due_ms);
    check(state(&l, "restartCount")->as.integer >= 2);
    arena_release(&l.a);
}

TEST(life_runs_init_containers_first)
{
    struct lives l = {0};

    l.pod = parse(&l.a, POD("Always", "",
                            "\"initContainers\":[{\"name\":\"a\"},"
                            "{\"name\":\"b\",\"restartPolicy\":\"Always\"}],"));
    live_until(&l, 1000);
    check_str(phase(&l), "Running");
    live_until(&l, 1200);
    check(pod_is_ready(l.pod));
    check_int(array_count(value_path(l.pod, "status.initContainerStatuses")),
              2);
    arena_release(&l.a);
}

TEST(life_of_a_pod_whose_image_is_missing_waits)
{
    struct lives l = {0};

    l.pod = parse(&l.a, POD("Always", "image-missing", ""));
    live_until(&l, 1000);
    check_str(phase(&l), "Pending");
    check_str(value_text(state(&l, "state.waiting.reason")),
              "ImagePullBackOff");
    check(l.life.due_ms == UINT64_MAX);
    arena_release(&l.a);
}

TEST(life_that_hangs_takes_its_grace)
{
    struct lives l = {0};
    struct value *meta;

    l.pod = parse(&l.a, POD("Always", "hang", ""));
    live_until(&l, 1000);
    live_until(&l, 100000);
    check(!pod_is_ready(l.pod));
    meta = value_get(l.pod, "metadata");
    value_set(&l.a, meta, "deletionTimestamp", value_string(&l.a, "x"));
    value_set(&l.a, meta, "deletionGracePeriodSeconds",
              value_integer(&l.a, 30));
    live_until(&l, 100000);
    check(!l.life.gone);
    check_int(l.life.due_ms, 130000);
    live_until(&l, 130000);
    check(l.life.gone);
    check_str(phase(&l), "Failed");
    arena_release(&l.a);
}

TEST(life_of_an_evicted_pod_is_over)
{
    struct lives l = {0};

    l.pod = parse(&l.a, POD("Always", "fail", ""));
    live_until(&l, 1000);
    check_str(phase(&l), "Failed");
    check_str(value_text_at(l.pod, "status.reason"), "Evicted");
    arena_release(&l.a);
}

TEST_TORTURE(life_survives_out_of_memory)
{
    static const struct life_place place = {200, "10.0.0.1", "10.244.0.1"};
    struct arena a = {0};
    struct value *pod = NULL;
    struct run run = {0};
    struct life life;
    struct draft d = {.a = &a, .unix_now = 1, .now_ms = 1000};
    const char *text = POD("Always", "crash", "");

    if (value_parse(&a, text, strlen(text), &pod, NULL) == 0) {
        life_step(&d, &place, pod, &run, &life);
        check(d.failed ||
              text_equal(value_text_at(life.status, "phase"), "Running"));
    }
    arena_release(&a);
}

/* ---- nodes ---- */

TEST(tolerations_say_for_how_long)
{
    struct arena a = {0};
    const struct value *spec =
        parse(&a, "{\"tolerations\":[{\"key\":\"k\",\"operator\":\"Exists\","
                  "\"effect\":\"NoExecute\",\"tolerationSeconds\":300}]}");
    const struct value *taint =
        parse(&a, "{\"key\":\"k\",\"effect\":\"NoExecute\"}");
    int64_t seconds = 0;

    check(pod_tolerates(spec, taint, &seconds));
    check_int(seconds, 300);
    check(!pod_tolerates(spec, parse(&a, "{\"key\":\"other\"}"), NULL));
    arena_release(&a);
}

TEST(quantities_become_thousandths)
{
    check_int(quantity_milli("250m"), 250);
    check_int(quantity_milli("2"), 2000);
    check_int(quantity_milli("1Ki"), 1024000);
    check_int(quantity_milli("1n"), 1);
    check_int(quantity_milli("64"), 64000);
    check_int(quantity_milli(NULL), 0);
}
