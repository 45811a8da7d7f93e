/*
 * config_rows.h -- flags that stand in a file (app/config_file.h): each under
 *                  its name in camel case, and the words of the command as
 *                  "operators". What was given as a flag wins.
 */
#ifndef TIDELOCK_CLI_CONFIG_ROWS_H
#define TIDELOCK_CLI_CONFIG_ROWS_H

#include "app/config_file.h"
#include "options.h"

#define CONFIG_MAX_ROWS 64

/* Where the value of each row is from. */
struct config_origins {
    const struct option_values *given; /* the words */
    const char *words; /* "flag", "FILE:3"; NULL: nowhere, so the default */
    const char *rows[CONFIG_MAX_ROWS];
};

/* After options_parse(): fill in what no flag gave. A flag has been given when
 * its target is not what it was (zero) before. `a` must outlive the targets.
 * -ERR_CONFIG: "FILE:3:1: ..." with the nearest key. */
int config_apply(struct arena *a, const struct config_file *file,
                 const struct option *rows, struct option_values *words,
                 struct config_origins *ret, struct err *err);
/* Only what flags gave: where there is no file. */
void config_from_flags(const struct option *rows,
                       const struct option_values *words,
                       struct config_origins *ret);
/* A file that was read again: each key of which it says something else than
 * what is in force, and than flags. */
typedef void (*config_differs_fn)(void *arg, const char *key,
                                  const struct option *row);
void config_compare(const struct config_file *file, const struct option *rows,
                    const struct config_origins *origins, config_differs_fn fn,
                    void *arg);
/* "shutdownTimeout" of "--shutdown-timeout". */
void config_key(const struct option *row, char *out, size_t size);

/* ---- cmd_run.c ---- */
const struct option *run_rows(void);
/* Flags and the file of --config into the targets of the rows, checked. The
 * words are the operators. */
int run_read(int argc, char **argv, const struct option *table,
             const struct option_values **ret_words, struct config_origins *ret,
             struct err *err);

#endif
