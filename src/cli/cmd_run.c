/*
 * cmd_run.c -- tidelock run OPERATOR...
 */
#include <stdlib.h>
#include <string.h>

#include "app/runtime.h"
#include "base/log.h"
#include "config_rows.h"
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

/* ---- scrub ---- */

#define SCRUB_DEFAULT_MS 600000u

static int set_scrub(const char *text, struct runtime_options *o,
                     struct err *err)
{
    uint32_t ms = SCRUB_DEFAULT_MS;

    if (text && strcmp(text, "0") == 0)
        return 0;
    if (read_time("--scrub", text, &ms, err) < 0)
        return -ERR_USAGE;
    o->scrub_ms = ms;
    return 0;
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

/* ---- the rows ---- */

/* Where the rows put what was given. */
static struct {
    struct runtime_options o;
    struct election e;
    struct numbers n;
    struct option_values words, sets, overlays;
    const char *log_format, *reload, *shutdown, *scrub, *memory,
        *config; /* or NULL */
    bool verbose;
} flags;

static const struct option rows[] = {
    {"--config", NULL, "FILE",
     "settings of a file, each under the name of its flag, such as logFormat; "
     "flags win",
     OPTION_TEXT, &flags.config},
    {"--once", NULL, NULL,
     "work until nothing is ready, then stop; 1 if any object failed",
     OPTION_FLAG, &flags.o.once},
    {"--dry-run", NULL, NULL, "write nothing, print every plan", OPTION_FLAG,
     &flags.o.dry_run},
    OPTION_NAMESPACE(&flags.o.ns),
    OPTION_SET(&flags.sets),
    OPTION_OVERLAY(&flags.overlays),
    OPTION_KUBECONFIG(&flags.o.cluster.kubeconfig),
    OPTION_CONTEXT(&flags.o.cluster.context),
    OPTION_LEASE_NAME(&flags.o.lease),
    {"--leader-elect", NULL, "true|false",
     "wait until this process holds the Lease; default: in a pod", OPTION_TEXT,
     &flags.e.elect},
    {"--leader-elect-lease-duration", NULL, "TIME",
     "others wait so long for a leader that is silent; default 15s",
     OPTION_TEXT, &flags.e.duration},
    {"--leader-elect-renew-deadline", NULL, "TIME",
     "a leader that cannot renew for so long ends; default 10s", OPTION_TEXT,
     &flags.e.renew},
    {"--leader-elect-retry-period", NULL, "TIME",
     "between two tries; default 2s", OPTION_TEXT, &flags.e.retry},
    OPTION_LISTEN(&flags.o.listen),
    {"--reload", NULL, "auto|signal",
     "when files of operators are read again: when they change, or only on "
     "SIGHUP; default auto",
     OPTION_TEXT, &flags.reload},
    {"--shutdown-timeout", NULL, "TIME",
     "SIGTERM lets end what is under way for so long; 0s: not at all, "
     "-1: as long as it takes; default 25s",
     OPTION_TEXT, &flags.shutdown},
    {"--memory-limit", NULL, "SIZE",
     "end with a reason near it, such as 256Mi; default: the container's",
     OPTION_TEXT, &flags.memory},
    {"--log-format", NULL, "text|json",
     "form of the log on standard error; default: text, json in a pod",
     OPTION_TEXT, &flags.log_format},
    OPTION_WORKERS(&flags.n.workers),
    OPTION_MAX_DELETES(&flags.n.max_deletes),
    {"--max-deletes-per-minute", NULL, "N",
     "what an operator deletes beyond that waits; default 100", OPTION_TEXT,
     &flags.n.per_minute},
    OPTION_MAX_IN_FLIGHT(&flags.n.in_flight),
    OPTION_QPS(&flags.n.qps),
    OPTION_BURST(&flags.n.burst),
    {"--scrub", NULL, "TIME",
     "compare what is cached of a kind with the server that often; 0: never; "
     "default 10m",
     OPTION_TEXT, &flags.scrub},
    OPTION_RECORD(&flags.o.record),
    OPTION_VERBOSE(&flags.verbose),
    {0},
};

static int set_shutdown(const char *text, struct runtime_options *o,
                        struct err *err)
{
    static int64_t ms;

    if (!text)
        return 0;
    o->shutdown_ms = &ms;
    if (strcmp(text, "-1") == 0)
        ms = -1;
    else if (!text_parse_duration(text, &ms) || ms < 0)
        return err_set(err, ERR_USAGE,
                       "--shutdown-timeout '%s' is no time such as 25s, and "
                       "not -1",
                       text);
    return 0;
}

/* As Kubernetes writes it: a number of bytes, or one with Ki, Mi, Gi, k, M, G.
 */
static int set_memory(const char *text, struct runtime_options *o,
                      struct err *err)
{
    static const struct {
        const char *unit;
        int64_t bytes;
    } units[] = {{"", 1},          {"Ki", 1 << 10}, {"Mi", 1 << 20},
                 {"Gi", 1 << 30},  {"k", 1000},     {"M", 1000000},
                 {"G", 1000000000}};
    size_t digits = text ? strspn(text, "0123456789") : 0;
    int64_t n;

    if (!text)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text + digits, units[i].unit) == 0 &&
            digits <= 9 + (i == 0) * 6 && text_to_int64(text, digits, &n) &&
            n > 0) {
            o->memory_limit = (uint64_t)(n * units[i].bytes);
            return 0;
        }
    return err_set(err, ERR_USAGE,
                   "--memory-limit '%s' is no size such as "
                   "256Mi",
                   text);
}

static int check_listen(const struct endpoint_options *l, struct err *err)
{
    if (!l->cert_file != !l->key_file)
        return err_set(err, ERR_USAGE, "--tls-cert and --tls-key go together");
    if (!l->address && (l->cert_file || l->secure)) {
        err_set(err, ERR_USAGE, "%s without --listen serves nobody",
                l->cert_file ? "--tls-cert" : "--listen-secure");
        return err_hint(err, "--listen :8443");
    }
    return 0;
}

/* Programs read the log of a pod, people that of a terminal. */
static void set_log(const char *format, bool verbose)
{
    bool json = getenv("KUBERNETES_SERVICE_HOST") != NULL;

    if (format)
        json = strcmp(format, "json") == 0;
    log_setup(verbose ? LOG_DEBUG : LOG_INFO, json ? LOG_JSON : LOG_TEXT,
              clock_real());
}

/* What the rows got, as what the runtime takes. */
static int set_options(struct runtime_options *o, struct err *err)
{
    if (set_numbers(&flags.n, o, err) < 0 ||
        set_shutdown(flags.shutdown, o, err) < 0 ||
        set_scrub(flags.scrub, o, err) < 0 ||
        set_memory(flags.memory, o, err) < 0 ||
        check_listen(&o->listen, err) < 0)
        return -(int)err->code;
    if (flags.words.count == 0) {
        err_set(err, ERR_USAGE, "no operator is given");
        return err_hint(err, "tidelock run operators/website");
    }
    o->reload = !text_equal(flags.reload, "signal");
    o->operators = flags.words.items;
    o->operator_count = flags.words.count;
    o->bundle.sets = flags.sets.items;
    o->bundle.set_count = flags.sets.count;
    o->bundle.overlays = flags.overlays.items;
    o->bundle.overlay_count = flags.overlays.count;
    o->color = cli_color();
    o->print = cli_print;
    return set_election(&flags.e, o, err);
}

/* ---- flags and the file ---- */

const struct option *run_rows(void)
{
    return rows;
}

int run_read(int argc, char **argv, const struct option *table,
             const struct option_values **ret_words, struct config_origins *ret,
             struct err *err)
{
    static struct arena room; /* of the file's values, for good */
    struct config_file file;
    int rc = options_parse(table, argc, argv, &flags.words, err);

    *ret_words = &flags.words;
    if (rc == 0 && flags.config) {
        rc = config_read(&room, flags.config, &file, err);
        if (rc == 0)
            rc = config_apply(&room, &file, rows, &flags.words, ret, err);
    } else
        config_from_flags(rows, &flags.words, ret);
    return rc < 0 ? rc : set_options(&flags.o, err);
}

/* What the log is like can change while it runs. */
static void on_differs(void *arg, const char *key, const struct option *row)
{
    const struct config_file *file = arg;

    if (row && row->target == &flags.verbose) {
        flags.verbose = !flags.verbose;
        log_info("a setting has changed", "setting", key, NULL);
    } else
        log_warn("a setting has changed: restart to have it", "setting", key,
                 "file", file->path, NULL);
}

static struct config_origins origins;

static void on_hangup(void *arg)
{
    struct arena room = {0};
    struct config_file file;
    struct err err = {0};

    (void)arg;
    if (config_read(&room, flags.config, &file, &err) == 0) {
        config_compare(&file, rows, &origins, on_differs, &file);
        set_log(flags.log_format, flags.verbose);
    } else
        log_error("the configuration is not read again", "err", err.msg, "hint",
                  err.hint, NULL);
    arena_release(&room);
}

static int run(int argc, char **argv)
{
    const struct option_values *words;
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_run, rows);
        return EXIT_OK;
    }
    if (run_read(argc, argv, rows, &words, &origins, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    set_log(flags.log_format, flags.verbose);
    flags.o.on_hangup = flags.config ? on_hangup : NULL;
    code = runtime_run(&flags.o, &err);
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
