/*
 * cmd_runbook.c -- tidelock runbook OPERATOR
 */
#include "app/runbook.h"
#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

static int run(int argc, char **argv)
{
    struct runbook_options o = {.print = cli_print};
    struct option_values words = {0}, sets = {0}, overlays = {0};
    const struct option options[] = {
        OPTION_SET(&sets),
        OPTION_OVERLAY(&overlays),
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_runbook, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (words.count != 1) {
        err_set(&err, ERR_USAGE,
                words.count ? "a runbook is of one operator"
                            : "no operator is given");
        err_hint(&err, "tidelock runbook operators/worker-pool");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    log_setup(LOG_WARN, LOG_TEXT, clock_real());
    o.operator_path = words.items[0];
    o.bundle.sets = sets.items;
    o.bundle.set_count = sets.count;
    o.bundle.overlays = overlays.items;
    o.bundle.overlay_count = overlays.count;
    code = runbook_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_runbook = {
    .name = "runbook",
    .group = "Operate",
    .summary = "what an operator does, for whoever is woken by it",
    .usage = "runbook OPERATOR [flags]",
    .about = "Prints Markdown, made from the script: what the operator watches "
             "and writes, the rows\nof its decision table with their reasons "
             "and conditions, where to look, how to pause\nan object, how to "
             "leave, and the rights that it needs.",
    .examples = "  tidelock runbook operators/worker-pool > RUNBOOK.md\n"
                "  tidelock runbook operators/worker-pool --overlay site.lua\n",
    .run = run,
};
