/*
 * permits.h -- how many things may be under way, shared out fairly.
 *
 *   fair     who holds the fewest comes first, then who was served longest ago:
 *            of two who always want more each holds half, so however many one
 *            wants, and however long it keeps them, another who comes with a
 *            single wish has the very next permit that is given back
 *   busy     nothing is held back for anybody who does not want it
 *   limited  the limit may change at any time; what is held stays so, and is
 *            not replaced while it is too much
 *
 * Takers are operators, a permit is one root under way. No memory is
 * allocated but for the permits themselves; takers are their owners'.
 */
#ifndef TIDELOCK_CORE_PERMITS_H
#define TIDELOCK_CORE_PERMITS_H

#include <stdbool.h>
#include <stdint.h>

struct permits;

/* Embed it; all zero before permits_join(). */
struct taker {
    /* Its turn has come: call permits_take() again, not from in here. */
    void (*on_turn)(void *arg);
    void *arg;
    /* of permits.c */
    struct permits *permits;
    struct taker *prev, *next;
    unsigned held;
    bool wants;
    uint64_t served; /* when, as a number of permits ever taken */
};

struct permits *permits_new(unsigned limit); /* NULL on out of memory */
void permits_free(struct permits *p); /* nobody is in any more; NULL is fine */

void permits_join(struct permits *p, struct taker *t);
/* Gives back what it holds. Fine for one that never joined. */
void permits_leave(struct taker *t);

/* One more, or `false` and on_turn comes: others are before it, or the limit is
 * reached. Until then it stands in the way of those behind it, so whoever does
 * not want it any more says so. */
bool permits_take(struct taker *t);
void permits_forgo(struct taker *t);
void permits_give(struct taker *t); /* one that it holds */

void permits_set_limit(struct permits *p, unsigned limit); /* at least 1 */
unsigned permits_limit(const struct permits *p);
unsigned permits_held(const struct permits *p); /* by all */
/* Was anybody told to wait because the limit was reached, since the last time
 * this was asked? */
bool permits_were_short(struct permits *p);

#endif
