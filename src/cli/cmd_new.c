/*
 * cmd_new.c -- tidelock new NAME
 */
#include "app/runtime.h"
#include "app/scaffold.h"
#include "options.h"

static int run(int argc, char **argv)
{
    struct scaffold_options o = {.print = cli_print};
    struct option_values words = {0};
    const struct option options[] = {
        {"--kind", NULL, "KIND", "kind of its objects; default NAME as a kind",
         OPTION_TEXT, &o.kind},
        {"--group", NULL, "GROUP", "their API group; default example.com",
         OPTION_TEXT, &o.group},
        {"--dir", NULL, "DIR", "where it is made; default NAME", OPTION_TEXT,
         &o.dir},
        {"--table", NULL, NULL, "with a decision table", OPTION_FLAG, &o.table},
        {0},
    };
    struct err err = {0};
    int rc;

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_new, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (words.count != 1) {
        err_set(&err, ERR_USAGE, "new takes one name");
        err_hint(&err, "tidelock new redis-cache");
        return cli_fail(&err, EXIT_BAD_USAGE);
    }
    o.name = words.items[0];
    rc = scaffold_run(&o, &err);
    if (rc < 0)
        return cli_fail(&err, rc == -ERR_USAGE ? EXIT_BAD_USAGE : EXIT_ERROR);
    return EXIT_OK;
}

const struct command cmd_new = {
    .name = "new",
    .group = "Write",
    .summary = "a folder with an operator that works, to start from",
    .usage = "new NAME [flags]",
    .about =
        "Makes an operator with its CustomResourceDefinition, specs, an "
        "example "
        "and a README\nthat says what to edit. It passes 'check' and 'test' as "
        "it is. A folder that holds\nsomething is left alone.",
    .examples = "  tidelock new redis-cache\n"
                "  tidelock new redis-cache --kind Cache --group example.org "
                "--dir operators/cache --table\n",
    .run = run,
};
