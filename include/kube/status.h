/*
 * status.h -- an HTTP answer of the API server as a struct err (HT-13).
 *
 * Decided by status code and `reason`, never by message text.
 */
#ifndef TIDELOCK_KUBE_STATUS_H
#define TIDELOCK_KUBE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/* 0 for a 2xx answer; otherwise fills `err` from the Status in `body` (which
 * may be empty, HTML or cut off: then the code alone decides).
 *   401 UNAUTHORIZED  403 FORBIDDEN  404 NOT_FOUND (NO_KIND when no Status
 *   with a details.name came: the path itself is unknown, or a proxy answered)
 *   408 TIMEOUT  409 CONFLICT or EXISTS by reason  410 GONE  413 LIMIT
 *   429 THROTTLED  400, 422 and other 4xx REJECTED  504 with cause
 *   ResourceVersionTooLarge TOO_LARGE_RV, else TIMEOUT  other 5xx SERVER
 *   anything else PROTOCOL
 * The message is the server's own where it sent one: it says who may not do
 * what. -ERR_NOMEM when the body could not be read for lack of memory.
 * retry_after_header is the text of Retry-After or NULL; seconds or an
 * HTTP-date; capped at 60 s; err->retry_after_ms also from
 * details.retryAfterSeconds. */
int status_check(int http_code, const char *body, size_t len,
                 const char *retry_after_header, struct err *err);
/* The same for the Status object of a watch ERROR event; always negative.
 * Anything but a Status is -ERR_PROTOCOL. */
int status_check_value(const struct value *status, struct err *err);

/* Retry-After as milliseconds, at most 60 s and 0 when it is in the past; false
 * when it is absent, negative or not understood. */
bool status_retry_after(const char *header, int64_t unix_now, unsigned *ret_ms);
/* The same, 0 for false. */
unsigned status_retry_after_ms(const char *header, int64_t unix_now);

/* details.causes[] of a parsed Status. */
struct status_cause {
    const char *reason; /* "FieldValueInvalid", "FieldManagerConflict" */
    const char *field;  /* ".spec.replicas" / "spec.template" */
    const char *message;
};
/* Fills at most `max`; returns how many there are. Texts are borrowed from
 * `status`, NULL when absent. */
size_t status_causes(const struct value *status, struct status_cause *out,
                     size_t max);

#endif
