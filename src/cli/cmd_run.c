/*
 * cmd_run.c -- tidelock run OPERATOR...
 */
#include <stdlib.h>
#include <string.h>

#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

/* ---- leader election ---- */

struct election {
    const char *elect, *duration, *renew, *retry; /* as given, or NULL */
    struct lease_timing timing;
};

static int read_time(const char *flag, const char *text, uint32_t *ret,
                     struct err *err)
{
    int64_t ms;

    if (!text)
        return 0;
    if (!text_parse_duration(text, &ms) || ms <= 0 || ms > UINT32_MAX)
        return err_set(err, ERR_USAGE, "%s '%s' is no time such as 15s", flag,
                       text);
    *ret = (uint32_t)ms;
    return 0;
}

/* Alone on a laptop there is nobody to elect; what ends by itself does not
 * wait for its turn, unless it is told to. */
static bool wants_election(const struct election *e,
                           const struct runtime_options *o)
{
    if (e->elect)
        return strcmp(e->elect, "true") == 0;
    return getenv("KUBERNETES_SERVICE_HOST") && !o->once && !o->dry_run;
}

static int set_election(struct election *e, struct runtime_options *o,
                        struct err *err)
{
    e->timing = lease_timing_default;
    if (read_time("--leader-elect-lease-duration", e->duration,
                  &e->timing.duration_ms, err) < 0 ||
        read_time("--leader-elect-renew-deadline", e->renew,
                  &e->timing.renew_ms, err) < 0 ||
        read_time("--leader-elect-retry-period", e->retry, &e->timing.retry_ms,
                  err) < 0)
        return -ERR_USAGE;
    if (!wants_election(e, o))
        return 0;
    if (o->dry_run)
        return err_set(err, ERR_USAGE,
                       "--dry-run writes nothing: it needs no leader");
    o->elect = &e->timing;
    return lease_timing_check(&e->timing, err);
}

/* ---- numbers ---- */

#define MOST_IN_FLIGHT 1000u
#define MOST_QPS 100000u

/* Flags that are numbers, as given, or NULL. */
struct numbers {
    const char *workers, *max_deletes, *per_minute, *in_flight, *qps, *burst;
    unsigned deletes, minute;
};

static int set_rates(const struct numbers *n, struct runtime_options *o,
                     struct err *err)
{
    if (options_number("--max-in-flight", n->in_flight, MOST_IN_FLIGHT,
                       &o->max_in_flight, err) < 0 ||
        options_number("--qps", n->qps, MOST_QPS, &o->cluster.qps, err) < 0 ||
        options_number("--burst", n->burst, MOST_QPS, &o->cluster.burst, err) <
            0)
        return -ERR_USAGE;
    if (o->cluster.qps && !o->cluster.burst)
        o->cluster.burst = 2 * o->cluster.qps;
    if (o->cluster.qps || !o->cluster.burst)
        return 0;
    err_set(err, ERR_USAGE, "--burst alone limits nothing");
    return err_hint(err, "--qps 20 --burst 40");
}

static int set_numbers(struct numbers *n, struct runtime_options *o,
                       struct err *err)
{
    int rc = options_workers(n->workers, &o->workers, err);

    if (rc == 0)
        rc = options_count("--max-deletes", n->max_deletes, &n->deletes,
                           &o->max_deletes, err);
    if (rc == 0)
        rc = options_count("--max-deletes-per-minute", n->per_minute,
                           &n->minute, &o->max_deletes_per_minute, err);
    return rc == 0 ? set_rates(n, o, err) : rc;
}

static int check_words(const struct option_values *words, struct err *err)
{
    if (words->count > 0)
        return 0;
    err_set(err, ERR_USAGE, "no operator is given");
    return err_hint(err, "tidelock run operators/website");
}

static void begin_log(bool verbose, const char *format)
{
    log_setup(verbose ? LOG_DEBUG : LOG_INFO,
              strcmp(format, "json") == 0 ? LOG_JSON : LOG_TEXT, clock_real());
}

static int run(int argc, char **argv)
{
    struct runtime_options o = {0};
    struct election e = {0};
    struct numbers n = {0};
    struct option_values words = {0}, sets = {0}, overlays = {0};
    const char *log_format = "text";
    const char *reload = "auto";
    bool verbose = false;
    const struct option options[] = {
        {"--once", NULL, NULL,
         "work until nothing is ready, then stop; 1 if any object failed",
         OPTION_FLAG, &o.once},
        {"--dry-run", NULL, NULL, "write nothing, print every plan",
         OPTION_FLAG, &o.dry_run},
        OPTION_NAMESPACE(&o.ns),
        OPTION_SET(&sets),
        OPTION_OVERLAY(&overlays),
        OPTION_KUBECONFIG(&o.cluster.kubeconfig),
        OPTION_CONTEXT(&o.cluster.context),
        OPTION_LEASE_NAME(&o.lease),
        {"--leader-elect", NULL, "true|false",
         "wait until this process holds the Lease; default: in a pod",
         OPTION_TEXT, &e.elect},
        {"--leader-elect-lease-duration", NULL, "TIME",
         "others wait so long for a leader that is silent; default 15s",
         OPTION_TEXT, &e.duration},
        {"--leader-elect-renew-deadline", NULL, "TIME",
         "a leader that cannot renew for so long ends; default 10s",
         OPTION_TEXT, &e.renew},
        {"--leader-elect-retry-period", NULL, "TIME",
         "between two tries; default 2s", OPTION_TEXT, &e.retry},
        {"--listen", NULL, "ADDRESS",
         "serve /metrics, /healthz, /livez and /readyz: 8080 on loopback, "
         "[HOST]:PORT elsewhere; default: do not",
         OPTION_TEXT, &o.listen},
        {"--reload", NULL, "auto|signal",
         "when files of operators are read again: when they change, or only on "
         "SIGHUP; default auto",
         OPTION_TEXT, &reload},
        {"--log-format", NULL, "text|json",
         "form of the log on standard "
         "error",
         OPTION_TEXT, &log_format},
        OPTION_WORKERS(&n.workers),
        OPTION_MAX_DELETES(&n.max_deletes),
        {"--max-deletes-per-minute", NULL, "N",
         "what an operator deletes beyond that waits; default 100", OPTION_TEXT,
         &n.per_minute},
        OPTION_MAX_IN_FLIGHT(&n.in_flight),
        OPTION_QPS(&n.qps),
        OPTION_BURST(&n.burst),
        OPTION_RECORD(&o.record),
        OPTION_VERBOSE(&verbose),
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_run, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0 ||
        set_numbers(&n, &o, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (check_words(&words, &err) < 0 || set_election(&e, &o, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    begin_log(verbose, log_format);
    o.reload = strcmp(reload, "auto") == 0;
    o.operators = words.items;
    o.operator_count = words.count;
    o.bundle.sets = sets.items;
    o.bundle.set_count = sets.count;
    o.bundle.overlays = overlays.items;
    o.bundle.overlay_count = overlays.count;
    o.color = cli_color();
    o.print = cli_print;
    code = runtime_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_run = {
    .name = "run",
    .group = "Operate",
    .summary = "run operators against a cluster",
    .usage = "run OPERATOR... [flags]",
    .about = "Keeps what the operators declare: watches their objects, runs "
             "their scripts,\nand writes what differs. An OPERATOR is a "
             "folder with operator.lua, or a single file.",
    .examples = "  tidelock run operators/website\n"
                "  tidelock run operators/website --once --namespace web "
                "--set image=nginx:1.27\n",
    .run = run,
};
