/*
 * inflight.c -- see inflight.h for the contract.
 */
#include "app/inflight.h"

#include "base/log.h"
#include "base/mem.h"
#include "core/pace.h"

struct inflight {
    const struct clock *clock;
    struct permits *permits;
    struct pace pace;
    bool fixed;
    unsigned writes; /* under way */
    unsigned told;   /* the limit that the log was told */
};

struct inflight *inflight_new(const struct clock *clock, unsigned fixed)
{
    struct inflight *f = mem_calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->clock = clock;
    f->fixed = fixed > 0;
    pace_init(&f->pace, PACE_MAX);
    f->permits = permits_new(fixed ? fixed : pace_limit(&f->pace));
    if (f->permits)
        return f;
    mem_free(f);
    return NULL;
}

void inflight_free(struct inflight *f)
{
    if (!f)
        return;
    permits_free(f->permits);
    mem_free(f);
}

struct permits *inflight_permits(struct inflight *f)
{
    return f->permits;
}

unsigned inflight_sent(struct inflight *f)
{
    return ++f->writes;
}

/* What the log is told of: a change by a quarter, not each step. */
static void follow(struct inflight *f)
{
    unsigned limit = pace_limit(&f->pace), told = f->told;

    if (limit != permits_limit(f->permits))
        permits_set_limit(f->permits, limit);
    if (f->pace.looking ||
        (limit <= told + told / 4 && limit + told / 4 >= told))
        return;
    f->told = limit;
    log_debug("roots at a time", "limit", log_num(limit), "base_us",
              log_num((long long)f->pace.base_us), NULL);
}

void inflight_answered(struct inflight *f, unsigned sent_with, uint64_t took_us,
                       const struct err *err)
{
    bool full;

    f->writes--;
    if (f->fixed)
        return;
    full = permits_were_short(f->permits);
    if (err->code == ERR_TIMEOUT)
        pace_refused(&f->pace, clock_now_ms(f->clock));
    else if (took_us > 0 && err->code != ERR_CONNECT)
        pace_answered(&f->pace, clock_now_ms(f->clock), took_us, sent_with,
                      full);
    follow(f);
}

void inflight_refused(struct inflight *f)
{
    if (f->fixed)
        return;
    pace_refused(&f->pace, clock_now_ms(f->clock));
    follow(f);
}
