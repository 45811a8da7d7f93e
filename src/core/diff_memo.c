/*
 * diff_memo.c -- children that were found in sync, by uid.
 *
 * DESIGN
 *
 * The same declaration against the same version of the same object has the
 * same answer. All that has to be kept of the three texts is whether they are
 * the same again: 24 bytes of seeded hashes in a flat table, where the texts
 * themselves would take ten times that for each child. Two of the hashes are
 * 128 bits of version and declaration under a key of the uid, so that a false
 * "in sync" is out of reach.
 *
 * An entry is replaced when version or declaration change. When the table has
 * as many as it may have it is emptied as a whole: simpler than ageing, and a
 * pass fills it again. A forgotten child leaves an entry that nothing equals.
 */
#include "core/diff.h"

#include <string.h>

#include "base/mem.h"

#define FIRST_CAP 8u

struct memo_entry {
    uint64_t uid; /* 0: an empty slot */
    uint64_t said[2];
};

struct diff_memo {
    struct memo_entry *slots;
    size_t cap; /* 0 or a power of two */
    size_t count, max;
};

static uint64_t hash_text(const char *text)
{
    return hash_seeded(text, strlen(text));
}

/* What a memo of this would be. */
static struct memo_entry entry_of(const char *uid, const char *version,
                                  const char *hash)
{
    const uint64_t keys[2][2] = {{hash_text(uid), hash_text(version)},
                                 {hash_text(version), ~hash_text(uid)}};
    struct memo_entry e = {.uid = keys[0][0] | 1};

    for (unsigned i = 0; i < 2; i++)
        e.said[i] = hash_siphash(keys[i], hash, strlen(hash));
    return e;
}

struct diff_memo *diff_memo_new(size_t max)
{
    struct diff_memo *m = mem_calloc(1, sizeof(*m));

    if (m)
        m->max = max;
    return m;
}

void diff_memo_clear(struct diff_memo *m)
{
    if (!m)
        return;
    mem_free(m->slots);
    m->slots = NULL;
    m->cap = m->count = 0;
}

void diff_memo_free(struct diff_memo *m)
{
    diff_memo_clear(m);
    mem_free(m);
}

/* The slot of that uid, or the empty one where it belongs; NULL: no slots. */
static struct memo_entry *find_slot(const struct diff_memo *m, uint64_t uid)
{
    size_t at = (size_t)(uid >> 1);

    if (m->cap == 0)
        return NULL;
    while (m->slots[at & (m->cap - 1)].uid != uid &&
           m->slots[at & (m->cap - 1)].uid != 0)
        at++;
    return &m->slots[at & (m->cap - 1)];
}

/* At most three quarters are in use, so a search ends. */
static bool make_room(struct diff_memo *m)
{
    struct diff_memo grown = {.cap = m->cap ? m->cap * 2 : FIRST_CAP};

    if (m->count < m->cap / 4 * 3)
        return true;
    grown.slots = mem_calloc(grown.cap, sizeof(*grown.slots));
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].uid)
            *find_slot(&grown, m->slots[i].uid) = m->slots[i];
    mem_free(m->slots);
    m->slots = grown.slots;
    m->cap = grown.cap;
    return true;
}

bool diff_memo_hit(const struct diff_memo *m, const struct snapshot *live,
                   const char *hash)
{
    const struct memo_entry *e;
    struct memo_entry now;

    if (!m || !hash)
        return false;
    now = entry_of(live->uid, live->resource_version, hash);
    e = find_slot(m, now.uid);
    return e && memcmp(e, &now, sizeof(now)) == 0;
}

void diff_memo_note(struct diff_memo *m, const struct snapshot *live,
                    const char *hash)
{
    struct memo_entry now, *e;

    if (!m || !hash || !*hash || !*live->uid || !*live->resource_version)
        return;
    if (m->count >= m->max)
        diff_memo_clear(m);
    if (!make_room(m))
        return;
    now = entry_of(live->uid, live->resource_version, hash);
    e = find_slot(m, now.uid);
    m->count += e->uid == 0;
    *e = now;
}

void diff_memo_forget(struct diff_memo *m, const char *uid)
{
    struct memo_entry *e = m ? find_slot(m, hash_text(uid) | 1) : NULL;

    if (e && e->uid)
        memset(e->said, 0, sizeof(e->said));
}
