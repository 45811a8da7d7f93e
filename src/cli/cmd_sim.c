/*
 * cmd_sim.c -- tidelock sim [OPERATOR...]
 */
#include <stdio.h>
#include <string.h>

#include "app/runtime.h"
#include "app/sim_run.h"
#include "base/log.h"
#include "base/str.h"
#include "option_rows.h"
#include "options.h"

#define MAX_NODES 1000

static int number_of(const char *flag, const char *text, int64_t max,
                     int64_t *ret, struct err *err)
{
    if (!text)
        return 0;
    if (!text_to_int64(text, strlen(text), ret) || *ret < 0 || *ret > max)
        return err_set(err, ERR_USAGE,
                       "%s is a number from 0 to %lld, not '%s'", flag,
                       (long long)max, text);
    return 0;
}

static int duration_of(const char *text, uint64_t *ret, struct err *err)
{
    int64_t ms;

    if (!text_parse_duration(text, &ms) || ms < 0) {
        err_set(err, ERR_USAGE, "--pod-ready is a duration, not '%s'", text);
        return err_hint(err, "0.2s, 500ms, 1m");
    }
    *ret = (uint64_t)ms;
    return 0;
}

static int check(const struct sim_run_options *o, const char *format,
                 struct err *err)
{
    if (format && !o->until_quiet)
        return err_set(err, ERR_USAGE,
                       "-o is the form of the objects that --until-quiet "
                       "prints: it goes with that");
    if (o->bundle.set_count > 0 && o->operator_count == 0)
        return err_set(err, ERR_USAGE,
                       "--set is for operators, and none is given");
    if (o->bundle.overlay_count > 0 && o->operator_count == 0)
        return err_set(err, ERR_USAGE,
                       "--overlay is for operators, and none is given");
    return 0;
}

static void print_error(void *arg, const char *text, size_t len)
{
    (void)arg;
    fwrite(text, 1, len, stderr);
}

/* Texts of flags that are not kept as texts. */
struct words {
    const char *port, *nodes, *pod_ready, *format, *workers;
};

static int fill(struct sim_run_options *o, const struct words *w,
                struct err *err)
{
    const bool none = o->controllers && strcmp(o->controllers, "none") == 0;
    int64_t port = 0, nodes = none ? 0 : 1;
    int rc = number_of("--port", w->port, UINT16_MAX, &port, err);

    if (rc == 0)
        rc = number_of("--nodes", w->nodes, MAX_NODES, &nodes, err);
    if (rc == 0)
        rc = duration_of(w->pod_ready, &o->pod_ready_ms, err);
    if (rc == 0)
        rc = options_workers(w->workers, &o->workers, err);
    if (rc < 0)
        return rc;
    o->port = (uint16_t)port;
    o->nodes = (unsigned)nodes;
    o->json = w->format && strcmp(w->format, "json") == 0;
    return check(o, w->format, err);
}

static int run(int argc, char **argv)
{
    struct sim_run_options o = {.print = cli_print};
    struct option_values words = {0}, sets = {0}, overlays = {0}, files = {0};
    struct words w = {.pod_ready = "0.2s"};
    bool verbose = false;
    const struct option options[] = {
        {"--filename", "-f", "FILE",
         "apply these objects first: a file, a folder, - for standard input; "
         "may be repeated",
         OPTION_LIST, &files},
        OPTION_WORKERS(&w.workers),
        {"--set", NULL, "NAME=VALUE",
         "a parameter of the operators; may be repeated", OPTION_LIST, &sets},
        OPTION_OVERLAY(&overlays),
        {"--until-quiet", NULL, NULL,
         "end when nothing changes any more and print the objects; 1 if any "
         "object failed",
         OPTION_FLAG, &o.until_quiet},
        {"--output", "-o", "yaml|json", "form of these objects", OPTION_TEXT,
         &w.format},
        {"--port", NULL, "N", "default: any free one", OPTION_TEXT, &w.port},
        {"--address", NULL, "IP", "default 127.0.0.1", OPTION_TEXT, &o.address},
        {"--allow-non-loopback", NULL, NULL,
         "let --address be one that other machines reach", OPTION_FLAG,
         &o.allow_non_loopback},
        {"--http", NULL, NULL, "without TLS", OPTION_FLAG, &o.plain},
        {"--write-kubeconfig", NULL, "FILE",
         "default: a temporary file, removed at the end", OPTION_TEXT,
         &o.kubeconfig},
        {"--token-auth-file", NULL, "FILE",
         "more users: lines of token,name; default one, system:admin",
         OPTION_TEXT, &o.tokens},
        {"--data", NULL, "FILE",
         "keep the state there, over restarts; default in memory", OPTION_TEXT,
         &o.data},
        {"--controllers", NULL, "LIST", "all, none, or names with commas",
         OPTION_TEXT, &o.controllers},
        {"--nodes", NULL, "N", "simulated nodes; default 1", OPTION_TEXT,
         &w.nodes},
        {"--pod-ready", NULL, "TIME",
         "from the start of a pod until it is ready; default 0.2s", OPTION_TEXT,
         &w.pod_ready},
        {"--audit", NULL, "FILE",
         "append what was asked and answered, a line of JSON each", OPTION_TEXT,
         &o.audit},
        {"--verbose", "-v", NULL, "log every request and decision", OPTION_FLAG,
         &verbose},
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_sim, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    o.operators = words.items;
    o.operator_count = words.count;
    o.bundle.sets = sets.items;
    o.bundle.set_count = sets.count;
    o.bundle.overlays = overlays.items;
    o.bundle.overlay_count = overlays.count;
    o.files = files.items;
    o.file_count = files.count;
    if (fill(&o, &w, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    o.print_ready = o.until_quiet ? print_error : cli_print;
    log_setup(verbose ? LOG_DEBUG : LOG_INFO, LOG_TEXT, clock_real());
    code = sim_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_sim = {
    .name = "sim",
    .group = "Try without a cluster",
    .summary = "a Kubernetes API in this process, and operators at work on it",
    .usage = "sim [OPERATOR...] [flags]",
    .about =
        "Serves the Kubernetes API on loopback, with the controllers that a "
        "cluster has and\npods that only pretend, until it is stopped. kubectl "
        "and any client can use it: the\nfirst two lines say how. Operators "
        "run in the same process; crd.yaml of their folders\nand the files of "
        "-f are applied before. No cluster is touched.",
    .examples =
        "  tidelock sim operators/website --port 8443 --write-kubeconfig "
        "sim.yaml\n"
        "  tidelock sim operators/website -f site.yaml --until-quiet -o "
        "json\n",
    .run = run,
};
