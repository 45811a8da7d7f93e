/*
 * workers_waiting.c -- tasks that wait for a worker, a list for each program,
 *                      and whose is next.
 */
#include "workers_impl.h"

void waiting_add(struct workers *w, struct task *t)
{
    struct worker_program *p = (struct worker_program *)t->program;

    t->next = NULL;
    *p->last = t;
    p->last = &t->next;
    w->stats.waiting++;
}

bool waiting_remove(struct workers *w, struct task *t)
{
    struct worker_program *p = (struct worker_program *)t->program;

    for (struct task **at = &p->first; *at; at = &(*at)->next) {
        if (*at != t)
            continue;
        *at = t->next;
        if (p->last == &t->next)
            p->last = at;
        w->stats.waiting--;
        return true;
    }
    return false;
}

static struct task *take_first(struct workers *w, struct worker_program *p)
{
    struct task *t = p->first;

    p->first = t->next;
    if (!p->first)
        p->last = &p->first;
    t->next = NULL;
    w->stats.waiting--;
    return t;
}

struct task *waiting_any(struct workers *w)
{
    for (unsigned i = 0; i < WORKERS_MAX_PROGRAMS; i++)
        if (w->programs[i] && w->programs[i]->first)
            return take_first(w, w->programs[i]);
    return NULL;
}

/* ---- whose is next ---- */

static unsigned count_free(const struct workers *w)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->count; i++)
        n += w->seats[i].state != SEAT_BUSY;
    return n;
}

static unsigned count_busy(const struct workers *w,
                           const struct worker_program *p)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->count; i++)
        n += w->seats[i].task && w->seats[i].program == p;
    return n;
}

static bool may_run(const struct workers *w, const struct worker_program *p)
{
    return w->count == 1 || count_free(w) > 1 ||
           clock_now_ms(loop_clock(w->loop)) >= p->slow_until_ms;
}

/* The worker's time is shared out as permits are (core/permits.h): whose script
 * has the fewest workers is next, then who had one longest ago. */
static bool comes_before(const struct workers *w,
                         const struct worker_program *a,
                         const struct worker_program *b)
{
    unsigned of_a = count_busy(w, a), of_b = count_busy(w, b);

    return of_a != of_b ? of_a < of_b : a->served < b->served;
}

struct task *waiting_next(struct workers *w)
{
    struct worker_program *best = NULL;

    for (unsigned i = 0; i < WORKERS_MAX_PROGRAMS; i++) {
        struct worker_program *p = w->programs[i];

        if (p && p->first && may_run(w, p) &&
            (!best || comes_before(w, p, best)))
            best = p;
    }
    return best ? take_first(w, best) : NULL;
}
