/*
 * failure.h -- why a request is refused: a Status object in the making.
 *
 * Functions of the sim layer that judge requests take a `struct failure *f`
 * last and return 0, or -1 with `f` filled. Codes, reasons and causes are
 * those of the API server (k8s.io/apimachinery pkg/api/errors and
 * util/validation/field).
 */
#ifndef TIDELOCK_SIM_FAILURE_H
#define TIDELOCK_SIM_FAILURE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/value.h"

/* Reasons of causes: metav1.CauseType. */
#define CAUSE_REQUIRED "FieldValueRequired"
#define CAUSE_INVALID "FieldValueInvalid"
#define CAUSE_NOT_SUPPORTED "FieldValueNotSupported"
#define CAUSE_DUPLICATE "FieldValueDuplicate"
#define CAUSE_NOT_FOUND "FieldValueNotFound"
#define CAUSE_FORBIDDEN "FieldValueForbidden"
#define CAUSE_TYPE "FieldValueTypeInvalid"
#define CAUSE_TOO_LONG "FieldValueTooLong"
#define CAUSE_TOO_MANY "FieldValueTooMany"
#define CAUSE_CONFLICT "FieldManagerConflict"
#define CAUSE_INTERNAL "InternalError"

struct failure_cause {
    const char *reason;
    const char *field; /* "spec.ports[0].port" */
    const char *message;
};

struct failure {
    struct arena *a;
    int code;           /* HTTP status; 0: nothing is wrong */
    const char *reason; /* "NotFound"; "" for none */
    const char *message;
    /* details: what it is about; NULL where it does not say */
    const char *name;
    const char *group;
    const char *kind; /* the resource ("deployments"), for 422 the kind */
    const char *uid;
    unsigned retry_after_s;
    struct failure_cause *causes;
    size_t cause_count, cause_cap;
};

void failure_init(struct failure *f, struct arena *a);
/* Returns -1 always, so that a refusal is one `return`. */
int failure_set(struct failure *f, int code, const char *reason,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* 500, InternalError. */
int failure_nomem(struct failure *f);
/* `details`: the names in them. Returns -1. */
int failure_about(struct failure *f, const char *group, const char *kind,
                  const char *name);
/* One more cause; sets no code. Returns 0, or -1 when out of memory. `field`
 * and the text are copied. */
int failure_cause(struct failure *f, const char *reason, const char *field,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* When there are causes: 422 Invalid with the message that lists them, and -1;
 * otherwise 0. `group` "" is the core group. */
int failure_invalid(struct failure *f, const char *group, const char *kind,
                    const char *name);
/* The Status object; NULL on out of memory. */
struct value *failure_status(const struct failure *f);

#endif
