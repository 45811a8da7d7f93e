/*
 * press.c -- see press.h for the contract.
 *
 * DESIGN
 *
 * Snapshots wait in the order in which they came. A new one behind them pushes
 * the oldest out, into the dictionary's form, so what changes all the time is
 * replaced before its turn comes and is never packed.
 *
 *     waiting:  [ . . A . B C D ]      A is packed next; D came last
 *                     ^first            . was packed, or its snapshot went
 *
 * The first dictionary is made of the texts that wait when there are enough of
 * them, so nothing was packed before it and nothing needs to be packed again.
 * Later objects may be of another form: when the texts of a while get much less
 * small than those of the first while did, the next dictionary is made of what
 * waits then. What was packed with the old one stays so and holds it.
 *
 * Texts that do not get smaller (random bytes) are tried less and less.
 *
 * INVARIANTS
 *
 *   I1  waiting[i]->place == i and ->press == this, for every i with a snapshot
 *   I2  waiting_bytes is the sum of their text_len
 *   I3  no entry before `first` has a snapshot
 */
#include "kube/press.h"

#include <assert.h>

#include "base/mem.h"
#include "snapshot_impl.h"

/* Short texts cost more to manage than packing gives. */
#define SHORT 512u
/* How often in a row packing may fail before only one in RARELY is tried. */
#define PATIENCE 16u
#define RARELY 16u
/* A while, in bytes of text, and how many of them a dictionary lasts at least:
 * what it costs must stay small beside what was packed with it. */
#define WHILE ((uint64_t)1 << 20)
#define LASTS 4u

struct ratio {
    uint64_t text, packed;
};

struct press {
    struct snapshot **waiting;
    size_t first, end, cap; /* first <= end <= cap */
    size_t waiting_bytes;
    struct zip_dict *dict; /* NULL: none yet */
    bool hopeless;         /* and none can be made */
    unsigned failures;     /* in a row */
    unsigned skipped;
    struct ratio now, best; /* of this while, of the first with `dict` */
    unsigned whiles;        /* complete, since the dictionary was made */
    struct press_stats stats;
};

struct press *press_new(void)
{
    return mem_calloc(1, sizeof(struct press));
}

static struct snapshot *leave(struct press *p, size_t place)
{
    struct snapshot *s = p->waiting[place];

    p->waiting[place] = NULL;
    p->waiting_bytes -= s->text_len;
    p->stats.waiting--;
    s->press = NULL;
    return s;
}

void press_free(struct press *p)
{
    if (!p)
        return;
    for (size_t i = p->first; i < p->end; i++)
        if (p->waiting[i])
            leave(p, i);
    zip_dict_unref(p->dict);
    mem_free(p->waiting);
    mem_free(p);
}

void press_forget(struct press *p, const struct snapshot *s)
{
    assert(p->waiting[s->place] == s);
    leave(p, s->place);
}

/* ---- who waits ---- */

/* Close the gaps. */
static void move_up(struct press *p)
{
    size_t kept = 0;

    for (size_t i = p->first; i < p->end; i++) {
        struct snapshot *s = p->waiting[i];

        if (!s)
            continue;
        s->place = (uint32_t)kept;
        p->waiting[kept++] = s;
    }
    p->first = 0;
    p->end = kept;
}

static bool make_room(struct press *p)
{
    void *items = p->waiting;

    if (p->end < p->cap)
        return true;
    move_up(p);
    if (p->end < p->cap / 2)
        return true;
    if (mem_grow(&items, &p->cap, p->end + 1, sizeof(struct snapshot *)) < 0)
        return p->end < p->cap;
    p->waiting = items;
    return true;
}

static void enter(struct press *p, struct snapshot *s)
{
    s->press = p;
    s->place = (uint32_t)p->end;
    p->waiting[p->end++] = s;
    p->waiting_bytes += s->text_len;
    p->stats.waiting++;
}

/* NULL: nobody waits. */
static struct snapshot *take_oldest(struct press *p)
{
    while (p->first < p->end && !p->waiting[p->first])
        p->first++;
    if (p->first == p->end) {
        p->first = p->end = 0;
        return NULL;
    }
    return leave(p, p->first++);
}

/* ---- the dictionary ---- */

static int make_dict(struct press *p, struct zip_dict **ret)
{
    struct zip_text *texts = mem_calloc(p->stats.waiting, sizeof(*texts));
    size_t count = 0;
    int rc;

    if (!texts)
        return -ERR_NOMEM;
    for (size_t i = p->first; i < p->end; i++)
        if (p->waiting[i])
            texts[count++] = (struct zip_text){snapshot_plain(p->waiting[i]),
                                               p->waiting[i]->text_len};
    rc = zip_dict_new(texts, count, ret, NULL);
    mem_free(texts);
    return rc;
}

static void renew_dict(struct press *p)
{
    struct zip_dict *dict;
    int rc = make_dict(p, &dict);

    if (rc < 0) {
        p->hopeless = rc == -ERR_INVALID;
        return;
    }
    zip_dict_unref(p->dict);
    p->dict = dict;
    p->now = p->best = (struct ratio){0};
    p->whiles = 0;
    p->stats.dictionaries++;
}

/* Twice as large as in the best while. */
static bool is_worse(const struct press *p)
{
    return p->now.packed * p->best.text > 2 * p->best.packed * p->now.text;
}

/* At the end of a while: does the dictionary still fit what comes? */
static void judge(struct press *p)
{
    if (p->now.text < WHILE)
        return;
    p->whiles++;
    if (p->best.text == 0)
        p->best = p->now;
    else if (is_worse(p) && p->whiles >= LASTS)
        renew_dict(p);
    p->now = (struct ratio){0};
}

/* ---- packing ---- */

static bool worth_trying(struct press *p)
{
    return p->failures < PATIENCE || ++p->skipped % RARELY == 0;
}

static void pack(struct press *p, struct snapshot *s)
{
    int rc = worth_trying(p) ? snapshot_pack(s, p->dict) : -ERR_LIMIT;

    if (rc == 0) {
        p->failures = 0;
        p->stats.packed++;
        p->now.text += s->text_len;
        p->now.packed += s->packed_len;
    } else if (rc == -ERR_LIMIT) {
        p->failures++;
        p->stats.refused++;
    }
}

static void squeeze(struct press *p)
{
    struct snapshot *s;

    if (!p->dict && p->waiting_bytes > PRESS_FIRST_BYTES)
        renew_dict(p);
    while (p->dict && p->waiting_bytes > PRESS_FRESH_BYTES &&
           (s = take_oldest(p)))
        pack(p, s);
    judge(p);
}

void press_add(struct press *p, struct snapshot *s)
{
    if (s->packed_len > 0 || s->press || s->text_len < SHORT || p->hopeless ||
        !make_room(p))
        return;
    enter(p, s);
    squeeze(p);
}

struct press_stats press_stats(const struct press *p)
{
    struct press_stats stats = p->stats;

    stats.waiting_bytes = p->waiting_bytes;
    stats.bytes = sizeof(*p) + p->cap * sizeof(struct snapshot *) +
                  (p->dict ? zip_dict_bytes(p->dict) : 0);
    return stats;
}
