/*
 * cmd_test.c -- tidelock test OPERATOR...
 */
#include "app/runtime.h"
#include "app/specs.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

static int run(int argc, char **argv)
{
    struct specs_options o = {.format = "text", .print = cli_print};
    struct option_values words = {0}, overlays = {0};
    const struct option options[] = {
        {"--filter", NULL, "TEXT", "only tests whose name contains TEXT",
         OPTION_TEXT, &o.filter},
        {"--output", "-o", "text|junit|tap|json", "form of the results",
         OPTION_TEXT, &o.format},
        {"--update", "-u", NULL, "write snapshots that differ", OPTION_FLAG,
         &o.update},
        {"--coverage", NULL, NULL, "which lines of the scripts ran",
         OPTION_FLAG, &o.coverage},
        {"--watch", "-w", NULL, "run again whenever a file changes",
         OPTION_FLAG, &o.watch},
        OPTION_OVERLAY(&overlays),
        {"--verbose", "-v", NULL, "a line for each test", OPTION_FLAG,
         &o.verbose},
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_test, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (words.count == 0) {
        err_set(&err, ERR_USAGE, "no operator is given");
        err_hint(&err, "tidelock test operators/website");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    /* what a script logs, and why a pass failed, are for specs to look at */
    log_setup(LOG_NONE, LOG_TEXT, clock_real());
    o.operators = words.items;
    o.operator_count = words.count;
    o.bundle.overlays = overlays.items;
    o.bundle.overlay_count = overlays.count;
    o.color = cli_color();
    code = specs_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_test = {
    .name = "test",
    .group = "Write",
    .summary = "run an operator's specs, without a cluster",
    .usage = "test OPERATOR... [flags]",
    .about =
        "Runs spec/*_spec.lua with busted and the cases of spec/*.yaml. What "
        "they test goes the\nway of `run`: the same sandbox, the same checks, "
        "the same diff, only no cluster.\nOutside CI (CI=true) a new snapshot "
        "is written, one that differs only with --update.",
    .examples = "  tidelock test operators/website\n"
                "  tidelock test operators/website --watch --filter replicas\n"
                "  tidelock test operators/* -o junit > specs.xml\n",
    .run = run,
};
