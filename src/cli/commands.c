/*
 * commands.c -- the list of commands, in the order in which people see them.
 */
#include <stdio.h>
#include <string.h>

#include "options.h"

const struct command *const cli_commands[] = {
#define XX(name) &cmd_##name,
    COMMAND_MAP(XX)
#undef XX
        NULL,
};

const struct command *cli_find(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

void cli_print_commands(void)
{
    const char *group = "";

    printf("tidelock runs Kubernetes operators written as Lua scripts.\n\n"
           "Usage: tidelock COMMAND [ARGUMENT...]\n");
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct command *c = cli_commands[i];

        if (strcmp(group, c->group) != 0)
            printf("\n%s:\n", c->group);
        group = c->group;
        printf("  %-10s %s\n", c->name, c->summary);
    }
    printf("\n'tidelock COMMAND --help' tells more, with examples.\n");
}
