/*
 * cmd_version.c -- tidelock version
 */
#include <stdio.h>

#include "app/runtime.h"
#include "app/versions.h"
#include "base/version.h"
#include "options.h"

static int run(int argc, char **argv)
{
    static const struct option options[] = {{0}};
    struct option_values words = {0};
    const struct library *lib;
    struct err err = {0};

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_version, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    printf("tidelock %s (commit %s)\n", version_text, version_commit);
    for (size_t i = 0; (lib = versions_library(i)); i++)
        printf("  %-13s %s\n", lib->name, lib->version());
    return EXIT_OK;
}

const struct command cmd_version = {
    .name = "version",
    .group = "About",
    .summary = "version, commit, libraries",
    .usage = "version",
    .about = "Prints the version of tidelock, the commit it was built from "
             "and the libraries it\nruns with.",
    .examples = "  tidelock version\n"
                "  tidelock --version\n",
    .run = run,
};
