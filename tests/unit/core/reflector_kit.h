/*
 * reflector_kit.h -- conversations with a reflector, written as one line.
 *
 * What the reflector must ask for:
 *
 *     S      a streaming list, consistent       S5    not older than 5
 *     L      a list, consistent, in pages       L5    not older than 5, whole
 *     L*     a list, consistent, whole          L5*   the same as L5
 *     Lt:x   the page of token x                W5    a watch from 5 on
 *     W      a watch from nowhere
 *     z      a sleep, which is slept            z800  of 400 to 800 ms
 *     z7-9   of 7 to 9 ms
 *
 * What it is told:
 *
 *     +a@5  ~a@6  -a@7   ADDED, MODIFIED, DELETED; a#2@5 is another uid of a
 *     i:a@5              an item of a list
 *     p9  p9:x           the page ends, as of 9; more behind token x
 *     b9  B9             a bookmark; the one that ends the initial events
 *     E:GONE             an ERROR event
 *     ?                  an event that could not be used
 *     .                  the request ended as it should
 *     !CONNECT           it failed; !THROTTLED:7 with Retry-After: 7
 *     t500               time passes
 *     wake  relist  contact
 *
 * An event after which the reflector wants the stream closed is written with a
 * trailing "^", and ends it: "E:GONE^".
 *
 * What must be so:
 *
 *     =a@5,b@6   the store holds just that      r9    its position
 *     LIVE  SYNCING  STALE  FROZEN              the health
 */
#ifndef TIDELOCK_TESTS_CORE_REFLECTOR_KIT_H
#define TIDELOCK_TESTS_CORE_REFLECTOR_KIT_H

#include "core/reflector.h"

struct talk {
    struct clock_fake fake;
    struct store *store;
    struct reflector *reflector;
    const char *script; /* for messages */
};

/* False on out of memory; talk_end() either way. */
bool talk_begin(struct talk *t, const struct reflector_config *config);
void talk_end(struct talk *t);
/* Checks as it goes; false as soon as something was not as written. */
bool talk_run(struct talk *t, const char *script);

/* A whole conversation with a fresh reflector. */
void talk_once(const char *script);

#endif
