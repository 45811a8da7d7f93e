/*
 * report_impl.h -- passes and requests as trees; private to report.
 */
#ifndef TIDELOCK_APP_REPORT_VALUE_H
#define TIDELOCK_APP_REPORT_VALUE_H

#include "app/controller.h"

struct report_counts {
    size_t roots, errors, changes;
    size_t create, change, recreate, remove, status, events;
    size_t operator_writes;
};

int report_value_pass(struct arena *a, const struct pass *pass,
                      struct value **ret, struct err *err);
/* `marked`: the tree whose sensitive values shall not be shown; NULL: none. */
struct value *report_value_request(struct arena *a, const struct request *r,
                                   const struct change *marked,
                                   struct err *err);
struct value *report_value_document(struct arena *a, const char *operator_name,
                                    struct value *items,
                                    struct value *operator_writes,
                                    const struct report_counts *counts);

/* A value as a line of a plan shows it; NULL is "(absent)". */
void report_add_scalar(struct str *out, const struct value *v, bool sensitive);
/* Would a reader take the bare text for something else? */
bool report_needs_quotes(const struct value *string);
/* Canonical text; sensitive parts as "(sensitive)". */
int report_print_value(const struct value *v, struct str *out, struct err *err);

#endif
