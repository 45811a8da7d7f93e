/*
 * eval.h -- one Lua file on its own: a health check, a resource interpreter,
 *           any function of an object.
 *
 * The same sandbox and the same limits as for operators, with two differences
 * for scripts that were written for other tools: there is neither `view` nor
 * `plan`, and what such scripts are used to exists (src/script/compat.h).
 */
#ifndef TIDELOCK_SCRIPT_EVAL_H
#define TIDELOCK_SCRIPT_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"
#include "core/plan.h"
#include "script/script.h"

/* A JSON text that the script gets as a value. */
struct eval_input {
    const char *json;
    size_t len;
};

struct eval_call {
    struct script_file file;
    const char *global;       /* the name under which it finds `object` */
    struct eval_input object; /* json NULL: there is none */
    /* A global function, or one of the table that the file returns; NULL: what
     * the file itself returns is the answer. */
    const char *function;
    const struct eval_input *args; /* of the function */
    size_t arg_count;
    int64_t now; /* unix seconds: what os.time() and os.date() tell */
};

struct eval_answer {
    struct value **values; /* what was returned, in order; nil is null */
    size_t count;
    const struct plan_log *logs; /* of log.info, log.warn and print */
    size_t log_count;
    const char *stack; /* the Lua frames of an error, one a line; never NULL */
};

/* Everything in `ret` lives in `a`; after an error it has the logs and the
 * stack. -ERR_SCRIPT, -ERR_BUDGET, -ERR_LIMIT (size of the source), -ERR_PLAN
 * (what was returned is no JSON, or too much), -ERR_NOMEM; file and line are
 * in the message. */
int script_eval(const struct eval_call *call,
                const struct script_limits *limits, struct arena *a,
                struct eval_answer *ret, struct err *err);

#endif
