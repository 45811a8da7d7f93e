/*
 * lease.c -- see lease.h for the contract.
 *
 * DESIGN
 *
 *      STANDBY --write taken--> LEADER --renew deadline--> LOST
 *         |                       |                         ^
 *      release                 release                      |
 *         v                       v                         |
 *      RELEASED <--written-- RELEASING --somebody else's----+
 *
 * INVARIANTS
 *
 *   I1  LEADER only between an answered write and renewed_at + renew_ms
 *   I2  LOST and RELEASED are final: a process leads once
 *   I3  a write carries the version of a record in which the holder was us,
 *       nobody, or one that was waited for in full
 */
#include "kube/lease.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MAX_RELEASES 5u
#define RELEASED_SECONDS 1
/* No object has this version: an apply that carries it only ever creates. It is
 * a PATCH with a name, so that a role can grant it for this one Lease; a POST
 * has none. */
#define CREATE_ONLY "1"

const struct lease_timing lease_timing_default = {15000, 10000, 2000};

int lease_timing_check(const struct lease_timing *t, struct err *err)
{
    if (t->duration_ms < 1000)
        return err_set(err, ERR_USAGE,
                       "the lease duration is at least one second");
    if (t->renew_ms >= t->duration_ms) {
        err_set(err, ERR_USAGE,
                "the renew deadline (%u ms) must be below the lease duration "
                "(%u ms)",
                t->renew_ms, t->duration_ms);
        return err_hint(err, "what lies between them is the time that writes "
                             "in flight have to end");
    }
    if (t->retry_ms == 0 ||
        (uint64_t)t->retry_ms * 6 >= (uint64_t)t->renew_ms * 5)
        return err_set(err, ERR_USAGE,
                       "the renew deadline (%u ms) must be above 1.2 times the "
                       "retry period (%u ms)",
                       t->renew_ms, t->retry_ms);
    return 0;
}

const struct resource lease_resource = {
    .api_version = "coordination.k8s.io/v1",
    .group = "coordination.k8s.io",
    .version = "v1",
    .kind = "Lease",
    .plural = "leases",
    .namespaced = true,
};

static void set_text(char *to, size_t size, const char *from)
{
    size_t len = from ? strlen(from) : 0;

    if (len >= size)
        len = size - 1;
    memcpy(to, from ? from : "", len);
    to[len] = '\0';
}

void lease_init(struct lease *l, const char *identity,
                const struct lease_timing *timing, uint64_t seed)
{
    memset(l, 0, sizeof(*l));
    l->timing = *timing;
    rng_init(&l->rng, seed);
    set_text(l->identity, sizeof(l->identity), identity);
}

/* ---- what is wanted ---- */

static bool is_ours(const struct lease *l)
{
    return strcmp(l->holder, l->identity) == 0;
}

/* Nobody's, or of one that was silent for as long as it promised to be waited
 * for. */
static bool is_free(const struct lease *l, uint64_t now)
{
    return !*l->holder || now >= l->observed_at + l->holder_ms;
}

bool lease_leads(const struct lease *l, uint64_t now)
{
    return l->role == LEASE_LEADER && now < l->renewed_at + l->timing.renew_ms;
}

static struct lease_want want(enum lease_action action)
{
    return (struct lease_want){.action = action};
}

static struct lease_want standby_wants(const struct lease *l, uint64_t now)
{
    if (now < l->next_at)
        return (struct lease_want){LEASE_WAIT, l->next_at};
    if (!l->known || l->stale)
        return want(LEASE_READ);
    if (l->absent)
        return want(LEASE_CREATE);
    return want(is_ours(l) || is_free(l, now) ? LEASE_WRITE : LEASE_READ);
}

static struct lease_want leader_wants(struct lease *l, uint64_t now)
{
    const uint64_t end = l->renewed_at + l->timing.renew_ms;

    if (now >= end) {
        l->role = LEASE_LOST;
        return want(LEASE_OVER);
    }
    if (now < l->next_at)
        return (struct lease_want){LEASE_WAIT,
                                   l->next_at < end ? l->next_at : end};
    return want(l->stale ? LEASE_READ : LEASE_WRITE);
}

struct lease_want lease_next(struct lease *l, uint64_t now)
{
    switch (l->role) {
    case LEASE_STANDBY:
        return standby_wants(l, now);
    case LEASE_LEADER:
        return leader_wants(l, now);
    case LEASE_RELEASING:
        if (now < l->next_at)
            return (struct lease_want){LEASE_WAIT, l->next_at};
        return want(l->stale ? LEASE_READ : LEASE_WRITE);
    case LEASE_RELEASED:
    case LEASE_LOST:
        break;
    }
    return want(LEASE_OVER);
}

/* ---- answers ---- */

/* The retry period and up to a fifth more, so that candidates that began
 * together do not stay together. */
static uint64_t after_retry(struct lease *l, uint64_t now)
{
    const uint64_t retry = l->timing.retry_ms;

    return now + retry + rng_below(&l->rng, retry / 5 + 1);
}

static void keep_record(struct lease *l, uint64_t now,
                        const struct value *object)
{
    const struct value *spec = value_get(object, "spec");
    const char *holder = value_text_at(spec, "holderIdentity");
    const char *renewed = value_text_at(spec, "renewTime");
    const int64_t seconds = value_int_at(spec, "leaseDurationSeconds", 0);
    const bool changed = !l->known || l->absent ||
                         strcmp(l->holder, holder ? holder : "") != 0 ||
                         strcmp(l->renew_time, renewed ? renewed : "") != 0;

    set_text(l->holder, sizeof(l->holder), holder);
    set_text(l->renew_time, sizeof(l->renew_time), renewed);
    set_text(l->acquire_time, sizeof(l->acquire_time),
             value_text_at(spec, "acquireTime"));
    set_text(l->version, sizeof(l->version),
             value_text_at(object, "metadata.resourceVersion"));
    l->transitions = value_int_at(spec, "leaseTransitions", 0);
    l->holder_ms = seconds > 0 && seconds < 1000000 ? (uint64_t)seconds * 1000
                                                    : l->timing.duration_ms;
    if (changed)
        l->observed_at = now;
    l->known = true;
    l->absent = false;
    l->stale = false;
}

/* Read: is it ours to write? */
static void after_read(struct lease *l, uint64_t now)
{
    if (l->role == LEASE_STANDBY) {
        l->next_at = is_ours(l) || is_free(l, now) ? now : after_retry(l, now);
        return;
    }
    if (is_ours(l))
        l->next_at = now;
    else
        l->role = l->role == LEASE_LEADER ? LEASE_LOST : LEASE_RELEASED;
}

static void after_write(struct lease *l, uint64_t now)
{
    if (l->role == LEASE_RELEASING) {
        l->role = LEASE_RELEASED;
        return;
    }
    l->renewed_at = l->asked_at;
    l->role = now < l->renewed_at + l->timing.renew_ms ? LEASE_LEADER : l->role;
    l->next_at = after_retry(l, l->asked_at);
    if (l->next_at < now)
        l->next_at = now;
}

static void after_failure(struct lease *l, uint64_t now, enum err_code code)
{
    if (code == ERR_CONFLICT || code == ERR_EXISTS || code == ERR_NOT_FOUND) {
        /* somebody else wrote it; a leader's Lease that is gone is made anew */
        l->slow += l->role == LEASE_LEADER;
        l->stale = true;
        l->next_at = l->role == LEASE_STANDBY && code != ERR_NOT_FOUND
                         ? after_retry(l, now)
                         : now;
    } else {
        l->stale = true; /* it may have been written all the same */
        l->next_at = after_retry(l, now);
    }
    if (l->role == LEASE_RELEASING && ++l->releases >= MAX_RELEASES)
        l->role = LEASE_RELEASED;
}

/* There is no Lease. Who led loses it: another may have been made and gone. */
static void after_absence(struct lease *l, uint64_t now)
{
    if (l->role == LEASE_RELEASING)
        l->role = LEASE_RELEASED;
    else if (l->role == LEASE_LEADER)
        l->role = LEASE_LOST;
    l->known = l->absent = true;
    l->stale = false;
    l->transitions = 0;
    set_text(l->holder, sizeof(l->holder), NULL);
    l->next_at = now;
}

void lease_asked(struct lease *l, enum lease_action action, uint64_t now)
{
    l->asked = action;
    l->asked_at = now;
}

void lease_answered(struct lease *l, uint64_t now, enum err_code code,
                    const struct value *object)
{
    const bool reading = l->asked == LEASE_READ;

    if (code == ERR_NOT_FOUND && reading) {
        after_absence(l, now);
    } else if (code != ERR_NONE || !value_is(object, VALUE_OBJECT)) {
        after_failure(l, now, code);
    } else {
        keep_record(l, now, object);
        if (reading)
            after_read(l, now);
        else
            after_write(l, now);
    }
}

/* ---- what is written ---- */

/* A MicroTime: "2026-01-02T03:04:05.000006Z". */
static struct value *micro_time(struct arena *a, int64_t unix_us)
{
    char time[32];

    text_rfc3339(unix_us / 1000000, time);
    return value_string(a,
                        arena_printf(a, "%.*s.%06lldZ", (int)strlen(time) - 1,
                                     time, (long long)(unix_us % 1000000)));
}

static int fill_spec(const struct lease *l, struct arena *a, struct value *spec,
                     int64_t unix_us)
{
    const bool release = l->role == LEASE_RELEASING;
    const bool taken = !release && !is_ours(l);
    const int64_t seconds =
        release ? RELEASED_SECONDS : (l->timing.duration_ms + 999) / 1000;
    /* the first holder of a Lease that is made is no transition */
    const int64_t transitions = l->transitions + (taken && !l->absent);
    struct value *acquired = taken || !*l->acquire_time
                                 ? micro_time(a, unix_us)
                                 : value_string(a, l->acquire_time);

    if (value_set(a, spec, "holderIdentity",
                  value_string(a, release ? "" : l->identity)) < 0 ||
        value_set(a, spec, "leaseDurationSeconds", value_integer(a, seconds)) <
            0 ||
        value_set(a, spec, "renewTime", micro_time(a, unix_us)) < 0 ||
        value_set(a, spec, "acquireTime", acquired) < 0)
        return -ERR_NOMEM;
    return value_set(a, spec, "leaseTransitions",
                     value_integer(a, transitions));
}

struct value *lease_body(const struct lease *l, struct arena *a,
                         const char *name, int64_t unix_us)
{
    struct value *body = value_object(a);
    struct value *meta = value_make(a, body, "metadata");
    struct value *spec = value_make(a, body, "spec");

    if (!meta || !spec || fill_spec(l, a, spec, unix_us) < 0)
        return NULL;
    if (value_set(a, meta, "resourceVersion",
                  value_string(a, l->absent ? CREATE_ONLY : l->version)) < 0)
        return NULL;
    if (!l->absent)
        return body;
    if (value_set(a, body, "apiVersion",
                  value_string(a, "coordination.k8s.io/v1")) < 0 ||
        value_set(a, body, "kind", value_string(a, "Lease")) < 0 ||
        value_set(a, meta, "name", value_string(a, name)) < 0)
        return NULL;
    return body;
}

/* ---- asking and ending ---- */

enum lease_role lease_role(const struct lease *l)
{
    return l->role;
}

const char *lease_holder(const struct lease *l)
{
    return l->holder;
}

void lease_release(struct lease *l)
{
    if (l->role == LEASE_LEADER) {
        l->role = LEASE_RELEASING;
        l->next_at = 0;
    } else if (l->role == LEASE_STANDBY) {
        l->role = LEASE_RELEASED;
    }
}
