/*
 * cmd_help.c -- tidelock help [COMMAND], tidelock help --man
 */
#include <string.h>

#include "app/runtime.h"
#include "man.h"
#include "options.h"

static int print_man(struct err *err)
{
    struct str out = {0};
    int rc;

    man_page(&out);
    rc = str_check(&out, "the man page", err);
    if (rc == 0)
        cli_print(NULL, str_text(&out), out.len);
    str_release(&out);
    return rc == 0 ? EXIT_OK : cli_fail(err, EXIT_ERROR);
}

static int print_one(const char *name, struct err *err)
{
    static char flag[] = "--help";
    char *help[] = {flag, NULL};
    const struct command *command = cli_find(name);

    if (command)
        return command->run(1, help);
    err_set(err, ERR_USAGE, "there is no command '%s'", name);
    err_hint(err, "'tidelock help' lists the commands");
    return cli_fail(err, EXIT_BAD_USAGE);
}

static int run(int argc, char **argv)
{
    struct option_values words = {0};
    bool man = false;
    const struct option options[] = {
        {"--man", NULL, NULL, "print the man page tidelock(1), for man -l -",
         OPTION_FLAG, &man},
        {0},
    };
    struct err err = {0};

    if (options_want_help(argc, argv)) {
        options_print_help(&cmd_help, options);
        return EXIT_OK;
    }
    if (options_parse(options, argc, argv, &words, &err) < 0)
        return cli_fail(&err, EXIT_BAD_USAGE);
    if (man)
        return print_man(&err);
    if (words.count > 0)
        return print_one(words.items[0], &err);
    cli_print_commands();
    return EXIT_OK;
}

const struct command cmd_help = {
    .name = "help",
    .group = "About",
    .summary = "the list of commands, or one of them in detail",
    .usage = "help [COMMAND] [flags]",
    .about = "Lists the commands; with a name, what that command takes.",
    .examples = "  tidelock help\n"
                "  tidelock help plan\n"
                "  tidelock help --man | man -l -\n",
    .run = run,
};
