/*
 * redact.h -- the bytes of Secrets out of trees of values; private to app.
 *             The rules are in app/fixture.h.
 */
#ifndef TIDELOCK_APP_REDACT_H
#define TIDELOCK_APP_REDACT_H

#include "base/arena.h"
#include "base/value.h"

struct redactor;
/* `uid`: of the root, which keys the checksums that scripts see. */
struct redactor *redactor_new(const char *uid); /* NULL on out of memory */
void redactor_free(struct redactor *r);         /* NULL is fine */

/* Learn the values of an object, if it is a Secret, and redact them in place.
 * All Secrets come before redact_strings(). 0 or -ERR_NOMEM. */
int redact_secret(struct redactor *r, struct arena *a, struct value *object);
/* Redact what was learned in every string below `v`, in place. */
int redact_strings(struct redactor *r, struct arena *a, struct value *v);

#endif
