/*
 * permits.c -- see permits.h for the contract.
 *
 * DESIGN
 *
 * Equal shares of what is held at each moment are equal shares of the time that
 * permits are held: nothing has to be measured or charged, as a deficit round
 * robin would. An operator whose passes take long has its share in few of
 * them, one whose passes are short in many.
 *
 * There are as many takers as operators in a process, so a list is walked.
 *
 * INVARIANTS
 *
 *   I1  held == sum of the takers' held
 *   I2  a taker that wants and could have one was told so since it asked
 */
#include "core/permits.h"

#include <assert.h>
#include <stddef.h>

#include "base/mem.h"

struct permits {
    struct taker *takers;
    unsigned limit, held;
    uint64_t taken; /* ever */
    bool was_short;
};

struct permits *permits_new(unsigned limit)
{
    struct permits *p = mem_calloc(1, sizeof *p);

    if (p)
        p->limit = limit ? limit : 1;
    return p;
}

void permits_free(struct permits *p)
{
    assert(!p || !p->takers);
    mem_free(p);
}

void permits_join(struct permits *p, struct taker *t)
{
    t->permits = p;
    t->prev = NULL;
    t->next = p->takers;
    if (t->next)
        t->next->prev = t;
    p->takers = t;
}

static bool comes_before(const struct taker *a, const struct taker *b)
{
    return a->held != b->held ? a->held < b->held : a->served < b->served;
}

/* Is there one for it, after all who come before it? */
static bool may_take(const struct taker *t)
{
    const struct permits *p = t->permits;
    unsigned before = 0;

    for (const struct taker *other = p->takers; other; other = other->next)
        before += other->wants && other != t && comes_before(other, t);
    return p->held + before < p->limit;
}

/* on_turn() changes nothing here: it may not take at once. */
static void call_next(struct permits *p)
{
    for (struct taker *t = p->takers; t; t = t->next)
        if (t->wants && may_take(t))
            t->on_turn(t->arg);
}

bool permits_take(struct taker *t)
{
    struct permits *p = t->permits;

    if (!may_take(t)) {
        p->was_short |= p->held >= p->limit;
        t->wants = true;
        return false;
    }
    t->wants = false;
    t->held++;
    t->served = ++p->taken;
    p->held++;
    return true;
}

void permits_forgo(struct taker *t)
{
    if (!t->wants)
        return;
    t->wants = false;
    call_next(t->permits);
}

void permits_give(struct taker *t)
{
    assert(t->held > 0);
    t->held--;
    t->permits->held--;
    call_next(t->permits);
}

void permits_leave(struct taker *t)
{
    struct permits *p = t->permits;

    if (!p)
        return;
    if (t->prev)
        t->prev->next = t->next;
    else
        p->takers = t->next;
    if (t->next)
        t->next->prev = t->prev;
    p->held -= t->held;
    t->held = 0;
    t->wants = false;
    t->permits = NULL;
    call_next(p);
}

void permits_set_limit(struct permits *p, unsigned limit)
{
    bool more = limit > p->limit;

    p->limit = limit ? limit : 1;
    if (more)
        call_next(p);
}

unsigned permits_limit(const struct permits *p)
{
    return p->limit;
}

unsigned permits_held(const struct permits *p)
{
    return p->held;
}

bool permits_were_short(struct permits *p)
{
    bool was = p->was_short;

    p->was_short = false;
    return was;
}
