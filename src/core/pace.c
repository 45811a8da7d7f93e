/*
 * pace.c -- see pace.h for the contract.
 *
 * DESIGN
 *
 * Samples are taken together in windows, and a window has one mean. With n in
 * flight that take `rtt` where they would take `base` alone, Little's law says
 * that n * base / rtt of them are worked on and the rest is queued.
 *
 * `base` is the hard part, since a busy program never sees it. So every few
 * seconds half of the limit is looked at for one window: if half as many take
 * as long, there was no queue, whatever the absolute numbers are. This makes
 * the controller follow a server that becomes slower as a whole (nothing is
 * gained by sending less) apart from one that has less room (much is).
 *
 * A mean is drawn by outliers, and this server has them (a p99 of ten times
 * the median): no sample counts for more than OUTLIER times the base.
 */
#include "core/pace.h"

#define OUTLIER 8u
#define SIXTEENTHS 16u
#define LONGEST_US 60000000u

void pace_init(struct pace *p, unsigned max)
{
    max = max ? max : 1;
    *p = (struct pace){
        .max = max,
        .limit = PACE_START < max ? PACE_START : max,
        .looking = true,
        .steep = true,
    };
}

unsigned pace_limit(const struct pace *p)
{
    unsigned half = p->limit / 2;

    if (!p->looking)
        return p->limit;
    return half ? half : 1;
}

static void window_clear(struct pace *p)
{
    p->samples = 0;
    p->sum_us = p->sum_in_flight = 0;
    p->full = false;
}

/* ---- the base ---- */

/* What a look, or a quiet time, showed. */
static void base_learn(struct pace *p, uint64_t rtt)
{
    p->base_us = p->base_us ? (p->base_us + rtt + 1) / 2 : rtt;
}

/* Faster than ever at full speed: the base is out of date, or it was luck. */
static void base_lower(struct pace *p, uint64_t rtt)
{
    if (rtt < p->base_us)
        p->base_us -= (p->base_us - rtt) / 8;
}

/* ---- the limit ---- */

static void grow(struct pace *p)
{
    unsigned step = p->steep ? p->limit : p->limit / 8;

    p->limit += step ? step : 1;
    if (p->limit > p->max)
        p->limit = p->max;
}

static void shrink(struct pace *p, unsigned by)
{
    p->steep = false;
    p->limit = by < p->limit ? p->limit - by : 1;
}

/* The queue in sixteenths of a request. */
static void adjust(struct pace *p, uint64_t queue)
{
    uint64_t low = SIXTEENTHS + p->limit * SIXTEENTHS / 10;
    uint64_t high = 2 * SIXTEENTHS + p->limit * SIXTEENTHS / 5;
    uint64_t over = queue > high ? queue - (low + high) / 2 : 0;

    if (over > 0)
        shrink(p, (unsigned)(over / (2 * SIXTEENTHS)) + 1);
    else if (queue < low && p->full)
        grow(p);
    else if (queue >= low)
        p->steep = false;
}

static void window_end(struct pace *p, uint64_t now_ms)
{
    uint64_t rtt = p->sum_us / p->samples;
    uint64_t in_flight = p->sum_in_flight * SIXTEENTHS / p->samples;
    uint64_t waited;

    rtt = rtt ? rtt : 1;
    if (p->looking) {
        base_learn(p, rtt);
        p->looking = false;
        p->looked_ms = now_ms;
    } else if (!p->full && in_flight <= p->limit * SIXTEENTHS / 2) {
        base_learn(p, rtt);
    } else {
        base_lower(p, rtt);
        waited = rtt > p->base_us ? rtt - p->base_us : 0;
        adjust(p, in_flight * waited / rtt);
        p->looking = p->full && now_ms - p->looked_ms >= PACE_LOOK_MS;
    }
    window_clear(p);
}

/* ---- samples ---- */

void pace_answered(struct pace *p, uint64_t now_ms, uint64_t took_us,
                   unsigned in_flight, bool full)
{
    unsigned enough = 2 * pace_limit(p);

    /* sent before the look began: it waited for others */
    if (p->looking && p->base_us && in_flight > pace_limit(p))
        return;
    if (took_us > LONGEST_US)
        took_us = LONGEST_US;
    if (p->base_us && took_us > OUTLIER * p->base_us)
        took_us = OUTLIER * p->base_us;
    p->samples++;
    p->sum_us += took_us;
    p->sum_in_flight += in_flight;
    p->full |= full;
    if (p->samples >= (enough > PACE_WINDOW ? enough : PACE_WINDOW))
        window_end(p, now_ms);
}

void pace_refused(struct pace *p, uint64_t now_ms)
{
    if (p->cut_ms && now_ms - p->cut_ms < PACE_CUT_MS)
        return;
    p->cut_ms = now_ms;
    shrink(p, (p->limit + 3) / 4);
    window_clear(p);
}
