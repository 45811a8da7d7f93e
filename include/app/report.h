/*
 * report.h -- a plan for people and for programs (note 01).
 *
 * Takes the changesets of one run of `plan` (or `run --dry-run`) and prints
 * them: text as they come or sorted by object at the end; JSON and YAML as one
 * document `kind: Plan, apiVersion: tidelock.dev/v1alpha1` that holds exactly
 * the requests that `run` would send, with Secret data as "(sensitive)".
 */
#ifndef TIDELOCK_APP_REPORT_H
#define TIDELOCK_APP_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "app/controller.h"
#include "base/str.h"

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_YAML };

struct report_options {
    enum report_format format;
    bool color;
    bool stream;  /* text: print each item when it comes */
    bool offline; /* nothing was confirmed by a server, on purpose */
    const char *operator_name;
    void (*print)(void *arg, const char *text, size_t len);
    void *arg;
};

struct report;
struct report *report_new(const struct report_options *options); /* or NULL */
void report_free(struct report *r); /* NULL is fine */

/* One pass; with `unchanged` roots only counted in text. 0 or -ERR_NOMEM. */
int report_pass(struct report *r, const struct pass *pass, struct err *err);
/* A write of the operator itself (its Lease), as a request. */
int report_operator_write(struct report *r, const struct request *request,
                          const char *what, struct err *err);
/* The end: the sorted items, the summary line or the document. */
int report_finish(struct report *r, struct err *err);

/* JSON and YAML, after report_finish() or report_sort(): the items of the
 * document, sorted by namespace and name; borrowed. */
void report_sort(struct report *r);
size_t report_count(const struct report *r);
const struct value *report_item(const struct report *r, size_t index);

size_t report_changes(const struct report *r); /* requests to be sent */
size_t report_errors(const struct report *r);

#endif
