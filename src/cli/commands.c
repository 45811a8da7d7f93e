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

/* ---- what the program is called ---- */

static const char *program = "tidelock";

void cli_set_program(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    if (strcmp(name, "kubectl-tidelock") == 0)
        program = "kubectl tidelock";
}

const char *cli_program(void)
{
    return program;
}

void cli_print_named(const char *text)
{
    static const char name[] = "tidelock ";
    const size_t len = sizeof(name) - 1;
    const char *from = text, *at;

    while ((at = strstr(from, name))) {
        bool begins = at > text + 1 &&
                      (at[-1] == '\'' || (at[-1] == ' ' && at[-2] == ' '));

        printf("%.*s%s ", (int)(at - from), from,
               begins ? program : "tidelock");
        from = at + len;
    }
    printf("%s", from);
}

/* ---- the list ---- */

void cli_print_commands(void)
{
    const char *group = "";

    printf("tidelock runs Kubernetes operators written as Lua scripts.\n\n"
           "Usage: %s COMMAND [ARGUMENT...]\n",
           program);
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct command *c = cli_commands[i];

        if (strcmp(group, c->group) != 0)
            printf("\n%s:\n", c->group);
        group = c->group;
        printf("  %-10s %s\n", c->name, c->summary);
    }
    printf("\n'%s COMMAND --help' tells more, with examples.\n", program);
}
