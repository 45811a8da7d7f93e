/*
 * pattern.h -- Lua patterns, matched with a charge for every step.
 *
 * The same language as the stock matcher's; but a pattern that backtracks for
 * ever ends with the budget of the script instead of with the process.
 */
#ifndef TIDELOCK_SCRIPT_PATTERN_H
#define TIDELOCK_SCRIPT_PATTERN_H

#include "script/vm.h"

#define PATTERN_CAPTURES 32
#define PATTERN_DEPTH 200 /* nested alternatives: "pattern too complex" */

struct pattern {
    lua_State *L;
    const char *subject, *subject_end;
    const char *end; /* of the pattern */
    unsigned steps;  /* not charged yet */
    int depth;
    int captures;
    struct {
        const char *start;
        ptrdiff_t len; /* CAPTURE_OPEN or CAPTURE_PLACE, or the length */
    } capture[PATTERN_CAPTURES];
};

void pattern_init(struct pattern *m, lua_State *L, const char *subject,
                  size_t len, const char *pattern_end);

/* The end of the match of `p` at exactly `s`, NULL when there is none. */
const char *RAISES pattern_try(struct pattern *m, const char *s, const char *p);

/* Push the captures; the whole match when the pattern has none and `s` is
 * not NULL. Gives how many. */
int RAISES pattern_push_captures(struct pattern *m, const char *s,
                                 const char *e);
void RAISES pattern_push_capture(struct pattern *m, int i, const char *s,
                                 const char *e);
/* Charge what is left of the steps. */
void RAISES pattern_settle(struct pattern *m);

#endif
