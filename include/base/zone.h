/*
 * zone.h -- time zones: what an instant is called locally, and which instant a
 *           local time is. A pure reader of TZif (RFC 9636): bytes come in.
 *
 * A zone is a sequence of spans, each with one offset, that cover all of time:
 * first those that the file lists, then those that its footer's rule gives
 * for every year to come. Leap seconds do not exist, as in POSIX time.
 */
#ifndef TIDELOCK_BASE_ZONE_H
#define TIDELOCK_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ZONE_MAX_BYTES ((size_t)64 << 10) /* of one file */
#define ZONE_MAX_NAME 64
#define ZONE_ABBREVIATION_SIZE 16

/* One zone, immutable. Owned by who parsed it; zone_free(NULL) is fine. */
struct zone;

/* -ERR_INVALID (also for files with leap seconds), -ERR_LIMIT, -ERR_NOMEM. The
 * bytes are copied; `name` is for messages and zone_name(). */
int zone_parse(const char *name, const void *bytes, size_t len,
               struct zone **ret, struct err *err);
void zone_free(struct zone *z);
/* A zone that is always there: no offset, "UTC". Static, not to be freed. */
const struct zone *zone_utc(void);

const char *zone_name(const struct zone *z);
/* What it was parsed from, to hand it to another process; NULL for UTC. */
const void *zone_bytes(const struct zone *z, size_t *ret_len);

/* "Europe/Berlin", "Etc/GMT+5": letters, digits and _ + - between slashes. Such
 * a name can be joined to a folder and leads nowhere else. */
bool zone_name_is_valid(const char *name);

struct zone_span {
    int64_t from;   /* first second of it; INT64_MIN: since ever */
    int64_t until;  /* first second behind it; INT64_MAX: for ever */
    int32_t offset; /* local minus UTC, seconds: east is positive */
    bool dst;
    char abbreviation[ZONE_ABBREVIATION_SIZE]; /* "CEST", "+0530" */
};

/* The span that holds the instant. Neighbours may have the same offset.
 * Instants are limited to 2^53 seconds around 1970; beyond, the nearest. */
void zone_span(const struct zone *z, int64_t at, struct zone_span *ret);

enum zone_local {
    ZONE_UNIQUE,
    ZONE_GAP,     /* the clock was put forward over it: there is no such time */
    ZONE_OVERLAP, /* the clock was put back: it comes twice */
};
/* The instant of a local time (seconds of the local calendar since its own
 * 1970-01-01). In an overlap the first, or the last when `last`; in a gap as
 * far behind the change as the local time is behind the gap's start: 02:30 is
 * what the clock then shows as 03:30. */
enum zone_local zone_instant(const struct zone *z, int64_t local, bool last,
                             int64_t *ret);

#endif
