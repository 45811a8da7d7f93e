/*
 * cmd_queue.c -- tidelock queue [OPERATOR]
 */
#include <string.h>

#include "app/inspect.h"
#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

static int run(int argc, char **argv)
{
    struct inspect_options o = {.page = "queue", .print = cli_print};
    struct option_values words = {0};
    const char *format = "text";
    const struct option options[] = {
        {"--namespace", "-n", "NAME", "where it runs; default: anywhere",
         OPTION_TEXT, &o.ns},
        {"--output", "-o", "text|json", "form of the list", OPTION_TEXT,
         &format},
        {"--port", NULL, "PORT", "of its pods; default 8443", OPTION_TEXT,
         &o.port},
        OPTION_KUBECONFIG(&o.cluster.kubeconfig),
        OPTION_CONTEXT(&o.cluster.context),
        {0},
    };
    struct err err = {0};

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_queue, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (words.count > 1) {
        err_set(&err, ERR_USAGE, "queue takes one name at most");
        err_hint(&err, "the name of an operator: website");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    o.operator_name = words.count ? words.items[0] : NULL;
    o.json = strcmp(format, "json") == 0;
    log_setup(LOG_ERROR, LOG_TEXT, clock_real());
    return inspect_run(&o, &err) < 0 ? cli_fail(&err, EXIT_ERROR) : EXIT_OK;
}

const struct command cmd_queue = {
    .name = "queue",
    .group = "Operate",
    .summary = "what operators in the cluster are working on",
    .usage = "queue [NAME] [flags]",
    .about =
        "Asks the process that leads, in its pod, for the objects that are "
        "being looked at,\nthat are ready, and that wait: through the API "
        "server, with a token of the\nServiceAccount NAME-reader that "
        "'tidelock bundle' makes for that.",
    .examples = "  tidelock queue\n"
                "  tidelock queue website -n tidelock-website -o json\n",
    .run = run,
};
