/*
 * comparison.h -- how two plans for the same objects differ.
 *
 * Takes pairs of passes as report_value_pass() makes them (one item of a
 * `kind: Plan` document) and prints what the new one does that the old one
 * does not, and the other way round. What no pass decides is left out: script
 * lines, uids, versions, times, and the hash that goes with every change.
 *
 * Objects that differ in the same way are one group, where each object's own
 * name stands as {name}: a revision that changes one field of 500 objects is
 * told in three lines.
 */
#ifndef TIDELOCK_APP_COMPARISON_H
#define TIDELOCK_APP_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "app/report.h"
#include "base/err.h"
#include "base/value.h"
#include "kube/schema.h"

struct comparison_options {
    enum report_format format;
    bool color;
    const struct schema_set *schemas; /* names list items; NULL: built-in */
    const char *title;
    const char *old_name; /* of the two sides, for people */
    const char *new_name;
    void (*print)(void *arg, const char *text, size_t len);
    void *arg;
}; /* all borrowed */

struct comparison;
struct comparison *comparison_new(const struct comparison_options *options);
void comparison_free(struct comparison *c); /* NULL is fine */

/* `label` names the pair for people (a file); NULL: the object does. One of the
 * items may be NULL: only one side has a plan for the object. Borrowed until
 * comparison_free(). 0, -ERR_NOMEM. */
int comparison_add(struct comparison *c, const char *label,
                   const struct value *old_item, const struct value *new_item,
                   struct err *err);
/* Print the groups and the summary, or the document
 * `kind: PlanComparison, apiVersion: tidelock.dev/v1alpha1`. */
int comparison_finish(struct comparison *c, struct err *err);

size_t comparison_differing(const struct comparison *c); /* pairs */
/* Pairs whose new plan fails and whose old one does not. */
size_t comparison_broken(const struct comparison *c);

#endif
