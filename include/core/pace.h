/*
 * pace.h -- how many requests at a time are best for this server, now.
 *
 * Up to some number in flight, more of them mean more done; beyond it they
 * only wait for each other, and in the end less is done. That number is not
 * known, differs from server to server and changes. So it is looked for, as
 * TCP Vegas looks for a window: whatever a request takes longer than it does
 * when few are under way, it spent in a queue. Samples go in, a limit comes
 * out; no clock of its own, no floating point, no randomness.
 *
 *   finding   the limit comes to rest a little above the knee: with a queue of
 *             1 + 1/10 to 2 + 1/5 of what is in flight
 *   calm      within these bounds it stays where it is, but for a look at half
 *             of it (a window of samples in PACE_LOOK_MS)
 *   modest    it grows only while somebody waits for it, and falls by a quarter
 *             when the server refuses (429) or does not answer, once in
 *             PACE_CUT_MS: what was sent together is refused together
 *   alive     never below 1, never above what it was made with
 */
#ifndef TIDELOCK_CORE_PACE_H
#define TIDELOCK_CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_START 4u
#define PACE_MAX 200u   /* the usual `max` */
#define PACE_WINDOW 20u /* samples, or twice the limit when that is more */
#define PACE_CUT_MS 1000u
#define PACE_LOOK_MS 5000u /* between two looks at half of it */

/* Plain data; members are pace.c's. */
struct pace {
    unsigned max;
    unsigned limit; /* outside of a look */
    bool looking;   /* at half of it, to learn `base_us` */
    bool steep;     /* nothing was ever too much: it doubles */
    bool full;      /* somebody waited in this window */
    uint64_t looked_ms, cut_ms;
    uint64_t base_us; /* a request that waits for no other; 0: not known */
    /* of the window */
    unsigned samples;
    uint64_t sum_us, sum_in_flight;
};

void pace_init(struct pace *p, unsigned max);
/* A request was answered: what it took, and how many were under way when it
 * was sent, itself included. `full`: somebody waits for the limit. */
void pace_answered(struct pace *p, uint64_t now_ms, uint64_t took_us,
                   unsigned in_flight, bool full);
/* One was refused because there are too many, or was never answered. */
void pace_refused(struct pace *p, uint64_t now_ms);
unsigned pace_limit(const struct pace *p); /* 1..max */

#endif
