/*
 * lint.h -- what can be said of a script's text without running it.
 *
 * The parser and the general warnings are luacheck's, a Lua library that is
 * not a part of tidelock: its files are handed in as texts (src/design/0010).
 * The passes that know operators are src/script/lint/. All of it runs in a
 * state of its own, under limits, with the stock libraries but without io, os
 * and package; the operator's code is parsed there, never run.
 */
#ifndef TIDELOCK_SCRIPT_LINT_H
#define TIDELOCK_SCRIPT_LINT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "script/script.h"

/* What scripts find, from the sandbox itself, in `a`:
 *     { "globals": { "math": { "abs": "function", ... }, ... },
 *       "modules": { "tidelock": { ... }, ... },
 *       "plan": [ "apply", ... ], "view": [ "get", ... ] }
 */
int script_environment(struct arena *a, struct value **ret, struct err *err);

struct lint_input {
    const struct script_file *files; /* the operator's; others than .lua are
                                      * passed over */
    size_t count;
    const struct script_file *luacheck; /* "luacheck/parser.lua", ... */
    size_t luacheck_count;
    const struct value *environment; /* of script_environment() */
    const struct value *declared;    /* see lint_declared(); NULL: unknown */
};

/* The declaration as the passes read it. */
int lint_declared(struct arena *a, const struct operator_decl *d,
                  struct value **ret, struct err *err);

/* In `a`:
 *     { "findings": [ { file, line, column, code, message, hint } ],
 *       "paths":    [ { file, line, column, path } ],   read of the root
 *       "objects":  [ { file, line, column, node } ],   table constructors
 *       "status":   [ ... ],                            of plan:status
 *       "kinds":    { "Deployment": true },             named outside of the
 *                                                       declaration
 *       "reads":    { "v1 Pod": true } }
 * A node is { l, c } and `v`, a literal, or `f`, fields { k, l, c, n }, or `i`,
 * items; none of these where the value is computed. -ERR_CONFIG when luacheck's files are not those that
 * the passes need. */
int lint_run(struct arena *a, const struct lint_input *in, struct value **ret,
             struct err *err);

#endif
