/*
 * options.h -- flags of a command as a table: parsed, and printed by --help
 *              from the same rows.
 */
#ifndef TIDELOCK_CLI_OPTIONS_H
#define TIDELOCK_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define OPTION_MAX_VALUES 64

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST };

struct option_values {
    const char *items[OPTION_MAX_VALUES];
    size_t count;
};

struct option {
    const char *name;   /* "--namespace" */
    const char *letter; /* "-n" or NULL */
    const char *value;  /* "NAME" in --help; NULL for flags */
    const char *help;
    enum option_kind kind;
    void *target; /* bool *, const char **, struct option_values * */
};

struct command {
    const char *name;
    const char *group;   /* heading in the list of commands */
    const char *summary; /* one line */
    const char *usage;
    const char *about;    /* a paragraph */
    const char *examples; /* lines, indented by two */
    int (*run)(int argc, char **argv);
};

/* Words that are not flags go to `words`. "--" ends the flags. -ERR_USAGE with
 * a hint when a flag is unknown or lacks its value. --help is the caller's. */
int options_parse(const struct option *options, int argc, char **argv,
                  struct option_values *words, struct err *err);
bool options_want_help(int argc, char **argv);
void options_print_help(const struct command *command,
                        const struct option *options);

/* "tidelock: <message>" and the hint on standard error; returns `code`. */
int cli_fail(const struct err *err, int code);
/* Are colours wanted on standard output? */
bool cli_color(void);
void cli_print(void *arg, const char *text, size_t len); /* standard output */

extern const struct command cmd_run;
extern const struct command cmd_plan;
extern const struct command cmd_rbac;
extern const struct command cmd_sim;
extern const struct command cmd_version;
extern const struct command cmd_help;
extern const struct command *const cli_commands[]; /* NULL-terminated */
const struct command *cli_find(const char *name);
void cli_print_commands(void);

#endif
