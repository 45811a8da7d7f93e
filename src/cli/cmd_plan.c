/*
 * cmd_plan.c -- tidelock plan OPERATOR [NAME]
 */
#include <string.h>

#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

/* options_parse() took nothing else. */
static enum report_format format_of(const char *text)
{
    return strcmp(text, "json") == 0   ? REPORT_JSON
           : strcmp(text, "yaml") == 0 ? REPORT_YAML
                                       : REPORT_TEXT;
}

static int check(const struct runtime_options *o,
                 const struct option_values *words, struct err *err)
{
    if (words->count == 0) {
        err_set(err, ERR_USAGE, "no operator is given");
        return err_hint(err, "tidelock plan operators/website");
    }
    if (words->count > 2)
        return err_set(err, ERR_USAGE,
                       "plan takes one operator and at most one object name");
    if (o->offline && o->file_count == 0) {
        err_set(err, ERR_USAGE, "--offline needs objects to plan for");
        return err_hint(err, "add -f FILE or -f DIR");
    }
    return 0;
}

static int run(int argc, char **argv)
{
    struct runtime_options o = {.plan = true};
    struct option_values words = {0}, sets = {0}, overlays = {0}, files = {0};
    const char *format = "text", *max_deletes = NULL;
    unsigned max;
    bool verbose = false;
    const struct option options[] = {
        {"--filename", "-f", "FILE",
         "take this object as if it were "
         "applied; - is standard input; may be repeated",
         OPTION_LIST, &files},
        {"--output", "-o", "text|json|yaml", "form of the plan", OPTION_TEXT,
         &format},
        {"--offline", NULL, NULL, "no cluster: only what the files hold",
         OPTION_FLAG, &o.offline},
        {"--compare", NULL, "OPERATOR",
         "the revision that is in charge now: show only what OPERATOR does "
         "differently",
         OPTION_TEXT, &o.compare},
        OPTION_NAMESPACE(&o.ns),
        OPTION_SET(&sets),
        OPTION_OVERLAY(&overlays),
        OPTION_KUBECONFIG(&o.cluster.kubeconfig),
        OPTION_CONTEXT(&o.cluster.context),
        OPTION_LEASE_NAME(&o.lease),
        OPTION_MAX_DELETES(&max_deletes),
        OPTION_RECORD(&o.record),
        OPTION_VERBOSE(&verbose),
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_plan, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0 ||
        options_count("--max-deletes", max_deletes, &max, &o.max_deletes,
                      &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    o.format = format_of(format);
    o.files = files.items;
    o.file_count = files.count;
    if (check(&o, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    log_setup(verbose ? LOG_DEBUG : LOG_WARN, LOG_TEXT, clock_real());
    o.operators = words.items;
    o.operator_count = 1;
    o.name = words.count > 1 ? words.items[1] : NULL;
    o.bundle.sets = sets.items;
    o.bundle.set_count = sets.count;
    o.bundle.overlays = overlays.items;
    o.bundle.overlay_count = overlays.count;
    o.color = cli_color();
    o.print = cli_print;
    code = runtime_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_plan = {
    .name = "plan",
    .group = "Look before",
    .summary = "show what an operator would do, and why; writes nothing",
    .usage = "plan OPERATOR [NAME] [flags]",
    .about = "Runs one pass over all objects (or the one that is named) and "
             "prints the plan as a\ndiff. Nothing is written: the server is "
             "asked by dryRun what each change would do.",
    .examples = "  tidelock plan operators/website\n"
                "  tidelock plan operators/website -f site.yaml -o json\n"
                "  tidelock plan operators/website --offline -f site.yaml\n"
                "  tidelock plan website-new --compare website-old\n",
    .run = run,
};
