/*
 * telemetry_cluster.c -- metrics of what is between the process and its
 * cluster: requests, watches, caches, Events, the Lease; and what the process
 * holds of the machine.
 *
 * Names are client-go's where it has the same thing.
 */
#include "telemetry_impl.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

#define STAT_MAX 4096
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const by_request[] = {"code", "method", "host", NULL};
static const char *const by_verb[] = {"verb", "host", NULL};
static const char *const by_lease[] = {"name", NULL};
static const char *const by_kind[] = {"group", "version", "resource", NULL};
static const char *const by_outcome[] = {"outcome", NULL};

/* client-go's */
static const double request_buckets[] = {.005, .025, .1, .25, .5, 1,
                                         2,    4,    8,  15,  30, 60};

enum {
    REQUESTS,
    REQUEST_SECONDS,
    LEADS,
    SLOWPATH,
    LAG,
    CACHED,
    RELISTS,
    WATCH_FAILURES,
    SCRUBS,
    DIFFERENCES,
    EVENTS,
    OPEN_FDS,
    MAX_FDS,
    STARTED,
    METRICS
};
static_assert(METRICS <= TELEMETRY_CLUSTER, "room for all of them");

static const struct metric_info infos[METRICS] = {
    [REQUESTS] = {.name = "rest_client_requests_total",
                  .help = "Requests to the API server by their answer.",
                  .type = METRIC_COUNTER,
                  .labels = by_request},
    [REQUEST_SECONDS] = {.name = "rest_client_request_duration_seconds",
                         .help = "How long a request took; watches aside.",
                         .type = METRIC_HISTOGRAM,
                         .labels = by_verb,
                         .buckets = request_buckets,
                         .bucket_count = COUNT(request_buckets)},
    [LEADS] = {.name = "leader_election_master_status",
               .help = "1 when this process holds the Lease.",
               .type = METRIC_GAUGE,
               .labels = by_lease},
    [SLOWPATH] = {.name = "leader_election_slowpath_total",
                  .help = "How often the Lease was read before it was written.",
                  .type = METRIC_COUNTER,
                  .labels = by_lease},
    [LAG] = {.name = "tidelock_cache_lag_seconds",
             .help = "How long the server has said nothing of a kind, "
                     "bookmarks included.",
             .type = METRIC_GAUGE,
             .labels = by_kind},
    [CACHED] = {.name = "tidelock_cached_objects",
                .help = "Objects of a kind that are kept.",
                .type = METRIC_GAUGE,
                .labels = by_kind},
    [RELISTS] = {.name = "tidelock_relists_total",
                 .help = "Full lists of a kind after the first one.",
                 .type = METRIC_COUNTER,
                 .labels = by_kind},
    [WATCH_FAILURES] = {.name = "tidelock_watch_failures_total",
                        .help = "Watches and lists of a kind that failed.",
                        .type = METRIC_COUNTER,
                        .labels = by_kind},
    [SCRUBS] = {.name = "tidelock_scrubs_total",
                .help = "How often what is kept of a kind was compared with "
                        "the server.",
                .type = METRIC_COUNTER,
                .labels = by_kind},
    [DIFFERENCES] = {.name = "tidelock_scrub_differences_total",
                     .help = "Changes of a kind that its watch had lost.",
                     .type = METRIC_COUNTER,
                     .labels = by_kind},
    [EVENTS] = {.name = "tidelock_events_total",
                .help = "Events by what became of them.",
                .type = METRIC_COUNTER,
                .labels = by_outcome},
    [OPEN_FDS] = {.name = "process_open_fds",
                  .help = "File descriptors that are open.",
                  .type = METRIC_GAUGE,
                  .labels = NULL},
    [MAX_FDS] = {.name = "process_max_fds",
                 .help = "File descriptors that may be open.",
                 .type = METRIC_GAUGE,
                 .labels = NULL},
    [STARTED] = {.name = "process_start_time_seconds",
                 .help = "When the process began, in unix seconds.",
                 .type = METRIC_GAUGE,
                 .labels = NULL},
};

bool telemetry_add_cluster(struct telemetry *t)
{
    bool complete = true;

    for (size_t i = 0; complete && i < METRICS; i++)
        complete = (t->c[i] = metrics_add(t->all, &infos[i]));
    return complete;
}

/* ---- requests ---- */

void telemetry_request(struct telemetry *t, const char *host,
                       const struct http_told *told)
{
    const char *method = http_method_name(told->method);
    char code[16] = "<error>";

    if (!t)
        return;
    if (told->status)
        snprintf(code, sizeof code, "%d", told->status);
    metric_add(t->c[REQUESTS], SET(code, method, host), 1);
    if (!told->watch)
        metric_observe(t->c[REQUEST_SECONDS], SET(method, host),
                       (double)told->ms / 1000);
}

/* ---- the Lease ---- */

void telemetry_lease(struct telemetry *t, const char *name, bool leads,
                     uint64_t reads)
{
    if (!t)
        return;
    metric_set(t->c[LEADS], SET(name), leads);
    metric_set(t->c[SLOWPATH], SET(name), (double)reads);
}

/* ---- kinds ---- */

/* Several feeds of one kind: the slowest counts, the rest is summed up. */
static void add_feed(void *arg, const struct source_status *s)
{
    const struct telemetry *t = arg;
    const struct resource *r = s->feed->resource;
    double lag = s->heard_ms < 0 ? 0 : (double)s->heard_ms / 1000;
    const char *const *labels;

    if (!r)
        return;
    labels = SET(r->group, r->version, r->plural);
    if (lag > metric_get(t->c[LAG], labels))
        metric_set(t->c[LAG], labels, lag);
    metric_add(t->c[CACHED], labels, (double)store_count(s->feed->store));
    metric_add(t->c[RELISTS], labels, (double)s->stats.relists);
    metric_add(t->c[WATCH_FAILURES], labels, (double)s->stats.failures);
    metric_add(t->c[SCRUBS], labels, (double)s->scrubs);
    metric_add(t->c[DIFFERENCES], labels, (double)s->differences);
}

static void clear_feed(void *arg, const struct source_status *s)
{
    static const int sums[] = {LAG,           CACHED, RELISTS,
                               WATCH_FAILURES, SCRUBS, DIFFERENCES};
    const struct telemetry *t = arg;
    const struct resource *r = s->feed->resource;

    for (size_t i = 0; r && i < COUNT(sums); i++)
        metric_set(t->c[sums[i]], SET(r->group, r->version, r->plural), 0);
}

void telemetry_feeds(struct telemetry *t, const struct source *source)
{
    if (!t)
        return;
    source_each(source, clear_feed, t);
    source_each(source, add_feed, t);
}

/* ---- Events ---- */

void telemetry_events(struct telemetry *t, const struct event_queue_stats *s)
{
    if (!t)
        return;
    metric_set(t->c[EVENTS], SET("created"), (double)s->created);
    metric_set(t->c[EVENTS], SET("patched"), (double)s->patched);
    metric_set(t->c[EVENTS], SET("repeated"), (double)s->repeated);
    metric_set(t->c[EVENTS], SET("dropped"), (double)s->overflow);
    metric_set(t->c[EVENTS], SET("spam"), (double)s->spam);
    metric_set(t->c[EVENTS], SET("given_up"), (double)s->given_up);
}

/* ---- the machine ---- */

static double count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double n = 0;

    if (!folder)
        return 0;
    for (struct dirent *d; (d = readdir(folder));)
        n += d->d_name[0] != '.';
    closedir(folder);
    return n - 1; /* the folder's own */
}

/* The 22nd field of /proc/self/stat, in ticks since the machine's start; the
 * second field may hold anything, up to the last ')'. */
static double start_time(void)
{
    struct str text = {0};
    const char *p = NULL;
    double start = 0;
    int64_t ticks;

    if (file_read("/proc/self/stat", STAT_MAX, &text, NULL) == 0)
        p = strrchr(str_text(&text), ')');
    for (int field = 2; p && field < 22; field++) {
        p = strchr(p, ' ');
        p += p != NULL;
    }
    if (p && text_to_int64(p, strcspn(p, " "), &ticks))
        start = (double)clock_unix(clock_real()) -
                (double)clock_now_ms(clock_boot()) / 1000 +
                (double)ticks / (double)sysconf(_SC_CLK_TCK);
    str_release(&text);
    return start;
}

void telemetry_machine(struct telemetry *t)
{
    struct rlimit files;

    if (!t)
        return;
    metric_set(t->c[OPEN_FDS], NULL, count_fds());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        metric_set(t->c[MAX_FDS], NULL, (double)files.rlim_cur);
    metric_set(t->c[STARTED], NULL, start_time());
}
