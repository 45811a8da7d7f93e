/*
 * event_spam.h -- how many different Events one object may make: a burst, then
 *                 one now and then (EV-5); private to core.
 *
 * For each source one number is kept: when its allowance would be whole again.
 * What is beyond EVENT_SOURCES_MAX makes room by forgetting those that used
 * least of theirs; out of memory means that nobody is held back.
 */
#ifndef TIDELOCK_CORE_EVENT_SPAM_H
#define TIDELOCK_CORE_EVENT_SPAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_spam;
struct event_spam *event_spam_new(void);    /* NULL on out of memory */
void event_spam_free(struct event_spam *s); /* NULL is fine */
/* May this source make one more? If so, that is counted. */
bool event_spam_allows(struct event_spam *s, const char *source, size_t len,
                       uint64_t now_ms);

#endif
