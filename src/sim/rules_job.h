/*
 * rules_job.h -- what the validations of Jobs share. Private to
 *                src/sim/rules*.c.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_JOB_H
#define TIDELOCK_SRC_SIM_RULES_JOB_H

#include "rules_kinds.h"

/* "1,3-5": texts of the indexes of pods. */
struct interval {
    int64_t first, last;
    bool right; /* below the number of completions, and in order */
};
/* Moves *at behind the next interval; false at the end, when *at is NULL. */
bool job_next_interval(const char **at, int64_t completions,
                       struct interval *ret);
/* Are all right and ascending? *ret_total: how many indexes, may be NULL. */
bool job_indexes_right(const char *text, int64_t completions,
                       int64_t *ret_total);

/* Is the condition of this type there, and True? */
bool job_has_condition(const struct value *job, const char *type);
bool job_is_indexed(const struct value *spec);

/* How it fails, how it succeeds, and what goes with indexes. */
void rules_check_job_policies(struct check *k, const struct place *at,
                              const struct value *spec);

#endif
