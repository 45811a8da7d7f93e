/*
 * lease.h -- leader election on a Lease, as a pure step (LE-1 to LE-9).
 *
 *     want = lease_next(&l, now)      what to do, or until when to wait
 *     lease_asked(&l, action, now)    ... the request was sent
 *     lease_answered(&l, now, ...)    ... and that came of it
 *     lease_leads(&l, now)            may something be written at this moment?
 *
 * A candidate reads the Lease every retry period. It takes it when nobody holds
 * it, or when the holder was not seen to renew it for as long as the holder
 * itself promised: measured on our own clock from when we saw the change, never
 * from the times in the Lease (LE-3: clocks are skewed). A leader writes
 * without reading (LE-4). When it could not for the renew deadline, counted
 * from when the last write that succeeded was *sent*, it leads no more, at once
 * and for good (LE-5): others wait for the whole lease duration from a moment
 * after that, so what it has in flight then has the difference of the two to
 * land.
 *
 * Each write carries the resourceVersion that was seen, so two candidates never
 * both get it. `now` is in milliseconds of a clock that goes on while the
 * machine is suspended.
 */
#ifndef TIDELOCK_KUBE_LEASE_H
#define TIDELOCK_KUBE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/value.h"
#include "kube/key.h"

#define LEASE_MAX_TEXT 256

/* What discovery says of the kind: it is the same on every server. */
extern const struct resource lease_resource;

struct lease_timing {
    uint32_t duration_ms; /* others wait so long; 15 s */
    uint32_t renew_ms;    /* the leader gives up after; 10 s */
    uint32_t retry_ms;    /* between two tries; 2 s */
};
extern const struct lease_timing lease_timing_default; /* LE-2 */
/* duration > renew > 1.2 * retry, or -ERR_USAGE that says which is wrong. The
 * duration is written in whole seconds, so it is at least one. */
int lease_timing_check(const struct lease_timing *t, struct err *err);

enum lease_action {
    LEASE_WAIT,   /* nothing until `at` */
    LEASE_READ,   /* GET it */
    LEASE_CREATE, /* apply it: lease_body() */
    LEASE_WRITE,  /* merge-patch it: lease_body() */
    LEASE_OVER,   /* lost or released: nothing ever again */
};
struct lease_want {
    enum lease_action action;
    uint64_t at; /* WAIT only */
};

enum lease_role {
    LEASE_STANDBY,
    LEASE_LEADER,
    LEASE_RELEASING, /* leads no more; the Lease does not say so yet */
    LEASE_RELEASED,
    LEASE_LOST,
};

/* Private but for being embedded. */
struct lease {
    struct lease_timing timing;
    struct rng rng;
    char identity[LEASE_MAX_TEXT];
    enum lease_role role;
    enum lease_action asked; /* the request under way */
    bool known;              /* the record below was read */
    bool absent;             /* there is no Lease */
    bool stale;              /* read before the next write */
    char holder[LEASE_MAX_TEXT];
    char renew_time[64]; /* as its holder wrote it: only ever compared */
    char version[64];
    char acquire_time[64];
    int64_t transitions;
    uint64_t holder_ms; /* how long its holder promised to be waited for */
    uint64_t
        observed_at; /* when holder or renewTime were last seen to change */
    uint64_t asked_at;
    uint64_t renewed_at; /* the last write that succeeded was sent then */
    uint64_t next_at;
    unsigned releases; /* tries */
    uint64_t slow;     /* renewals that had to read first */
};

/* `identity` is cut to LEASE_MAX_TEXT - 1 bytes. */
void lease_init(struct lease *l, const char *identity,
                const struct lease_timing *timing, uint64_t seed);
struct lease_want lease_next(struct lease *l, uint64_t now);
void lease_asked(struct lease *l, enum lease_action action, uint64_t now);
/* The answer to the request that was asked for last. `code` is ERR_NONE with
 * the object, ERR_NOT_FOUND, ERR_CONFLICT or ERR_EXISTS, or any other for a
 * failure that is tried again. */
void lease_answered(struct lease *l, uint64_t now, enum err_code code,
                    const struct value *object);
/* What to send for LEASE_CREATE (an apply, create only) and LEASE_WRITE (a merge
 * patch with the resourceVersion); NULL on out of memory. */
struct value *lease_body(const struct lease *l, struct arena *a,
                         const char *name, int64_t unix_us);

bool lease_leads(const struct lease *l, uint64_t now);
enum lease_role lease_role(const struct lease *l);
/* Who holds it as far as is known; "" for nobody. Borrowed. */
const char *lease_holder(const struct lease *l);
/* Lead no more; the next writes give the Lease back (LE-6). Only when nothing
 * is written any more. */
void lease_release(struct lease *l);

#endif
