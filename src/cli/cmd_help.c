/*
 * cmd_help.c -- tidelock help [COMMAND]
 */
#include <string.h>

#include "app/runtime.h"
#include "options.h"

static int run(int argc, char **argv)
{
    static char flag[] = "--help";
    static const struct option options[] = {{0}};
    char *help[] = {flag, NULL};
    const struct command *command;
    struct err err = {0};

    if (argc > 0 && options_want_help(argc, argv)) {
        options_print_help(&cmd_help, options);
        return EXIT_OK;
    }
    if (argc == 0) {
        cli_print_commands();
        return EXIT_OK;
    }
    command = cli_find(argv[0]);
    if (command)
        return command->run(1, help);
    err_set(&err, ERR_USAGE, "there is no command '%s'", argv[0]);
    err_hint(&err, "'tidelock help' lists the commands");
    return cli_fail(&err, EXIT_BAD_USAGE);
}

const struct command cmd_help = {
    .name = "help",
    .group = "About",
    .summary = "the list of commands, or one of them in detail",
    .usage = "help [COMMAND]",
    .about = "Lists the commands; with a name, what that command takes.",
    .examples = "  tidelock help\n"
                "  tidelock help plan\n",
    .run = run,
};
