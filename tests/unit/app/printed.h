/*
 * printed.h -- a report that prints into a text.
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_PRINTED_H
#define TIDELOCK_TESTS_UNIT_APP_PRINTED_H

#include "app/report.h"
#include "stage.h"

struct printed {
    struct report *report; /* NULL on out of memory */
    struct str text;       /* what was printed so far */
    struct err err;
};

/* `options` without operator name and print function; those are ours. */
void printed_init(struct printed *p, struct report_options options);
void printed_release(struct printed *p);
int printed_pass(struct printed *p, struct stage *s);
/* report_finish(); all that was printed, "" after a failure. */
const char *printed_finish(struct printed *p);

#endif
