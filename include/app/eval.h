/*
 * eval.h -- `eval`: one sandboxed Lua file, called on objects of files.
 */
#ifndef TIDELOCK_APP_EVAL_H
#define TIDELOCK_APP_EVAL_H

#include <stddef.h>

#include "base/err.h"

struct eval_options {
    const char *file;     /* the script, "-" is standard input */
    const char *object;   /* -f: a YAML or JSON document, "-" too; or NULL */
    const char *global;   /* what the script calls it, NULL: "obj" */
    const char *function; /* --call, NULL: what the file returns is printed */
    const char *const *args; /* --arg: documents of files */
    size_t arg_count;
    void (*print)(void *arg, const char *text, size_t len); /* the answer */
    void *print_arg;
    /* what is for people: a line of the log, "log: ", or the Lua frames of an
     * error, "  stack: " */
    void (*tell)(const char *lead, const char *text);
};

/* Prints each returned value as one line of JSON; returns the exit code.
 * `fail` is told why nothing was printed. With a function and an object but
 * no `args`, the object is its argument. */
int eval_run(const struct eval_options *options,
             int (*fail)(const struct err *err, int code));

#endif
