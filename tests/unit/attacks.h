/*
 * attacks.h -- what scripts have done to hosts, as one table: the attack list
 *              of the design notes and the published advisories.
 *
 * Each row is the body of reconcile(site, view, plan), in line 1 of
 * operator.lua, with `tidelock` at hand. Every way of running a script has to
 * give these ends: tests/unit/script runs them inline, tests/unit/app in worker
 * processes.
 *
 * Rows of the list that need more than a body are elsewhere: 55, 58, 61 to 63
 * and 112 (sources), 103 and 106 in tests/unit/script/test_load.c, 100 and 101
 * (dates, which only eval has) also in test_eval.c, two children of one name of
 * 109 in tests/unit/core.
 */
#ifndef TIDELOCK_TESTS_UNIT_ATTACKS_H
#define TIDELOCK_TESTS_UNIT_ATTACKS_H

#include <stddef.h>

enum attack_end {
    ATTACK_GIVES,   /* a plan; `want` is its text, as of kit_plan() */
    ATTACK_RAISES,  /* -ERR_SCRIPT: an error that it could have caught */
    ATTACK_KILLED,  /* -ERR_BUDGET, whatever it caught */
    ATTACK_REFUSED, /* -ERR_PLAN: what it declared is refused */
    ATTACK_FAILS,   /* -ERR_SCRIPT when it is loaded */
    ATTACK_ENDS,    /* one of these, soon */
};

/* A message begins with "operator.lua:1: " (an unfinished text ends at the end
 * of the file) and has `want` in it; NULL: any. */
struct attack {
    const char *id; /* number in the list, or the advisory; "": one more */
    enum attack_end end;
    const char *body;
    const char *want;
};

extern const struct attack attacks[];
extern const size_t attack_count;

/* What each advisory would do here. */
extern const struct attack advisories[];
extern const size_t advisory_count;

#endif
