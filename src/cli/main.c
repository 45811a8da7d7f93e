/*
 * main.c -- finds the command and runs it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/runtime.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "options.h"

static int unknown_command(const char *name)
{
    struct err err = {0};

    err_set(&err, ERR_USAGE, "there is no command '%s'", name);
    err_hint(&err, "'%s' alone lists the commands", cli_program());
    for (size_t i = 0; cli_commands[i]; i++)
        if (text_distance(cli_commands[i]->name, name) <= 2)
            err_hint(&err, "did you mean '%s'?", cli_commands[i]->name);
    return cli_fail(&err, EXIT_BAD_USAGE);
}

int main(int argc, char **argv)
{
    const struct command *command;
    const char *name = argc > 1 ? argv[1] : "";

    /* a broken pipe is an error of write(2), not the end of the process */
    signal(SIGPIPE, SIG_IGN);
    mem_stay_small();
    log_setup(LOG_INFO, LOG_TEXT, clock_real());
    if (argc > 0)
        cli_set_program(argv[0]);
    if (argc < 2 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        cli_print_commands();
        return EXIT_OK;
    }
    if (strcmp(name, "--version") == 0)
        name = "version";
    command = cli_find(name);
    if (!command)
        return unknown_command(name);
    return command->run(argc - 2, argv + 2);
}
