/*
 * options.h -- flags of a command as a table: parsed, printed by --help, and
 *              made into completions and man pages from the same rows.
 *
 * What stands in the column of the value means something: "text|json" are the
 * only values there are (options_parse() refuses others), FILE and DIR are
 * paths; any other word is a name for people. In a usage line OPERATOR, FILE,
 * DIR, COMMAND, SHELL and CODE say what a word that is no flag may be.
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
 * a hint when a flag is unknown, lacks its value, or has one that is not among
 * those of its row. --help is the caller's. */
int options_parse(const struct option *options, int argc, char **argv,
                  struct option_values *words, struct err *err);
/* A whole number from 1 to `most`; `ret` stays when `text` is NULL. -ERR_USAGE.
 */
int options_number(const char *flag, const char *text, unsigned most,
                   unsigned *ret, struct err *err);
/* As if it were given with that value: for a row that takes one. */
int options_set(const struct option *o, const char *value, struct err *err);
/* What --workers says, the default when it is not given. -ERR_USAGE. */
int options_workers(const char *text, unsigned *ret, struct err *err);
/* A number from 0 on: to *value, and *ret points there. Both stay as they are
 * without a text. -ERR_USAGE. */
int options_count(const char *flag, const char *text, unsigned *value,
                  const unsigned **ret, struct err *err);
bool options_want_help(int argc, char **argv);
/* What a command does with its rows when it is asked for --help. */
void options_print_help(const struct command *command,
                        const struct option *options);
/* Hands the rows of each command to `fn`, in the order of the list. */
typedef void (*options_visit_fn)(void *arg, const struct command *command,
                                 const struct option *options);
void options_visit(options_visit_fn fn, void *arg);
/* The one column of --help: "-o, --output text|json". */
void options_head(const struct option *o, char *out, size_t size);
/* The i-th value of a row "text|json"; false behind the last, and where
 * anything may be given. */
bool options_choice(const struct option *o, size_t i, const char **ret_word,
                    size_t *ret_len);
/* May the value be a path? */
bool options_is_path(const struct option *o);
/* Does the usage line of `command` have this word? */
bool options_takes(const struct command *command, const char *word);

/* A line on standard error, and no control character of `text` on a terminal:
 * it may come from a script. */
void cli_tell(const char *lead, const char *text);
/* "tidelock: <message>" and the hint on standard error; returns `code`. */
int cli_fail(const struct err *err, int code);
/* Are colours wanted on standard output? */
bool cli_color(void);
void cli_print(void *arg, const char *text, size_t len); /* standard output */

/* Every command, in the order of their groups in the list. */
#define COMMAND_MAP(XX)                                                        \
    XX(run)                                                                    \
    XX(pause)                                                                  \
    XX(resume)                                                                 \
    XX(queue)                                                                  \
    XX(config)                                                                 \
    XX(doctor)                                                                 \
    XX(plan)                                                                   \
    XX(replay)                                                                 \
    XX(eval)                                                                   \
    XX(check)                                                                  \
    XX(test)                                                                   \
    XX(new)                                                                    \
    XX(sim)                                                                    \
    XX(bundle)                                                                 \
    XX(rbac)                                                                   \
    XX(uninstall)                                                              \
    XX(runbook)                                                                \
    XX(explain)                                                                \
    XX(completion)                                                             \
    XX(version)                                                                \
    XX(help)

#define XX(name) extern const struct command cmd_##name;
COMMAND_MAP(XX)
#undef XX
extern const struct command *const cli_commands[]; /* NULL-terminated */
const struct command *cli_find(const char *name);
void cli_print_commands(void);

/* "tidelock", or "kubectl tidelock" for a program that kubectl started as its
 * plugin: by the name that it was called by. */
void cli_set_program(const char *path);
const char *cli_program(void);
/* `text` with the program's name where a command begins: "  tidelock run",
 * "'tidelock run". */
void cli_print_named(const char *text);

#endif
