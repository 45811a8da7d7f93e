/*
 * cmd_doctor.c -- tidelock doctor [OPERATOR...]
 */
#include <string.h>

#include "app/doctor.h"
#include "app/runtime.h"
#include "base/log.h"
#include "option_rows.h"
#include "options.h"

static int run(int argc, char **argv)
{
    struct doctor_options o = {.print = cli_print};
    struct option_values words = {0};
    const char *format = "text";
    const struct option options[] = {
        OPTION_NAMESPACE(&o.ns),
        OPTION_KUBECONFIG(&o.cluster.kubeconfig),
        OPTION_CONTEXT(&o.cluster.context),
        OPTION_LEASE_NAME(&o.lease),
        {"--output", "-o", "text|json", "form of the rows", OPTION_TEXT,
         &format},
        {0},
    };
    struct err err = {0};
    int code;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_doctor, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    log_setup(LOG_ERROR, LOG_TEXT, clock_real());
    o.operators = words.items;
    o.operator_count = words.count;
    o.json = strcmp(format, "json") == 0;
    o.color = cli_color();
    code = doctor_run(&o, &err);
    return err.code == ERR_NONE ? code : cli_fail(&err, code);
}

const struct command cmd_doctor = {
    .name = "doctor",
    .group = "Operate",
    .summary = "is everything there that tidelock and the operators need?",
    .usage = "doctor [OPERATOR...] [flags]",
    .about =
        "Looks at this machine, at the configuration and at the cluster, and "
        "says of each\nthing whether it is in order and, where it is not, how "
        "to put it right. With\noperators: their kinds, definitions and "
        "rights. Objects whose deletion waits for an\noperator that is not "
        "here are listed. Nothing is written. 1 when something is wrong.",
    .examples = "  tidelock doctor\n"
                "  tidelock doctor operators/*/ --context production -o json\n",
    .run = run,
};
